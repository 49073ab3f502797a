"""All of one unit on one page: in order, from every day, with what the operator has instead of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from sync.hq import tables
from sync.hq.engine import open_engine
from sync.hq.lake.columns import AGENT, AGENT_RECEIPT, EVENT, OFD, OFD_RECEIPT, REGISTRY
from sync.hq.lake.compaction import compact
from sync.hq.lake.layout import Lake, to_arrow
from sync.hq.lake.life import Place, life
from sync.hq.schema import metadata
from sync.hq.witness import Line, Mention, Operation, Receipt, Standing, UnitStatus, Witness, bucket, receipt_key

SOLD, BACK = dt.date(2026, 11, 2), dt.date(2026, 11, 20)
SOLD_AT, BACK_AT = 1_793_602_800_000_000, 1_795_158_000_000_000
KI, GTIN = "0104870000000104213kZ7q_W<2hT9m", "04870000000104"


def a_line(day: dt.date, at: int, sign: str, ki: str = KI, operation: Operation = Operation.SALE) -> Line:
    return Line(day, ki, GTIN, operation, at, "T1", "R1", 1, 1, sign, 1, 500, "journal", 4)


def a_receipt(day: dt.date, at: int, sign: str, operation: Operation = Operation.SALE) -> Receipt:
    return Receipt(day, operation, at, at + 1, "T1", "R1", 1, 1, sign, 500, 1, False, "journal", 4)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = open_engine(f"sqlite:///{tmp_path / 'hq.sqlite'}")
    yield made
    made.dispose()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Sold, fiscal without its mark, and brought back weeks later; around it other units of the same goods."""
    made = Lake(tmp_path / "lake")
    others = [a_line(SOLD, SOLD_AT, f"S{number}", f"0104870000000104213k{number:09}") for number in range(500)]
    back = a_line(BACK, BACK_AT, "B", operation=Operation.RETURN)
    made.write(AGENT, to_arrow([*others, a_line(SOLD, SOLD_AT, "S")]), "a")
    made.write(AGENT, to_arrow([back]), "b")
    made.write(OFD, to_arrow([*others, a_line(SOLD, SOLD_AT, "S", ki="")]), "a")
    made.write(OFD, to_arrow([back]), "b")
    receipts = [a_receipt(SOLD, SOLD_AT, f"S{number}") for number in range(500)]
    for table in (AGENT_RECEIPT, OFD_RECEIPT):
        made.write(table, to_arrow([*receipts, a_receipt(SOLD, SOLD_AT, "S")]), "a")
    made.write(AGENT_RECEIPT, to_arrow([a_receipt(BACK, BACK_AT, "B", Operation.RETURN)]), "b")
    standing = Standing(SOLD, KI, GTIN, UnitStatus.IN_CIRCULATION, "INTRODUCED", 0, 0, SOLD_AT + 9, "journal:T1", 6)
    made.write(REGISTRY, to_arrow([standing]), "a")
    kinds = ("scan_judged", "line_added", "document_made")
    made.write(
        EVENT, to_arrow([Mention(SOLD, KI, SOLD_AT - 5, "T1", n, kind, "{}") for n, kind in enumerate(kinds)]), "a"
    )
    return made


def test_a_life_is_told_in_order_from_every_witness_and_day(lake: Lake, engine: Engine) -> None:
    told = life(lake, engine, KI)
    assert [(one.at, one.witness, type(one.row)) for one in told.moments] == [
        *[(SOLD_AT - 5, Witness.AGENT, Mention)] * 3,
        (SOLD_AT, Witness.AGENT, Line),
        (SOLD_AT + 9, Witness.REGISTRY, Standing),
        (BACK_AT, Witness.AGENT, Line),
        (BACK_AT, Witness.OFD, Line),
    ]
    assert [one.row.kind for one in told.moments if isinstance(one.row, Mention)] == [
        "scan_judged", "line_added", "document_made",
    ]  # fmt: skip
    assert [(line.sign, line.operation) for line in told.lines] == [
        ("S", Operation.SALE), ("B", Operation.RETURN), ("B", Operation.RETURN),
    ]  # fmt: skip
    assert told.gtin == GTIN


def test_its_receipts_stand_beside_it_and_the_operators_line_without_a_mark(lake: Lake, engine: Engine) -> None:
    told = life(lake, engine, KI)
    sold, back = receipt_key("R1", "S"), receipt_key("R1", "B")
    assert (set(told.receipts), set(told.ofd_receipts)) == ({sold, back}, {sold})
    assert told.receipts[back].operation is Operation.RETURN
    assert [(line.ki, line.sign) for line in told.unmarked] == [("", "S")]


def test_compaction_changes_nothing_of_a_life(lake: Lake, engine: Engine) -> None:
    more = [a_line(SOLD, SOLD_AT, f"M{number}", f"0104870000000104213m{number:09}") for number in range(500)]
    for table in (AGENT, OFD):
        lake.write(table, to_arrow(more), "more")
    before = life(lake, engine, KI)
    for table in (AGENT, OFD, REGISTRY, EVENT, AGENT_RECEIPT, OFD_RECEIPT):
        for day in lake.days(table):
            compact(lake, table, day)
    assert len(lake.files(AGENT, [SOLD], [bucket(KI)])) == 1
    assert life(lake, engine, KI) == before


def test_shops_and_open_cases_come_from_the_database(lake: Lake, engine: Engine) -> None:
    metadata.create_all(engine, tables=[tables.place, tables.exception])
    texts = {column.name: "" for column in tables.exception.c if column.name not in ("id", "closed_ns", "day")}
    numbers = {
        "shift",
        "number",
        "at",
        "ours_tiyn",
        "theirs_tiyn",
        "status_at",
        "due_at",
        "first_seen_ns",
        "last_seen_ns",
    }
    with engine.begin() as db:
        db.execute(insert(tables.place).values(till="T1", shop="s", shop_name="Shop", region="Almaty"))
        for ki in (KI, "another"):
            about = {**texts, **dict.fromkeys(numbers, 0), "kind": "sold-twice", "subject": ki, "ki": ki}
            db.execute(insert(tables.exception).values(**about, day=SOLD))
    told = life(lake, engine, KI)
    assert told.places == {"T1": Place("T1", "s", "Shop", "Almaty")}
    assert [case["subject"] for case in told.cases] == [KI]


def test_a_code_nobody_knows_has_an_empty_life(lake: Lake, engine: Engine) -> None:
    told = life(lake, engine, "010487000000010421nobody")
    assert (told.moments, told.receipts, told.unmarked, told.gtin) == ((), {}, (), "")
