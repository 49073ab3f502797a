"""`devices watch`: reads scanners, keeps count of what came, and knows what the count says of their settings.

Nothing here knows the journal or the till: a read that is watched is not sold and not kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final

from marking import report
from marking.code import ReadContext
from pos_agent.cli.devices_lines import (
    Line,
    Seen,
    folded,
    health_data,
    health_lines,
    read_data,
    read_lines,
)
from pos_agent.clock import Clock
from pos_agent.device_names import configured_name
from scanners.address import Scanner
from scanners.duplicates import EVIDENCE
from scanners.scan import DroppedRead, DropReason, Health, HealthChange, Scan, ScannerEvent

SEVERAL: Final = 2  # One lost GS may be the print of one pack; two are the scanner.
_IDLE_S: Final = 0.02  # A round over closed ports returns at once.
_NS_PER_MS: Final = 1_000_000
_NS_PER_S: Final = 1_000_000_000
_LOST_GS: Final = frozenset({"D1", "D2"})
_REPLACED_GS: Final = frozenset({"D3", "D4", "D5"})
_CAPS: Final = frozenset({"D6", "D10"})
_LAYOUT: Final = frozenset({"D7", "D9", "D10"})

_DROPS: Final[Mapping[DropReason, str]] = {
    DropReason.DUPLICATE: "double read",
    DropReason.COMMAND_ANSWER: "answer of the scanner",
    DropReason.RETRANSMITTED: "sent again",
    DropReason.DAMAGED: "damaged",
    DropReason.INCOMPLETE: "incomplete",
    DropReason.SETUP_LABEL: "set-up label",
}
_HINTS: Final[Mapping[str, str]] = {
    "gs_lost": "GS lost in {n} codes and never seen: set the scanner to send GS (FNC1) as 1D hexadecimal",
    "gs_replaced": "GS replaced in {n} codes: turn the scanner's GS substitution off",
    "caps": "Caps Lock in {n} codes: turn it off at scanner and keyboard, Caps Lock handling of the scanner to ignore",
    "layout": "keyboard layout in {n} codes: switch the scanner to serial mode, or its keyboard country to US",
    "aim": "no AIM identifier in {n} codes: turn it on, so that the agent knows a square code from a barcode",
    "double": "double reads: {n}; a same-symbol time-out of 500 ms or more keeps them away",
    "errors": "codes that could not be read: {n}; see their errors above, and docs/scanners.md",
    "broken": "broken reads: {n}; check suffix= and baud=, and whether the device is a scanner",
}


@dataclass(slots=True)
class Tally:
    """What one device gave."""

    scans: int = 0
    bytes: int = 0
    errors: int = 0
    gs: int = 0  # Scans with at least one GS.
    broken: int = 0  # Too long, or cut off.
    last_ns: int | None = None
    health: Health | None = None
    was_online: bool = False
    discarded_bytes: int | None = None  # None: the driver does not count them.
    drops: Counter[DropReason] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    signs: Counter[str] = field(default_factory=Counter)

    def hints(self) -> Iterator[str]:
        """What store IT should set right, the most harmful first."""
        several = self.signs["gs_lost"] >= SEVERAL and not self.gs
        counts = dict(self.signs) | {"errors": self.errors, "broken": self.broken}
        counts["double"] = self.drops[DropReason.DUPLICATE]
        for sign, text in _HINTS.items():
            enough = several if sign == "gs_lost" else counts.get(sign, 0) >= (SEVERAL if sign == "aim" else 1)
            if enough:
                yield text.format(n=counts[sign])


class Watch:
    """Turns events into lines or data, and counts."""

    def __init__(
        self, names: Sequence[str], context: ReadContext | None = None, width: int = 0, zone: tzinfo | None = None
    ) -> None:
        """`width` 0: nothing is folded. `zone` None: times of this machine."""
        self._tallies = {name: Tally() for name in names}
        self._context = context or ReadContext()
        self._width = width
        self._zone = zone

    @property
    def tallies(self) -> Mapping[str, Tally]:
        return self._tallies

    def lines(self, event: ScannerEvent) -> list[Line]:
        if isinstance(event, HealthChange):
            self._note_health(event)
            return list(health_lines(event, self._width, self._zone))
        return list(read_lines(self._seen(event), self._width, self._zone))

    def data(self, event: ScannerEvent) -> dict[str, object]:
        if isinstance(event, HealthChange):
            self._note_health(event)
            return health_data(event)
        return read_data(self._seen(event))

    def note_discarded(self, scanners: Sequence[Scanner]) -> None:
        """Ask the drivers how many bytes became no event."""
        for scanner in scanners:
            self._tally(scanner.name).discarded_bytes = getattr(scanner, "discarded_bytes", None)

    def summary(self) -> dict[str, object]:
        return {"event": "summary", "devices": [_plain(name, tally) for name, tally in self._tallies.items()]}

    def summary_lines(self) -> Iterator[Line]:
        yield "", ""
        for name, tally in self._tallies.items():
            yield from folded([f"{name}: {_counted(tally)}"], self._width, "", "bold")
            yield from folded(tally.hints(), self._width, "    ! ", "yellow")

    def _tally(self, name: str) -> Tally:
        if name not in self._tallies:
            # One connection of a scanner that calls: coming and going is told for all of them together.
            self._tallies[name] = Tally(was_online=configured_name(name, self._tallies) is not None)
        return self._tallies[name]

    def _note_health(self, change: HealthChange) -> None:
        tally = self._tally(change.source)
        tally.health = change.health
        tally.was_online = tally.was_online or change.health is Health.ONLINE

    def _seen(self, event: Scan | DroppedRead) -> Seen:
        dropped = event if isinstance(event, DroppedRead) else None
        scan = event.scan if isinstance(event, DroppedRead) else event
        tally = self._tally(scan.source)
        since_ms = None if tally.last_ns is None else max(0, scan.at_ns - tally.last_ns) // _NS_PER_MS
        tally.last_ns = scan.at_ns
        holds_code = scan.terminator not in EVIDENCE and (dropped is None or dropped.reason is DropReason.DUPLICATE)
        seen = Seen(scan, since_ms, report(scan.identified, self._context) if holds_code else {}, dropped)
        if dropped is not None:
            tally.drops[dropped.reason] += 1
        elif scan.terminator in EVIDENCE:
            tally.broken += 1
        else:
            _count(tally, seen)
        return seen


def _count(tally: Tally, seen: Seen) -> None:
    tally.scans += 1
    tally.bytes += len(seen.scan.data)
    tally.gs += b"\x1d" in seen.scan.data
    tally.errors += "error" in seen.code
    tally.repairs.update(seen.repairs)
    signs = {"gs_lost": _LOST_GS, "gs_replaced": _REPLACED_GS, "caps": _CAPS, "layout": _LAYOUT}
    tally.signs.update(sign for sign, rules in signs.items() if rules.intersection(seen.repairs))
    tally.signs["aim"] += seen.scan.symbology is None


def _counted(tally: Tally) -> str:
    parts = [f"{tally.scans} scan{'' if tally.scans == 1 else 's'}"]
    parts += [f"dropped ({_DROPS.get(reason, reason.value)}): {number}" for reason, number in tally.drops.items()]
    if tally.scans:
        parts.insert(1, f"GS in {tally.gs}")
    parts += [f"repair {rule}: {number}" for rule, number in sorted(tally.repairs.items())]
    parts += [f"not readable: {tally.errors}"] if tally.errors else []
    parts += [f"broken: {tally.broken}"] if tally.broken else []
    parts += [f"bytes discarded: {tally.discarded_bytes}"] if tally.discarded_bytes else []
    state = tally.health or ("connected" if tally.was_online else "not tried")
    return f"{', '.join(parts)}; {state}{'' if tally.was_online else ', never online'}"


def _plain(name: str, tally: Tally) -> dict[str, object]:
    return {
        "device": name,
        "health": tally.health.value if tally.health else None,
        "was_online": tally.was_online,
        "scans": tally.scans,
        "bytes": tally.bytes,
        "errors": tally.errors,
        "broken": tally.broken,
        "with_gs": tally.gs,
        "dropped": {reason.value: number for reason, number in tally.drops.items()},
        "repairs": dict(tally.repairs),
        "discarded_bytes": tally.discarded_bytes,
        "hints": list(tally.hints()),
    }


def run(
    scanners: Sequence[Scanner],
    clock: Clock,
    tell: Callable[[ScannerEvent], None],
    *,
    seconds: float | None = None,
    count: int | None = None,
) -> None:
    """Poll in turn until so many seconds or scans are over, or for ever; then close. An interrupt closes as well."""
    left = count
    end_s = None if seconds is None else clock.monotonic() + seconds
    try:
        while (left is None or left > 0) and (end_s is None or clock.monotonic() < end_s):
            started_s = clock.monotonic()
            events = [event for scanner in scanners for event in scanner.poll()]
            for event in events:
                tell(event)
                if left is not None and isinstance(event, Scan):
                    left -= 1
            if not events and clock.monotonic() - started_s < _IDLE_S:
                clock.sleep(_IDLE_S)
    finally:
        for scanner in scanners:
            for event in scanner.close():
                tell(event)
