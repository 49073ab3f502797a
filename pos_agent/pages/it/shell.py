"""What every page of store IT has: the frame, the words, and forms that may be sent twice."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from marking.words import catalogue
from pos_agent.agent import Agent
from pos_agent.pages.it.formats import DOMAIN, Formats
from pos_agent.pages.kit import language, page
from pos_agent.problems import Problem

NAVIGATION: Final = (
    ("overview", "/it"),
    ("devices", "/it/devices"),
    ("register", "/it/register"),
    ("cache", "/it/cache"),
    ("queue", "/it/queue"),
    ("settings", "/it/settings"),
    ("log", "/it/log"),
    ("pages", "/it/pages"),
)
# What a page may say of what was just done, so that an address from elsewhere cannot put words on it.
DONE: Final = frozenset({"released", "not_aside", "already", "revoked", "nobody", "test_started", "test_on",
                         "test_stopped", "test_off"})  # fmt: skip
TICKETS_MAX: Final = 256
SURE: Final = "yes"


def formats_of(request: Request, agent: Agent) -> Formats:
    return Formats(language(request), agent.config.till.zone)


def shown(request: Request, agent: Agent, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page of store IT. Its template finds `f`, `t`, `agent` and the frame's values besides its own."""
    formats = formats_of(request, agent)
    done = request.query_params.get("done", "")
    frame: Mapping[str, Any] = {
        "f": formats,
        "t": formats.text,
        "reviewed": catalogue("pos_agent", DOMAIN).reviewed(formats.lang),
        "till": agent.config.till.name,
        "navigation": NAVIGATION,
        "testing": agent.scan_test.facts(),
        "done": formats.text(f"done.{done}") if done in DONE else "",
        "ticket": agent.rng.randbytes(12).hex(),
        "here": request.url.path,
        "back": request.url.path if request.method in ("GET", "HEAD") else "/it",
    }
    return page(request, f"it/{template}.html", status, **frame, **values)


def led(target: str, done: str) -> Response:
    """To a page that says what was done: reloading it repeats nothing."""
    return RedirectResponse(f"{target}?done={done}", 303)


def must_be_sure(sure: str) -> None:
    """Raises P-407 without the person's tick."""
    if sure != SURE:
        raise Problem("P-407", "sure: tick the box first")


class Tickets:
    """Forms that print carry one each: the second arrival of the same form does nothing."""

    def __init__(self) -> None:
        self._taken: deque[str] = deque(maxlen=TICKETS_MAX)
        self._lock = threading.Lock()

    def take(self, ticket: str) -> bool:
        """False: this form was here before."""
        with self._lock:
            if ticket in self._taken:
                return False
            self._taken.append(ticket)
            return True
