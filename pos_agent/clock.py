"""Time as a thing that is passed in: the machine's, or one that a test or the demo moves by hand."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

NS_PER_S = 1_000_000_000


class Clock(Protocol):
    def now_ns(self) -> int:
        """UTC, nanoseconds since 1970."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump; only differences mean something."""
        ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clocks."""

    def now_ns(self) -> int:
        return time.time_ns()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(slots=True)
class VirtualClock:
    """Stands still until someone sleeps on it, so that one seed gives one run, to the nanosecond."""

    at_ns: int
    started_ns: int = 0

    def __post_init__(self) -> None:
        self.started_ns = self.at_ns

    def now_ns(self) -> int:
        return self.at_ns

    def monotonic(self) -> float:
        return (self.at_ns - self.started_ns) / NS_PER_S

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.at_ns += round(seconds * NS_PER_S)


def iso_utc(at_ns: int) -> str:
    """ISO 8601 in UTC with microseconds and `Z`: the edge form of our nanoseconds."""
    return datetime.fromtimestamp(at_ns / NS_PER_S, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
