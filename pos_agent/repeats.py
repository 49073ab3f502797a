"""One dropped read that comes again and again: the first is a row of the journal, those after it are a count.

A pack that lies in front of a presentation scanner, a set-up label taped to the counter or a scanner that hangs gives
the same dropped read for hours. A row for each would fill the disk of a till and say nothing new.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pos_agent.clock import NS_PER_S
from scanners.scan import DroppedRead, Scan, Terminator

# What stands between a hanging scanner and the journal: 1440 rows a day instead of 200 000. Shorter would not tell
# store IT more, and longer would lose more of the count when the power goes.
EVERY_NS: Final = 60 * NS_PER_S
_SLACK_NS: Final = NS_PER_S  # A look may be a little older than the read it looks at.
RUNS_MAX: Final = 256  # Different reads remembered at once; noise is a new one every time.

_Key = tuple[str, str, str | None, bytes]


@dataclass(frozen=True, slots=True)
class Broken:
    """What is left of a read whose line overflowed or died: evidence, never sold."""

    scan: Scan
    reason: Terminator
    text: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """What one row stands for."""

    drop: DroppedRead | Broken  # The newest.
    count: int
    first_at_ns: int


Keep = Callable[[Repeated], None]


@dataclass(slots=True)
class _Run:
    due_ns: int  # When the next row may be written.
    newest: DroppedRead | Broken
    first_at_ns: int = 0
    count: int = 0  # Reads without a row.


class Repeats:
    """Every read is in exactly one row, as soon as its minute is over. Threads of several scanners may call at once."""

    def __init__(self, keep: Keep) -> None:
        """`keep` writes the row. What it raises goes to the caller; the reads are counted on and tried again."""
        self._keep = keep
        self._runs: dict[_Key, _Run] = {}  # The one that was written to longest ago first.
        self._lock = threading.Lock()

    def take(self, drop: DroppedRead | Broken) -> None:
        """Count a dropped read: a row at once when it is the first of its kind, or when a minute is over."""
        scan = drop.scan
        key = (scan.source, str(drop.reason), scan.symbology, scan.data)
        with self._lock:
            run = self._runs.get(key)
            if run is None:
                self._make_room()
                run = self._runs[key] = _Run(scan.at_ns, drop)
            run.newest = drop
            run.first_at_ns = run.first_at_ns if run.count else scan.at_ns
            run.count += 1
            if _is_due(run, scan.at_ns):
                self._write(key, run, scan.at_ns)

    def tick(self, now_ns: int) -> None:
        """Write the counts whose minute is over, and forget the reads that did not come again within it."""
        with self._lock:
            for key, run in [item for item in self._runs.items() if _is_due(item[1], now_ns)]:
                if run.count:
                    self._write(key, run, now_ns)
                else:
                    del self._runs[key]

    def finish(self) -> None:
        """Write every count: nothing more will come."""
        with self._lock:
            for key, run in tuple(self._runs.items()):
                if run.count:
                    self._write(key, run, run.newest.scan.at_ns)
                del self._runs[key]

    def _make_room(self) -> None:
        while len(self._runs) >= RUNS_MAX:
            key, run = next(iter(self._runs.items()))
            if run.count:
                self._write(key, run, run.newest.scan.at_ns)
            del self._runs[key]

    def _write(self, key: _Key, run: _Run, at_ns: int) -> None:
        # Before the row: a journal that cannot be written is tried again after a minute, not at every look.
        run.due_ns = at_ns + EVERY_NS
        self._keep(Repeated(run.newest, run.count, run.first_at_ns))
        run.count = 0
        self._runs[key] = self._runs.pop(key)


def _is_due(run: _Run, at_ns: int) -> bool:
    # Both ways: a clock that was set back must not keep a count for hours.
    return not run.due_ns - EVERY_NS - _SLACK_NS <= at_ns < run.due_ns
