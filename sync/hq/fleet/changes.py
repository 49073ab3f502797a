"""What of a heartbeat is worth a line in the till's history. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sync.heartbeat import Heartbeat

CLOCK_STEP_NS = 30_000_000_000  # Of the offset: less is the network and the drift of a cheap clock.
TEXT_LENGTH_MAX = 300


@dataclass(frozen=True, slots=True)
class Change:
    what: str
    before: str  # "" at the first heartbeat.
    after: str


def _register(heartbeat: Heartbeat) -> str:
    facts = heartbeat.register
    if facts is None:
        return "unknown"
    words = ["reachable" if facts.get("reachable") else "silent"]
    words += [name for name in ("offline", "cover_open") if facts.get(name) is True]
    words += [f"paper {facts['paper']}"] if facts.get("paper") not in (None, "unknown", "ok", "present") else []
    return ", ".join(words)


TOLD: Mapping[str, Callable[[Heartbeat], str]] = {
    "start": lambda heartbeat: heartbeat.run,
    "version": lambda heartbeat: heartbeat.version,
    "journal": lambda heartbeat: heartbeat.epoch,
    "shift": lambda heartbeat: "closed" if heartbeat.shift is None else str(heartbeat.shift),
    "register": _register,
    "delivery": lambda heartbeat: heartbeat.delivery,
    "problems": lambda heartbeat: ", ".join(sorted({trouble.kind for trouble in heartbeat.problems})),
}


def changes(
    before: Heartbeat | None, after: Heartbeat, *, offset_before_ns: int | None, offset_ns: int
) -> Iterator[Change]:
    for what, told in TOLD.items():
        old, new = "" if before is None else told(before), told(after)
        if old != new:
            yield Change(what, old[:TEXT_LENGTH_MAX], new[:TEXT_LENGTH_MAX])
    if offset_before_ns is not None and abs(offset_ns - offset_before_ns) >= CLOCK_STEP_NS:
        yield Change("clock", _seconds(offset_before_ns), _seconds(offset_ns))


def _seconds(offset_ns: int) -> str:
    return f"{offset_ns / 1e9:+.0f} s"
