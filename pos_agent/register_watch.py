"""How the register was when it was last looked at: for the till page's strip, which must answer at once."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fiscal.register import Register, RegisterStatus
from pos_agent.clock import NS_PER_S, iso_utc


@dataclass(frozen=True, slots=True)
class Seen:
    at_ns: int
    status: RegisterStatus


class RegisterWatch:
    """Looks now and then. `every_s` 0: only when somebody asks."""

    def __init__(self, register: Register, now: Callable[[], int], every_s: float) -> None:
        self._register = register
        self._now = now
        self.every_s = every_s
        self.last: Seen | None = None
        self._lock = threading.Lock()

    def look(self) -> Seen:
        """Ask the register now; while another look is under way, what the one before it saw.

        A page may ask every second, a look at a silent register takes many: nobody may queue up behind it.
        """
        if not self._lock.acquire(blocking=False):
            if self.last is not None:
                return self.last
            self._lock.acquire()  # The first look of all: there is nothing else to show.
        try:
            status = self._register.status()
            self.last = Seen(self._now(), status)
            return self.last
        finally:
            self._lock.release()

    def facts(self) -> dict[str, Any] | None:
        """The last look as JSON-ready values; None: nobody has looked yet."""
        return None if self.last is None else facts_of(self.last)


def facts_of(seen: Seen) -> dict[str, Any]:
    """None, "" and "unknown" are "it does not tell"."""
    status = seen.status
    failure = status.failure
    return {
        "at": iso_utc(seen.at_ns),
        "reachable": status.reachable,
        "failure": None if failure is None else {"kind": str(failure.kind), "code": failure.code, "text": failure.text},
        "shift": status.shift,
        "shift_open": status.shift_open,
        "shift_age_s": _age_s(status.shift_opened_at, seen.at_ns) if status.shift_open else None,
        "offline": status.offline,
        "offline_age_s": _age_s(status.offline_since, seen.at_ns),
        "unsent": status.unsent,
        "paper": str(status.paper),
        "cover_open": status.cover_open,
        "clock_skew_s": _skew_s(status.clock_at, seen.at_ns),
        "waits_for": None if status.waits_for is None else str(status.waits_for),
        "model": status.model,
        "firmware": status.firmware,
    }


def _age_s(since: str | None, at_ns: int) -> int | None:
    skew = _skew_s(since, at_ns)
    return None if skew is None else max(0, -skew)


def _skew_s(moment: str | None, at_ns: int) -> int | None:
    """Seconds by which a moment lies after `at_ns`. A moment that cannot be read is one the register does not tell."""
    if not moment:
        return None
    try:
        parsed = dt.datetime.fromisoformat(moment)
    except ValueError:
        return None
    return None if parsed.tzinfo is None else round(parsed.timestamp() - at_ns / NS_PER_S)
