"""Reads that come faster than hands can scan: a memory scanner that found its base again sends what it stored. Pure.

The reads are scans like any other. Store IT and the cashier are told once a burst, for the goods may have left.
"""

from __future__ import annotations

from collections import deque
from typing import Final

READS_PER_S: Final = 5  # A cashier's hands are slower, a stored read takes a few hundredths of a second.
_NS_PER_S: Final = 1_000_000_000
_QUIET_NS: Final = _NS_PER_S  # Silence that ends a burst.
_LONGEST_NS: Final = 10 * _NS_PER_S  # A burst that does not end is told after so long.


class BurstWatch:
    """Counts the reads of one device. Times are nanoseconds of any one clock that never runs back."""

    def __init__(self, reads_per_s: int = READS_PER_S) -> None:
        """`reads_per_s`: more reads than that within a second are a burst; 0: never."""
        self._recent: deque[int] = deque(maxlen=reads_per_s + 1)
        self._off = reads_per_s == 0
        self._count = 0  # Of the burst; 0: there is none.
        self._first_ns = 0
        self._last_ns = 0
        self._told = False

    def read(self, at_ns: int) -> None:
        """Say that a code was read."""
        if self._off:
            return
        self._recent.append(at_ns)
        self._last_ns = at_ns
        if self._count:
            self._count += 1
        elif len(self._recent) == self._recent.maxlen and at_ns - self._recent[0] <= _NS_PER_S:
            self._count, self._first_ns = len(self._recent), self._recent[0]

    def tick(self, at_ns: int) -> str | None:
        """Return what is to be told at `at_ns`, before any read at that time."""
        if not self._count:
            return None
        quiet = at_ns - self._last_ns > _QUIET_NS
        text = self._text() if quiet or at_ns - self._first_ns > _LONGEST_NS else None
        return self._end(text) if quiet else text

    def close(self) -> str | None:
        """Say that the line was closed: what comes after it is another burst."""
        return self._end(self._text() if self._count else None)

    def _text(self) -> str | None:
        if self._told:
            return None
        self._told = True
        seconds = max(self._last_ns - self._first_ns, _NS_PER_S // 10) / _NS_PER_S
        return (
            f"{self._count} reads in {seconds:.1f} seconds: a memory scanner sent its stored reads; check the receipt"
        )

    def _end(self, text: str | None) -> str | None:
        self._count = 0
        self._told = False
        self._recent.clear()
        return text
