"""A test of the scanners: while it is on, every read is shown to store IT and goes into no sale.

It is begun on purpose, is told on the till page (journal row `scan_test_started`, `scan_test` of the status) and ends
by itself: after two minutes, or when the last page that watches it is gone. Each read is a `scan_dropped` row all the
same.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pos_agent.clock import NS_PER_S, Clock
from pos_agent.journal.journal import Event, Journal
from scanners.scan import DroppedRead, Scan

log = logging.getLogger(__name__)

LASTS_S: Final = 120.0
READS_MAX: Final = 30  # Kept to be shown; they hold whole codes, so they are forgotten when the test ends.
REASON: Final = "scan_test"  # Of the `scan_dropped` rows.


class Ending(StrEnum):
    TIME = "time"
    STOPPED = "stopped"  # By a person.
    LEFT = "left"  # Nobody watches any more.


@dataclass(frozen=True, slots=True)
class TestRead:
    """One read of the test, in the order it came."""

    __test__ = False  # pytest takes the name for a test of its own.

    number: int
    event: Scan | DroppedRead


Listener = Callable[[], object]


@dataclass(slots=True)
class _Running:
    by: str
    from_ns: int
    until_s: float  # Monotonic.


class ScanTest:
    """Safe for threads. `lasts_s` is there for tests."""

    def __init__(self, journal: Journal, clock: Clock, lasts_s: float = LASTS_S) -> None:
        self._journal = journal
        self._clock = clock
        self._lasts_s = lasts_s
        self._lock = threading.RLock()
        self._running: _Running | None = None
        self._last: tuple[int, int] | None = None  # From and until, UTC nanoseconds, of the test before.
        self._reads: deque[TestRead] = deque(maxlen=READS_MAX)
        self._count = 0
        self._watchers: list[Listener] = []

    def start(self, by: str) -> bool:
        """Begin; False: one is under way already, and goes on as it is. Raises JournalUnusable: then none begins."""
        with self._lock:
            self.tick()
            if self._running is not None:
                return False
            self._journal.append(Event("scan_test_started", {"by": by, "lasts_s": round(self._lasts_s)}))
            self._reads.clear()
            now_ns, now_s = self._clock.now_ns(), self._clock.monotonic()
            self._running = _Running(by, now_ns, now_s + self._lasts_s)
        self._tell()
        return True

    def stop(self, ending: Ending = Ending.STOPPED) -> bool:
        """End it; False: none is on. It is over also when the journal cannot keep that (JournalUnusable)."""
        with self._lock:
            running, self._running = self._running, None
            if running is None:
                return False
            self._last = (running.from_ns, self._clock.now_ns())
            self._reads.clear()
            try:
                self._journal.append(Event("scan_test_ended", {"by": running.by, "why": str(ending)}))
            finally:
                self._tell()
            return True

    def tick(self) -> None:
        """End a test whose time is over."""
        with self._lock:
            if self._running is not None and self._clock.monotonic() >= self._running.until_s:
                self.stop(Ending.TIME)

    @property
    def left_s(self) -> float | None:
        """Seconds until it ends by itself; None: it is not on."""
        with self._lock:
            left = 0.0 if self._running is None else self._running.until_s - self._clock.monotonic()
            return left if left > 0 else None

    def takes(self, scan: Scan) -> bool:
        """Whether this read belongs to the test, which shows it then: the test is on, or was when the read came,
        however late it is looked at."""
        with self._lock:
            if self.left_s is not None:
                self.see(scan)
                return True
            # Past its end, and nobody has noted it yet.
            last = self._last if self._running is None else (self._running.from_ns, self._end_ns(self._running))
            return last is not None and last[0] <= scan.at_ns < last[1]

    def _end_ns(self, running: _Running) -> int:
        return self._clock.now_ns() - round((self._clock.monotonic() - running.until_s) * NS_PER_S)

    def see(self, event: Scan | DroppedRead) -> None:
        """Show a read. Nothing is shown while the test is off."""
        with self._lock:
            if self.left_s is None:
                return
            self._count += 1
            self._reads.append(TestRead(self._count, event))
        self._tell()

    def reads(self, after: int = 0) -> tuple[TestRead, ...]:
        """Oldest first; none while it is off."""
        with self._lock:
            return tuple(read for read in self._reads if read.number > after) if self.left_s is not None else ()

    def facts(self) -> dict[str, Any] | None:
        """For the status; None: it is off."""
        with self._lock:
            left_s = self.left_s
            if left_s is None or self._running is None:
                return None
            return {"by": self._running.by, "left_s": round(left_s)}

    def watch(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` at every change; returns the way out. When the last watcher leaves, the test ends."""
        with self._lock:
            self._watchers.append(listener)

        def leave() -> None:
            with self._lock:
                if listener in self._watchers:
                    self._watchers.remove(listener)
                if not self._watchers:
                    self.stop(Ending.LEFT)

        return leave

    def _tell(self) -> None:
        with self._lock:
            watchers: Sequence[Listener] = tuple(self._watchers)
        for listener in watchers:
            try:
                listener()
            except Exception:  # A page that went away must not lose a read.
                log.exception("a page that watches the scan test failed and is told nothing more")
                self._watchers.remove(listener)
