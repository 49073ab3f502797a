"""How much durability costs: a sale of ten marked lines in the journal against the same bytes written and synced bare.

The sale is the intent of a one-shot receipt, the largest append there is: order, request, baseline, lines and the ten
judged scans in one row, and ten lines, ten held units, the sale and the document as projections. The bare write appends
the row's bytes to a plain file and calls fsync. Both share the folder, the process and, for the ratio, every round.
"""

from __future__ import annotations

import base64
import gc
import itertools
import json
import os
import random
import statistics
import string
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fiscal.register import Baseline, FiscalDocument, Line, Mark, Operation, Payment, PaymentKind, Prepared, Receipt
from pos_agent.basket import BasketLine
from pos_agent.journal.journal import Event, Journal
from pos_agent.journal.projection import content_hash
from pos_agent.stored import dump, dump_document, dump_order
from sync.wire import Row

LINES = 10
ROUNDS = 300
WARM_UP = 30
RATIO_TARGET = 1.5
AT_NS = 1_784_088_000_000_000_000  # 15.07.2026 09:00:00 in Almaty.
GS = "\x1d"
PRICE_TIYN = 95_000


def sale_event(count: int, rng: random.Random) -> Event:
    """Intent of a one-shot receipt with ten units that no earlier receipt had; about 18 kB."""
    name = f"till-1-{count}-1"
    key = f"{name}-k3x9aw"
    # Serial numbers are random by law, so every unit lands on another page of the table of units.
    lines = [_line(number, f"0104870249811936215{_serial(rng)}") for number in range(1, LINES + 1)]
    payments = (Payment(PaymentKind.CARD, LINES * PRICE_TIYN),)
    receipt = Receipt(
        key, Operation.SALE, tuple(_position(line) for line in lines), payments, cashier="Айгүл Серікқызы"
    )
    baseline = Baseline("SWK00000001", 118, True, 42, extra={"cash_tiyn": 1_250_000, "protocol": "2.0.3"})
    order = dump_order(receipt)
    body = {
        "key": key,
        "kind": "sale",
        "sale": name,
        "order": order,
        "content": content_hash(order).hex(),
        "prepared": dump(Prepared(key, "webkassa", "sale", LINES * PRICE_TIYN, _request(receipt))),
        "baseline": dump(baseline),
        "lines": [line.as_body() for line in lines],
        "scans": [_scan(line) for line in lines],
        "request": {"client": "integrator", "key": f"7f9c2ba4-{count:012d}", "fingerprint": "ab" * 32},
    }
    return Event("document_intended", body)


def made_event(intent: Event) -> Event:
    """The register's answer to it, so that sales do not pile up undecided as they never do."""
    document = FiscalDocument(
        fiscal_sign="4053821847",
        at="2026-07-15T09:00:02+05:00",
        number=43,
        shift=118,
        offline=False,
        total_tiyn=LINES * PRICE_TIYN,
        qr="https://consumer.oofd.kz?i=4053821847&f=010100000001&s=9500.00&t=20260715T090002",
        identity="SWK00000001",
        registration_number="010100000001",
        raw={"CheckNumber": "4053821847", "DateTime": "15.07.2026 09:00:02", "ShiftNumber": 118},
    )
    names = {name: intent.body[name] for name in ("key", "kind", "sale")}
    return Event("document_made", {**names, "recovered": False, "document": dump_document(document)})


def _serial(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_letters + string.digits, k=13))


def _line(number: int, ki: str) -> BasketLine:
    return BasketLine(
        number=number,
        name="Сигареты с фильтром «Қазақстан», 20 шт.",
        name_kk="Сүзгісі бар темекі «Қазақстан», 20 дана",
        price_tiyn=PRICE_TIYN,
        quantity_milli=1_000,
        unit_code=796,
        vat_bp=1_600,
        gtin="04870249811936",
        group="tobacco",
        ki=ki,
        full=f"{ki}{GS}91EE11{GS}92MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTA=",
        reason="M-001",
    )


def _position(line: BasketLine) -> Line:
    assert line.full and line.ki
    marks = (Mark(line.full, line.ki),)
    return Line(line.name, line.price_tiyn, 1_000, 796, 1_600, name_kk=line.name_kk, gtin=line.gtin, marks=marks)


def _request(receipt: Receipt) -> dict[str, Any]:
    positions = [
        {
            "Count": 1,
            "Price": 950,
            "TaxType": 100,
            "TaxPercent": 16,
            "Tax": 131.03,
            "PositionName": line.name,
            "SectionCode": "0",
            "UnitCode": 796,
            "GTIN": "4870249811936",
            "Mark": line.marks[0].full,
        }
        for line in receipt.lines
    ]
    body = {
        "CashboxUniqueNumber": "SWK00000001",
        "OperationType": 2,
        "Positions": positions,
        "Payments": [{"Sum": 9_500, "PaymentType": 1}],
        "RoundType": 2,
        "ExternalCheckNumber": receipt.key,
    }
    return {
        "cashbox": "SWK00000001",
        "path": "/api/v4/check",
        "body": json.dumps(body, ensure_ascii=False, sort_keys=True),
    }


def _scan(line: BasketLine) -> dict[str, Any]:
    assert line.full
    data = line.full.encode()
    return {
        "sale": None,
        "device": "api",
        "source": "api",
        "data": base64.b64encode(data).decode(),
        "data_bytes": len(data),
        "ki": line.ki,
        "gtin": line.gtin,
        "template": "FULL44",
        "decision": "allow",
        "reason": "M-001",
        "evidence": "cache",
        "age_s": 3_600,
        "repairs": [],
        "detail": "rule in-circulation: IN_CIRCULATION, 3600 s old",
    }


def bytes_of(row: Row) -> bytes:
    """Everything a row is made of, as a plain log would hold it."""
    head = f"{row.till} {row.number} {row.at_ns} {row.kind} {row.previous.hex()} {row.hash.hex()} "
    return head.encode() + row.body.encode() + b"\n"


class Shop:
    """A till's journal that is asked to commit one new sale after another."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._counts = itertools.count(1_000_000)  # Names as long as those of a till that has worked for a while.
        self._rng = random.Random(7)
        self._open: Event | None = None

    def next_sale(self) -> Event:
        """A new sale, ready to commit; the one before is answered."""
        if self._open is not None:
            self.journal.append(made_event(self._open))
        self._open = sale_event(next(self._counts), self._rng)
        return self._open


@pytest.fixture
def shop(journal: Journal) -> Shop:
    return Shop(journal)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    ticks = itertools.count(AT_NS, 1_000_000_000)
    path = tmp_path / "journal.sqlite"
    with Journal(path, till_name="till-1", now=lambda: next(ticks), new_epoch=lambda: "k3x9aw") as opened:
        yield opened


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Callable[[bytes], None]]:
    """Append to a plain file and wait until the disk has it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
    file = os.open(tmp_path / "bare.log", flags, 0o600)

    def write(data: bytes) -> None:
        os.write(file, data)
        os.fsync(file)

    yield write
    os.close(file)


@pytest.mark.benchmark(group="one sale of ten marked lines, durable")
def test_a_sale_of_ten_marked_lines_is_committed(benchmark: Any, shop: Shop) -> None:
    rows = benchmark.pedantic(
        shop.journal.append, setup=lambda: ((shop.next_sale(),), {}), rounds=ROUNDS, warmup_rounds=WARM_UP
    )
    assert rows[-1].number == shop.journal.head()[0]


@pytest.mark.benchmark(group="one sale of ten marked lines, durable")
def test_the_same_bytes_are_written_and_synced_bare(benchmark: Any, shop: Shop, bare: Callable[[bytes], None]) -> None:
    data = bytes_of(shop.journal.append(shop.next_sale())[0])
    benchmark.pedantic(bare, args=(data,), rounds=ROUNDS, warmup_rounds=WARM_UP)
    benchmark.extra_info["bytes"] = len(data)


@pytest.mark.benchmark(group="one sale of ten marked lines, durable")
def test_the_ratio_is_measured_round_by_round(
    benchmark: Any, shop: Shop, bare: Callable[[bytes], None], capsys: pytest.CaptureFixture[str]
) -> None:
    committed: list[float] = []
    written: list[float] = []
    order = random.Random(11)
    data = bytes_of(shop.journal.append(shop.next_sale())[0])  # The row of any sale is as long as that of any other.

    def timed(work: Callable[[Any], object], what: Any, into: list[float]) -> None:
        began = time.perf_counter()
        work(what)
        into.append(time.perf_counter() - began)

    def pair(event: Event, bare_first: bool) -> None:
        """Both in one round; whoever comes second finds warm caches and a disk that is awake, so they take turns."""
        if bare_first:
            timed(bare, data, written)
        timed(shop.journal.append, event, committed)
        if not bare_first:
            timed(bare, data, written)

    def setup() -> tuple[tuple[Event, bool], dict[str, Any]]:
        return (shop.next_sale(), order.random() < 0.5), {}

    gc.collect()
    benchmark.pedantic(pair, setup=setup, rounds=ROUNDS, warmup_rounds=WARM_UP)
    if len(committed) > WARM_UP:  # With benchmarks disabled there is one round, and no warm-up to forget.
        del committed[:WARM_UP], written[:WARM_UP]
    ours, theirs = statistics.median(committed), statistics.median(written)
    benchmark.extra_info.update(
        journal_ms=round(ours * 1e3, 3), bare_ms=round(theirs * 1e3, 3), ratio=round(ours / theirs, 2)
    )
    benchmark.extra_info["ratio_of_means"] = round(sum(committed) / sum(written), 2)
    benchmark.extra_info["target"] = RATIO_TARGET
    with capsys.disabled():
        print(f"\njournal / bare write and fsync: {benchmark.extra_info}")
    assert len(committed) == len(written) > 0
