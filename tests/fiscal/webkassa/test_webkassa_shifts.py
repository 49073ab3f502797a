"""Shifts that last too long, are not open, are to be closed, or were closed by a lost request."""

from __future__ import annotations

from typing import Any

import pytest
from webkassa_talk import (
    CHECK,
    LOGIN,
    OK,
    SHIFTS,
    STATE,
    Z_BY_SHIFT,
    Z_OK,
    Z,
    error,
    run,
    settle,
    state,
)

from fiscal.register import (
    Absent,
    Baseline,
    Done,
    FailureKind,
    NotSent,
    Receipt,
    Refused,
    ShiftClose,
    ShiftReport,
    Unknown,
)

# --- The shift is too long: code 11, and 12, 13 --------------------------------------------------------------------


def test_a_shift_of_more_than_a_day_is_closed_and_the_sale_goes_out_again(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.then(CHECK, error(11))
    asks.then(CHECK, {"Data": {**OK["Data"], "ShiftNumber": 8, "CheckOrderNumber": 1}})
    asks.then(Z, Z_OK)
    outcome = run(register, sale, base)
    assert isinstance(outcome, Done)
    assert outcome.document.shift == 8
    (report,) = outcome.side
    assert isinstance(report, ShiftReport)
    assert (report.shift, report.closed, report.number) == (7, True, 41)
    first, second = asks.raw(CHECK)
    assert first == second


def test_the_closing_is_told_even_when_the_sale_then_fails(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    for last, kind in ((error(8), Refused), (error(-1), Unknown)):
        asks.then(CHECK, error(11))
        asks.then(CHECK, last)
        asks.then(Z, Z_OK)
        outcome = run(register, sale, base)
        assert isinstance(outcome, kind)
        assert [document.shift for document in outcome.side] == [7]


def test_a_lost_answer_to_the_closing_is_settled_before_anything_is_repeated(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    def close(_: dict[str, Any]) -> Any:
        asks.always(STATE, state(7, closed=True))
        return type(asks.fallback[LOGIN])(cut="instead")

    asks.then(CHECK, error(11))
    asks.then(CHECK, OK)
    asks.then(Z, close)
    asks.then(Z_BY_SHIFT, Z_OK)
    outcome = run(register, sale, base)
    assert isinstance(outcome, Done)
    assert [document.shift for document in outcome.side] == [7]
    assert len(asks.asked(Z)) == 1


def test_a_sale_refused_for_the_shift_stays_refused_when_the_shift_cannot_be_closed(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.always(CHECK, error(11))
    asks.always(Z, error(4, "no right"))
    outcome = run(register, sale, base)
    assert isinstance(outcome, Refused)
    assert outcome.failure.kind is FailureKind.SHIFT_EXPIRED
    assert "no right" in outcome.failure.text
    assert len(asks.asked(CHECK)) == 1


def test_a_server_that_says_11_for_ever_gets_one_z_report(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.always(CHECK, error(11))
    asks.always(Z, Z_OK)
    outcome = run(register, sale, base)
    assert isinstance(outcome, Refused)
    assert len(asks.asked(Z)) == 1
    assert len(outcome.side) == 1


def test_closing_by_itself_can_be_switched_off(
    box: Any, start_server: Any, open_at: Any, sale: Receipt, base: Baseline
) -> None:
    box.always(CHECK, error(11))
    register = open_at(f"http://127.0.0.1:{start_server(box)}", "auto_z=no")
    outcome = run(register, sale, base)
    assert isinstance(outcome, Refused)
    assert outcome.failure.kind is FailureKind.SHIFT_EXPIRED
    assert box.asked(Z) == []


@pytest.mark.parametrize("code", [12, 13])
def test_a_sale_told_that_no_shift_is_open_is_repeated_once(
    asks: Any, register: Any, sale: Receipt, base: Baseline, code: int
) -> None:
    asks.then(CHECK, error(code))
    asks.then(CHECK, OK)
    assert isinstance(run(register, sale, base), Done)
    asks.always(CHECK, error(code))
    assert isinstance(run(register, sale, base), Refused)
    assert len(asks.asked(CHECK)) == 4


# --- Closing a shift -----------------------------------------------------------------------------------------------

CLOSE = ShiftClose("till7-z-7", 7)


def test_a_shift_is_closed(asks: Any, register: Any, base: Baseline) -> None:
    asks.then(Z, Z_OK)
    outcome = run(register, CLOSE, base)
    assert isinstance(outcome, Done)
    assert isinstance(outcome.document, ShiftReport)
    assert (outcome.document.shift, outcome.document.closed, outcome.recovered) == (7, True, False)


@pytest.mark.parametrize("now", [state(7, closed=True), state(8)])
def test_a_shift_that_is_over_is_not_closed_again_and_never_the_next_one(
    asks: Any, register: Any, base: Baseline, now: dict[str, Any]
) -> None:
    asks.always(STATE, now)
    asks.then(Z_BY_SHIFT, Z_OK)
    outcome = run(register, CLOSE, base)
    assert isinstance(outcome, Done)
    assert outcome.recovered
    assert asks.asked(Z) == []
    assert asks.asked(Z_BY_SHIFT)[0]["ShiftNumber"] == 7


@pytest.mark.parametrize("code", [12, 13])
def test_already_closed_is_success(asks: Any, register: Any, base: Baseline, code: int) -> None:
    asks.then(Z, error(code))
    asks.then(Z_BY_SHIFT, Z_OK)
    outcome = run(register, CLOSE, base)
    assert isinstance(outcome, Done)
    assert outcome.recovered


def test_a_lost_z_report_is_settled_by_the_state_of_the_shift(asks: Any, register: Any, base: Baseline) -> None:
    asks.then(Z, Z_OK, cut="instead")
    assert isinstance(run(register, CLOSE, base), Unknown)
    assert isinstance(settle(register, CLOSE, base), Absent)
    asks.always(STATE, state(8))
    asks.then(Z_BY_SHIFT, Z_OK)
    assert isinstance(settle(register, CLOSE, base), Done)
    assert len(asks.asked(Z)) == 1


def test_a_shift_nobody_opened_is_not_closed(asks: Any, register: Any, base: Baseline) -> None:
    assert isinstance(run(register, ShiftClose("till7-z-8", 8), base), Refused)
    assert asks.asked(Z) == []


def test_a_z_report_that_cannot_be_prepared_for_is_not_sent(box: Any, register: Any, base: Baseline) -> None:
    box.always(SHIFTS, cut="instead")
    assert isinstance(run(register, CLOSE, base), NotSent)
    assert box.asked(Z) == []


def test_a_closed_shift_whose_report_is_not_readable_yet_stays_open_as_a_question(
    asks: Any, register: Any, base: Baseline
) -> None:
    asks.always(STATE, state(8))
    asks.always(Z_BY_SHIFT, error(1014))
    assert isinstance(settle(register, CLOSE, base), Unknown)
