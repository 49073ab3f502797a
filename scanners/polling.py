"""The loop around a scanner's step, and when a closed line is tried again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Protocol

from scanners.scan import ScannerEvent

REOPEN_AFTER_S: Final = (0.5, 1.0, 2.0, 5.0)  # Then every 5 s.
_CLOSED_WAIT_S: Final = 0.2  # How long a thread sleeps between looks at a closed line.


class Reopening:
    """When the next attempt to open is due: ever more slowly until one succeeds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._failures = 0
        self._due_s = float("-inf")

    @property
    def is_due(self) -> bool:
        return self._monotonic() >= self._due_s

    @property
    def wait_s(self) -> float:
        """How long a thread may sleep now: not so long that its end would be waited for."""
        return min(max(self._due_s - self._monotonic(), 0.0), _CLOSED_WAIT_S)

    def failed(self) -> None:
        wait_s = REOPEN_AFTER_S[min(self._failures, len(REOPEN_AFTER_S) - 1)]
        self._failures += 1
        self._due_s = self._monotonic() + wait_s

    def succeeded(self) -> None:
        self._failures = 0


class Polled(Protocol):
    def poll(self) -> list[ScannerEvent]: ...

    def close(self) -> list[ScannerEvent]: ...


def run_polls(
    scanner: Polled, stop: threading.Event, sink: Callable[[ScannerEvent], None], rest_s: Callable[[], float]
) -> None:
    """Poll until `stop` is set, then close and give what stood unfinished.

    After each poll the thread sleeps `rest_s()`; 0 where the poll itself waits. What `sink` raises ends the loop with
    the scanner closed.
    """
    try:
        while not stop.is_set():
            for event in scanner.poll():
                sink(event)
            if (pause_s := rest_s()) > 0:
                stop.wait(pause_s)
    finally:
        rest = scanner.close()
    for event in rest:
        sink(event)
