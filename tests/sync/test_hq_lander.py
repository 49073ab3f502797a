"""From headquarters' database to the lake: nothing lost, nothing twice, wherever it breaks off."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hq_landing import (
    TABLES,
    PowerCut,
    Rows,
    content,
    failing_database,
    failing_disk,
    fill,
    memory,
    sale,
)
from sqlalchemy import Engine, select

from sync.hq import tables
from sync.hq.lake.columns import AGENT, EVENT
from sync.hq.lake.lander import Landed, land
from sync.hq.lake.layout import Lake
from sync.hq.lake.memory import open_doubts, waiting
from sync.hq.lake.tables import landed, pending, scanned, unreadable
from sync.hq.till_state import Stage


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def test_many_tills_share_files_and_the_size_of_batches_changes_nothing(
    engine: Engine, lake: Lake, tmp_path: Path
) -> None:
    fill(engine)
    seen: list[tuple[int, int]] = []
    assert land(engine, lake, 5, lambda *done: seen.append(done)) == Landed(1, 18, 3, 3, 13, 2, 1)
    assert waiting(engine) == 0
    assert seen == [(18, 18)]
    assert len({path.name for table in TABLES for path in lake.files(table)}) == 1
    assert len(content(lake)[AGENT]) == 3
    with engine.begin() as db:
        for table in (landed, pending, scanned, unreadable, tables.register):
            db.execute(table.delete())
    other = Lake(tmp_path / "other")
    assert land(engine, other, 5, rows_max=4) == Landed(5, 18, 3, 3, 13, 2, 1)
    assert content(other) == content(lake)


def test_what_waits_what_cannot_be_read_and_scans_stand_in_the_database(engine: Engine, lake: Lake) -> None:
    fill(engine)
    land(engine, lake, 5)
    with engine.connect() as db:
        assert [tuple(row) for row in db.execute(select(unreadable))] == [
            ("T2", 4, "document_made", "kind: no text", 5)
        ]
        assert [(row.till, row.shift, row.count) for row in db.execute(select(scanned))] == [("T1", 1, 1)]
        (register,) = db.execute(select(tables.register)).all()
    assert (register.identity, register.rnm, register.till) == ("R1", "0101", "T3")
    (doubt,) = open_doubts(engine)
    assert (doubt.till, doubt.key, doubt.stage, doubt.codes, doubt.register) == (
        "T2", "k1", Stage.INTENDED, ("K2",), "R1",
    )  # fmt: skip
    Rows(engine).add("T2", (5, "document_made", sale(1, "K2", "S2")[3][2]))
    land(engine, lake, 6)
    assert open_doubts(engine) == []
    assert len(content(lake)[AGENT]) == 4


def test_a_content_that_comes_late_is_landed_late(engine: Engine, lake: Lake) -> None:
    opened, scan, intent, made = sale(1, "K1", "S1")
    rows = Rows(engine)
    rows.add("T1", opened, scan, (5, "printed", {}))
    land(engine, lake, 5)
    rows.add("T1", intent, made, reason="refused")
    assert land(engine, lake, 6).lines == 1
    assert sum("refused" in row for row in content(lake)[EVENT]) == 1


STEP = 3  # Of the places where it may break off; each costs two landings.


@pytest.mark.parametrize("what", ["disk", "database"])
def test_wherever_landing_breaks_off_the_next_one_ends_with_the_same(
    sqlite: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    fill(sqlite)
    whole = Lake(tmp_path / "whole")
    land(sqlite, whole, 5, rows_max=7)
    expected = content(whole), memory(sqlite)
    broken = 0
    for at in range(1, 1000, STEP):
        with sqlite.begin() as db:
            for table in (landed, pending, scanned, unreadable, tables.register):
                db.execute(table.delete())
        lake = Lake(tmp_path / f"{what}-{at}")
        faults = failing_disk(monkeypatch, at) if what == "disk" else failing_database(sqlite, at)
        calls = next(faults)
        try:
            land(sqlite, lake, 5, rows_max=7)
        except PowerCut:
            broken += 1
        next(faults, None)
        land(sqlite, lake, 5, rows_max=7)
        assert (content(lake), memory(sqlite)) == expected
        if calls[0] < at:
            break
    assert broken == at // STEP
    assert broken > 15


def test_a_batch_that_broke_off_is_done_again_as_it_was_though_more_has_come(
    postgresql: Engine, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(postgresql)
    faults = failing_disk(monkeypatch, 12)
    next(faults)
    with pytest.raises(PowerCut):
        land(postgresql, lake, 5)
    next(faults, None)
    rows = Rows(postgresql)
    rows.add("T3", *sale(9, "K9", "S9"))
    assert land(postgresql, lake, 6).rows == 22
    assert len(content(lake)[AGENT]) == 4
    assert sorted({path.stem for path in lake.files(AGENT)}) == ["land-0000000001", "land-0000000002"]


KILLED = """
import os, signal, sys
from pathlib import Path
from sync.hq.engine import open_engine
from sync.hq.lake.lander import land
from sync.hq.lake.layout import Lake

url, root, at = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
calls, sync = 0, os.fsync

def deadly(handle):
    global calls
    calls += 1
    if calls == at:
        os.kill(os.getpid(), signal.SIGKILL)
    sync(handle)

os.fsync = deadly
land(open_engine(url), Lake(root), 5, rows_max=7)
"""


@pytest.mark.parametrize("at", [1, 11, 25, 40])
def test_a_landing_that_is_killed_leaves_what_the_next_one_completes(sqlite: Engine, tmp_path: Path, at: int) -> None:
    fill(sqlite)
    lake = Lake(tmp_path / "lake")
    given = [sys.executable, "-c", KILLED, sqlite.url.render_as_string(), str(lake.root), str(at)]
    assert subprocess.run(given, check=False, timeout=120).returncode == -signal.SIGKILL
    land(sqlite, lake, 5, rows_max=7)
    found = content(lake), memory(sqlite)
    with sqlite.begin() as db:
        for table in (landed, pending, scanned, unreadable, tables.register):
            db.execute(table.delete())
    whole = Lake(tmp_path / "whole")
    land(sqlite, whole, 5, rows_max=7)
    assert found == (content(whole), memory(sqlite))
