"""One symbol read twice is one scan: the rule for double reads of one device, in one place. Pure.

A presentation scanner reads a pack for as long as it lies in front of it, and a packet scanner that missed its
acknowledgement sends again. So the window runs from the last time the payload was seen, dropped reads included.
A dropped read is an event with its reason; nothing disappears.
"""

from __future__ import annotations

from typing import Final

from scanners.scan import DroppedRead, DropReason, Scan, Terminator

WINDOW_MS: Final = 500
WINDOW_MS_MIN: Final = 200  # Shorter than a scanner needs to read the same symbol again.
WINDOW_MS_MAX: Final = 1500  # Longer than a cashier needs for the next pack of the same goods.

_EVIDENCE: Final = frozenset({Terminator.OVERFLOW, Terminator.UNPLUG})  # Never sold, so never a double of a sale.


class DuplicateFilter:
    """Remembers the payloads of the last moments, by device."""

    def __init__(self, window_ms: int = WINDOW_MS) -> None:
        """`window_ms` 0 turns the rule off; ValueError outside 200 to 1500 otherwise."""
        if window_ms and not WINDOW_MS_MIN <= window_ms <= WINDOW_MS_MAX:
            raise ValueError(f"duplicate window {window_ms} ms: 0 or {WINDOW_MS_MIN} to {WINDOW_MS_MAX}")
        self._window_ns = window_ms * 1_000_000
        self._seen_at_ns: dict[tuple[str, bytes], int] = {}
        self._dropped_count = 0

    @property
    def dropped_count(self) -> int:
        return self._dropped_count

    def judge(self, scan: Scan) -> Scan | DroppedRead:
        """Return the scan itself, or the drop it is."""
        if not self._window_ns or scan.terminator in _EVIDENCE:
            return scan
        # The distance counts both ways: a clock set back must not make doubles of old reads.
        self._seen_at_ns = {k: at for k, at in self._seen_at_ns.items() if abs(scan.at_ns - at) <= self._window_ns}
        key = (scan.source, scan.data)
        before_ns = self._seen_at_ns.get(key)
        self._seen_at_ns[key] = scan.at_ns
        if before_ns is None:
            return scan
        self._dropped_count += 1
        return DroppedRead(
            scan, DropReason.DUPLICATE, f"same payload {(scan.at_ns - before_ns) // 1_000_000} ms before"
        )
