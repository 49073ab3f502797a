"""Accounts, for administrators."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from sync.hq.pages.accounts import AccountInvalid
from sync.hq.pages.office import Office, Visit
from sync.hq.pages.passwords import LENGTH_MIN
from sync.hq.pages.roles import Act, Role
from sync.hq.pages.visits import Form, Here, Posted, Signed, allow, field, secret

router = APIRouter()


@router.get("/accounts")
def accounts(request: Request, here: Here, visit: Signed) -> Response:
    allow(visit, Act.ACCOUNTS)
    return _page(request, here, visit, "", {})


@router.post("/accounts")
def create(request: Request, here: Here, visit: Posted, given: Form) -> Response:
    allow(visit, Act.ACCOUNTS)
    typed = {name: field(given, name) for name in ("name", "full_name", "role")}
    try:
        here.accounts.create(
            **typed, password=secret(given, "password"), by=visit.who, address=visit.address
        )  # fmt: skip
    except AccountInvalid as invalid:
        return _page(request, here, visit, invalid.kind, typed)
    return here.done("/accounts", "account")


@router.post("/accounts/{name}")
def change(request: Request, here: Here, visit: Posted, given: Form, name: str) -> Response:
    allow(visit, Act.ACCOUNTS)
    role, active = field(given, "role"), field(given, "active") == "yes"
    try:
        here.accounts.change(name, role, active, secret(given, "password"), by=visit.who, address=visit.address)
    except AccountInvalid as invalid:
        return _page(request, here, visit, invalid.kind, {})
    return here.done("/accounts", "account")


def _page(request: Request, here: Office, visit: Visit, problem: str, typed: dict[str, str]) -> Response:
    status = 422 if problem else 200
    values = {"rows": here.accounts.all(), "roles": tuple(Role), "problem": problem, "password_min": LENGTH_MIN}
    return here.page(request, visit, "accounts.html", status=status, typed=typed, **values)
