"""The loopback API: FastAPI inside the guard. Errors are problem+json with a stable code, whatever went wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from pos_agent import __version__
from pos_agent.agent import Agent
from pos_agent.api import events, register, sales, status
from pos_agent.api import told as forms
from pos_agent.api.answers import PROBLEM_TYPE, problem_response
from pos_agent.api.atol import front
from pos_agent.api.atol import routes as atol
from pos_agent.api.guard import OPEN_PATHS, App, Guard, GuardRules
from pos_agent.api.idempotency import KEY_LENGTH_MAX
from pos_agent.api.measured import Measured
from pos_agent.cache.store import CacheError
from pos_agent.journal.database import DiskFull, JournalBusy, JournalUnusable
from pos_agent.metrics import Metrics
from pos_agent.pages import accounts, it, sign_in, till
from pos_agent.pages.it.shell import Tickets
from pos_agent.pages.it.trouble_page import trouble_page, wants_page
from pos_agent.pages.kit import PageHeaders
from pos_agent.pages.sessions import SessionsUnusable
from pos_agent.problems import Problem
from sync.ports import QueueUnavailable

log = logging.getLogger(__name__)

OF_JOURNAL: Mapping[type, str] = {DiskFull: "S-301", JournalBusy: "S-303"}
OF_STATUS = {404: "P-408", 405: "P-410"}


def create_app(agent: Agent) -> FastAPI:
    """The application without its guard: `guarded` puts it in front."""
    app = FastAPI(
        title="pos-agent",
        version=__version__,
        summary="Sell marked goods at this till. Money in tiyn, quantity in thousandths, times in ISO 8601.",
        generate_unique_id_function=lambda route: route.name,
        docs_url=None,
        redoc_url=None,
    )
    app.state.agent = agent
    app.state.metrics = Metrics(agent)
    for router in (status.router, sales.router, register.router, events.router, accounts.router, atol.router):
        app.include_router(router)
    app.state.tickets = Tickets()
    for router in (sign_in.router, it.router, till.router):
        app.include_router(router, include_in_schema=False)
    app.mount("/static", StaticFiles(packages=[("pos_agent.pages", "static")]))
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(JournalUnusable, _journal)
    app.add_exception_handler(QueueUnavailable, _journal)
    app.add_exception_handler(CacheError, _cache)
    app.add_exception_handler(SessionsUnusable, _sessions)
    app.add_exception_handler(Exception, _unexpected)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def guarded(agent: Agent, rules: GuardRules) -> App:
    app: Any = create_app(agent)
    measured = Measured(app, app.state.metrics, agent.clock.monotonic)
    return front.Front(PageHeaders(Guard(measured, rules, agent.clock.monotonic, agent.sessions)))


def _answer(request: Request, problem: Problem) -> Response:
    if wants_page(request):
        return trouble_page(request, problem)
    return problem_response(problem, request.headers.get("accept-language", ""))


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for it
    return _answer(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    faults = [{"place": _place(fault["loc"]), "text": fault["msg"]} for fault in error.errors()]
    first = f"{faults[0]['place']}: {faults[0]['text']}" if faults else ""
    code = "P-421" if atol_path(request.url.path) else "P-407"
    return _answer(request, Problem(code, first, errors=faults))


def _place(parts: Iterable[object]) -> str:
    """Where a fault stands. A name of the caller's may hold half of a surrogate pair, which no answer can carry."""
    return ".".join(str(part) for part in parts).encode(errors="backslashreplace").decode()


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    answer = _answer(request, Problem(OF_STATUS.get(error.status_code, "P-407"), str(error.detail)))
    answer.headers.update(error.headers or {})  # Of 405: which methods there are.
    return answer


async def _journal(request: Request, error: Exception) -> Response:
    kind = type(error.__cause__) if isinstance(error, QueueUnavailable) else type(error)
    return _answer(request, Problem(OF_JOURNAL.get(kind, "S-302"), str(error)))


async def _cache(request: Request, error: Exception) -> Response:
    return _answer(request, Problem("S-304", str(error)))


async def _sessions(request: Request, error: Exception) -> Response:
    return _answer(request, Problem("S-305", str(error)))


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("unexpected error in %s %s", request.method, request.url.path, exc_info=error)
    return _answer(request, Problem("P-500", type(error).__name__))


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        schemas = schema["components"].setdefault("schemas", {})
        schemas["Problem"] = forms.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schemas["Problem"].pop("$defs"))
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        bearer, basic = {"type": "http", "scheme": "bearer"}, {"type": "http", "scheme": "basic"}
        schema["components"]["securitySchemes"] = {"client": bearer, "named": basic}
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                _exact(path, operation)
        app.openapi_schema = schema
    return app.openapi_schema


def _exact(path: str, operation: dict[str, Any]) -> None:
    """What a route cannot say of itself: who may call it, that its key is needed."""
    client: list[Any] = [{"client": []}]
    operation["security"] = [] if path in OPEN_PATHS else [*client, {"named": []}] if atol_path(path) else client
    if not operation["security"]:
        operation["responses"].pop("401", None)
    for parameter in operation.get("parameters", ()):
        if parameter["name"].lower() == "idempotency-key":
            parameter["required"] = True
            parameter["schema"] = {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX}
    refused = operation["responses"].get("422")
    if refused is not None and PROBLEM_TYPE not in refused["content"]:
        del operation["responses"]["422"]


def atol_path(path: str) -> bool:
    return path.startswith(front.PREFIX)
