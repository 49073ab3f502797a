"""The golden reports whole, byte by byte and in random pieces, with and without looks at the clock in between."""

from __future__ import annotations

import random
from typing import Any

import pytest
from played import Burst, in_pieces

from scanners.hidpos.layouts import LAYOUTS
from scanners.hidpos.protocol import HidPosProtocol
from scanners.line_protocol import LineEvent


@pytest.fixture
def bursts(vectors: dict[str, Any]) -> list[Burst]:
    """Every golden report in order, some of them twice, cut short, late or with a command answer in between."""
    answer = b"".join(map(bytes.fromhex, vectors["command_answer"]["reports"]))
    found: list[Burst] = [(answer, 100)]
    for vector in vectors["read"]:
        reports = [bytes.fromhex(report) for report in vector["reports"]]
        at_ms = found[-1][1] + 250
        found += [(b"".join(reports), at_ms), (reports[-1] * 2, at_ms + 20)]
        found += [(reports[0] + answer[:64], at_ms + 500), (reports[0] + reports[-1][:30], at_ms + 650)]
    return found


@pytest.mark.parametrize("profile", ["auto", *LAYOUTS])
def test_any_pieces_of_the_golden_stream_give_the_same_events(profile: str, bursts: list[Burst]) -> None:
    def told(size_max: int, seed: int, look_ms: int | None) -> tuple[list[LineEvent], int]:
        protocol = HidPosProtocol(LAYOUTS.get(profile), suffixes=(b"\r",))
        return in_pieces(protocol, bursts, random.Random(seed), size_max, look_ms)

    whole = told(1 << 20, 0, None)
    assert len(whole[0]) > 20
    for seed in range(20):
        for size_max in (1, 10, 64, 200):
            for look_ms in (None, 7):
                assert told(size_max, seed, look_ms) == whole
