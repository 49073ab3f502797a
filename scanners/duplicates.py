"""One unit read twice is one scan: the rule for double reads of one device, in one place. Pure.

A presentation scanner reads a pack for as long as it lies in front of it, and a packet scanner that missed its
acknowledgement sends again. So the window runs from the last time the unit was seen, dropped reads included.
A dropped read is an event with its reason; nothing disappears.

What is compared is the unit, not the bytes: the same pack with and without its AIM identifier, its separators or its
check part is one unit. Where the bytes name no single unit for certain, they are compared as they are, together with
the symbology: the same digits in an EAN and in a Data Matrix are two symbols, so two scans.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeVar

from marking import CodeError, ErrorKind, ReadContext, Source, parse
from scanners.scan import DroppedRead, DropReason, Scan, Terminator

WINDOW_MS: Final = 500
WINDOW_MS_MIN: Final = 200  # Shorter than a scanner needs to read the same symbol again.
WINDOW_MS_MAX: Final = 1500  # Longer than a cashier needs for the next pack of the same goods.
READS_MAX: Final = 256  # Remembered at once; at 1500 ms no real scanner reads half as many.
CODE_BYTES_MAX: Final = 256  # The longest code, 129 bytes, with every separator spelled out. Longer is noise.

EVIDENCE: Final = frozenset({Terminator.OVERFLOW, Terminator.UNPLUG})  # Never sold, so never a double of a sale.
_BARE: Final = ReadContext(source=Source.API)  # Where a code without its check part is allowed.

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Unit:
    """What was read, however it was dressed. Equal for two reads of one unit."""

    key: bytes  # Identification code of a marked unit, else the bytes with their AIM identifier.
    marked: bool
    whole: bool = field(default=True, compare=False)  # False: the check part did not come, the read cannot be sold.


def unit_of(scan: Scan) -> Unit:
    """Return the unit of a read. Bytes that name none, or none for certain, are their own unit."""
    payload = scan.identified
    if len(payload) > CODE_BYTES_MAX:
        return Unit(payload, marked=False)
    try:
        code = parse(payload)
    except CodeError as error:
        # Silence may have cut this one; its rest is on its way and belongs to it.
        if error.kind is ErrorKind.TAIL_MISSING and scan.terminator is not Terminator.GAP:
            return _bare(payload)
        return Unit(payload, marked=False)
    if code.ki is None or code.confirm:
        return Unit(payload, marked=False)
    return Unit(code.ki.encode(), marked=True)


def _bare(payload: bytes) -> Unit:
    try:
        code = parse(payload, _BARE)
    except CodeError:
        return Unit(payload, marked=False)
    if code.ki is None or code.confirm:
        return Unit(payload, marked=False)
    return Unit(code.ki.encode(), marked=True, whole=False)


@dataclass(slots=True)
class _Seen:
    """A unit of the last moments. Several payloads may lead to it."""

    first: Scan
    at_ns: int  # The latest read.
    whole: bool = True


class DuplicateFilter:
    """Remembers the units of the last moments, by device; at most READS_MAX of them."""

    def __init__(self, window_ms: int = WINDOW_MS) -> None:
        """`window_ms` 0 turns the rule off; ValueError outside 200 to 1500 otherwise."""
        if window_ms and not WINDOW_MS_MIN <= window_ms <= WINDOW_MS_MAX:
            raise ValueError(f"duplicate window {window_ms} ms: 0 or {WINDOW_MS_MIN} to {WINDOW_MS_MAX}")
        self._window_ns = window_ms * 1_000_000
        self._payloads: dict[tuple[str, bytes], _Seen] = {}  # Oldest first, as the next one.
        self._units: dict[tuple[str, Unit], _Seen] = {}
        self._alone: _Seen | None = None  # Its unit is not worked out: there was nothing to compare it with.
        self._dropped_count = 0

    @property
    def dropped_count(self) -> int:
        return self._dropped_count

    def judge(self, scan: Scan) -> Scan | DroppedRead:
        """Return the scan itself, or the drop it is."""
        if not self._window_ns or scan.terminator in EVIDENCE:
            return scan
        self._forget(self._payloads, scan.at_ns)
        self._forget(self._units, scan.at_ns)
        key = (scan.source, scan.identified)
        seen, same = self._near(self._payloads.pop(key, None), scan), "payload"
        if seen is None:
            seen, same = self._of_unit(scan), "unit"
        self._payloads[key] = seen
        if seen.first is scan:
            return scan
        before_ns, seen.at_ns = seen.at_ns, scan.at_ns
        self._dropped_count += 1
        text = f"same {same} {(scan.at_ns - before_ns) // 1_000_000} ms before"
        return DroppedRead(scan, DropReason.DUPLICATE, text)

    def _of_unit(self, scan: Scan) -> _Seen:
        """What was seen of the unit of `scan`, beginning with `scan` where nothing was."""
        seen = _Seen(scan, scan.at_ns)
        if not self._payloads:  # One pack after another, each alone in its window: nobody needs to look inside.
            self._alone = seen
            return seen
        if self._alone is not None:
            self._entered(self._alone)
            self._alone = None
        return self._entered(seen)

    def _entered(self, seen: _Seen) -> _Seen:
        """Enter a first read under its unit, unless an earlier one stands there already; return which one counts."""
        scan = seen.first
        unit = unit_of(scan)
        seen.whole = unit.whole
        earlier = self._near(self._units.pop((scan.source, unit), None), scan)
        # After a read without its check part, the whole code is no double: it is the one that can be sold.
        if earlier is not None and earlier.whole >= seen.whole:
            seen = earlier
        self._units[scan.source, unit] = seen
        return seen

    def _near(self, seen: _Seen | None, scan: Scan) -> _Seen | None:
        # The distance counts both ways: a clock set back must not make doubles of old reads.
        return seen if seen is not None and abs(scan.at_ns - seen.at_ns) <= self._window_ns else None

    def _forget(self, table: dict[K, _Seen], at_ns: int) -> None:
        while table:
            oldest = next(iter(table))
            if len(table) < READS_MAX and abs(at_ns - table[oldest].at_ns) <= self._window_ns:
                return
            del table[oldest]
