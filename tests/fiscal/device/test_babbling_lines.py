"""A line on which somebody talks without end: no driver of a byte protocol may be held by it."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from fiscal.orders import CashDirection, CashMove
from fiscal.register import Baseline, NotSent, Unknown
from fiscal.registry import OpenRegister, open_register

PIECES = {1: 0.005, 300: 0.05}  # Bytes that come at a time, and seconds from one to the next.
STATUS_MAX_S = 400.0
SETTLE_MAX_S = 400.0
HELD_S = 1_000.0  # By then a driver is lost for good.

URLS = {
    "shtrih standard": "shtrih+serial:///dev/ttyS0?model=fn",
    "shtrih numbered": "shtrih+serial:///dev/ttyS0?model=fn&layer=numbered",
    "datecs p": "datecs-p+serial:///dev/ttyS0",
    "datecs x": "datecs-x+serial:///dev/ttyS0",
    "ofd": "ofd+tcp://localhost?id=203001&serial=00012345&rnm=010100000001&store={folder}/ofd.sqlite",
}
NOISE = random.Random(5).randbytes(2_000)
BABBLE = {
    "idle FF": b"\xff",
    "ACK": b"\x06",
    "NAK": b"\x15",
    "SYN": b"\x16",
    "ENQ": b"\x05",
    "zeros": b"\0",
    "a frame that never ends": b"\x02\xfe\x10",
    "a packet that never ends": b"\x8f\xf0\xff\x01",
    "a beginning over and over": b"\x01",
    "a sound frame of nobody": bytes.fromhex("02 05 10 1E 00 00 00 0B"),
    "an answer to nobody": bytes.fromhex("8F 05 00 14 00 FF 4D 00 C6 B1"),
    "noise": NOISE,
}


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


class Babbling:
    """A link that always has something to say."""

    def __init__(self, clock: Clock, data: bytes, piece: int) -> None:
        self._clock = clock
        self._while_s = PIECES[piece]
        self._bytes = itertools.cycle(data) if piece == 1 else None
        self._piece = data * (piece // len(data) + 1)

    def open(self) -> None:
        self._clock.at += 0.01

    def write(self, data: bytes) -> None:
        self._clock.at += 0.001

    def read(self, timeout_s: float) -> bytes:
        self._clock.at += self._while_s
        assert self._clock.at < HELD_S, "the line holds the driver for ever"
        return bytes((next(self._bytes),)) if self._bytes is not None else self._piece

    def close(self) -> None: ...


def register(family: str, babble: str, piece: int, folder: Path) -> tuple[OpenRegister, Clock]:
    clock = Clock()
    link = Babbling(clock, BABBLE[babble], piece)
    one = open_register(
        URLS[family].format(folder=folder), secret={"ofd_token": "305419896"}.__getitem__, transport=None,
        now=lambda: 0, monotonic=clock.monotonic, sleep=clock.sleep, rng=random.Random(3), link=lambda _: link,
    )  # fmt: skip
    return one, clock


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("babble", BABBLE)
@pytest.mark.parametrize("family", URLS)
def test_a_line_that_babbles_does_not_hold_the_till(tmp_path: Path, family: str, babble: str, piece: int) -> None:
    one, clock = register(family, babble, piece, tmp_path)
    assert not one.status().reachable
    assert clock.at < STATUS_MAX_S
    began_s = clock.at
    prepared = one.prepare(CashMove("till7-1", CashDirection.IN, 100))
    baseline = Baseline("00012345", 1, True, 1, extra={"counters": {}})
    assert isinstance(one.execute(prepared, baseline), NotSent)
    if family != "ofd":  # It asks its own memory.
        assert isinstance(one.settle(prepared, baseline), Unknown)
    assert clock.at - began_s < SETTLE_MAX_S
    one.close()
