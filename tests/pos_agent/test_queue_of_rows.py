"""The journal as delivery sees it, and the sold units whose withdrawal must still be seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fiscal.register import Operation
from marking.statuses import CodeStatus, Status
from pos_agent.journal.journal import Event
from pos_agent.queue import DueUnit, JournalQueue, WithdrawalWatch, outcome_of
from sync.ports import QueueUnavailable

NS = 1_000_000_000
AFTER_S = (600, 3_600, 86_400)
DAYS_MAX = 3


@pytest.fixture
def queue(bench: Any) -> JournalQueue:
    for number in range(2, 12):
        bench.journal.append(Event("scan_judged", {"n": number, "fill": "x" * 1_000}))
    return JournalQueue(bench.journal)


def numbers(rows: Any) -> list[int]:
    return [row.number for row in rows]


def test_rows_come_in_order_and_within_the_limit_of_rows(queue: JournalQueue) -> None:
    assert numbers(queue.rows_after(0, rows_max=4, bytes_max=10**9)) == [1, 2, 3, 4]
    assert numbers(queue.rows_after(4, rows_max=100, bytes_max=10**9)) == [5, 6, 7, 8, 9, 10, 11]
    assert numbers(queue.rows_after(11, rows_max=100, bytes_max=10**9)) == []
    assert numbers(queue.rows_after(0, rows_max=0, bytes_max=10**9)) == []


@pytest.mark.parametrize(("bytes_max", "expected"), [(0, 1), (1_017, 1), (2_033, 1), (2_034, 2), (5_085, 5)])
def test_rows_stay_within_the_limit_of_bytes_but_one_always_comes(
    queue: JournalQueue, bytes_max: int, expected: int
) -> None:
    rows = queue.rows_after(1, rows_max=100, bytes_max=bytes_max)
    assert numbers(rows) == list(range(2, 2 + expected))
    assert expected == 1 or sum(len(row.body.encode()) for row in rows) <= bytes_max


def test_more_rows_than_a_page_come_without_a_gap(bench: Any) -> None:
    for start in range(0, 500, 100):
        bench.journal.append(*(Event("scan_judged", {"n": start + n}) for n in range(100)))
    rows = JournalQueue(bench.journal).rows_after(0, rows_max=450, bytes_max=10**9)
    assert numbers(rows) == list(range(1, 451))


def test_the_cursor_survives_a_restart_and_each_destination_has_its_own(bench: Any, queue: JournalQueue) -> None:
    assert queue.delivered_through() == (0, bytes(32))
    row = bench.journal.row(5)
    queue.set_delivered(row.number, row.hash)
    assert queue.delivered_through() == (5, row.hash)
    assert JournalQueue(bench.journal, "other").delivered_through() == (0, bytes(32))
    bench.restart()
    assert JournalQueue(bench.journal).delivered_through() == (5, row.hash)
    JournalQueue(bench.journal).set_delivered(2, bytes(32))  # Headquarters came back from a backup.
    assert JournalQueue(bench.journal).delivered_through() == (2, bytes(32))
    assert bench.verify().good


def test_delivery_s_own_rows_never_count_as_unsent(bench: Any, queue: JournalQueue) -> None:
    head, digest = queue.head()
    assert queue.unsent() == (head, bench.at_ns)
    queue.set_delivered(head, digest)
    assert queue.unsent() == (0, None)
    bench.at_ns += 5 * NS
    bench.journal.append(Event("scan_judged", {}))
    assert queue.unsent() == (1, bench.at_ns)


def test_rows_set_aside_keep_their_reason_until_they_are_released(bench: Any, queue: JournalQueue) -> None:
    queue.set_aside(4, "too large")
    queue.set_aside(3, "held behind row 2")
    queue.set_aside(4, "still too large")
    bench.restart()
    queue = JournalQueue(bench.journal)
    assert queue.set_aside_rows() == [(3, "held behind row 2"), (4, "still too large")]
    queue.release(3)
    queue.release(99)
    assert queue.set_aside_rows() == [(4, "still too large")]
    assert bench.verify().good


def test_a_row_holds_back_the_codes_it_changes_and_its_own_outcome(bench: Any) -> None:
    bench.sale("S1", "KI-1", "KI-2")
    bench.desk.submit(bench.case("S1"))
    queue = JournalQueue(bench.journal)
    keys = {row.kind: queue.keys(row) for row in bench.journal.rows_after(1, 100)}
    assert keys["line_added"] == {"KI-2", "sale S1"}
    assert "sale S1" in keys["document_intended"] and "ki" in keys["document_intended"]  # The scripted mark's.
    assert keys["document_made"] == {"sale S1"}
    assert keys["shift_opened"] == frozenset()


def test_rows_that_only_look_at_codes_hold_nothing_back(bench: Any) -> None:
    (row,) = bench.journal.append(Event("scan_judged", {"ki": "KI-1", "sale": "S1"}))
    assert JournalQueue(bench.journal).keys(row) == frozenset()


def test_a_code_is_found_however_deep_it_stands(bench: Any, words: Any) -> None:
    lines = [words.line(number, f"KI-{number}").as_body() for number in (1, 2)]
    bench.sale("S1")
    case = bench.case("O1")
    bench.desk.submit(replace(case, lines=lines))
    intent = next(row for row in bench.journal.rows_after(0, 100) if row.kind == "document_intended")
    assert JournalQueue(bench.journal).keys(intent) == {"KI-1", "KI-2", "ki", "sale O1"}


@pytest.mark.parametrize("write", ["set_delivered", "set_aside", "release"])
def test_a_full_disk_is_told_in_the_words_of_delivery(bench: Any, queue: JournalQueue, write: str) -> None:
    bench.journal.database.connection.execute("PRAGMA max_page_count=1")
    with pytest.raises(QueueUnavailable, match="no space"):
        for _ in range(2_000):
            {
                "set_delivered": lambda: queue.set_delivered(1, bytes(32)),
                "set_aside": lambda: queue.set_aside(1, "r" * 1_000),
                "release": lambda: queue.release(1),
            }[write]()


def status(ki: str, word: Status) -> CodeStatus:
    return CodeStatus(ki, word, 1, raw_status=str(word))


@pytest.fixture
def watch(bench: Any) -> WithdrawalWatch:
    bench.sale("S1", "KI-1", "KI-2")
    bench.desk.submit(bench.case("S1"))
    return WithdrawalWatch(bench.journal, AFTER_S, DAYS_MAX)


def due(watch: WithdrawalWatch, at_ns: int) -> list[str]:
    return [unit.ki for unit in watch.due(at_ns, 100)]


def test_a_sold_unit_is_looked_at_as_planned_then_daily_and_at_last_left_to_people(
    bench: Any, watch: WithdrawalWatch
) -> None:
    sold_ns = bench.at_ns
    looks: list[int] = []
    for minute in range(10 * 24 * 60):
        now_ns = sold_ns + minute * 60 * NS
        units = [unit for unit in watch.due(now_ns, 100) if unit.ki == "KI-1"]
        if units:
            looks.append(minute)
            watch.record([(units[0], status("KI-1", Status.IN_CIRCULATION))], now_ns)
    # 10 minutes, an hour, a day after the receipt; then daily while it is at most three days old, and once after.
    assert looks == [10, 60, 1_440, 2_880, 4_320, 5_760]
    assert bench.journal.query("SELECT checks, outcome FROM withdrawal WHERE ki = 'KI-1'") == [(6, "on_balance")]
    assert bench.verify().good


def test_looks_that_were_missed_while_the_till_was_off_are_not_made_up(bench: Any, watch: WithdrawalWatch) -> None:
    late_ns = bench.at_ns + 2 * 3_600 * NS  # Two of three planned looks are over.
    (unit, *_rest) = watch.due(late_ns, 1)
    watch.record([(unit, status(unit.ki, Status.IN_CIRCULATION))], late_ns)
    assert unit.ki not in due(watch, late_ns + 600 * NS)
    assert unit.ki in due(watch, bench.at_ns + 86_400 * NS)


def test_a_withdrawn_unit_is_not_looked_at_again(bench: Any, watch: WithdrawalWatch) -> None:
    now_ns = bench.at_ns + 600 * NS
    units = watch.due(now_ns, 100)
    watch.record([(unit, status(unit.ki, Status.WITHDRAWN)) for unit in units], now_ns)
    assert due(watch, now_ns + 30 * 86_400 * NS) == []
    assert bench.till.unit_states(["KI-1"], None) == {"KI-1": "sold"}


def test_the_limit_takes_the_longest_waiting_first(bench: Any, watch: WithdrawalWatch) -> None:
    bench.at_ns += 60 * NS
    bench.sale("S2", "KI-0")
    bench.desk.submit(bench.case("S2"))
    now_ns = bench.at_ns + 3_600 * NS
    assert [unit.ki for unit in watch.due(now_ns, 2)] == ["KI-1", "KI-2"]
    assert due(watch, now_ns) == ["KI-1", "KI-2", "KI-0"]


def test_nothing_recorded_writes_nothing(bench: Any, watch: WithdrawalWatch) -> None:
    head = bench.journal.head()
    watch.record([], bench.at_ns)
    assert bench.journal.head() == head


def returned(bench: Any, ki: str = "KI-1") -> None:
    bench.sale("R1", ki, operation=Operation.SALE_RETURN, original="S1")
    bench.desk.submit(bench.case("R1", operation=Operation.SALE_RETURN))


def test_a_returned_unit_is_free_when_the_registry_has_it_back_in_circulation(
    bench: Any, watch: WithdrawalWatch
) -> None:
    returned(bench)
    now_ns = bench.at_ns + 600 * NS
    unit = next(unit for unit in watch.due(now_ns, 100) if unit.ki == "KI-1")
    assert unit.purpose == "sale_return"
    watch.record([(unit, status("KI-1", Status.WITHDRAWN))], now_ns)
    assert bench.till.unit_states(["KI-1"], None) == {"KI-1": "return_pending"}
    later_ns = bench.at_ns + 3_600 * NS
    unit = next(unit for unit in watch.due(later_ns, 100) if unit.ki == "KI-1")
    watch.record([(unit, status("KI-1", Status.IN_CIRCULATION))], later_ns)
    assert bench.till.unit_states(["KI-1"], None) == {"KI-1": "free"}
    assert "KI-1" not in due(watch, later_ns + 10 * 86_400 * NS)
    assert bench.verify().good


def test_an_answer_that_comes_after_the_unit_was_returned_says_nothing_of_the_return(
    bench: Any, watch: WithdrawalWatch
) -> None:
    now_ns = bench.at_ns + 600 * NS
    asked = [unit for unit in watch.due(now_ns, 100) if unit.ki == "KI-1"]
    bench.at_ns = now_ns
    returned(bench)  # While the registry was thinking.
    watch.record([(asked[0], status("KI-1", Status.WITHDRAWN))], now_ns)
    assert bench.journal.query("SELECT purpose, checks, outcome FROM withdrawal WHERE ki = 'KI-1'") == [
        ("sale_return", 0, "pending")
    ]
    assert "KI-1" in due(watch, now_ns + 600 * NS)
    assert bench.verify().good


def test_a_unit_sold_again_while_its_return_was_looked_at_does_not_fall_back_into_the_return(
    bench: Any, watch: WithdrawalWatch
) -> None:
    returned(bench)
    now_ns = bench.at_ns + 600 * NS
    asked = [unit for unit in watch.due(now_ns, 100) if unit.ki == "KI-1"]
    bench.sale("S3", "KI-1")
    watch.record([(asked[0], status("KI-1", Status.IN_CIRCULATION))], now_ns)
    assert bench.till.unit_states(["KI-1"], "S3") == {"KI-1": "held_here"}
    bench.journal.append(Event("sale_cancelled", {"sale": "S3", "why": ""}))
    assert bench.till.unit_states(["KI-1"], None) == {"KI-1": "free"}
    assert bench.verify().good


@pytest.mark.parametrize(
    ("purpose", "word", "outcome"),
    [
        ("sale", Status.WITHDRAWN, "withdrawn"),
        ("sale", Status.WRITTEN_OFF, "withdrawn"),
        ("sale", Status.IN_CIRCULATION, "on_balance"),
        ("sale", Status.NOT_FOUND, "pending"),
        ("sale", Status.UNKNOWN, "pending"),
        ("sale_return", Status.IN_CIRCULATION, "reintroduced"),
        ("sale_return", Status.WITHDRAWN, "pending"),
        ("sale_return", Status.UNKNOWN, "pending"),
    ],
)
def test_what_a_status_means_depends_on_what_was_done(purpose: str, word: Status, outcome: str) -> None:
    assert outcome_of(DueUnit("KI", purpose, 0, 0), status("KI", word)) == outcome
