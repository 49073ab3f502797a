"""What every page is given: the database, the ports, the clock, and how a page is drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from sqlalchemy import Engine

from sync.hq.pages import formats, kind_texts
from sync.hq.pages.accounts import Account, Accounts
from sync.hq.pages.ports import Ports
from sync.hq.pages.roles import Act, may
from sync.hq.pages.settings import PagesSettings
from sync.hq.pages.texts import LANGUAGES, TextMissing, counted, is_reviewed, text

NAVIGATION: tuple[tuple[str, str, Act], ...] = (
    ("fleet", "/fleet", Act.LOOK),
    ("reconciliation", "/reconciliation", Act.LOOK),
    ("exceptions", "/exceptions", Act.LOOK),
    ("unit", "/unit", Act.LOOK),
    ("documents", "/documents", Act.LOOK),
    ("imports", "/imports", Act.LOOK),
    ("coverage", "/coverage", Act.LOOK),
    ("accounts", "/accounts", Act.ACCOUNTS),
    ("audit", "/audit", Act.AUDIT),
)
DONE_COOKIE = "hq_done"


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks, in which language; `account` is None before signing in."""

    account: Account | None
    csrf: str
    language: str
    address: str

    @property
    def who(self) -> str:
        return self.account.name if self.account else ""

    def may(self, act: Act) -> bool:
        return self.account is not None and may(self.account.role, act)


@dataclass(frozen=True, slots=True)
class Office:
    engine: Engine
    settings: PagesSettings
    ports: Ports
    accounts: Accounts
    now: Callable[[], int]  # UTC nanoseconds.
    random: Callable[[int], bytes]
    templates: Environment

    def page(self, request: Request, visit: Visit, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        done = _done(request.cookies.get(DONE_COOKIE, ""), visit.language)
        context = {
            **words(visit.language),
            "settings": self.settings,
            "visit": visit,
            "account": visit.account,
            "csrf": visit.csrf,
            "languages": LANGUAGES,
            "reviewed": is_reviewed(visit.language),
            "navigation": [(key, path) for key, path, act in NAVIGATION if visit.may(act)],
            "here": request.url.path,
            "address": _address(request),
            "now_ns": self.now(),
            "done": done,
            "Act": Act,
            **values,
        }
        answer = HTMLResponse(self.templates.get_template(template).render(context), status)
        if done:
            answer.delete_cookie(DONE_COOKIE, path="/")
        return answer

    def done(self, path: str, key: str, number: int = 1) -> Response:
        """Back to a page after a change (303, so that going back and reloading repeat nothing), with one sentence."""
        answer = RedirectResponse(path, 303)
        answer.set_cookie(
            DONE_COOKIE, f"{key}.{number}", max_age=60, httponly=True, samesite="strict", secure=self.settings.secure
        )
        return answer


def environment() -> Environment:
    found = Environment(
        loader=PackageLoader("sync.hq.pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    found.filters["embedded"] = embedded
    return found


def embedded(value: object) -> Markup:
    """JSON for a data element of the page: nothing in it can end the element."""
    dumped = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        dumped = dumped.replace(character, f"\\u{ord(character):04x}")
    return Markup(dumped)  # noqa: S704 -- every character that means something in HTML is escaped above.


def words(language: str) -> Mapping[str, Any]:
    """The functions every template speaks with."""
    return {
        "language": language,
        "t": partial(text, language),
        "plural": lambda key, number: counted(language, key, number, formats.number(number)),
        "kind_title": partial(kind_texts.title, language),
        "kind_meaning": partial(kind_texts.meaning, language),
        "kind_action": partial(kind_texts.action, language),
        "cause_title": partial(kind_texts.cause, language),
        "document_state": partial(_worded, language, "documents.s_"),
        "import_state": partial(_worded, language, "imports.s_"),
        "import_reason": partial(_worded, language, "import_reason."),
        "import_kind": partial(_worded, language, "imports.k_"),
        "refusal_title": partial(_worded, language, "refusal."),
        "value_title": partial(_worded, language, "value."),
        "trouble_title": partial(_worded, language, "trouble.t_"),
        "trouble_action": partial(_worded, language, "trouble.a_"),
        "change_title": partial(_worded, language, "trouble.c_"),
        "event_title": partial(_worded, language, "event."),
        "fact_title": partial(_worded, language, "fact."),
        "duration": partial(formats.duration, language),
        "f": formats,
    }


def _worded(language: str, area: str, word: str) -> str:
    """For words of other rooms and of the outside: one we have no text for is shown as it is."""
    try:
        return text(language, area + word)
    except TextMissing:
        return word


def local(path: str, otherwise: str) -> str:
    """A path of ours to go back to; anything that could lead elsewhere is not taken."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and "\\" not in path
    return path if plain and path.isprintable() and len(path) < 4000 else otherwise


def _address(request: Request) -> str:
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


def _done(cookie: str, language: str) -> str:
    key, _, number = cookie.partition(".")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        return ""
    try:
        return counted(language, f"done.{key}", int(number), formats.number(int(number)))
    except TextMissing:
        return ""
