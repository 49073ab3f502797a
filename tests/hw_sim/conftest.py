"""Fixtures of the simulated services: a clock that stands still until told, and a till's view of the cloud register."""

from __future__ import annotations

import copy
import json
import random
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hw_sim.exchange import SimReply, SimRequest
from hw_sim.ofd import Ofd
from hw_sim.webkassa import Cashbox, User, Webkassa

NS = 1_000_000_000
NINE_OCLOCK_NS = 1_784_088_000 * NS  # 15.07.2026 09:00:00 in Almaty, UTC+5.
VECTORS = Path(__file__).parents[1] / "vectors" / "sim_webkassa.toml"


class Clock:
    """Virtual UTC nanoseconds; also a `sleep`."""

    def __init__(self, at_ns: int) -> None:
        self.at_ns = at_ns

    def __call__(self) -> int:
        return self.at_ns

    def sleep(self, seconds: float) -> None:
        self.at_ns += round(seconds * NS)


class TillSide:
    """Talks to a simulated Webkassa as a till would, without a socket."""

    PATHS: ClassVar[dict[str, str]] = {
        "check": "/api/v4/check",
        "money": "/api/v4/MoneyOperation",
        "x": "/api/v4/XReport",
        "z": "/api/v4/ZReport",
        "z_by_shift": "/api/v4/ZReport/ByShiftNumber",
        "z_history": "/api/v4/ZReport/History",
        "tape": "/api/v4/Reports/ControlTape",
        "print": "/api/v4/Ticket/PrintFormat",
        "history": "/api/v4/Check/History",
        "by_number": "/api/v4/Check/HistoryByNumber",
        "shifts": "/api/v4/Cashbox/ShiftHistory",
        "lookup": "/api-history/v4/Ticket/GetTicketByExternalCheckNumber",
        "units": "/api/v4/references/RefUnits",
        "cashboxes": "/api/v4/Cashboxes",
        "state": "/api-portal/cashbox/state",
        "info": "/api-portal/v4/cashbox/client-info",
        "authorize": "/api/v4/Authorize",
    }

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        rng = random.Random(5)
        self.ofd = Ofd(clock, rng)
        self.box = Cashbox()
        self.service = Webkassa(clock, rng, self.ofd, [self.box], [User("till", "secret")])
        self.token = self.login()

    def login(self) -> str:
        return str(self.ask("authorize", {"Login": "till", "Password": "secret"})["Data"]["Token"])

    def send(self, path: str, body: bytes, key: str = "sim-api-key") -> SimReply:
        headers = {"x-api-key": key, "content-type": "application/json; charset=utf-8"}
        return self.service.handle(SimRequest("POST", path, headers, body))

    def ask(self, what: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send one request and return the envelope of the answer."""
        common = {"Token": getattr(self, "token", ""), "CashboxUniqueNumber": "SWK00000001"}
        reply = self.send(self.PATHS[what], json.dumps({**common, **(fields or {})}).encode())
        assert reply.status == 200, reply
        return dict(reply.json())

    def codes(self, what: str, fields: dict[str, Any] | None = None) -> list[int]:
        """The error codes of an answer; [] for success."""
        return [error["Code"] for error in self.ask(what, fields).get("Errors", [])]


@pytest.fixture
def clock() -> Clock:
    return Clock(NINE_OCLOCK_NS)


@pytest.fixture
def till(clock: Clock) -> TillSide:
    return TillSide(clock)


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    """The published and hand-computed values; JSON texts are left as texts."""
    return tomllib.loads(VECTORS.read_text(encoding="utf-8"))


@pytest.fixture
def sale(vectors: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """Build the sample sale under another key, with changed fields."""

    def build(key: str = "sale-1", **changes: Any) -> dict[str, Any]:
        body = copy.deepcopy(json.loads(vectors["sale_request"]))
        return {**body, "ExternalCheckNumber": key, **changes}

    return build


@pytest.fixture
def covers() -> Callable[[Any, Any], bool]:
    """Whether an answer holds everything an expected shape holds, at every level; extra fields are allowed."""

    def check(answer: Any, expected: Any) -> bool:
        if isinstance(expected, dict):
            return isinstance(answer, dict) and all(k in answer and check(answer[k], v) for k, v in expected.items())
        if isinstance(expected, list):
            pairs = zip(answer, expected, strict=True) if isinstance(answer, list) else ()
            return isinstance(answer, list) and all(check(a, e) for a, e in pairs)
        return bool(answer == expected)

    return check
