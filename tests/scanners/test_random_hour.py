"""An hour of random bytes at 9600 baud through every protocol, in virtual time: no crash, no leak, no code invented."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from marking import CodeError, parse
from scanners.evdev.protocol import EvdevProtocol
from scanners.hidpos.protocol import HidPosProtocol
from scanners.line import LineScanner
from scanners.line_protocol import LineProtocol
from scanners.plain import PlainText
from scanners.scan import Scan, Terminator
from scanners.ssi.protocol import SsiProtocol

BYTES = 960 * 3600
CHUNK_BYTES_MAX = 2048
BROKEN = (Terminator.OVERFLOW, Terminator.UNPLUG)  # Evidence, never judged.


class Noise:
    """A line that gives random bytes at their pace."""

    def __init__(self, clock: Any, rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self.left = BYTES

    def read(self, max_bytes: int) -> bytes:
        size = min(self._rng.randint(1, min(max_bytes, CHUNK_BYTES_MAX)), self.left)
        self.left -= size
        self._clock.pass_ms(max(size / 0.96, 1.0))
        return self._rng.randbytes(size)

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


PROTOCOLS: dict[str, Callable[[], LineProtocol]] = {
    "plain": PlainText,
    "ssi": SsiProtocol,
    "hidpos": HidPosProtocol,
    "evdev": EvdevProtocol,
}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_an_hour_of_random_bytes_is_no_mark(name: str, clock: Any) -> None:
    noise = Noise(clock, random.Random(name))
    scanner = LineScanner(name, lambda: noise, PROTOCOLS[name](), now=clock.now, monotonic=clock.monotonic)
    scanner.poll()
    held_bytes = [0, 0]  # The most in the first half hour, and in the second.
    marks: list[Scan] = []
    tracemalloc.start()
    while noise.left:
        marks += [event for event in scanner.poll() if isinstance(event, Scan) and is_mark(event)]
        half = int(noise.left < BYTES // 2)
        held_bytes[half] = max(held_bytes[half], tracemalloc.get_traced_memory()[0])
    scanner.close()
    tracemalloc.stop()
    assert marks == []
    assert held_bytes[1] < held_bytes[0] + 100_000  # What an hour leaves behind is what half of it leaves.


def is_mark(scan: Scan) -> bool:
    """Would it be taken for a marked unit without a question?"""
    if scan.terminator in BROKEN:
        return False
    try:
        code = parse(scan.identified)
    except CodeError:
        return False
    return code.ki is not None and not code.confirm
