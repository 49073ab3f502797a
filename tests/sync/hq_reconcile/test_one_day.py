"""One day compared, its codes looked for in the other days: by the definition and by hand the same."""

from __future__ import annotations

import datetime as dt
import random
from contextlib import closing
from pathlib import Path

import pytest

from sync.hq.reconcile.duck import Duck
from sync.hq.reconcile.run import Result, reconcile
from sync.hq.witness import Operation, UnitStatus
from tests.support.hq_witnesses import Told, Unit, at, code, facts


class ByDefinition(Duck):
    """Joins as `hot.elsewhere` says, as Spark does, and reads no file by hand."""

    reads_here = False


def told_over_days() -> Told:
    """Units of the third day that are on others too, each known there to other witnesses; and many that are not."""
    told, chance = Told(), random.Random(5)
    for number in range(10):
        told.sold(Unit(code(number)), when=at(2 + number % 5, 9))
    for number in range(10, 25):
        unit = Unit(code(number))
        told.sold(unit, when=at(3, 10), register=chance.choice(("R1", "R2")))
        other = chance.choice((1, 2, 4, 6))
        told.receipt(unit, when=at(other, 11), register="R3", witnesses=chance.choice(("agent", "ofd", "agent ofd")))
        if number % 3 == 0:
            told.receipt(unit, when=at(5), operation=Operation.RETURN)
        if number % 5 == 0:
            told.stands(unit, UnitStatus.WITHDRAWN, since=at(2), seen=at(7, 15), day=dt.date(2026, 11, 7))
    return told


@pytest.fixture(scope="module")
def by_engine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    folder: Path = tmp_path_factory.mktemp("days")
    lake = told_over_days().write(folder / "lake")
    days = (dt.date(2026, 11, 3), dt.date(2026, 11, 3))
    with closing(ByDefinition(folder, at_once=32)) as engine:
        by_definition = reconcile(lake, days, engine=engine, facts=facts())
    return {"polars": reconcile(lake, days, engine="polars", facts=facts()), "definition": by_definition}


def test_rows_gathered_by_hand_give_the_findings_of_the_definition(by_engine: dict[str, Result]) -> None:
    assert by_engine["polars"].findings == by_engine["definition"].findings
    assert by_engine["polars"].looked == by_engine["definition"].looked


def test_units_are_judged_on_all_their_days(by_engine: dict[str, Result]) -> None:
    looked = by_engine["definition"].looked
    assert looked >= {code(number) for number in range(10, 25)}
    assert {str(one.kind) for one in by_engine["definition"].findings} >= {"sold-twice"}
    assert {one.day.day for one in by_engine["polars"].findings} > {3}
