"""Findings become cases with a history, on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, select, update

from sync.hq import tables
from sync.hq.finding import Finding
from sync.hq.kinds import Kind
from sync.hq.reconcile.counts import Count
from sync.hq.reconcile.exceptions import record
from sync.hq.reconcile.run import Result

DAY = dt.date(2026, 11, 2)
LATER = dt.date(2026, 11, 5)
CASE = Finding(
    Kind.SOLD_NOT_FISCALISED, "no-receipt", "ki-1", "gtin", DAY, "till-1", "R1", 1, 7, "sign", 1, 500, 0, due_at=9
)
TWICE = Finding(Kind.SOLD_TWICE, "two-tills", "ki-2", day=LATER, till="till-2")
SILENT = Finding(Kind.TILL_SILENT, "silent", till="till-1", day=DAY)


def result(*findings: Finding, days: tuple[dt.date, dt.date] = (DAY, DAY), **other: Any) -> Result:
    return Result(
        "duckdb", *days, list(findings), {"agent": 1}, other.pop("counts", []), frozenset(other.pop("looked", ()))
    )


@pytest.fixture
def db(engine: Engine) -> Engine:
    tables.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(
            insert(tables.place).values(till="till-1", shop="almaty-1", shop_name="Almaty 1", region="Almaty")
        )
    return engine


def cases(db: Engine) -> dict[str, Any]:
    with db.connect() as connection:
        return {row.ki or row.till: row for row in connection.execute(select(tables.exception))}


def history(db: Engine) -> list[str]:
    with db.connect() as connection:
        return list(connection.scalars(select(tables.exception_event.c.what).order_by(tables.exception_event.c.id)))


def test_a_case_opens_changes_heals_and_opens_again_with_its_history(db: Engine) -> None:
    record(db, result(CASE), 100)
    (one,) = cases(db).values()
    assert (one.state, one.severity, one.shop, one.region, one.first_seen_ns) == (
        "open",
        "grave",
        "almaty-1",
        "Almaty",
        100,
    )
    record(db, result(replace(CASE, status="WITHDRAWN")), 200)
    record(db, result(), 300)
    (one,) = cases(db).values()
    assert (one.state, one.closed_ns, one.status, one.last_seen_ns) == ("healed", 300, "WITHDRAWN", 200)
    record(db, result(CASE), 400)
    (one,) = cases(db).values()
    assert (one.state, one.closed_ns, one.first_seen_ns, one.status) == ("open", None, 100, "")
    assert history(db) == ["opened", "changed", "healed", "reopened"]


def test_the_same_result_again_adds_no_history(db: Engine) -> None:
    record(db, result(CASE, SILENT), 100)
    run = record(db, result(CASE, SILENT), 200)
    assert history(db) == ["opened", "opened"]
    assert {(one.state, one.last_seen_ns, one.run) for one in cases(db).values()} == {("open", 200, run)}


def test_what_a_person_resolved_stays_so_until_its_facts_change(db: Engine) -> None:
    record(db, result(CASE), 100)
    with db.begin() as connection:
        connection.execute(update(tables.exception).values(state="resolved", owner="aigul"))
    record(db, result(CASE), 200)
    record(db, result(), 300)
    assert cases(db)["ki-1"].state == "resolved"
    record(db, result(replace(CASE, ours_tiyn=501)), 400)
    one = cases(db)["ki-1"]
    assert (one.state, one.owner, one.ours_tiyn) == ("open", "aigul", 501)
    assert history(db) == ["opened", "reopened"]


def test_a_case_of_another_day_heals_only_when_its_code_was_judged(db: Engine) -> None:
    record(db, result(TWICE, days=(LATER, LATER)), 100)
    record(db, result(days=(DAY, DAY)), 200)
    assert cases(db)["ki-2"].state == "open"
    record(db, result(days=(DAY, DAY), looked=["ki-2"]), 300)
    assert cases(db)["ki-2"].state == "healed"


def test_a_till_that_speaks_again_heals_whatever_the_day(db: Engine) -> None:
    record(db, result(SILENT), 100)
    record(db, result(days=(LATER, LATER)), 200)
    assert cases(db)["till-1"].state == "healed"


def test_thousands_of_cases_are_recorded_in_bulk(db: Engine) -> None:
    many = [replace(CASE, ki=f"ki-{number}") for number in range(3_000)]
    record(db, result(*many), 100)
    record(db, result(*many[1_000:]), 200)
    states = [one.state for one in cases(db).values()]
    assert (states.count("open"), states.count("healed")) == (2_000, 1_000)


def test_a_run_that_breaks_off_leaves_nothing(db: Engine) -> None:
    torn = replace(CASE, ki=None)
    with pytest.raises(Exception, match=r"(?i)null"):
        record(db, result(CASE, torn), 100)
    with db.connect() as connection:
        left = [connection.scalar(select(func.count()).select_from(one)) for one in (tables.run, tables.exception)]
    assert left == [0, 0]


def test_counts_of_a_day_are_replaced_and_scans_are_left_alone(db: Engine) -> None:
    count = Count(DAY, "till-1", 1, 10, 1, 11, 11, 9, 1, 5_000)
    record(db, result(counts=[count]), 100)
    with db.begin() as connection:
        connection.execute(update(tables.count).values(scanned=14))
    record(db, result(counts=[replace(count, sold=12)]), 200)
    with db.connect() as connection:
        (row,) = connection.execute(select(tables.count)).all()
    assert (row.scanned, row.sold, row.on_balance, row.sum_tiyn) == (14, 12, 1, 5_000)
