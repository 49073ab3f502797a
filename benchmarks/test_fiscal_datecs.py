"""Datecs: decoding against two passes over the same bytes, and a receipt of 20 marked lines without the printer's time.

The receipt is played from a recording: the same driver from the same chance says the same bytes, and each command is
answered at once with what the printer of the tests once said. The yardstick hands the same bytes over and does no more.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from datecs_printer import FULL, URLS, Printer, driver_of, sale
from pytest_benchmark.fixture import BenchmarkFixture

from fiscal.datecs import open_datecs
from fiscal.datecs.codec import Decoder, Dialect, Frame, P, X, encode
from fiscal.device.driver import DeviceRegister
from fiscal.options import split
from fiscal.orders import Line, Mark, Payment, PaymentKind
from fiscal.register import Done

FRAMES = 4096
PIECE_BYTES = 4096
DIALECTS = {"P": P, "X": X}
LINES = 20
ORDER = sale(
    lines=tuple(
        Line(f"Сигареты {number}", 90_000, 1_000, 796, 1_600, marks=(Mark(f"{FULL}{number:02}", f"ki-{number}"),))
        for number in range(LINES)
    ),
    payments=(Payment(PaymentKind.CASH, LINES * 100_000),),
)


def stream(dialect: Dialect) -> list[bytes]:
    """Answers of the greatest length P allows, in pieces of a read."""
    status = b"\x80" * dialect.status_bytes
    data = b"".join(encode(dialect, 0x20 + number % 64, 0x31, b"x" * 212, status) for number in range(FRAMES))
    return [data[at : at + PIECE_BYTES] for at in range(0, len(data), PIECE_BYTES)]


def decode(dialect: Dialect, pieces: list[bytes]) -> int:
    decoder, frames = Decoder(dialect), 0
    for piece in pieces:
        decoder.receive(piece)
        while (event := decoder.next_event()) is not None:
            frames += isinstance(event, Frame)
    return frames


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.benchmark(group="decoding about a megabyte of answers")
def test_decode(benchmark: BenchmarkFixture, name: str) -> None:
    pieces = stream(DIALECTS[name])
    benchmark.extra_info["bytes"] = sum(map(len, pieces))
    assert benchmark(decode, DIALECTS[name], pieces) == FRAMES


@pytest.mark.benchmark(group="decoding about a megabyte of answers")
def test_two_passes_over_the_same_bytes(benchmark: BenchmarkFixture) -> None:
    pieces, table = stream(P), bytes(range(256))
    assert benchmark(lambda: sum(len(piece.translate(table)) + sum(piece) % 2 for piece in pieces)) > 0


@dataclass
class Recording:
    """What a printer answered to each write, in order."""

    answers: list[bytes] = field(default_factory=list)
    written: list[bytes] = field(default_factory=list)
    at: int = 0
    _out: bytes = b""

    def open(self) -> None:
        """Nothing is on the way."""

    def close(self) -> None:
        """Nothing is held."""

    def write(self, data: bytes) -> None:
        assert data == self.written[self.at]
        self._out, self.at = self.answers[self.at], self.at + 1

    def read(self, _timeout_s: float) -> bytes:
        data, self._out = self._out, b""
        return data


def record(name: str) -> Recording:
    """One receipt on the printer of the tests, every write and its answer kept."""
    printer, kept = Printer(name), Recording()
    write = printer.write

    def writes(data: bytes) -> None:
        write(data)
        kept.written.append(data)
        kept.answers.append(b"".join(printer._out))

    printer.write = writes
    driver = driver_of(printer)
    assert isinstance(driver.execute(driver.prepare(ORDER), driver.baseline()), Done)
    return kept


def player(kept: Recording) -> tuple[DeviceRegister, Any]:
    """A driver on the recording that has read its baseline."""
    name = "P" if kept.written[0][1] != 0x30 else "X"
    line = Recording(kept.answers, kept.written)
    driver = open_datecs(
        split(URLS[name]), secret=str, link=lambda _address: line, monotonic=lambda: 0.0, sleep=lambda _: None,
        rng=random.Random(7),
    )  # fmt: skip
    return driver, driver.baseline()


def receipt(driver: DeviceRegister, baseline: Any) -> Any:
    return driver.execute(driver.prepare(ORDER), baseline)


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.benchmark(group="a receipt of 20 marked lines, without the printer")
def test_receipt(benchmark: BenchmarkFixture, name: str) -> None:
    kept = record(name)
    outcome = benchmark.pedantic(receipt, setup=lambda: (player(kept), {}), rounds=100, warmup_rounds=5)
    assert isinstance(outcome, Done)


@pytest.mark.benchmark(group="a receipt of 20 marked lines, without the printer")
def test_the_same_bytes_handed_over(benchmark: BenchmarkFixture) -> None:
    kept = record("P")

    def hand_over() -> int:
        line = Recording(kept.answers, kept.written)
        for data in kept.written:
            line.write(data)
            line.read(0)
        return line.at

    assert benchmark(hand_over) == len(kept.written)
