"""Whether the traceability registry answers, as the last scan that asked it found. For the till page's strip."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marking.verdict import OnlineAnswer
from pos_agent.clock import iso_utc


class LinkWatch:
    """Listens to the answers; asks nothing itself, so what it says is as old as the last question."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._last: tuple[int, str | None] | None = None

    def heard(self, answer: OnlineAnswer) -> OnlineAnswer:
        self._last = (self._now(), answer.unavailable)
        return answer

    def facts(self) -> dict[str, Any]:
        """`state`: "ok", "down", or "unknown" before the first question since the start."""
        if self._last is None:
            return {"state": "unknown", "at": None, "text": ""}
        at_ns, unavailable = self._last
        return {"state": "ok" if unavailable is None else "down", "at": iso_utc(at_ns), "text": unavailable or ""}
