"""A serial line for the scanner tests: a pseudo-terminal that can be pulled out and put back under the same name."""

from __future__ import annotations

import os
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scanners.line import LineScanner
from scanners.scan import Scan, ScannerEvent


class Clock:
    """Time that stands still until told."""

    def __init__(self) -> None:
        self.monotonic_ns = 1_000_000_000
        self.utc_ns = 1_790_000_000_000_000_000

    def now(self) -> int:
        return self.utc_ns

    def monotonic(self) -> float:
        return self.monotonic_ns / 1_000_000_000

    def pass_ms(self, ms: float) -> None:
        self.monotonic_ns += int(ms * 1_000_000)
        self.utc_ns += int(ms * 1_000_000)


class Line:
    """The far end of the cable. `path` is what the scanner's address names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fds: tuple[int, int] | None = None

    def plug(self) -> None:
        self._fds = os.openpty()
        tty.setraw(self._fds[1])
        self.path.symlink_to(os.ttyname(self._fds[1]))

    def unplug(self) -> None:
        if self._fds is not None:
            self.path.unlink()
            for fd in self._fds:
                os.close(fd)
            self._fds = None

    def send(self, data: bytes) -> None:
        assert self._fds is not None
        assert os.write(self._fds[0], data) == len(data)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    line = Line(tmp_path / "scanner")
    yield line
    line.unplug()


@pytest.fixture
def poll_until() -> Callable[[LineScanner, int], list[ScannerEvent]]:
    """Poll up to so many times until an event comes; a pty hands bytes over a moment after they were written."""

    def poll(scanner: LineScanner, polls_max: int = 100) -> list[ScannerEvent]:
        for _ in range(polls_max):
            if events := scanner.poll():
                return events
        return []

    return poll


@pytest.fixture
def data_of() -> Callable[[list[ScannerEvent]], list[bytes]]:
    return lambda events: [event.data for event in events if isinstance(event, Scan)]
