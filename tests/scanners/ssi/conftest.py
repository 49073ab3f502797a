"""Golden frames of SSI, and one way to feed a protocol and to drive a scanner against the simulator in virtual time."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hw_sim.line import CALM, End, MemoryPair, Weather
from hw_sim.scanner.ssi import SsiScanner, converse
from scanners.duplicates import DuplicateFilter
from scanners.line import LineScanner
from scanners.line_protocol import Frame, LineEvent, Notice
from scanners.scan import DroppedRead, DropReason, HealthChange, Scan, ScannerEvent, Terminator
from scanners.ssi.protocol import SsiProtocol, SsiSettings

MS = 1_000_000
VECTORS = tomllib.loads((Path(__file__).parents[2] / "vectors" / "ssi.toml").read_text(encoding="utf-8"))


def hexed(text: str) -> bytes:
    return bytes.fromhex(text.replace("\n", " "))


class Talk:
    """A protocol that is fed by hand. Times in milliseconds."""

    def __init__(self, settings: SsiSettings | None = None) -> None:
        self.protocol = SsiProtocol(settings)
        self.protocol.opened(0)

    def feed(self, data: bytes, at_ms: float, earliest_ms: float | None = None) -> list[LineEvent]:
        earliest_ns = None if earliest_ms is None else int(earliest_ms * MS)
        self.protocol.receive(data, int(at_ms * MS), earliest_ns)
        return self.events()

    def silence(self, at_ms: float) -> list[LineEvent]:
        self.protocol.tick(int(at_ms * MS))
        return self.events()

    def unplug(self, at_ms: float) -> list[LineEvent]:
        self.protocol.close(int(at_ms * MS))
        return self.events()

    def replug(self, at_ms: float) -> None:
        self.protocol.opened(int(at_ms * MS))

    def events(self) -> list[LineEvent]:
        found = []
        while (event := self.protocol.next_event()) is not None:
            found.append(event)
        return found

    def said(self) -> bytes:
        return self.protocol.outgoing()


def in_short(events: list[LineEvent]) -> list[tuple[str, bytes | str]]:
    """What kind of event, and its data or text."""
    short: list[tuple[str, bytes | str]] = []
    for event in events:
        if isinstance(event, Notice):
            short.append(("notice", event.text))
        else:
            kind = str(event.dropped) if event.dropped else "scan"
            short.append(("torn" if event.terminator is Terminator.UNPLUG else kind, event.data))
    return short


class _Plug:
    """A port of a `MemoryPair`; closing it leaves the line as it is."""

    def __init__(self, end: End) -> None:
        self._end = end

    def read(self, max_bytes: int) -> bytes:
        return self._end.read(max_bytes)

    def write(self, data: bytes) -> None:
        self._end.write(data)

    def close(self) -> None:
        """The line stays."""


class Bench:
    """A scanner of ours and a simulated one, joined by a line in virtual time."""

    STEP_S = 0.01

    def __init__(
        self,
        clock: Any,
        device: SsiScanner | None = None,
        settings: SsiSettings | None = None,
        up: Weather = CALM,
        down: Weather = CALM,
        seed: int = 1,
    ) -> None:
        """`down` is the weather from the scanner to the host."""
        self.clock = clock
        self.device = device or SsiScanner()
        self.pair = MemoryPair(clock.monotonic, random.Random(seed), up, down)
        self.scanner = LineScanner(
            "left",
            lambda: _Plug(self.pair.a),
            SsiProtocol(settings),
            now=clock.now,
            monotonic=clock.monotonic,
            duplicates=DuplicateFilter(0),
        )
        self.seen: list[ScannerEvent] = self.scanner.poll()

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end_s = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end_s:
            self.clock.pass_ms(self.STEP_S * 1000)
            self._exchange()

    def settle(self, seconds_max: float = 60.0) -> None:
        """Let time pass until the simulated scanner has nothing more to send, and all of that has come."""
        end_s = self.clock.monotonic() + seconds_max
        while self.device.busy:
            assert self.clock.monotonic() < end_s, "the two wait for each other for ever"
            self.run(self.STEP_S)
        self.run(0.5)

    @property
    def scans(self) -> list[bytes]:
        return [event.data for event in self.seen if isinstance(event, Scan)]

    @property
    def drops(self) -> list[tuple[DropReason, bytes]]:
        return [(event.reason, event.scan.data) for event in self.seen if isinstance(event, DroppedRead)]

    @property
    def notices(self) -> list[str]:
        return [event.text for event in self.seen if isinstance(event, HealthChange) and event.text]

    def _exchange(self) -> None:
        # Until nothing moves: answers travel within one step of time.
        for _ in range(40):
            before = (len(self.seen), self.pair.a.outgoing.sent_bytes)
            moved = converse(self.device, self.pair.b.read, self.pair.b.write, self.clock.monotonic())
            self.seen += self.scanner.poll()
            if not moved and before == (len(self.seen), self.pair.a.outgoing.sent_bytes):
                return


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    return VECTORS


@pytest.fixture(scope="session")
def golden() -> dict[str, bytes]:
    """Every golden frame of a decoder by its name."""
    frames = {case["name"]: hexed(case["bytes"]) for case in VECTORS["decode"]}
    frames["retransmitted"] = hexed(VECTORS["retransmitted"]["bytes"])
    frames["first part"], frames["second part"] = map(hexed, VECTORS["parts"]["bytes"])
    frames["second part without type"] = hexed(VECTORS["parts"]["second_without_type"])
    return frames | {name: hexed(text) for name, text in VECTORS["answers"].items() if name != "source"}


@pytest.fixture(scope="session")
def host() -> dict[str, bytes]:
    """Every golden frame of the host by the first word of its name."""
    return {case["name"].split(",")[0]: hexed(case["bytes"]) for case in VECTORS["host"]}


@pytest.fixture(scope="session")
def unhex() -> Callable[[str], bytes]:
    return hexed


@pytest.fixture(scope="session")
def talk() -> Callable[..., Talk]:
    return Talk


@pytest.fixture
def short() -> Callable[[list[LineEvent]], list[tuple[str, bytes | str]]]:
    return in_short


@pytest.fixture
def bench(clock: Any) -> Callable[..., Bench]:
    return lambda **arguments: Bench(clock, **arguments)


@pytest.fixture
def frames_of() -> Callable[[list[LineEvent]], list[Frame]]:
    return lambda events: [event for event in events if isinstance(event, Frame)]
