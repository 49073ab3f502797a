"""The golden frames whole, byte by byte and in random pieces, with and without looks at the clock in between."""

from __future__ import annotations

import random
from typing import Any

import pytest

from scanners.line_protocol import LineEvent
from scanners.ssi.codec import ACK
from scanners.ssi.protocol import SsiSettings

Burst = tuple[bytes, int]  # Bytes and the millisecond they came at.


@pytest.fixture
def bursts(golden: dict[str, bytes]) -> list[Burst]:
    """Every golden frame with every outcome: read, repeat, parts, damage, an echo, plain text, two glued together."""
    pack, again = golden["pack code, Data Matrix"], golden["retransmitted"]
    full = golden["full code of 85 bytes, GS1 Data Matrix"]
    bad = pack[:9] + b"?" + pack[10:]
    return [
        (golden["EAN-13"] + golden["event"], 0),
        (pack, 40),
        (again, 2040),
        (bad, 3000),
        (again, 3300),
        (golden["first part"], 9000),
        (golden["second part"] + golden["EAN-13"] + ACK, 9030),
        (golden["first part"], 12_000),
        (golden["second part without type"], 12_020),
        (b"\xff\x00" + full + golden["ack"], 14_000),
        (golden["revision"] + full, 15_000),
        (golden["first part"], 20_000),
        (full[:30], 20_010),
        (b"4870249811936\r", 27_000),
        (golden["nak_denied"] + golden["nak_resend"] + full, 40_000),
        (golden["first part"] + full[:20], 41_000),
    ]


def test_any_pieces_of_the_golden_stream_give_the_same_events(talk: Any, bursts: list[Burst]) -> None:
    def told(size_max: int, rng: random.Random, looks: bool) -> tuple[list[LineEvent], bytes, int]:
        host_side = talk(SsiSettings(suffixes=(b"\r",)))
        events: list[LineEvent] = []
        before_ms = 0
        for data, at_ms in bursts:
            for look_ms in range(before_ms + 37, at_ms, 37) if looks else ():
                events += host_side.silence(look_ms)
            taken = 0
            while taken < len(data):
                size = rng.randint(1, size_max)
                events += host_side.feed(data[taken : taken + size], at_ms)
                taken += size
            before_ms = at_ms
        events += host_side.unplug(before_ms + 1)
        return events, host_side.said(), host_side.protocol.discarded_bytes

    whole = told(1 << 20, random.Random(0), looks=False)
    assert len(whole[0]) > 15
    for seed in range(40):
        for size_max in (1, 3, 20, 200):
            for looks in (False, True):
                assert told(size_max, random.Random(seed), looks) == whole
