"""Signing in and out, language, own password."""

from __future__ import annotations

import hmac
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from sync.hq.pages.accounts import AccountInvalid, SignInRefused
from sync.hq.pages.office import local
from sync.hq.pages.visits import Form, Here, Posted, Refused, Signed, cookie_name, field, office, secret, visitor

router = APIRouter()
BEFORE_COOKIE = "hq_before"  # The token of the one form that has no session yet.
HOME = "/fleet"


def to_sign_in(request: Request) -> Response:
    """Where a page is asked for without a session; the way back is kept for pages that only look."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = wanted if request.method == "GET" and wanted != "/" else ""
    return RedirectResponse("/sign-in" + (f"?{urlencode({'next': back})}" if back else ""), 303)


@router.get("/sign-in")
def form(request: Request, here: Here) -> Response:
    if visitor(request).account is not None:
        return RedirectResponse(HOME, 303)
    return _form(request, local(request.query_params.get("next", ""), ""), "", "")


@router.post("/sign-in")
def sign_in(request: Request, here: Here, given: Form) -> Response:
    token = request.cookies.get(BEFORE_COOKIE, "")
    if not token or not hmac.compare_digest(field(given, "csrf").encode(), token.encode()):
        raise Refused("csrf")
    name, back = field(given, "name"), local(field(given, "next"), "")
    address = request.client.host if request.client else ""
    try:
        cookie = here.accounts.sign_in(name, secret(given, "password"), address)
    except SignInRefused as refused:
        return _form(request, back, name, refused.kind)
    answer = RedirectResponse(back or HOME, 303)
    answer.set_cookie(
        cookie_name(here.settings.secure),
        cookie,
        max_age=here.settings.session_s,
        httponly=True,
        samesite="strict",
        secure=here.settings.secure,
    )
    answer.delete_cookie(BEFORE_COOKIE)
    return answer


def _form(request: Request, back: str, name: str, problem: str) -> Response:
    here = office(request)
    visit = visitor(request)
    token = request.cookies.get(BEFORE_COOKIE) or here.random(16).hex()
    status = {"": 200, "wrong": 401, "too-many": 429}[problem]
    values = {"form_csrf": token, "next": back, "name": name, "problem": problem}
    answer = here.page(request, visit, "sign_in.html", status=status, **values)
    answer.set_cookie(BEFORE_COOKIE, token, httponly=True, samesite="strict", secure=here.settings.secure)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, here: Here, visit: Posted) -> Response:
    name = cookie_name(here.settings.secure)
    here.accounts.sign_out(request.cookies.get(name, ""), visit.who, visit.address)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(name, secure=here.settings.secure, httponly=True, samesite="strict")
    return answer


@router.post("/language")
def language(here: Here, visit: Posted, given: Form) -> Response:
    here.accounts.choose_language(visit.who, field(given, "language"))
    return RedirectResponse(local(field(given, "back"), HOME), 303)


@router.get("/me")
def me(request: Request, here: Here, visit: Signed) -> Response:
    return here.page(request, visit, "me.html", problem="")


@router.post("/me/password")
def password(request: Request, here: Here, visit: Posted, given: Form) -> Response:
    try:
        cookie = request.cookies.get(cookie_name(here.settings.secure), "")
        here.accounts.change_own_password(visit.who, secret(given, "old"), secret(given, "new"), visit.address, cookie)
    except AccountInvalid as invalid:
        return here.page(request, visit, "me.html", status=422, problem=invalid.kind)
    return here.done("/me", "password")
