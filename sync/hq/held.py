"""What headquarters holds, as the collector tells it: values."""

from __future__ import annotations

from dataclasses import dataclass

from sync.hq.dispute import Alarm


@dataclass(frozen=True, slots=True)
class Ack:
    """The batch is committed; `number` and `hash` are of its last row, as stored."""

    till: str
    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class StoredRow:
    number: int
    previous: bytes
    hash: bytes
    at_ns: int | None  # This, kind and body are None for a tombstone.
    kind: str | None
    body: str | None
    reason: str | None
    arrival: int | None  # 1, 2, 3... in the order contents came; a late row comes late here.
    received_ns: int


@dataclass(frozen=True, slots=True)
class TillState:
    till: str
    number: int
    hash: bytes
    heard_ns: int | None
    missing: int  # Tombstones without content.
    alarms: tuple[Alarm, ...]
