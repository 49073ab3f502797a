"""What delivery is told, does and shows: values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    rows_max: int = 1_000
    bytes_max: int = 524_288  # Of bodies, before packing; about 110 kB packed, 14 s at 64 kbit/s.
    every_s: float = 5.0  # Between looks at a journal with nothing to send.
    deadline_s: float = 30.0
    connect_s: float = 5.0
    backoff_base_s: float = 1.0
    backoff_cap_s: float = 60.0
    slow_s: float = 300.0  # Between tries of what only a person repairs.
    answer_bytes_max: int = 1024 * 1024


class DeliveryState(StrEnum):
    OK = "ok"
    WAITING = "waiting"  # The last try failed; the next one comes by itself.
    REFUSED = "refused"  # Alarm: headquarters does not accept our token. Tried slowly.
    CONFLICT = "conflict"  # Alarm: headquarters holds another journal of this till. Tried slowly.


@dataclass(frozen=True, slots=True)
class StepResult:
    sent: int  # Rows acknowledged in this step.
    state: DeliveryState
    next_in_s: float  # Until the next step does anything.


FAILURES_KEPT = 10


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try that failed."""

    at_ns: int  # UTC.
    state: DeliveryState
    text: str


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """For the till's strip and the store's IT page."""

    state: DeliveryState
    unsent: int
    last_error: str  # Empty when the last try succeeded.
    next_in_s: float
    delivered_ns: int | None  # When headquarters last acknowledged rows, in this run; UTC nanoseconds.
    failures: tuple[Attempt, ...] = ()  # The newest first.
