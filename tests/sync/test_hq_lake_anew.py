"""A database restored from an old copy, under a lake that knows more."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hq_landing import PowerCut, Rows, content, failing_database, failing_disk, fill, memory, sale
from sqlalchemy import Engine, delete, select

from sync.hq import schema
from sync.hq.engine import open_engine
from sync.hq.lake.anew import LAST, LakeAhead, begin
from sync.hq.lake.columns import OFD
from sync.hq.lake.compaction import tidy
from sync.hq.lake.lander import land
from sync.hq.lake.layout import Lake, to_arrow
from sync.hq.lake.memory import waiting
from sync.hq.lake.parts import LakeError
from sync.hq.lake.tables import landed, landing
from sync.hq.witness import Line, Operation


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def restored(engine: Engine, *, batches: int) -> None:
    """The database as it was when it knew that many batches: later rows, cursors and batches were never there."""
    with engine.begin() as db:
        ids = list(db.execute(select(landing.c.id).order_by(landing.c.id)).scalars())
        db.execute(delete(landing).where(landing.c.id.in_(ids[batches:])))
        db.execute(delete(landed))
        for table in (schema.row, schema.till):
            db.execute(delete(table).where(table.c.till == "T3"))


def test_a_database_older_than_the_lake_is_refused_and_the_lake_left_as_it_was(sqlite: Engine, lake: Lake) -> None:
    fill(sqlite)
    land(sqlite, lake, 5, rows_max=7)
    before = content(lake)
    restored(sqlite, batches=1)
    Rows(sqlite).add("T4", *sale(1, "K7", "S7"))
    with pytest.raises(LakeAhead, match="pos-hq reconcile --anew"):
        land(sqlite, lake, 6)
    with pytest.raises(LakeAhead):
        land(sqlite, lake, 7)
    assert content(lake) == before


def test_landed_anew_the_lake_holds_what_a_new_one_would_and_what_others_brought(
    engine: Engine, lake: Lake, tmp_path: Path
) -> None:
    fill(engine)
    land(engine, lake, 5, rows_max=7)
    lake.write(OFD, to_arrow([OF_OPERATOR]), "import-1")
    tidy(lake, 10, files_max=1)  # Rows of several names in one file.
    restored(engine, batches=1)
    rows = Rows(engine)
    rows.add("T3", *sale(1, "K3", "S3"), *sale(5, "K4", "S4"))
    rows.add("T4", *sale(1, "K7", "S7"))
    begin(lake)
    assert land(engine, lake, 6).lines == 4
    assert waiting(engine) == 0
    fresh = open_engine(f"sqlite:///{tmp_path / 'fresh.sqlite'}")
    fill(fresh)
    Rows(fresh).add("T4", *sale(1, "K7", "S7"))
    whole = Lake(tmp_path / "whole")
    land(fresh, whole, 6)
    assert content(lake) == content(whole)
    kept, expected = memory(engine), memory(fresh)
    # When a register was first seen stays what it was: that is not landed but learned.
    assert {**kept, "hq_register": None} == {**expected, "hq_register": None}
    assert len(lake.files(OFD)) == 1
    fresh.dispose()
    rows.add("T4", *sale(9, "K8", "S8"))
    assert land(engine, lake, 7).lines == 1


OF_OPERATOR = Line(
    dt.date(2026, 11, 23), "K1", "04870000000104", Operation.SALE, 1, "", "R1", 1, 1, "S1", 1, 500, "import-1", 1
)


STEP = 11  # Breaking off at each of some 150 places takes minutes; a prime distance from any period in them.


@pytest.mark.parametrize("what", ["disk", "database"])
def test_wherever_it_breaks_off_the_next_landing_finishes_it(
    sqlite: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    fill(sqlite)
    whole = Lake(tmp_path / "expected")
    land(sqlite, whole, 5)
    expected = content(whole), memory(sqlite)
    lake = Lake(tmp_path / "lake")
    begin_quietly(sqlite, lake)
    for at in range(1, 1000, STEP):
        faults = failing_disk(monkeypatch, at) if what == "disk" else failing_database(sqlite, at)
        calls = next(faults)
        try:
            begin(lake)
            land(sqlite, lake, 5, rows_max=7)
        except PowerCut:
            next(faults, None)
            begin(lake)  # The person who asked for it asks again.
        next(faults, None)
        land(sqlite, lake, 5, rows_max=7)
        assert (content(lake), memory(sqlite)) == expected
        if calls[0] < at:
            break
    assert at > 20


def begin_quietly(engine: Engine, lake: Lake) -> None:
    """The lake as it was first filled, by the same database."""
    with engine.begin() as db:
        db.execute(delete(landed))
        db.execute(delete(landing))
    land(engine, lake, 5, rows_max=7)


def test_a_damaged_note_of_the_last_batch_is_told_and_landing_anew_makes_it_new(sqlite: Engine, lake: Lake) -> None:
    fill(sqlite)
    land(sqlite, lake, 5)
    (lake.root / LAST).write_text("{")
    Rows(sqlite).add("T4", *sale(1, "K7", "S7"))
    with pytest.raises(LakeError, match=LAST):
        land(sqlite, lake, 6)
    begin(lake)
    assert land(sqlite, lake, 7).lines == 4
