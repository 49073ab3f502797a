"""Shtrih-M: decoding of both link layers, and what the driver adds to a receipt of twenty marked lines.

Decoding is held against one pass over the same bytes in C (a CRC), in the same run: the ratio counts. The receipt is
prepared and executed against a line that plays back what a register answered, so that only our own time is measured.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from shtrih_frames import numbered_packet, standard_frame
from shtrih_machine import Machine
from shtrih_peers import Clock, NumberedPeer, Peer, StandardPeer
from shtrih_shop import mark, sale

from fiscal.device.driver import DeviceRegister
from fiscal.register import Done, Line
from fiscal.registry import open_register
from fiscal.shtrih import codec, numbered

CHUNK = 4096  # What a line reads at most.
STREAM_BYTES = 1_000_000
LINES = 20

# A block of a document as FF3B gives it, and a long one: the answers that are larger than a few bytes.
PAYLOADS = (bytes.fromhex("FF 3B 00") + bytes(range(0x20, 0x70)) * 2, bytes.fromhex("FF 3B 00") + bytes(range(250)))


def stream(frames: list[bytes]) -> list[bytes]:
    whole = b"".join(frames) * (STREAM_BYTES // sum(map(len, frames)))
    return [whole[at : at + CHUNK] for at in range(0, len(whole), CHUNK)]


STANDARD = stream([standard_frame(payload) for payload in PAYLOADS])
NUMBERED = stream([numbered_packet(num, payload) for num, payload in enumerate(PAYLOADS, 1)])


def decoded(make: Callable[[], Any], chunks: list[bytes]) -> int:
    decoder, count = make(), 0
    for chunk in chunks:
        decoder.receive(chunk)
        while decoder.next_event() is not None:
            count += 1
    return count


def passed_over(chunks: list[bytes]) -> int:
    total = 0
    for chunk in chunks:
        total = binascii.crc_hqx(chunk, total)
    return total


@pytest.mark.benchmark(group="shtrih: a megabyte of frames")
def test_decode_standard(benchmark: BenchmarkFixture) -> None:
    wanted = sum(map(len, STANDARD)) // sum(len(standard_frame(payload)) for payload in PAYLOADS) * len(PAYLOADS)
    assert benchmark(decoded, codec.Decoder, STANDARD) == wanted


@pytest.mark.benchmark(group="shtrih: a megabyte of frames")
def test_decode_numbered(benchmark: BenchmarkFixture) -> None:
    size = sum(len(numbered_packet(num, payload)) for num, payload in enumerate(PAYLOADS, 1))
    assert benchmark(decoded, numbered.Decoder, NUMBERED) == sum(map(len, NUMBERED)) // size * len(PAYLOADS)


@pytest.mark.benchmark(group="shtrih: a megabyte of frames")
def test_one_pass_in_c(benchmark: BenchmarkFixture) -> None:
    assert benchmark(passed_over, STANDARD) >= 0


@dataclass
class Recorder:
    """A line that keeps what came in."""

    peer: Peer
    reads: list[bytes] = field(default_factory=list)

    def open(self) -> None:
        self.peer.open()

    def write(self, data: bytes) -> None:
        self.peer.write(data)

    def read(self, timeout_s: float) -> bytes:
        data = self.peer.read(timeout_s)
        self.reads.append(data)
        return data

    def close(self) -> None:
        self.peer.close()


@dataclass
class Player:
    """A line that gives what was kept, at once."""

    reads: list[bytes]
    at: int = 0

    def open(self) -> None:
        """Nothing to open."""

    def write(self, data: bytes) -> None:
        """The answer is known."""

    def read(self, timeout_s: float) -> bytes:
        self.at += 1
        return self.reads[self.at - 1]

    def close(self) -> None:
        """Nothing to close."""


def driver(layer: str, line: Recorder | Player) -> DeviceRegister:
    opened: Any = open_register(
        f"shtrih+tcp://192.168.1.60?model=fn&layer={layer}&pause_s=0", secret=dict[str, str]().__getitem__,
        transport=None, now=lambda: 0, monotonic=lambda: 0.0, sleep=lambda _: None, link=lambda address: line,
    )  # fmt: skip
    return opened  # type: ignore[no-any-return]


ORDER = sale(
    *(
        Line(f"Сигареты {n}", 90_000, 1_000, 796, 1_600, marks=(mark(f"0487024981193{n:02}t1Xrb-xQWhpeGhG"),))
        for n in range(LINES)
    )
)


@pytest.mark.parametrize(("layer", "kind"), [("standard", StandardPeer), ("numbered", NumberedPeer)])
@pytest.mark.benchmark(group="shtrih: twenty marked lines")
def test_receipt(benchmark: BenchmarkFixture, layer: str, kind: type[Peer]) -> None:
    recorder = Recorder(kind(Machine(), Clock()))
    first = driver(layer, recorder)
    baseline = first.baseline()
    before = len(recorder.reads)
    assert isinstance(first.execute(first.prepare(ORDER), baseline), Done)

    def ready() -> tuple[tuple[DeviceRegister], dict[str, Any]]:
        again = driver(layer, Player(recorder.reads))
        assert again.baseline() == baseline
        return (again,), {}

    def receipt(register: DeviceRegister) -> None:
        assert isinstance(register.execute(register.prepare(ORDER), baseline), Done)

    assert len(recorder.reads) - before > 4 * LINES
    benchmark.pedantic(receipt, setup=ready, rounds=100)
    if benchmark.enabled:
        benchmark.extra_info["reads"] = len(recorder.reads) - before


@pytest.mark.benchmark(group="shtrih: twenty marked lines")
def test_the_same_bytes_out_of_a_list(benchmark: BenchmarkFixture) -> None:
    recorder = Recorder(StandardPeer(Machine(), Clock()))
    first = driver("standard", recorder)
    assert isinstance(first.execute(first.prepare(ORDER), first.baseline()), Done)
    reads = recorder.reads
    assert benchmark(lambda: sum(len(data) for data in reads)) > 0
