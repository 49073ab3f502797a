from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from scanners.line_protocol import LineEvent, LineProtocol

VECTORS = Path(__file__).parents[2] / "vectors" / "hidpos.toml"


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    return tomllib.loads(VECTORS.read_text(encoding="utf-8"))


@pytest.fixture
def play() -> Callable[..., list[LineEvent]]:
    """Give a protocol timed chunks in virtual time, then so much silence; return what came of it."""

    def play(
        protocol: LineProtocol, chunks: Iterable[Any], silence_s: float = 3.0, start_s: float = 1.0
    ) -> list[LineEvent]:
        at_s = start_s
        for chunk in chunks:
            at_s += chunk.delay_s
            protocol.receive(chunk.data, round(at_s * 1e9))
            if chunk.unplug:
                protocol.close(round(at_s * 1e9))
        protocol.tick(round((at_s + silence_s) * 1e9))
        found = []
        while (event := protocol.next_event()) is not None:
            found.append(event)
        return found

    return play
