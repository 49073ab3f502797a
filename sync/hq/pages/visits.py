"""Who is asking: session cookie, role, and the CSRF token of every form."""

from __future__ import annotations

import hmac
from typing import Annotated, Any

from fastapi import Depends, Path, Request
from starlette.datastructures import FormData

from sync.hq.pages.office import Office, Visit
from sync.hq.pages.roles import Act, needed
from sync.hq.pages.settings import LANGUAGES

AUTOMATIC = "x-hq-refresh"  # Sent by a page that looks again by itself.


class NotSignedIn(Exception):
    """Answered with the sign-in page."""


class Refused(Exception):
    """Answered with a page that says why: `kind` is a key of `errors.*` of the words."""

    def __init__(self, kind: str, status: int = 403, **values: object) -> None:
        super().__init__(kind)
        self.kind, self.status, self.values = kind, status, values


def office(request: Request) -> Office:
    found: Office = request.app.state.office
    return found


def cookie_name(secure: bool) -> str:
    """With the prefix a browser takes it from this very host alone, over TLS alone."""
    return "__Host-hq" if secure else "hq"


def language_of(request: Request, usual: str) -> str:
    """Before signing in: as the address or the browser says."""
    asked = request.query_params.get("lang", "")
    if asked in LANGUAGES:
        return asked
    for part in request.headers.get("accept-language", "").split(","):
        short = part.strip().lower()[:2]
        if short in LANGUAGES:
            return short
    return usual


def visitor(request: Request) -> Visit:
    """Whoever it is."""
    here = office(request)
    cookie = request.cookies.get(cookie_name(here.settings.secure), "")
    address = request.client.host if request.client else ""
    signed = here.accounts.signed(cookie, by_hand=AUTOMATIC not in request.headers) if cookie else None
    if signed is None:
        return Visit(None, "", language_of(request, here.settings.language), address)
    return Visit(signed.account, signed.csrf, signed.account.language, address)


def signed_in(request: Request) -> Visit:
    found = visitor(request)
    if found.account is None:
        raise NotSignedIn
    return found


def allow(visit: Visit, act: Act) -> None:
    """Raises Refused."""
    if not visit.may(act):
        raise Refused("role", needed=str(needed(act)))


async def form_of(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=2000)


def posted(visit: Annotated[Visit, Depends(signed_in)], form: Annotated[FormData, Depends(form_of)]) -> Visit:
    """Raises Refused when the form does not carry the token of this session."""
    if not hmac.compare_digest(field(form, "csrf").encode(), visit.csrf.encode()):
        raise Refused("csrf")
    return visit


def field(form: FormData, name: str) -> str:
    """Without NUL, which no text of a database holds."""
    found: Any = form.get(name)
    return found.replace("\0", "").strip() if isinstance(found, str) else ""


def secret(form: FormData, name: str) -> str:
    """A password is taken as it was typed."""
    found: Any = form.get(name)
    return found if isinstance(found, str) else ""


Number = Annotated[int, Path(ge=0, le=2**63 - 1)]  # What a database can hold.
Here = Annotated[Office, Depends(office)]
Signed = Annotated[Visit, Depends(signed_in)]
Posted = Annotated[Visit, Depends(posted)]
Form = Annotated[FormData, Depends(form_of)]
