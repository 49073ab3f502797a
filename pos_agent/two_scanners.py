"""One unit under two scanners of a till is one event: which units were read a moment ago, for which sale and by which.

Double reads of one device end at the device (scanners/duplicates.py). Here a second device read what the first one just
did: a pack pulled over the counter scanner by a hand that also holds a scanner.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from scanners.scan import Scan

NS_PER_MS = 1_000_000

Holds = Callable[[str, Sequence[str]], bool]


@dataclass(frozen=True, slots=True)
class Sighting:
    """The newest read of a unit that counted."""

    device: str
    at_ns: int
    units: tuple[str, ...]  # All that the code may mean.
    became_line: bool = False


class TwoScanners:
    """Remembers the units of the last moments. Threads of several scanners may call at once."""

    def __init__(self, window_ms: int, holds: Holds) -> None:
        """`window_ms` 0 turns the rule off. `holds(sale, units)`: is one of the units in this sale now?"""
        self._window_ns = window_ms * NS_PER_MS
        self._holds = holds
        self._seen: dict[tuple[str, str], Sighting] = {}
        self._lock = threading.Lock()

    def repeated(self, sale: str, units: Sequence[str], scan: Scan) -> Sighting | None:
        """The other device's read that `scan` repeats. None: it is the first, and is remembered.

        `units`: keys the code may mean; without any nothing can be told apart, and every read counts.
        """
        if not self._window_ns:
            return None
        with self._lock:
            self._forget_beyond(scan.at_ns)
            for unit in units:
                seen = self._seen.get((sale, unit))
                if seen is not None and seen.device != scan.source and self._stands(sale, units, seen):
                    return seen
            for unit in units:
                self._seen[sale, unit] = Sighting(scan.source, scan.at_ns, tuple(units))
        return None

    def became_line(self, sale: str, scan: Scan) -> None:
        """Note that a remembered read is in the sale: once it is taken out again, the next read is a new one."""
        with self._lock:
            for key, seen in self._seen.items():
                if key[0] == sale and (seen.device, seen.at_ns) == (scan.source, scan.at_ns):
                    self._seen[key] = replace(seen, became_line=True)

    def forget(self, scan: Scan) -> None:
        """Take back a read that came to no verdict: another device may try at once."""
        with self._lock:
            self._keep(lambda seen: (seen.device, seen.at_ns) != (scan.source, scan.at_ns))

    def tick(self, now_ns: int) -> None:
        """Forget what is too old, before a clock that is set back makes it look new."""
        with self._lock:
            self._forget_beyond(now_ns)

    def _stands(self, sale: str, units: Sequence[str], seen: Sighting) -> bool:
        if seen.became_line:
            return self._holds(sale, units)
        # A clearer read of a unit that could not be told for certain is no repetition: it is the one that may sell.
        return seen.units == tuple(units)

    def _forget_beyond(self, now_ns: int) -> None:
        # Both ways: two scanners' reads need not arrive in order, and a clock may be set.
        self._keep(lambda seen: abs(now_ns - seen.at_ns) <= self._window_ns)

    def _keep(self, wanted: Callable[[Sighting], bool]) -> None:
        self._seen = {key: seen for key, seen in self._seen.items() if wanted(seen)}
