"""A refusal as a page, for a person who came to one of the pages of store IT with a browser."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from pos_agent.pages.it.shell import shown
from pos_agent.problems import Problem

ROOM: Final = "/it"
# Code of a refusal -> key of what to do next; others are told to look at the log.
NEXT: Final = {"P-407": "again", "P-408": "gone", "P-410": "gone", "T-121": "printer", "S-304": "cache"}


def wants_page(request: Request) -> bool:
    path = request.url.path
    inside = path == ROOM or path.startswith(f"{ROOM}/")
    return inside and "text/html" in request.headers.get("accept", "")


def trouble_page(request: Request, problem: Problem) -> Response:
    words: dict[str, Any] = {"problem": problem, "next_step": NEXT.get(problem.kind.code, _of_register(problem))}
    return shown(request, request.app.state.agent, "trouble", status=problem.kind.status, **words)


def _of_register(problem: Problem) -> str:
    return "register" if problem.kind.code.startswith("R-") else "log"
