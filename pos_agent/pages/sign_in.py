"""The door of the pages: eight digits once, then a cookie. Also signing out and the choice of a language."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from marking.words import LANGUAGES
from pos_agent.api.calls import AgentOf
from pos_agent.api.guard import COOKIE
from pos_agent.pages.kit import LANGUAGE_COOKIE, page
from pos_agent.pages.sessions import LIVES_S, CodeRefused, Role

router = APIRouter()

HOMES = {Role.TILL: "/till", Role.IT: "/it"}
YEAR_S = 365 * 86_400


@router.get("/")
def home(request: Request) -> Response:
    session = getattr(request.state, "session", None)
    return RedirectResponse(HOMES[session.role] if session is not None else "/till", 303)


@router.get("/sign-in")
def form(request: Request, next: str = "") -> Response:  # noqa: A002 - the name in the address
    return page(request, "sign_in.html", next=_inside(next), refused=False)


@router.post("/sign-in")
def redeem(
    request: Request,
    agent: AgentOf,
    code: Annotated[str, Form(max_length=64)] = "",
    next: Annotated[str, Form(max_length=200)] = "",  # noqa: A002
) -> Response:
    try:
        token, session = agent.sessions.redeem("".join(code.split()))
    except CodeRefused:
        return page(request, "sign_in.html", 403, next=_inside(next), refused=True)
    answer = RedirectResponse(_inside(next) or HOMES[session.role], 303)
    answer.set_cookie(COOKIE, token, max_age=LIVES_S[session.role], httponly=True, samesite="strict")
    return answer


@router.post("/sign-out")
def leave(request: Request, agent: AgentOf) -> Response:
    session = getattr(request.state, "session", None)
    if session is not None:
        agent.sessions.revoke(client=session.client)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


@router.get("/till/language/{lang}")
@router.get("/it/language/{lang}")
def choose(lang: str, back: str = "") -> Response:
    answer = RedirectResponse(_inside(back) or "/", 303)
    if lang in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, lang, max_age=YEAR_S, samesite="strict")
    return answer


def _inside(target: str) -> str:
    """A path of ours, or nothing: an address from elsewhere must not send a person away after signing in."""
    parts = urlsplit(target)
    inside = not parts.scheme and not parts.netloc and target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if inside and target.isprintable() and "\\" not in target else ""
