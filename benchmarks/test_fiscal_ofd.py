"""OFD protocol 2.0.3: decoding, and what a register in software adds to a receipt of twenty marked lines.

Decoding is held against one pass over the same bytes in C (a CRC), in the same run: the ratio counts. The receipt goes
against a line that answers at once, and its fiscal memory lies on the disk: three fsyncs are part of what it costs, so
the yardstick beside it commits as often to a table of its own.
"""

from __future__ import annotations

import binascii
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pysqlite3
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from fiscal.ofd import open_ofd
from fiscal.ofd.driver import OfdRegister
from fiscal.ofd.frames import Decoder, Frame, encode
from fiscal.ofd.proto import decode
from fiscal.ofd.proto import encode as encode_message
from fiscal.orders import Line, Mark, Operation, Payment, PaymentKind, Receipt
from fiscal.register import Done

CHUNK = 4096
STREAM_BYTES = 1_000_000
LINES = 20
WAYS = {"request": "Request", "answer": "Response"}
VECTORS = Path(__file__).parents[1] / "tests" / "vectors" / "ofd203.toml"
ROWS = [row for row in tomllib.loads(VECTORS.read_text("utf-8"))["frame"] if row["way"] in ("request", "answer")]
HEADER = 18
WHOLE = [bytes.fromhex(row["bytes"]) for row in ROWS if row.get("message")]
MESSAGE_OF = {bytes.fromhex(row["bytes"])[HEADER:]: WAYS[row["way"]] for row in ROWS if row.get("message")}
STREAM = b"".join(WHOLE) * (STREAM_BYTES // sum(map(len, WHOLE)))
CHUNKS = [STREAM[at : at + CHUNK] for at in range(0, len(STREAM), CHUNK)]
AT = 1_784_088_000 * 1_000_000_000


def framed() -> int:
    decoder, count = Decoder(), 0
    for chunk in CHUNKS:
        decoder.receive(chunk)
        while decoder.next_event() is not None:
            count += 1
    return count


def passed_over() -> int:
    total = 0
    for chunk in CHUNKS:
        total = binascii.crc_hqx(chunk, total)
    return total


@pytest.mark.benchmark(group="ofd: a megabyte of frames")
def test_decode_frames(benchmark: BenchmarkFixture) -> None:
    assert benchmark(framed) == len(STREAM) // sum(map(len, WHOLE)) * len(WHOLE)


@pytest.mark.benchmark(group="ofd: a megabyte of frames")
def test_decode_frames_and_their_messages(benchmark: BenchmarkFixture) -> None:
    def decoded() -> int:
        decoder, count = Decoder(), 0
        for chunk in CHUNKS:
            decoder.receive(chunk)
            while (frame := decoder.next_event()) is not None:
                assert isinstance(frame, Frame)
                count += len(decode(MESSAGE_OF[frame.payload], frame.payload))
        return count

    assert benchmark(decoded) > 0


@pytest.mark.benchmark(group="ofd: a megabyte of frames")
def test_one_pass_in_c(benchmark: BenchmarkFixture) -> None:
    assert benchmark(passed_over) >= 0


class Operator:
    """A line whose operator takes everything."""

    def __init__(self) -> None:
        self._answer = b""

    def open(self) -> None:
        self._answer = b""

    def write(self, data: bytes) -> None:
        decoder = Decoder()
        decoder.receive(data)
        asked = decoder.next_event()
        assert isinstance(asked, Frame)
        command = decode("Request", asked.payload)["command"]
        body: dict[str, Any] = {"command": command, "result": {"result_code": 0}}
        if command == 1:
            body["ticket"] = {"ticket_number": str(asked.reqnum)}
        token = (asked.token + 1) % 2**32
        self._answer = encode(Frame(asked.device, token, asked.reqnum, encode_message("Response", body)))

    def read(self, timeout_s: float) -> bytes:
        answer, self._answer = self._answer, b""
        return answer

    def close(self) -> None:
        """Nothing to close."""


def order(number: int) -> Receipt:
    marks = [f"0487024981193{n:02}t1Xrb-xQWhpeGhG" for n in range(LINES)]
    lines = tuple(
        Line(f"Сигареты {n}", 90_000, 1_000, 796, 1_600, marks=(Mark(mark, mark[:25]),)) for n, mark in enumerate(marks)
    )
    return Receipt(f"k{number}", Operation.SALE, lines, (Payment(PaymentKind.CASH, 90_000 * LINES),), "Айгүл")


@pytest.fixture
def register(tmp_path: Path) -> OfdRegister:
    url = f"ofd+tcp://localhost?id=203001&serial=00012345&rnm=010100000001&store={tmp_path / 'ofd.sqlite'}"
    opened = open_ofd(
        urlsplit(url), secret={"ofd_token": "1"}.__getitem__, link=lambda _address: Operator(), now=lambda: AT,
        monotonic=lambda: 0.0, sleep=lambda _seconds: None,
    )  # fmt: skip
    opened.baseline()
    return opened


@pytest.mark.benchmark(group="ofd: twenty marked lines")
def test_receipt(benchmark: BenchmarkFixture, register: OfdRegister) -> None:
    numbers = iter(range(1_000_000))

    def ready() -> tuple[tuple[Receipt], dict[str, Any]]:
        return (order(next(numbers)),), {}

    def receipt(one: Receipt) -> None:
        assert isinstance(register.execute(register.prepare(one), register.baseline()), Done)

    benchmark.pedantic(receipt, setup=ready, rounds=100)
    register.close()


@pytest.mark.benchmark(group="ofd: twenty marked lines")
def test_two_commits_of_as_many_bytes(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    database = pysqlite3.connect(str(tmp_path / "yardstick.sqlite"), isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        database.execute(f"PRAGMA {pragma}")
    database.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, body TEXT)")
    body = "x" * 8_000

    def commits() -> None:
        for _ in range(2):
            database.execute("INSERT INTO row (body) VALUES (?)", (body,))

    benchmark.pedantic(commits, rounds=100)
    assert database.execute("SELECT count(*) FROM row").fetchone()[0] >= 2
    database.close()
