"""Line protocols fed in virtual time: timed chunks of a simulator, or a golden stream in any pieces."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from scanners.line_protocol import LineEvent, LineProtocol

MS = 1_000_000
Burst = tuple[bytes, int]  # Bytes and the millisecond they came at.


def drained(protocol: LineProtocol) -> list[LineEvent]:
    found = []
    while (event := protocol.next_event()) is not None:
        found.append(event)
    return found


def play(
    protocol: LineProtocol, chunks: Iterable[Any], silence_s: float = 3.0, start_s: float = 1.0
) -> list[LineEvent]:
    """Give timed chunks, then so much silence; return what came of it."""
    at_s = start_s
    for chunk in chunks:
        at_s += chunk.delay_s
        protocol.receive(chunk.data, round(at_s * 1e9))
        if chunk.unplug:
            protocol.close(round(at_s * 1e9))
    protocol.tick(round((at_s + silence_s) * 1e9))
    return drained(protocol)


def in_pieces(
    protocol: LineProtocol, bursts: list[Burst], rng: random.Random, size_max: int, look_ms: int | None
) -> tuple[list[LineEvent], int]:
    """Give every burst in pieces up to `size_max`, with a look at the clock every `look_ms` between them, then unplug.

    Returns the events and how many bytes became none.
    """
    protocol.opened(0)
    events: list[LineEvent] = []
    before_ms = 0
    for data, at_ms in bursts:
        for now_ms in range(before_ms + look_ms, at_ms, look_ms) if look_ms else ():
            protocol.tick(now_ms * MS)
            events += drained(protocol)
        taken = 0
        while taken < len(data):
            size = rng.randint(1, size_max)
            protocol.receive(data[taken : taken + size], at_ms * MS)
            events += drained(protocol)
            taken += size
        before_ms = at_ms
    protocol.close((before_ms + 1) * MS)
    return [*events, *drained(protocol)], protocol.discarded_bytes
