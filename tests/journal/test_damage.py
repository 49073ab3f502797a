"""Damage below SQL: flipped bits, cut files, rubbish in place of a journal. Never good news, never a crash."""

from __future__ import annotations

import random
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pysqlite3
import pytest

from pos_agent.journal.database import JournalUnusable, reading
from pos_agent.journal.journal import Journal
from pos_agent.journal.rows import DamagedRow
from pos_agent.journal.schema import metadata
from pos_agent.journal.verify import Verdict, rows_of, verify

FLIPS = 250


def content(path: Path) -> Any:
    """Every table as a SELECT gives it, or the error it gives."""
    db = pysqlite3.connect(str(path), isolation_level=None)
    try:
        return {
            table.name: db.execute(f"SELECT * FROM {table.name} ORDER BY 1, 2").fetchall()  # noqa: S608
            for table in metadata.sorted_tables
        }
    except pysqlite3.DatabaseError as error:
        return str(error)
    finally:
        db.close()


def judged(path: Path) -> Verdict | None:
    """The verdict; None when the file was said to be unusable."""
    try:
        return verify(path)
    except JournalUnusable:
        return None


def test_a_journal_with_flipped_bits_is_never_called_good_when_it_reads_otherwise(day: Path, tmp_path: Path) -> None:
    whole, truth = day.read_bytes(), content(day)
    rng = random.Random(20260715)
    seen = {"good": 0, "bad": 0, "unusable": 0}
    for turn in range(FLIPS):
        path = tmp_path / f"flipped-{turn}.sqlite"
        place = rng.randrange(len(whole) * 8)
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        verdict = judged(path)
        seen["unusable" if verdict is None else "good" if verdict.good else "bad"] += 1
        if verdict is not None and verdict.good:
            assert content(path) == truth, f"bit {place}"
        _remove(path)
    assert min(seen.values()) > 0, seen  # Slack space, cells and headers were all hit.


def test_flipped_bits_inside_the_rows_name_the_first_bad_row(day: Path, tmp_path: Path) -> None:
    whole = day.read_bytes()
    with reading(day) as db:
        rows = list(rows_of(db))
    rng = random.Random(7)
    for row in rows:
        damaged = bytearray(row.hash)
        damaged[rng.randrange(32)] ^= 1 << rng.randrange(8)
        path = tmp_path / "cell.sqlite"
        path.write_bytes(whole.replace(row.hash, damaged))  # In its own cell and in the link of the next row.
        assert verify(path).row == row.number
        _remove(path)


def _remove(path: Path) -> None:
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        name.unlink(missing_ok=True)


def test_an_agent_meets_flipped_bits_with_a_clear_error_or_a_journal_that_works(
    day: Path, tmp_path: Path, open_journal: Callable[..., Journal]
) -> None:
    whole = day.read_bytes()
    rng = random.Random(11)
    for turn in range(80):
        path = tmp_path / f"agent-{turn}.sqlite"
        place = rng.randrange(len(whole) * 8)
        damaged = bytearray(whole)
        damaged[place // 8] ^= 1 << place % 8
        path.write_bytes(damaged)
        try:
            journal = open_journal(path.name)
        except JournalUnusable:
            continue
        assert journal.head()[0] > 0
        journal.close()


@pytest.mark.parametrize("keep", [0, 1, 15, 16, 99, 100, 4_095, 4_096, 5_000, 20_000])
def test_a_file_cut_short_is_bad_or_unusable(day: Path, tmp_path: Path, keep: int) -> None:
    path = tmp_path / "cut.sqlite"
    path.write_bytes(day.read_bytes()[:keep])
    verdict = judged(path)
    assert verdict is None or not verdict.good


@pytest.mark.parametrize("rubbish", [b"\x00" * 8_192, b"rubbish" * 1_000, b"SQLite format 3\x00" + b"\xff" * 5_000])
def test_rubbish_in_place_of_a_journal_is_unusable_for_everyone(
    tmp_path: Path, open_journal: Callable[..., Journal], rubbish: bytes
) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(rubbish)
    with pytest.raises(JournalUnusable, match="cannot be read"):
        verify(path)
    with pytest.raises(JournalUnusable, match="journal verify"):
        open_journal()
    assert path.read_bytes() == rubbish  # Reported, never repaired.


def test_a_folder_in_place_of_a_journal_is_unusable(tmp_path: Path, open_journal: Callable[..., Journal]) -> None:
    (tmp_path / "journal.sqlite").mkdir()
    with pytest.raises(JournalUnusable):
        open_journal()
    with pytest.raises(JournalUnusable):
        verify(tmp_path / "journal.sqlite")


def test_a_data_folder_that_cannot_be_made_is_said_so(tmp_path: Path, open_journal: Callable[..., Journal]) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(JournalUnusable, match="cannot be made"):
        open_journal("file/journal.sqlite")


def test_rubbish_in_the_lock_file_is_no_running_agent(tmp_path: Path, open_journal: Callable[..., Journal]) -> None:
    (tmp_path / "journal.sqlite.lock").write_bytes(b"not a database, surely" * 100)
    with pytest.raises(JournalUnusable) as caught:
        open_journal()
    assert type(caught.value) is JournalUnusable


def test_a_journal_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(JournalUnusable, match="there is no journal"):
        verify(tmp_path / "nowhere.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_changed_last_row_stops_the_agent_at_its_start(
    day: Path, open_journal: Callable[..., Journal], vandal: Any
) -> None:
    with reading(day) as db:
        last = list(rows_of(db))[-1]
    vandal.run("UPDATE journal SET body = '{}' WHERE number = ?", (last.number,))
    with pytest.raises(DamagedRow, match="journal verify") as caught:
        open_journal()
    assert caught.value.number == last.number


def test_bits_flipped_in_the_write_ahead_log_cost_rows_but_never_change_one(
    open_journal: Callable[..., Journal], rows: Any, tmp_path: Path
) -> None:
    journal = open_journal()
    for events in rows.day():
        journal.append(*events)
    written = journal.rows_after(0, 1_000)
    path = journal.database.path
    log = Path(f"{path}-wal").read_bytes()
    rng = random.Random(3)
    for turn in range(25):
        copy = tmp_path / f"copy-{turn}.sqlite"
        shutil.copy(path, copy)
        damaged = bytearray(log)
        place = rng.randrange(len(log) * 8)
        damaged[place // 8] ^= 1 << place % 8
        Path(f"{copy}-wal").write_bytes(damaged)
        try:
            with reading(copy) as db:
                left = tuple(rows_of(db))
        except JournalUnusable:  # Nothing of the schema is left.
            continue
        # SQLite takes the log up to the first frame that is not whole: the end is missing, the rest is as it was.
        assert left == written[: len(left)]


def test_a_read_only_copy_can_be_verified(day: Path, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    folder.mkdir()
    copy = folder / "journal.sqlite"
    shutil.copy(day, copy)
    copy.chmod(stat.S_IRUSR)
    assert verify(copy).good
