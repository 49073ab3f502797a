"""The journal as its callers meet it: all or nothing, one agent, one till, time that never steps back."""

from __future__ import annotations

import itertools
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pysqlite3
import pytest

from pos_agent.journal.database import (
    AlreadyRunning,
    JournalBusy,
    JournalUnusable,
    create_statements,
)
from pos_agent.journal.journal import ROWS_MAX, Event, Journal, exported
from pos_agent.journal.projection import KeyReusedError, SaleChangedError, UnitTakenError, content_hash
from pos_agent.journal.verify import verify
from pos_agent.sale import TransitionError
from sync.sqlite_version import has_wal_reset_bug

Open = Callable[..., Journal]


def test_a_new_journal_begins_with_its_own_birth(open_journal: Open) -> None:
    journal = open_journal()
    (row,) = journal.rows_after(0, 10)
    assert (row.number, row.kind, row.previous) == (1, "journal_created", bytes(32))
    assert json.loads(row.body) == {"till": "till-1", "epoch": "k3x9aw", "version": 1}
    assert journal.head() == (1, row.hash)


def test_a_journal_opened_again_goes_on_where_it_ended_with_its_first_epoch(open_journal: Open) -> None:
    journal = open_journal()
    journal.append(Event("scan_judged", {"n": 1}))
    head = journal.head()
    journal.close()
    again = open_journal(epoch="other1")
    assert (again.head(), again.epoch) == (head, "k3x9aw")
    (row,) = again.append(Event("scan_judged", {"n": 2}))
    assert (row.number, row.previous) == (3, head[1])
    assert verify(again.database.path).good


def test_a_journal_whose_birth_was_interrupted_is_born_at_the_next_start(open_journal: Open, hand_on: Any) -> None:
    journal = open_journal()
    path = journal.database.path
    journal.close()
    hand_on(path).run("DELETE FROM journal")  # As after a power cut between the two transactions of the first start.
    again = open_journal(epoch="other1")
    assert again.epoch == "k3x9aw"
    assert [row.kind for row in again.rows_after(0, 10)] == ["journal_created"]
    assert verify(path).good


def test_rows_of_one_append_share_their_time_and_follow_each_other(open_journal: Open) -> None:
    journal = open_journal()
    rows = journal.append(*(Event("scan_judged", {"n": n}) for n in range(5)))
    assert [row.number for row in rows] == [2, 3, 4, 5, 6]
    assert len({row.at_ns for row in rows}) == 1
    assert all(later.previous == row.hash for row, later in itertools.pairwise(rows))


def test_an_append_takes_at_least_one_event_and_at_most_the_limit(open_journal: Open) -> None:
    journal = open_journal()
    for events in ([], [Event("scan_judged", {})] * (ROWS_MAX + 1)):
        with pytest.raises(ValueError, match="1 to 1000"):
            journal.append(*events)
    assert journal.head()[0] == 1
    journal.append(*([Event("scan_judged", {})] * ROWS_MAX))
    assert journal.head()[0] == ROWS_MAX + 1


def test_a_clock_that_steps_back_never_makes_rows_step_back(open_journal: Open, clock: Any) -> None:
    journal = open_journal()
    journal.append(Event("scan_judged", {}))
    high = clock.at_ns
    clock.at_ns -= 3_600 * 10**9
    (row,) = journal.append(Event("clock_jumped", {}))
    assert row.at_ns == high
    journal.close()
    again = open_journal()  # Also over a restart.
    (row,) = again.append(Event("scan_judged", {}))
    assert row.at_ns == high
    clock.at_ns = high + 1
    (row,) = again.append(Event("scan_judged", {}))
    assert row.at_ns == high + 1


REFUSED = [
    pytest.param("unknown kind", KeyError, id="unknown kind"),
    pytest.param("no transition", TransitionError, id="no transition"),
    pytest.param("unit taken", UnitTakenError, id="unit taken"),
    pytest.param("unit twice", UnitTakenError, id="unit twice in one receipt"),
    pytest.param("key reused", KeyReusedError, id="key reused"),
    pytest.param("made again", TransitionError, id="document made again"),
    pytest.param("intent without lines", TransitionError, id="intent for no sale"),
    pytest.param("changed", SaleChangedError, id="lines changed while paying"),
    pytest.param("line twice", pysqlite3.IntegrityError, id="line number twice"),
    pytest.param("no text", TypeError, id="body that is no JSON"),
    pytest.param("too big", OverflowError, id="number beyond the column"),
]


@pytest.mark.parametrize(("what", "error"), REFUSED)
def test_an_append_with_one_illegal_event_leaves_nothing_of_any(
    open_journal: Open, rows: Any, what: str, error: type[Exception]
) -> None:
    journal = open_journal()
    for events in [*rows.sold("S1", "KI-1"), [rows.opened("H1"), rows.line("H1", 1, "KI-2")]]:
        journal.append(*events)
    journal.append(rows.intended("Z-k", kind="cash_in"), rows.decided("refused", "Z-k", kind="cash_in", failure={}))
    illegal = {
        "unknown kind": Event("teleported", {}),
        "no transition": rows.cancelled("S1"),
        "unit taken": rows.line("N1", 2, "KI-2"),
        "unit twice": rows.intended(
            "O1-k", "O1", lines=[rows.line_body(1, "KI-9"), rows.line_body(2, "KI-8"), rows.line_body(3, "KI-9")]
        ),
        "key reused": rows.intended("Z-k", kind="cash_in", content="another content"),
        "made again": rows.intended("S1-k", kind="cash_in"),
        "intent without lines": rows.intended("X1-k", "X1"),
        "changed": rows.intended("H1-k", "H1", seen=[[1, 4], [2, 5]]),
        "line twice": rows.line("N1", 1),
        "no text": Event("scan_judged", {"data": b"\xff"}),
        "too big": Event("shift_opened", {"shift": 2**70}),
    }[what]
    before, head = journal.query("SELECT * FROM journal"), journal.head()
    with pytest.raises(error):
        journal.append(rows.opened("N1"), rows.line("N1", 1, "KI-3"), illegal)
    assert journal.head() == head
    assert journal.query("SELECT * FROM journal") == before
    assert journal.query("SELECT * FROM sale WHERE sale = 'N1'") == []
    assert not journal.is_broken
    assert verify(journal.database.path).good
    journal.append(rows.opened("N1"), rows.line("N1", 1, "KI-3"))


def test_a_key_keeps_its_content_when_the_same_document_is_intended_again(open_journal: Open, rows: Any) -> None:
    journal = open_journal()
    journal.append(rows.intended("C-k", kind="cash_in"))
    journal.append(rows.decided("in_doubt", "C-k", kind="cash_in", failure={}))
    journal.append(rows.decided("absent", "C-k", kind="cash_in", evidence="asked"))
    journal.append(rows.intended("C-k", kind="cash_in"))
    assert journal.query("SELECT state, intent_row, outcome_row FROM document") == [("INTENDED", 5, None)]


@pytest.mark.parametrize("first", ["INTENDED", "IN_DOUBT", "MADE"])
def test_an_undecided_or_made_document_is_never_intended_again(open_journal: Open, rows: Any, first: str) -> None:
    journal = open_journal()
    journal.append(rows.intended("C-k", kind="cash_in"))
    if first != "INTENDED":
        event = {"IN_DOUBT": "in_doubt", "MADE": "made"}[first]
        journal.append(rows.decided(event, "C-k", kind="cash_in"))
    with pytest.raises(TransitionError):
        journal.append(rows.intended("C-k", kind="cash_in"))


def test_an_outcome_needs_an_intent(open_journal: Open, rows: Any) -> None:
    journal = open_journal()
    for event in ("made", "refused", "in_doubt", "absent"):
        with pytest.raises(TransitionError):
            journal.append(rows.decided(event, "nobody-intended-me", kind="cash_in"))


def test_odd_words_of_a_register_do_not_keep_an_outcome_from_being_kept(open_journal: Open) -> None:
    journal = open_journal()
    raw = {"text": "half a pair \ud83d, NUL \x00, қазақша", "big": 10**30}
    (row,) = journal.append(Event("scan_judged", {"raw": raw}))
    assert row.is_intact()
    kept = json.loads(journal.row(row.number).body)["raw"]
    assert kept == raw
    (row,) = journal.append(Event("scan_judged", {"raw": {**raw, "number": float("nan")}}))
    assert row.is_intact()
    (row,) = journal.append(Event("scan_judged", {"raw": {"number": float("nan"), "big": 10**30}}))
    assert json.loads(row.body)["raw"] == {"number": "NaN", "big": 10**30}
    assert verify(journal.database.path).good


def test_a_body_stands_in_the_order_it_was_written(open_journal: Open) -> None:
    (row,) = open_journal().append(Event("scan_judged", {"z": 1, "a": [1, (2, "Қ")], "m": None}))
    assert row.body == '{"z":1,"a":[1,[2,"Қ"]],"m":null}'


def test_the_content_of_an_order_is_the_same_read_back_from_its_row(open_journal: Open) -> None:
    order = {"type": "receipt", "key": "one", "lines": [{"name": "Сүт", "price_tiyn": 1, "code": None}], "cashier": ""}
    (row,) = open_journal().append(Event("scan_judged", {"order": order}))
    assert content_hash(json.loads(row.body)["order"]) == content_hash(order)
    assert content_hash({**order, "key": "two"}) == content_hash(order)
    assert content_hash({**order, "cashier": "A"}) != content_hash(order)


def test_listeners_hear_of_committed_rows_and_only_of_those(open_journal: Open, rows: Any) -> None:
    journal = open_journal()
    heard: list[int] = []
    leave = journal.subscribe(lambda batch: heard.extend(row.number for row in batch))
    journal.append(rows.opened("S1"), rows.line("S1", 1))
    with pytest.raises(TransitionError):
        journal.append(rows.opened("S1"))
    leave()
    leave()
    journal.append(rows.cancelled("S1"))
    assert heard == [2, 3]


def test_a_listener_that_fails_never_makes_a_committed_row_look_lost(
    open_journal: Open, rows: Any, caplog: pytest.LogCaptureFixture
) -> None:
    journal = open_journal()
    heard: list[int] = []

    def broken(_batch: object) -> None:
        raise RuntimeError("Event loop is closed")

    journal.subscribe(broken)
    journal.subscribe(lambda batch: heard.extend(row.number for row in batch))
    with caplog.at_level(logging.ERROR):
        journal.append(rows.opened("S1"))
        journal.append(rows.cancelled("S1"))
    assert heard == [2, 3]
    assert [record.message for record in caplog.records] == [
        "a listener of the journal failed and is told nothing more"
    ]


def test_a_row_that_is_not_there_is_a_key_error(open_journal: Open) -> None:
    with pytest.raises(KeyError):
        open_journal().row(2)


def test_exported_rows_are_json_lines_with_the_body_as_an_object(open_journal: Open) -> None:
    journal = open_journal()
    journal.append(Event("scan_judged", {"name": "Қаймақ"}))
    lines = [json.loads(line) for line in exported(journal.rows_after(0, 10))]
    assert [line["number"] for line in lines] == [1, 2]
    assert lines[1]["body"] == {"name": "Қаймақ"}
    assert lines[1]["previous"] == lines[0]["hash"]


def test_a_second_agent_on_the_same_file_is_refused_and_the_first_goes_on(open_journal: Open) -> None:
    journal = open_journal()
    with pytest.raises(AlreadyRunning, match="another agent holds"):
        open_journal()
    journal.append(Event("scan_judged", {}))


def test_a_second_process_on_the_same_file_is_refused(open_journal: Open) -> None:
    journal = open_journal()
    code = (
        "import sys; from pathlib import Path; from pos_agent.journal.database import AlreadyRunning, Database\n"
        "try: Database(Path(sys.argv[1]))\n"
        "except AlreadyRunning: sys.exit(42)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(journal.database.path)], check=False, timeout=60)
    assert done.returncode == 42


def test_a_killed_agent_leaves_no_lock_behind(open_journal: Open, tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from pos_agent.journal.journal import Event, Journal\n"
        "journal = Journal(Path(sys.argv[1]), till_name='till-1', now=lambda: 5, new_epoch=lambda: 'k3x9aw')\n"
        "journal.append(Event('scan_judged', {'n': 1}))\n"
        "os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "journal.sqlite")], check=False, timeout=60)
    assert open_journal().head()[0] == 2


def test_the_journal_of_another_till_is_refused_and_left_alone(open_journal: Open) -> None:
    journal = open_journal()
    journal.close()
    with pytest.raises(JournalUnusable, match="belongs to till 'till-1', the configuration says 'till-2'"):
        open_journal(till="till-2")
    assert open_journal().head()[0] == 1  # And the refused one holds no lock.


def test_a_journal_of_a_newer_agent_is_refused(open_journal: Open, hand_on: Any) -> None:
    journal = open_journal()
    journal.close()
    hand_on(journal.database.path).honestly("PRAGMA user_version=2")
    with pytest.raises(JournalUnusable, match="newer agent"):
        open_journal()


def test_a_file_that_is_another_database_is_refused(open_journal: Open, tmp_path: Path) -> None:
    db = pysqlite3.connect(str(tmp_path / "journal.sqlite"))
    db.execute("CREATE TABLE sale (x)")
    db.commit()
    db.close()
    with pytest.raises(JournalUnusable):
        open_journal()


def test_a_schema_interrupted_half_way_is_no_schema_and_is_made_at_the_next_start(
    open_journal: Open, tmp_path: Path
) -> None:
    db = pysqlite3.connect(str(tmp_path / "journal.sqlite"), isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("BEGIN IMMEDIATE")
    for statement in list(create_statements())[:5]:
        db.execute(statement)
    db.close()  # Never committed, as when the power goes.
    assert open_journal().head()[0] == 1


def test_a_folder_with_an_odd_name_holds_a_journal_all_the_same(open_journal: Open, tmp_path: Path) -> None:
    journal = open_journal("касса №1 100% #a?b/journal.sqlite")
    assert journal.database.path.stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir()] == ["касса №1 100% #a?b"]
    assert verify(journal.database.path).good


def test_every_commit_is_synced_before_it_returns(open_journal: Open) -> None:
    connection = open_journal().database.connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_writer_that_holds_the_file_is_waited_for_and_then_named_without_breaking_the_journal(
    open_journal: Open, hand_on: Any
) -> None:
    journal = open_journal()
    journal.database.connection.execute("PRAGMA busy_timeout=20")
    other = hand_on(journal.database.path)
    other.honestly("BEGIN IMMEDIATE")
    with pytest.raises(JournalBusy, match="held by another program"):
        journal.append(Event("scan_judged", {}))
    other.honestly("ROLLBACK")
    assert not journal.is_broken
    assert journal.append(Event("scan_judged", {}))[0].number == 2


@pytest.mark.parametrize("which", ["", "-wal"])
@pytest.mark.parametrize("replaced", [True, False])
def test_a_file_deleted_under_a_running_agent_stops_it_instead_of_being_written_to(
    open_journal: Open, which: str, replaced: bool
) -> None:
    journal = open_journal()
    journal.append(Event("scan_judged", {}))
    file = Path(f"{journal.database.path}{which}")
    copy = file.read_bytes()
    file.rename(file.with_name("away"))  # Deleting an open file is not everywhere possible; this is the same to us.
    if replaced:
        file.write_bytes(copy)
    with pytest.raises(JournalUnusable, match="moved or replaced"):
        journal.append(Event("scan_judged", {}))
    assert journal.is_broken


@pytest.mark.parametrize(
    ("version", "bad"),
    [
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 4), False),
        ((4, 0, 0), False),
    ],
)
def test_versions_of_sqlite_that_can_lose_committed_rows_are_known(version: tuple[int, int, int], bad: bool) -> None:
    assert has_wal_reset_bug(version) is bad


def test_a_bad_sqlite_is_refused_in_words(open_journal: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pysqlite3, "sqlite_version_info", (3, 40, 1))
    with pytest.raises(JournalUnusable, match="WAL-reset bug"):
        open_journal()
    monkeypatch.undo()
    open_journal()  # Nothing was left locked.


def test_the_lists_a_till_asks_for_at_every_sale_use_their_partial_indexes(open_journal: Open) -> None:
    from pos_agent import till

    def plan(statement: str, parameters: dict[str, Any]) -> str:
        return " ".join(str(step[-1]) for step in journal.query(f"EXPLAIN QUERY PLAN {statement}", parameters))

    journal = open_journal()
    assert "document_undecided" in plan(till.UNDECIDED, {})
    assert "returns_by_original" in plan(till.RETURNS, {"original": "S1"})
