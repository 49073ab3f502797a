"""Whatever is changed in the journal is found, and the first bad row is named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pysqlite3
import pytest

from pos_agent.journal.database import JournalUnusable, reading
from pos_agent.journal.journal import Event, Journal
from pos_agent.journal.projection import PROJECTORS
from pos_agent.journal.schema import PROJECTIONS
from pos_agent.journal.verify import rows_of, verify
from sync.wire import Row, row_hash

COLUMNS = ("at_ns", "kind", "body", "previous", "hash")


def rows_in(path: Path) -> list[Row]:
    with reading(path) as db:
        return list(rows_of(db))


def test_rows_are_numbered_without_gap_and_each_names_the_hash_before_it(
    day: Path, by_hand: Callable[[Row], bytes]
) -> None:
    rows = rows_in(day)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    previous = bytes(32)
    for row in rows:
        assert row.previous == previous
        assert row.hash == by_hand(row)
        previous = row.hash


def test_the_hash_of_one_row_is_the_documented_one() -> None:
    layout = (
        b"\x00\x00\x00\x06till-1"
        b"\x00\x00\x00\x012"
        b"\x00\x00\x00\x131784088000000000000"
        b"\x00\x00\x00\x07printed"
        b"\x00\x00\x00\x0c" + '{"a":"Қ","b'.encode()[:12]
    )
    body = layout[-12:].decode()
    expected = hashlib.sha256(layout + b"\x00\x00\x00\x20" + bytes(range(32))).digest()
    assert row_hash("till-1", 2, 1_784_088_000_000_000_000, "printed", body, bytes(range(32))) == expected


def test_the_day_holds_every_kind_of_row_and_fills_every_projection(day: Path, vandal: Any) -> None:
    assert {row.kind for row in rows_in(day)} == set(PROJECTORS)
    assert [table.name for table in PROJECTIONS if vandal.count(table.name) == 0] == []


def test_a_whole_journal_is_good_and_says_its_head(day: Path) -> None:
    rows = rows_in(day)
    verdict = verify(day)
    assert verdict.good and verdict.problem is None and verdict.row is None
    assert (verdict.rows, verdict.head) == (len(rows), rows[-1].hash.hex())


@pytest.mark.parametrize("column", COLUMNS)
def test_a_flipped_bit_in_any_row_is_found_and_that_row_is_named(day: Path, vandal: Any, column: str) -> None:
    for row in rows_in(day):
        value = getattr(row, column)
        vandal.change("journal", column, _flipped(value), row.number)
        verdict = verify(day)
        # A changed hash of one row is seen there; a changed link in the row that follows is never reached.
        assert not verdict.good and verdict.row == row.number, verdict
        assert verdict.rows == row.number - 1
        vandal.change("journal", column, value, row.number)
    assert verify(day).good


def _flipped(value: Any) -> Any:
    if isinstance(value, int):
        return value ^ 1
    if isinstance(value, bytes):
        return bytes([value[0] ^ 0x80]) + value[1:]
    middle = len(value) // 2
    return value[:middle] + chr(ord(value[middle]) ^ 1) + value[middle + 1 :]


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("other", [None, 7, 1.5, "text", b"bytes"])
def test_a_value_of_another_type_is_a_finding_and_no_crash(day: Path, vandal: Any, column: str, other: Any) -> None:
    vandal.run("PRAGMA writable_schema=ON")
    vandal.run("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE name = 'journal'")
    vandal.run("PRAGMA writable_schema=RESET")
    vandal.change("journal", column, other, 5)
    verdict = verify(day)
    assert (verdict.good, verdict.row) == (False, 5)


def test_text_that_is_no_utf8_is_found_in_its_row(day: Path, vandal: Any) -> None:
    vandal.run("UPDATE journal SET body = CAST(x'7BFF7D' AS TEXT) WHERE number = 6")
    verdict = verify(day)
    assert (verdict.good, verdict.row) == (False, 6)


def test_a_removed_row_is_named_as_missing(day: Path, vandal: Any) -> None:
    vandal.run("DELETE FROM journal WHERE number = 7")
    verdict = verify(day)
    assert (verdict.row, verdict.problem) == (7, "row 7 is missing")


def test_the_first_row_cannot_be_removed_either(day: Path, vandal: Any) -> None:
    vandal.run("DELETE FROM journal WHERE number = 1")
    assert verify(day).row == 1


def test_swapped_rows_are_found_at_the_first_of_them(day: Path, vandal: Any) -> None:
    for old, new in ((4, -1), (9, 4), (-1, 9)):
        vandal.run("UPDATE journal SET number = ? WHERE number = ?", (new, old))
    assert verify(day).row == 4


def test_a_row_inserted_between_is_found_although_its_own_hash_is_right(
    day: Path, vandal: Any, by_hand: Callable[[Row], bytes]
) -> None:
    rows = rows_in(day)
    for row in reversed(rows[5:]):
        vandal.run("UPDATE journal SET number = number + 1 WHERE number = ?", (row.number,))
    forged = Row("till-1", 6, rows[4].at_ns, "scan_judged", "{}", rows[4].hash, b"")
    _insert(vandal, forged, by_hand)
    assert verify(day).row == 7


def _insert(vandal: Any, row: Row, by_hand: Callable[[Row], bytes]) -> None:
    values = (row.number, row.at_ns, row.kind, row.body, row.previous, by_hand(row))
    vandal.run("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)", values)


def test_a_cut_tail_shows_in_the_projections(day: Path, vandal: Any) -> None:
    last = rows_in(day)[-1]
    assert last.kind == "shift_opened"
    vandal.run("DELETE FROM journal WHERE number = ?", (last.number,))
    verdict = verify(day)
    assert (verdict.good, verdict.row, verdict.table) == (False, None, "shift")


def test_a_cut_tail_that_changed_nothing_is_only_seen_by_who_knows_the_head(
    open_journal: Callable[..., Journal], hand_on: Callable[[Path], Any]
) -> None:
    journal = open_journal()
    journal.append(Event("scan_judged", {"ki": "A"}))
    acknowledged = journal.head()  # What headquarters keeps.
    path = journal.database.path
    journal.close()
    vandal = hand_on(path)
    vandal.run("DELETE FROM journal WHERE number = 2")
    verdict = verify(path)
    assert verdict.good
    assert (verdict.rows, bytes.fromhex(verdict.head)) != acknowledged


def test_a_row_of_an_unknown_kind_is_named(day: Path, vandal: Any, by_hand: Callable[[Row], bytes]) -> None:
    last = rows_in(day)[-1]
    _insert(vandal, Row("till-1", last.number + 1, last.at_ns, "teleported", "{}", last.hash, b""), by_hand)
    verdict = verify(day)
    assert verdict.row == last.number + 1
    assert "'teleported'" in str(verdict.problem) and "update the agent" in str(verdict.problem)


@pytest.mark.parametrize("body", ["no json", "{}", "[]", '{"sale":"S1"}', "null", '{"sale":{}}'])
def test_a_row_that_cannot_be_replayed_is_named(
    day: Path, vandal: Any, by_hand: Callable[[Row], bytes], body: str
) -> None:
    last = rows_in(day)[-1]
    _insert(vandal, Row("till-1", last.number + 1, last.at_ns, "sale_cancelled", body, last.hash, b""), by_hand)
    verdict = verify(day)
    assert verdict.row == last.number + 1 and "cannot be replayed" in str(verdict.problem)


@pytest.mark.parametrize("table", [table.name for table in PROJECTIONS])
def test_a_row_missing_from_a_projection_is_found_with_its_table(day: Path, vandal: Any, table: str) -> None:
    key = next(t for t in PROJECTIONS if t.name == table).primary_key.columns[0].name
    vandal.lose(table, key)
    verdict = verify(day)
    assert (verdict.good, verdict.row, verdict.table) == (False, None, table)


@pytest.mark.parametrize(
    ("table", "column"), [(t.name, c.name) for t in PROJECTIONS for c in t.columns if not c.primary_key]
)
def test_a_changed_value_in_a_projection_is_found_with_its_table(
    day: Path, vandal: Any, table: str, column: str
) -> None:
    vandal.spoil(table, column)
    verdict = verify(day)
    assert (verdict.good, verdict.row, verdict.table) == (False, None, table)


def test_a_row_added_to_a_projection_is_found(day: Path, vandal: Any) -> None:
    vandal.run("INSERT INTO held VALUES ('KI-forged', 'H1')")
    assert verify(day).table == "held"


def test_a_changed_epoch_is_found_although_no_row_holds_it(day: Path, vandal: Any) -> None:
    vandal.run("UPDATE till SET epoch = 'other1'")
    assert verify(day).table == "till"


def test_a_second_name_of_the_till_is_found(day: Path, vandal: Any) -> None:
    vandal.run("INSERT INTO till VALUES ('till-0', 'other1')")
    with pytest.raises(JournalUnusable, match="more than one till"):
        verify(day)


def test_dropped_triggers_are_found(day: Path, vandal: Any) -> None:
    vandal.honestly("DROP TRIGGER journal_keeps")
    verdict = verify(day)
    assert not verdict.good and "append-only" in str(verdict.problem)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET body = '{}' WHERE number = 2",
        "UPDATE OR REPLACE journal SET number = 3 WHERE number = 2",
        "DELETE FROM journal WHERE number = 2",
        "DELETE FROM journal",
        "INSERT OR REPLACE INTO journal SELECT number, at_ns, kind, '{}', previous, hash FROM journal WHERE number = 2",
        "REPLACE INTO journal SELECT number, at_ns, kind, '{}', previous, hash FROM journal WHERE number = 2",
    ],
)
def test_the_database_itself_refuses_to_change_history(day: Path, vandal: Any, statement: str) -> None:
    before = rows_in(day)
    with pytest.raises(pysqlite3.IntegrityError, match="append-only"):
        vandal.honestly(statement)
    assert rows_in(day) == before


def test_verify_counts_its_progress(day: Path) -> None:
    seen: list[int] = []
    assert verify(day, seen.append).rows == seen[-1]


def test_verify_looks_at_one_moment_of_a_running_till(open_journal: Callable[..., Journal], rows: Any) -> None:
    journal = open_journal()
    for events in rows.day():
        journal.append(*events)
        assert verify(journal.database.path).good
