"""What is wrong with a till's journal: refused, recorded, alarmed, and settled by a person's word."""

from __future__ import annotations

import dataclasses
import hashlib
import random
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Engine, text

from sync.batch import Batch, Entry, encode
from sync.delivery import DeliveryState, DeliveryWorker
from sync.hq.alarms import PER_KIND_MAX, clear
from sync.hq.dispute import Alarm
from sync.hq.inprocess import CollectorTransport
from sync.hq.judge import Refusal, RefusalKind
from sync.hq.store import Ack, Collector
from sync.wire import Row, row_hash


class Clock:
    """Headquarters' clock; it moves a second with each look."""

    def __init__(self) -> None:
        self.at_ns = 1_000_000_000_000

    def __call__(self) -> int:
        self.at_ns += 1_000_000_000
        return self.at_ns


@pytest.fixture
def collector(engine: Engine) -> Collector:
    return Collector(engine, Clock())


def _packed(*entries: Entry, till: str = "T1") -> bytes:
    return encode(Batch(till, entries))


def _begun(new_journal: Any, epoch: str, rows: int) -> Any:
    journal = new_journal()
    journal.add("journal_created", till="T1", epoch=epoch, version=1)
    for number in range(rows - 1):
        journal.add(n=number)
    return journal


def _alarms(collector: Collector, till: str = "T1") -> Sequence[Alarm]:
    return next((state.alarms for state in collector.tills() if state.till == till), ())


def _open(collector: Collector, till: str = "T1") -> list[tuple[str, int]]:
    return sorted((alarm.kind, alarm.number) for alarm in _alarms(collector, till) if alarm.is_open)


def _refused(answer: Ack | Refusal) -> RefusalKind:
    assert isinstance(answer, Refusal)
    return answer.kind


def test_a_gap_is_alarmed_once_and_heals_when_the_rows_arrive(collector: Collector, new_journal: Any) -> None:
    rows = _begun(new_journal, "a", 6).rows
    collector.accept("T1", _packed(*rows[:2]))
    for first in (3, 4, 3):
        assert _refused(collector.accept("T1", _packed(*rows[first:]))) is RefusalKind.GAP
    assert _open(collector) == [("gap", 3)]
    collector.accept("T1", _packed(*rows[2:]))
    (alarm,) = _alarms(collector)
    assert (alarm.is_open, alarm.cleared_by, alarm.cleared_why) == (False, "", "the missing rows arrived")


def test_a_row_changed_after_it_was_written_is_a_tampered_journal(collector: Collector, new_journal: Any) -> None:
    rows = _begun(new_journal, "a", 3).rows
    changed = dataclasses.replace(rows[1], body='{"n":9}')
    assert _refused(collector.accept("T1", _packed(rows[0], changed, rows[2]))) is RefusalKind.BAD_ROWS
    (alarm,) = _alarms(collector)
    true_hash = row_hash("T1", 2, changed.at_ns, changed.kind, changed.body, changed.previous)
    assert (alarm.kind, alarm.number, alarm.received, alarm.stored) == ("tampered", 2, rows[1].hash, true_hash)


def test_a_body_that_is_no_json_is_refused_without_an_alarm(collector: Collector, new_journal: Any) -> None:
    digest = row_hash("T1", 1, 1, "scan_judged", "[", bytes(32))
    row = Row("T1", 1, 1, "scan_judged", "[", bytes(32), digest)
    assert _refused(collector.accept("T1", _packed(row))) is RefusalKind.BAD_ROWS
    assert _alarms(collector) == ()


def test_a_chain_written_anew_from_a_row_on_is_a_fork_at_that_row(collector: Collector, new_journal: Any) -> None:
    rows = _begun(new_journal, "a", 4).rows
    collector.accept("T1", _packed(*rows))
    forged = _begun(new_journal, "a", 2)
    forged.add(n="forged")
    forged.add(n=2)
    assert _refused(collector.accept("T1", _packed(*forged.rows))) is RefusalKind.FORK
    assert _open(collector) == [("fork", 3)]
    assert [row.hash for row in collector.rows("T1")] == [row.hash for row in rows]


def test_another_journal_under_the_same_name_is_told_by_its_first_row(collector: Collector, new_journal: Any) -> None:
    collector.accept("T1", _packed(*_begun(new_journal, "a", 2).rows))
    assert _refused(collector.accept("T1", _packed(*_begun(new_journal, "b", 2).rows))) is RefusalKind.FORK
    assert _open(collector) == [("epoch", 1)]


def test_the_journal_of_another_till_under_our_key_is_alarmed(collector: Collector, new_journal: Any) -> None:
    foreign = new_journal("T9")
    assert _refused(collector.accept("T1", _packed(foreign.add(n=1), till="T9"))) is RefusalKind.WRONG_TILL
    assert _open(collector) == [("wrong-till", 1)]
    assert collector.cursor("T9").through == 0


class Machine:
    """A till's machine with the delivery of the agent, on the way to one headquarters."""

    def __init__(self, journal: Any, collector: Collector) -> None:
        self.journal, self._at_s = journal, 0.0
        self.worker = DeliveryWorker(
            "http://hq",
            "token",
            self.journal,
            till="T1",
            transport=CollectorTransport(collector, {"T1": hashlib.sha256(b"token").hexdigest()}),
            now=lambda: 1,
            monotonic=lambda: self._at_s,
            sleep=lambda _seconds: None,
            rng=random.Random(1),
        )

    def run(self, steps: int = 4) -> DeliveryState:
        for _ in range(steps):
            self._at_s += self.worker.step().next_in_s
        return self.worker.status().state


def _copy(journal: Any) -> Any:
    other = type(journal)()
    other.rows, other.aside, other.through = list(journal.rows), dict(journal.aside), journal.through
    return other


def test_a_till_restored_from_an_old_backup_is_a_fork_where_its_numbers_begin_again(
    collector: Collector, new_journal: Any
) -> None:
    journal = _begun(new_journal, "a", 5)
    backup = _copy(journal)
    till = Machine(journal, collector)
    journal.add(n="sold after the backup")
    assert till.run() is DeliveryState.OK
    held = [row.hash for row in collector.rows("T1")]
    backup.add("agent_started")  # As every start of the agent writes.
    restored = Machine(backup, collector)
    assert restored.run() is DeliveryState.CONFLICT
    backup.add(n="sold again under a number that is taken")
    assert restored.run() is DeliveryState.CONFLICT
    assert {kind for kind, _ in _open(collector)} == {"fork"}
    assert [row.hash for row in collector.rows("T1")] == held


def test_a_cloned_till_is_a_clone_once_both_machines_have_sold(collector: Collector, new_journal: Any) -> None:
    journal = _begun(new_journal, "a", 5)
    first = Machine(journal, collector)
    first.run()
    second = Machine(_copy(journal), collector)
    journal.add(n="sold on the first machine")
    second.journal.add(n="sold on the second machine")
    assert first.run() is DeliveryState.OK
    assert second.run() is DeliveryState.CONFLICT
    assert {kind for kind, _ in _open(collector)} == {"fork"}
    journal.add(n="and the first goes on")
    assert first.run() is DeliveryState.OK
    assert second.run() is DeliveryState.CONFLICT
    assert {kind for kind, _ in _open(collector)} == {"clone", "fork"}


def test_a_till_whose_journal_was_begun_anew_shows_its_first_row(collector: Collector, new_journal: Any) -> None:
    assert Machine(_begun(new_journal, "a", 5), collector).run() is DeliveryState.OK
    assert Machine(_begun(new_journal, "b", 9), collector).run() is DeliveryState.CONFLICT
    assert {kind for kind, _ in _open(collector)} == {"epoch", "fork"}


def test_a_word_settles_an_alarm_until_the_case_comes_again(
    collector: Collector, engine: Engine, new_journal: Any
) -> None:
    collector.accept("T1", _packed(*_begun(new_journal, "a", 2).rows))
    other = _packed(*_begun(new_journal, "b", 2).rows)
    collector.accept("T1", other)
    (alarm,) = _alarms(collector)
    why = "the disk was changed; the till gets a new name"
    assert clear(engine, "T1", who="Айгүл", why=why, now_ns=alarm.last_ns + 1, kind="epoch", number=1) == 1
    (alarm,) = _alarms(collector)
    assert (alarm.is_open, alarm.cleared_by, alarm.cleared_why) == (False, "Айгүл", why)
    assert clear(engine, "T1", who="Айгүл", why=why, now_ns=alarm.last_ns + 2) == 0
    collector.accept("T1", other)
    assert _open(collector) == [("epoch", 1)]
    with pytest.raises(ValueError, match="who clears"):
        clear(engine, "T1", who=" ", why=why, now_ns=1)


def test_a_till_that_tries_for_years_fills_no_table(collector: Collector, new_journal: Any) -> None:
    collector.accept("T1", _packed(*_begun(new_journal, "a", 2).rows))
    for number in range(PER_KIND_MAX + 5):
        forged = _begun(new_journal, "a", 1)
        collector.accept("T1", _packed(forged.rows[0], forged.add(forged=number)))
    alarms = _alarms(collector)
    assert len(alarms) == PER_KIND_MAX
    assert max(alarm.last_ns for alarm in alarms) > max(alarm.first_ns for alarm in alarms)


def test_a_database_of_the_first_version_is_brought_up_to_date(engine: Engine, new_journal: Any) -> None:
    collector = Collector(engine, Clock())
    rows = _begun(new_journal, "a", 3).rows
    collector.accept("T1", _packed(*rows))
    with engine.begin() as db:
        db.execute(text("DROP INDEX hq_row_missing"))
        for table, column in [
            ("hq_till", "grown_ns"),
            ("hq_till", "troubled_ns"),
            ("hq_till", "epoch"),
            ("hq_alarm", "cleared_ns"),
            ("hq_alarm", "cleared_by"),
            ("hq_alarm", "cleared_why"),
        ]:
            db.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
        db.execute(text("INSERT INTO hq_alarm VALUES ('T1', 2, 'fork', :h, :h, 5, 6)"), {"h": rows[1].hash})
        db.execute(text("UPDATE hq_version SET version = 1"))
    engine.dispose()
    again = Collector(engine, Clock())
    assert _open(again) == [("fork", 2)]
    assert again.accept("T1", _packed(*rows)) == Ack("T1", 3, rows[2].hash)
    assert clear(engine, "T1", who="a", why="b", now_ns=7) == 1
