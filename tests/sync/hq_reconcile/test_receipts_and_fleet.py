"""Gaps in numbers, clocks that run apart, tills that fell silent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hq_witnesses import NOW, SHOPS, Told, Unit, at, code, facts, found

from sync.hq.reconcile.facts import DAY_US, HOUR_US, MINUTE_US
from sync.hq.reconcile.fleet import missing_rows, silent

UNITS = [Unit(code(number)) for number in range(1, 9)]


def five(told: Told, *, drift: int = 0, register: str = "R1") -> None:
    for hour, unit in enumerate(UNITS[:5], 10):
        told.sold(unit, when=at(2, hour), register=register, drift=drift)


def without(told: Told, *numbers: int) -> None:
    """As if those receipts had never been: no witness has them."""
    for table in ("agent", "ofd", "agent_receipt", "ofd_receipt"):
        setattr(told, table, [row for row in getattr(told, table) if row.number not in numbers])
    told.registry = [one for one in told.registry if one.ki in {line.ki for line in told.agent}]


def test_numbers_no_witness_has_between_two_that_are_there_are_a_gap(tmp_path: Path) -> None:
    told = Told()
    five(told)
    without(told, 2, 3)
    (one,) = told.compared(tmp_path).findings
    assert (str(one.kind), one.cause, one.other, one.number) == ("number-gap", "receipt-numbers", "2-3", 4)
    assert one.subject == "R1|1|2-3"


def test_numbers_that_cash_moves_took_are_no_gap(tmp_path: Path) -> None:
    told = Told()
    five(told)
    without(told, 2, 3)
    moves = (("almaty-1", at(2, 11)), ("almaty-1", at(2, 12)))
    assert found(told.compared(tmp_path / "both", cash_moves=moves)) == []
    for number, fewer in enumerate((moves[:1], (("oral-1", at(2, 11)), moves[1]), (moves[0], ("almaty-1", at(2, 14))))):
        assert found(told.compared(tmp_path / str(number), cash_moves=fewer)) == [("number-gap", "receipt-numbers")]


def test_a_number_one_witness_has_is_no_gap_and_shifts_count_for_themselves(tmp_path: Path) -> None:
    told = Told()
    five(told)
    told.agent_receipt = [
        replace(one, shift=1 if one.number < 3 else 2) for one in told.agent_receipt if one.number != 2
    ]
    told.ofd_receipt = [replace(one, shift=1 if one.number < 3 else 2) for one in told.ofd_receipt]
    told.agent_receipt = [replace(one, number=one.number + 10) if one.shift == 2 else one for one in told.agent_receipt]
    told.ofd_receipt = [replace(one, number=one.number + 10) if one.shift == 2 else one for one in told.ofd_receipt]
    assert found(told.compared(tmp_path)) == []


def test_a_gap_before_what_the_till_has_not_delivered_is_waited_for(tmp_path: Path) -> None:
    told = Told()
    five(told)
    without(told, 2)
    told.agent_receipt = told.agent_receipt[:1]
    told.agent = told.agent[:1]
    late = {till: at(2, 10, 30) for till in SHOPS}
    kinds = {kind for kind, _ in found(told.compared(tmp_path, delivered=late))}
    assert kinds == {"fiscalised-not-in-journal"}


def test_a_shift_over_midnight_has_no_gap_on_either_day(tmp_path: Path) -> None:
    told = Told()
    told.sold(UNITS[0], when=at(2, 23, 59))
    told.sold(UNITS[1], when=at(3, 0, 1))
    second = told.agent[1].day
    assert found(told.compared(tmp_path, (second, second))) == []


def test_a_till_whose_clock_is_off_all_day_drifts_and_one_late_answer_does_not(tmp_path: Path) -> None:
    told = Told()
    five(told, drift=-7 * MINUTE_US)
    (one,) = told.compared(tmp_path / "drifts").findings
    assert (str(one.kind), one.cause, one.till, one.other) == ("clock-drift", "till-clock", "almaty-1", "-7")
    waited = Told()
    five(waited)
    waited.agent_receipt[2] = replace(waited.agent_receipt[2], noted_at=at(2, 20))
    assert found(waited.compared(tmp_path / "waits")) == []


def test_a_till_is_silent_after_a_day_and_not_before_it_was_ever_heard() -> None:
    heard = {"almaty-1": NOW - DAY_US - 1, "almaty-2": NOW - HOUR_US, "oral-1": 0}
    (one,) = silent(facts(heartbeats=heard))
    assert (one.till, one.at, one.subject) == ("almaty-1", NOW - DAY_US - 1, "almaty-1")


def test_rows_without_content_are_a_gap_of_the_journal() -> None:
    (one,) = missing_rows(facts(missing_rows={"almaty-1": ((7, 9),)}))
    assert (one.cause, one.other, one.subject) == ("journal-rows", "7-9", "almaty-1|0|7-9")
