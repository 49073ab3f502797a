"""The golden keys whole, byte by byte and in random pieces, with and without looks at the clock in between."""

from __future__ import annotations

import random
from typing import Any

import pytest
from played import Burst, in_pieces

from hw_sim.scanner.evdev import EvdevSim
from scanners.evdev.decoder import KeySettings
from scanners.evdev.keys import ENTER, TAB
from scanners.evdev.protocol import EvdevProtocol
from scanners.line_protocol import LineEvent


@pytest.fixture
def bursts(vectors: dict[str, Any]) -> list[Burst]:
    """Every golden read, after it the same without its end, with typing and lost events in between."""
    sim = EvdevSim()
    found: list[Burst] = []
    at_ms = 100
    for vector in vectors["read"]:
        presses = [tuple(map(int, word.split(":"))) for word in vector["keys"].split()]
        for keys in (presses, presses[:-2], presses[:6]):
            found.append((b"".join(chunk.data for chunk in sim.press(*keys)), at_ms))  # type: ignore[arg-type]
            sim.wait(0.3)
            at_ms += 300
        found.append((b"".join(chunk.data for chunk in sim.scan("12345", dropped_at=2)), at_ms))
        sim.wait(2.5)
        at_ms += 2500
    return found


@pytest.mark.parametrize("suffix_keys", [frozenset(), TAB, ENTER | TAB])
@pytest.mark.parametrize("keep_typing", [False, True])
def test_any_pieces_of_the_golden_stream_give_the_same_events(
    suffix_keys: frozenset[int], keep_typing: bool, bursts: list[Burst]
) -> None:
    def told(size_max: int, seed: int, look_ms: int | None) -> tuple[list[LineEvent], int]:
        protocol = EvdevProtocol(KeySettings(suffix_keys=suffix_keys, keep_typing=keep_typing), record_bytes=24)
        return in_pieces(protocol, bursts, random.Random(seed), size_max, look_ms)

    whole = told(1 << 20, 0, None)
    assert len(whole[0]) > 20
    for seed in range(4):
        for size_max in (1, 25, 400):
            for look_ms in (None, 23):
                assert told(size_max, seed, look_ms) == whole
