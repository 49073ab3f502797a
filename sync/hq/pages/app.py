"""The pages as one application: `create_pages(engine, settings, ports)`."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from sqlalchemy import Engine
from starlette.exceptions import HTTPException

from sync.hq.pages.accounts import Accounts
from sync.hq.pages.guard import Guard
from sync.hq.pages.office import Office, environment
from sync.hq.pages.ports import Ports
from sync.hq.pages.routes import ROUTERS
from sync.hq.pages.routes.sign_in import to_sign_in
from sync.hq.pages.settings import PagesSettings
from sync.hq.pages.tables import create_tables
from sync.hq.pages.visits import NotSignedIn, Refused, office, visitor


def create_pages(
    engine: Engine,
    settings: PagesSettings,
    ports: Ports,
    *,
    now: Callable[[], int] = time.time_ns,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> FastAPI:
    """An ASGI application for the root of its host; its tables are made when they are not there yet.

    Paths it leaves to the collector: /v1/ and /healthz.
    """
    create_tables(engine)
    accounts = Accounts(engine, settings, now, random)
    app = FastAPI(title="Headquarters", openapi_url=None)
    app.state.office = Office(engine, settings, ports, accounts, now, random, environment())
    app.mount("/static", StaticFiles(packages=[("sync.hq.pages", "static")]))
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(Guard, settings=settings)
    app.add_exception_handler(NotSignedIn, _sign_in)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _unread)

    @app.get("/")
    def home() -> Response:
        return RedirectResponse("/fleet", 303)

    return app


def _sign_in(request: Request, _error: Exception) -> Response:
    return to_sign_in(request)


def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        raise error
    return _page(request, error.kind, error.status, **error.values)


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _page(request, "not-found" if status in (404, 405) else "unread", status)


def _unread(request: Request, _error: Exception) -> Response:
    return _page(request, "unread", 422)


def _page(request: Request, kind: str, status: int, **values: object) -> Response:
    return office(request).page(request, visitor(request), "error.html", status=status, kind=kind, values=values)
