"""What `pos-hq serve` does by itself with the lake: when days are compared, and that tidying is no reason to."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import threading
from pathlib import Path

import pytest
from hq_witnesses import Told, Unit, at, code
from sqlalchemy import Engine

from sync.hq.background import Timetable, tidying
from sync.hq.comparing import compare
from sync.hq.config import from_mapping
from sync.hq.imports import import_export_file
from sync.hq.imports.ledger import Counts, Kind, Ledger, State
from sync.hq.imports.whole_exports import complete_to
from sync.hq.lake.compaction import FILES_MAX, compact
from sync.hq.lake.layout import AGENT, Lake, to_arrow
from sync.hq.reconcile.facts import DAY_US, HOUR_US
from sync.zone import ZONE

UNIT = Unit(code(1))
DAY = dt.date(2026, 11, 5)
MORNING = dt.datetime(2026, 11, 6, 4, 0, tzinfo=ZONE)  # Before the daily run.
MINUTES = dt.timedelta(minutes=16)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """One day in more small files than one folder keeps."""
    found = Lake(tmp_path / "lake")
    told = Told()
    told.receipt(UNIT, when=at(5))
    for number in range(FILES_MAX + 1):
        found.write(AGENT, to_arrow(told.agent), f"land-{number:010}")
    return found


def run_once(lake: Lake) -> None:
    stop = threading.Event()
    chore = threading.Thread(target=tidying(lake, from_mapping({})).run, args=(stop,))
    chore.start()
    while len(lake.files(AGENT)) > 1 and chore.is_alive():
        threading.Event().wait(0.01)
    stop.set()
    chore.join(30)
    assert not chore.is_alive()


def test_the_service_makes_few_files_of_many(lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pos-hq")
    assert len(lake.files(AGENT)) == FILES_MAX + 1
    run_once(lake)
    assert [path.name for path in lake.files(AGENT)] == ["whole-1.parquet"]
    assert "tidied: 1 days" in caplog.text


def test_a_day_that_was_only_compacted_is_not_compared_again(lake: Lake) -> None:
    table = Timetable(from_mapping({}), lake)
    assert table.due(MORNING) == (DAY, DAY)
    table.done((DAY, DAY))
    run_once(lake)
    assert table.due(MORNING + MINUTES) is None


def test_what_comes_after_a_compaction_is_compared_whether_new_or_written_anew(lake: Lake) -> None:
    table = Timetable(from_mapping({}), lake)
    told = Told()
    told.receipt(UNIT, when=at(5))
    run_once(lake)
    table.due(MORNING)
    table.done((DAY, DAY))
    lake.write(AGENT, to_arrow(told.agent), "land-0000000003")  # Known, and another content may be in it.
    assert table.due(MORNING + MINUTES) == (DAY, DAY)
    table.done((DAY, DAY))
    lake.write(AGENT, to_arrow(told.agent), "land-0000000099")
    assert table.due(MORNING + 2 * MINUTES) == (DAY, DAY)
    table.done((DAY, DAY))
    (folder,) = {path.parent for path in lake.files(AGENT)}
    os.utime(folder / "land-0000000099.parquet", ns=(1, 1))
    assert table.due(MORNING + 3 * MINUTES) == (DAY, DAY)
    table.done((DAY, DAY))
    compact(lake, AGENT, DAY)
    assert table.due(MORNING + 4 * MINUTES) is None


# --- exports that are whole ---


def export(engine: Engine, lake: Lake, folder: Path, *codes: str, day: int, spoilt: int = 0) -> None:
    path = folder / f"codes-{day}.json"
    records = [{"codeData": {"code": ki, "status": "INTRODUCED"}, "productData": {"gtin": ki[2:16]}} for ki in codes]
    path.write_text(json.dumps({"results": [*records, *([{"codeData": {}}] * spoilt)]}), encoding="utf-8")
    done = import_export_file(path, engine=engine, lake=lake, now=lambda: at(day) * 1000)
    assert (done.state, done.taken, done.refused) == (State.DONE, len(codes), spoilt)


def test_only_a_file_of_all_codes_without_a_refused_row_tells_how_far_the_registry_is_whole(
    engine: Engine, tmp_path: Path
) -> None:
    lake = Lake(tmp_path / "lake")
    ledger = Ledger(engine, lambda: at(2) * 1000)
    ledger.create()
    assert complete_to(engine, 0) == 0
    ordered = ledger.begin(Kind.REGISTRY_EXPORT, "export of one GTIN", "d" * 64)
    ledger.advance(ordered, {"order": "1", "observed": at(9), "row": 1}, Counts(1, 1), state=State.DONE)
    stopped = ledger.begin(Kind.REGISTRY_EXPORT, "broken.zip", "e" * 64)
    ledger.advance(stopped, {"observed": at(9), "row": 1}, Counts(1, 1), state=State.STOPPED, trouble="damaged")
    assert complete_to(engine, 0) == 0
    export(engine, lake, tmp_path, code(2), day=4)
    export(engine, lake, tmp_path, code(2), code(3), day=6)
    export(engine, lake, tmp_path, code(2), code(4), day=8, spoilt=1)
    assert complete_to(engine, 0) == at(6)
    assert complete_to(engine, DAY_US) == at(5)


@pytest.mark.parametrize(("age_us", "causes"), [(None, []), (HOUR_US, ["not-in-registry"]), (4 * DAY_US, [])])
def test_a_sold_code_that_no_whole_export_holds_is_not_in_the_registry(
    engine: Engine, tmp_path: Path, age_us: int | None, causes: list[str]
) -> None:
    from sync.hq.headquarters import make_tables

    make_tables(engine)
    lake = Lake(tmp_path / "lake")
    told = Told()
    told.receipt(UNIT, when=at(5))
    for table in ("agent", "ofd", "agent_receipt", "ofd_receipt"):
        lake.write(table, to_arrow(getattr(told, table)), "by-hand")
    export(engine, lake, tmp_path, code(2), day=8)
    found = compare(engine, lake, at(10) * 1000, export_age_us=age_us).result.findings
    assert [one.cause for one in found if one.ki == UNIT.ki] == causes
