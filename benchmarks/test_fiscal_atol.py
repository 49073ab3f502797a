"""ATOL: decoding of protocol 3, and what the drivers add to a receipt of twenty marked lines.

Decoding is held against one pass over the same bytes in C (a CRC), in the same run: the ratio counts. The receipt is
prepared and executed against a line, or a web server, that plays back what a simulated register answered, so that only
our own time is measured.
"""

from __future__ import annotations

import binascii
import random
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from atol_host import Clock, wrapped
from atol_shop import line_driver, mark, sale, water, web_driver
from pytest_benchmark.fixture import BenchmarkFixture

from fiscal.atol import packets
from fiscal.device.driver import DeviceRegister
from fiscal.register import Done
from hw_sim.atol import make, make_json
from hw_sim.device.lines import InProcessLine
from hw_sim.inprocess import SimTransport

CHUNK = 4096  # What a line reads at most.
STREAM_BYTES = 1_000_000
LINES = 20
OPTIONS = "tax_16=1&marks=tag"
CODES = [f"0487024981193{n:02}t1Xrb-xQWhpeGhG" for n in range(LINES)]
ORDER = sale(*(water(name=f"Сигареты {n}", price_tiyn=90_000, marks=(mark(code),)) for n, code in enumerate(CODES)))

# Blocks of stored documents, the answers that are larger than a few bytes: with and without bytes that are stuffed.
BLOCKS = {
    "plain": [wrapped(number, b"\xa3\x55\x00" + bytes(range(0x20, 0xE0))) for number in (1, 2)],
    "stuffed": [wrapped(number, b"\xa3\x55\x00" + bytes(range(0x40, 0x100))) for number in (1, 2)],
}


def stream(frames: list[bytes]) -> list[bytes]:
    whole = b"".join(frames) * (STREAM_BYTES // sum(map(len, frames)))
    return [whole[at : at + CHUNK] for at in range(0, len(whole), CHUNK)]


def decoded(chunks: list[bytes]) -> int:
    decoder, count = packets.Decoder(), 0
    for chunk in chunks:
        decoder.receive(chunk)
        while (event := decoder.next_event()) is not None:
            count += isinstance(event, packets.Packet)
    return count


def passed_over(chunks: list[bytes]) -> int:
    total = 0
    for chunk in chunks:
        total = binascii.crc_hqx(chunk, total)
    return total


@pytest.mark.parametrize("kind", BLOCKS)
@pytest.mark.benchmark(group="atol: a megabyte of packets")
def test_decode(benchmark: BenchmarkFixture, kind: str) -> None:
    chunks = stream(BLOCKS[kind])
    assert benchmark(decoded, chunks) == sum(map(len, chunks)) // len(BLOCKS[kind][0])


@pytest.mark.benchmark(group="atol: a megabyte of packets")
def test_one_pass_in_c(benchmark: BenchmarkFixture) -> None:
    assert benchmark(passed_over, stream(BLOCKS["plain"])) >= 0


@dataclass
class Recorder:
    """A line that keeps what came in."""

    line: InProcessLine
    reads: list[bytes] = field(default_factory=list)

    def open(self) -> None:
        self.line.open()

    def write(self, data: bytes) -> None:
        self.line.write(data)

    def read(self, timeout_s: float) -> bytes:
        data = self.line.read(timeout_s)
        self.reads.append(data)
        return data

    def close(self) -> None:
        self.line.close()


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


def recorded() -> tuple[list[bytes], int]:
    """Every read of a till that sells once, and how many of them came before the sale."""
    clock = Clock()
    recorder = Recorder(InProcessLine(make(clock, random.Random(7)).machine, clock.sleep))
    driver = line_driver(recorder, clock, OPTIONS)
    baseline = driver.baseline()
    before = len(recorder.reads)
    assert isinstance(driver.execute(driver.prepare(ORDER), baseline), Done)
    return recorder.reads, before


@pytest.mark.benchmark(group="atol: twenty marked lines")
def test_receipt_on_a_line(benchmark: BenchmarkFixture) -> None:
    reads, before = recorded()

    def ready() -> tuple[tuple[Any, Any], dict[str, Any]]:
        again = line_driver(Player(reads), Clock(), OPTIONS)
        return (again, again.baseline()), {}

    def receipt(register: DeviceRegister, baseline: Any) -> None:
        assert isinstance(register.execute(register.prepare(ORDER), baseline), Done)

    assert len(reads) - before > 4 * LINES
    benchmark.pedantic(receipt, setup=ready, rounds=100)
    if benchmark.enabled:
        benchmark.extra_info["reads"] = len(reads) - before


class Recording(httpx.BaseTransport):
    """A web server whose answers are kept, and given again at once."""

    def __init__(self, server: httpx.BaseTransport) -> None:
        self.server = server
        self.bodies: list[tuple[int, bytes]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.server.handle_request(request)
        self.bodies.append((answer.status_code, answer.read()))
        return httpx.Response(answer.status_code, content=self.bodies[-1][1])


class Playing(httpx.BaseTransport):
    def __init__(self, bodies: list[tuple[int, bytes]]) -> None:
        self.bodies = iter(bodies)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        status, body = next(self.bodies)
        return httpx.Response(status, content=body)


@pytest.mark.benchmark(group="atol: twenty marked lines")
def test_receipt_behind_the_web_server(benchmark: BenchmarkFixture) -> None:
    clock = Clock()
    recording = Recording(SimTransport(make_json(clock, random.Random(7)).server, clock.sleep))
    driver = web_driver(recording, clock)
    assert isinstance(driver.execute(driver.prepare(ORDER), driver.baseline()), Done)

    def ready() -> tuple[tuple[Any, Any], dict[str, Any]]:
        again = web_driver(Playing(recording.bodies), Clock())
        return (again, again.baseline()), {}

    def receipt(register: DeviceRegister, baseline: Any) -> None:
        assert isinstance(register.execute(register.prepare(ORDER), baseline), Done)

    benchmark.pedantic(receipt, setup=ready, rounds=50)
    if benchmark.enabled:
        benchmark.extra_info["exchanges"] = len(recording.bodies)


@pytest.mark.benchmark(group="atol: twenty marked lines")
def test_the_same_bytes_out_of_a_list(benchmark: BenchmarkFixture) -> None:
    reads, _ = recorded()
    assert benchmark(lambda: sum(len(data) for data in reads)) > 0
