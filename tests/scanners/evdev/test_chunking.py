"""The golden keys whole, byte by byte and in random pieces, with and without looks at the clock in between."""

from __future__ import annotations

import random
from typing import Any

import pytest

from hw_sim.scanner.evdev import EvdevSim
from scanners.evdev.decoder import KeySettings
from scanners.evdev.keys import ENTER, TAB
from scanners.evdev.protocol import EvdevProtocol
from scanners.line_protocol import LineEvent

MS = 1_000_000
Burst = tuple[bytes, int]  # Bytes and the millisecond they came at.


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
    def told(size_max: int, rng: random.Random, looks: bool) -> tuple[list[LineEvent], int]:
        protocol = EvdevProtocol(KeySettings(suffix_keys=suffix_keys, keep_typing=keep_typing), record_bytes=24)
        protocol.opened(0)
        events: list[LineEvent] = []

        def drain() -> None:
            while (event := protocol.next_event()) is not None:
                events.append(event)

        before_ms = 0
        for data, at_ms in bursts:
            for look_ms in range(before_ms + 23, at_ms, 23) if looks else ():
                protocol.tick(look_ms * MS)
                drain()
            taken = 0
            while taken < len(data):
                size = rng.randint(1, size_max)
                protocol.receive(data[taken : taken + size], at_ms * MS)
                drain()
                taken += size
            before_ms = at_ms
        protocol.close((before_ms + 1) * MS)
        drain()
        return events, protocol.discarded_bytes

    whole = told(1 << 20, random.Random(0), looks=False)
    assert len(whole[0]) > 20
    for seed in range(4):
        for size_max in (1, 25, 400):
            for looks in (False, True):
                assert told(size_max, random.Random(seed), looks) == whole
