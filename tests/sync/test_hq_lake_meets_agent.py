"""The real agent's day, landed from PostgreSQL, against what its simulated register holds."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import pyarrow.dataset as ds
import pytest
from sqlalchemy import Engine, select

from hw_sim.ledger import FiscalDocument, Operation, tiyn
from pos_agent.demo.headless import HeadlessDemo
from pos_agent.demo.shop import TILL
from sync.batch import Batch, encode
from sync.hq import tables
from sync.hq.lake.columns import AGENT, AGENT_RECEIPT, EVENT, REGISTRY, ROW_OF, SIGN_OF
from sync.hq.lake.lander import land
from sync.hq.lake.layout import Lake
from sync.hq.lake.life import life
from sync.hq.lake.memory import open_doubts
from sync.hq.lake.tables import scanned, unreadable
from sync.hq.store import Ack, Collector
from sync.hq.witness import Mention, Standing
from sync.hq.witness import Operation as Told

SALES = 40
SEED = 11


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> HeadlessDemo:
    """A day with lost answers, restarts, an expired shift and returns."""
    shown = HeadlessDemo(tmp_path_factory.mktemp("till"), SEED, SALES)
    shown.run()
    return shown


@pytest.fixture
def lake(demo: HeadlessDemo, postgresql: Engine, tmp_path: Path) -> Lake:
    collector = Collector(postgresql, lambda: 1)
    journal = demo.agent.journal
    rows = journal.rows_after(0, journal.head()[0])
    for start in range(0, len(rows), 100):
        assert isinstance(collector.accept(TILL, encode(Batch(TILL, tuple(rows[start : start + 100])))), Ack)
    made = Lake(tmp_path / "lake")
    landed = land(postgresql, made, 1, rows_max=150)
    assert (landed.rows, landed.unreadable) == (len(rows), 0)
    assert landed.batches > 1
    return made


def _rows(lake: Lake, table: str) -> list[dict[str, object]]:
    return ds.dataset(lake.files(table), partitioning=None).to_table().to_pylist()


def _receipts_of(demo: HeadlessDemo) -> list[FiscalDocument]:
    return [document for document in demo.sim.ledger() if document.operation.is_receipt]


def test_every_receipt_of_the_register_is_in_the_lake_once(demo: HeadlessDemo, lake: Lake) -> None:
    held = Counter(
        (row["register"], row["sign"], row["shift"], row["number"], row["operation"], row["total_tiyn"], row["marks"])
        for row in _rows(lake, AGENT_RECEIPT)
    )
    assert held == Counter(
        (
            one.cashbox,
            one.sign,
            one.shift,
            one.order_number,
            -1 if one.operation is Operation.SALE_RETURN else 1,
            tiyn(one.total),
            len(one.marks),
        )
        for one in _receipts_of(demo)
    )
    assert {one.operation for one in _receipts_of(demo)} == {Operation.SALE, Operation.SALE_RETURN}


def test_every_mark_the_register_holds_is_a_line_of_its_receipt_and_sums_add_up(demo: HeadlessDemo, lake: Lake) -> None:
    lines = sorted(_rows(lake, AGENT), key=lambda row: str(row["sign"]))
    by_sign = {sign: list(rows) for sign, rows in itertools.groupby(lines, lambda row: row["sign"])}
    for document in _receipts_of(demo):
        mine = by_sign.pop(document.sign)
        codes = sorted(str(row["ki"]) for row in mine if row["ki"])
        marks = sorted(document.marks)
        assert len(codes) == len(marks)
        assert all(mark.startswith(ki) for mark, ki in zip(marks, codes, strict=True))
        assert {row["at"] for row in mine} == {document.at_ns // 10**9 * 10**6}
        assert sum(int(str(row["sum_tiyn"])) for row in mine) == tiyn(document.total)
    assert by_sign == {}


def test_the_registry_rows_name_what_the_registry_withdrew_under_the_day_of_the_sale(
    demo: HeadlessDemo, lake: Lake
) -> None:
    last: dict[str, str] = {}
    for row in sorted(_rows(lake, REGISTRY), key=lambda row: int(str(row["observed_at"]))):
        last[str(row["ki"])] = str(row["status"])
    held = demo.sim.witness()
    sold = {ki for ki, mark in held.marks.items() if mark.sold == 1}
    assert sold
    assert {ki for ki, status in last.items() if status == "WITHDRAWN"} & sold == set(held.withdrawn) & sold
    assert lake.days(REGISTRY) == lake.days(AGENT)


def test_nothing_else_is_remembered_than_the_register_and_the_scans(
    demo: HeadlessDemo, lake: Lake, postgresql: Engine
) -> None:
    with postgresql.connect() as db:
        (register,) = db.execute(select(tables.register)).all()
        counts = db.execute(select(scanned.c.shift, scanned.c.count)).all()
        assert db.execute(select(unreadable)).all() == []
    (cashbox,) = {(one.cashbox, one.registration_number) for one in _receipts_of(demo)}
    assert (register.identity, register.rnm, register.till) == (*cashbox, TILL)
    assert {shift for shift, _ in counts} == {one.shift for one in _receipts_of(demo)}
    sold = sum(len(one.marks) for one in _receipts_of(demo) if one.operation is Operation.SALE)
    assert sum(count for _, count in counts) >= sold
    assert open_doubts(postgresql) == []


def test_the_life_of_a_returned_unit_tells_scan_receipt_return_and_registry_in_order(
    demo: HeadlessDemo, lake: Lake, postgresql: Engine
) -> None:
    back = next(one for one in _receipts_of(demo) if one.operation is Operation.SALE_RETURN)
    ki = next(str(row["ki"]) for row in _rows(lake, AGENT) if row["sign"] == back.sign)
    told = life(lake, postgresql, ki)
    assert [moment.at for moment in told.moments] == sorted(moment.at for moment in told.moments)
    assert [line.operation for line in told.lines] == [Told.SALE, Told.RETURN]
    kinds = [one.row.kind for one in told.moments if isinstance(one.row, Mention)]
    assert kinds[:4] == ["scan_judged", "line_added", "document_intended", "document_made"]
    assert kinds.count("document_made") == 2
    assert any(isinstance(one.row, Standing) for one in told.moments)
    assert {receipt.sign for receipt in told.receipts.values()} == {line.sign for line in told.lines}


def test_landing_again_brings_nothing_new(demo: HeadlessDemo, lake: Lake, postgresql: Engine) -> None:
    before = {table: _rows(lake, table) for table in (AGENT, AGENT_RECEIPT, EVENT, REGISTRY)}
    assert land(postgresql, lake, 2).batches == 0
    assert {table: _rows(lake, table) for table in before} == before
    assert set(ROW_OF) >= set(before)
    assert SIGN_OF[Told.SALE] == 1
