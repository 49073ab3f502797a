"""After silence: what the reports and lists of the service prove, and what they leave to a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cloud_orders import A, B
from cloud_played import HTML, NINE_NS, NS, Played, Talk, answer, cut
from ukassa_talk import (
    BASE,
    CASH,
    COUNTERS,
    EXTRA,
    OPERATION,
    OPERATIONS,
    ORDER,
    SELL,
    SHIFTS,
    UNMARKED,
    X,
    Z,
    operation,
    report,
    row,
    shifts,
)  # fmt: skip

from fiscal.register import (
    Absent,
    CashDirection,
    CashDocument,
    CashMove,
    Done,
    FailureKind,
    FiscalDocument,
    Unknown,
)

NONE_SOLD = report(sale=(0, 0))
PUT = CashMove("till7-cash-000000009", CashDirection.IN, 12_345)


def doubt_of(talk: Talk, order: Any, base: Any = None) -> tuple[FailureKind, str]:
    doubt = talk.settle(order, base)
    assert isinstance(doubt, Unknown), doubt
    return doubt.failure.kind, doubt.failure.code


def by_number(played: Played, *operations: dict[str, Any]) -> None:
    """These operations in the list, and each by its number."""
    played.always(
        OPERATIONS, [row(one["id"], type=one["type"], total_amount=one["total_amount"]) for one in operations]
    )
    for one in operations:
        played.always(f"GET /api/operation/{one['id']}/", one)


def test_one_sale_since_the_order_with_our_marks_is_ours(talk: Talk, played: Played) -> None:
    done = talk.settle(ORDER)
    assert isinstance(done, Done) and isinstance(done.document, FiscalDocument)
    assert (done.recovered, done.document.fiscal_sign, done.document.shift) == (True, "4228143550", 7)
    assert played.sent(SELL) == []
    assert played.sent(OPERATIONS)[0].target.endswith("?shift=7001")


def test_one_sale_since_the_order_that_fits_is_ours_without_marks(talk: Talk, played: Played) -> None:
    by_number(played, operation(marks=()))
    assert isinstance(talk.settle(UNMARKED), Done)


def test_a_count_as_before_is_absent_and_no_list_is_read(talk: Talk, played: Played) -> None:
    played.always(X, NONE_SOLD)
    absent = talk.settle(ORDER)
    assert isinstance(absent, Absent)
    assert absent.evidence == "no sale since the order in the reports of shifts 7"
    assert talk.pauses == [1.0, 1.0]
    assert played.sent(OPERATIONS) == []


def test_documents_of_other_kinds_do_not_count(talk: Talk, played: Played) -> None:
    played.always(X, report(sale=(0, 0), sale_return=(3, 270_000), cash_in=(5, 5_000_000)))
    assert isinstance(talk.settle(ORDER), Absent)


def test_a_report_that_lags_behind_decides_when_it_has_caught_up(talk: Talk, played: Played) -> None:
    played.then(X, NONE_SOLD, report())
    assert isinstance(talk.settle(ORDER), Done)


def test_a_list_that_lags_behind_its_report_is_a_doubt_and_never_an_older_sale(talk: Talk, played: Played) -> None:
    counted = replace(BASE, extra={**EXTRA, "counters": {**COUNTERS, "sale": 1}})
    played.always(X, report(sale=(2, 360_000)))
    assert doubt_of(talk, ORDER, counted) == (FailureKind.NO_ANSWER, "list")
    by_number(played, operation(900002, marks=("x", "y")), operation(900003))
    assert isinstance(talk.settle(ORDER, counted), Done)


def test_marks_tell_ours_among_several(talk: Talk, played: Played) -> None:
    played.always(X, report(sale=(3, 5)))
    by_number(played, operation(900004, marks=("x", "y")), operation(900003, marks=(B, A)), operation(900002, marks=()))
    done = talk.settle(ORDER)
    assert isinstance(done, Done) and done.document.raw["id"] == 900003


@pytest.mark.parametrize(
    ("made", "order", "code"),
    [
        ([operation(900003, marks=()), operation(900002, marks=())], UNMARKED, "several"),
        ([operation(900003, total_amount=1, marks=()), operation(900002, marks=())], UNMARKED, "several"),
        ([operation(900003), operation(900002)], ORDER, "several"),
        ([operation(total_amount=1, marks=())], UNMARKED, "other_sum"),
        ([operation(total_amount=1)], ORDER, "other_sum"),
        ([operation(marks=(A, "x"))], ORDER, "other_marks"),
        ([operation(created_at="15.07.2026 10:26", marks=())], UNMARKED, "other_time"),
        ([operation(created_at="15.07.2026 10:34", marks=())], UNMARKED, "other_time"),
    ],
)
def test_anything_but_one_that_fits_is_for_a_person(
    talk: Talk, played: Played, made: list[dict[str, Any]], order: Any, code: str
) -> None:
    played.always(X, report(sale=(len(made), 180_000)))
    by_number(played, *made)
    assert doubt_of(talk, order) == (FailureKind.HUMAN, code)
    assert talk.pauses == []


@pytest.mark.parametrize("created_at", ["15.07.2026 10:28", "15.07.2026 10:33"])
def test_a_time_to_the_minute_is_given_its_slack(talk: Talk, played: Played, created_at: str) -> None:
    by_number(played, operation(created_at=created_at, marks=()))
    assert isinstance(talk.settle(UNMARKED), Done)


def test_more_sales_than_a_till_makes_in_a_doubt_are_for_a_person(talk: Talk, played: Played) -> None:
    played.always(X, report(sale=(11, 5)))
    assert doubt_of(talk, ORDER) == (FailureKind.HUMAN, "several")
    assert played.sent(OPERATIONS) == []


def test_a_count_that_went_back_is_for_a_person(talk: Talk, played: Played) -> None:
    counted = replace(BASE, extra={**EXTRA, "counters": {**COUNTERS, "sale": 2}})
    assert doubt_of(talk, ORDER, counted) == (FailureKind.HUMAN, "counter")


def test_a_shift_that_was_closed_meanwhile_counts_by_its_z_report(talk: Talk, played: Played) -> None:
    played.always(SHIFTS, shifts((7, False), (8, True)))
    played.always(Z, report(closed=True))
    played.always(X, report(shift=8, sale=(0, 0)))
    done = talk.settle(ORDER)
    assert isinstance(done, Done) and done.document.shift == 7
    assert played.sent(OPERATIONS)[0].target.endswith("?shift=7001")


def test_a_sale_of_the_next_shift_is_found_there(talk: Talk, played: Played) -> None:
    played.always(SHIFTS, shifts((7, False), (8, True)))
    played.always(Z, report(closed=True, sale=(0, 0)))
    played.always(X, report(shift=8))
    done = talk.settle(ORDER)
    assert isinstance(done, Done) and done.document.shift == 8
    assert played.sent(OPERATIONS)[0].target.endswith("?shift=7002")


def test_an_order_sent_before_a_shift_was_open_is_looked_for_in_the_later_ones(talk: Talk, played: Played) -> None:
    before = replace(BASE, shift=6, shift_open=False, extra={**EXTRA, "counters": {}}, clock_at=None)
    assert isinstance(talk.settle(ORDER, before), Done)
    played.always(SHIFTS, shifts((6, False)))
    absent = talk.settle(ORDER, before)
    assert isinstance(absent, Absent) and absent.evidence.endswith("none")


def test_a_shift_the_till_has_forgotten_is_for_a_person(talk: Talk, played: Played) -> None:
    played.always(SHIFTS, shifts((8, True)))
    assert doubt_of(talk, ORDER) == (FailureKind.HUMAN, "no_shift")


def test_too_many_shifts_since_the_order_are_for_a_person(talk: Talk, played: Played) -> None:
    played.always(SHIFTS, shifts(*((number, number == 17) for number in range(7, 18))))
    assert doubt_of(talk, ORDER) == (FailureKind.HUMAN, "too_many_shifts")


@pytest.mark.parametrize("where", [SHIFTS, X, OPERATIONS, OPERATION])
@pytest.mark.parametrize("play", [cut, answer(HTML, 502), answer(HTML), answer({"data": [1]}), answer({})])
def test_an_answer_that_cannot_be_read_is_a_doubt(talk: Talk, played: Played, where: str, play: Any) -> None:
    played.always(where, play)
    kind, _ = doubt_of(talk, ORDER)
    assert kind is FailureKind.NO_ANSWER


# --- cash ----------------------------------------------------------------------------------------------------------


def cash_in(count: int, sum_tiyn: int) -> dict[str, Any]:
    return report(cash_in=(count, sum_tiyn))


def test_one_cash_move_more_of_our_sum_is_ours(talk: Talk, played: Played) -> None:
    played.always(X, cash_in(2, 1_012_345))
    done = talk.settle(PUT)
    assert isinstance(done, Done) and isinstance(done.document, CashDocument)
    assert (done.recovered, done.document.shift) == (True, 7)
    assert (played.sent(CASH), played.sent(OPERATIONS)) == ([], [])


@pytest.mark.parametrize(
    ("count", "sum_tiyn", "code"), [(2, 1_012_346, "other_sum"), (3, 1_012_345, "several"), (2, 1_000_000, "other_sum")]
)
def test_any_other_cash_move_is_for_a_person(talk: Talk, played: Played, count: int, sum_tiyn: int, code: str) -> None:
    played.always(X, cash_in(count, sum_tiyn))
    assert doubt_of(talk, PUT) == (FailureKind.HUMAN, code)


def test_no_cash_move_more_is_absent(talk: Talk, played: Played) -> None:
    played.always(X, cash_in(1, 1_000_000))
    assert isinstance(talk.settle(PUT), Absent)


def test_a_cash_move_after_a_z_is_counted_in_its_own_shift(talk: Talk, played: Played) -> None:
    played.always(SHIFTS, shifts((7, False), (8, True)))
    played.always(Z, report(closed=True))
    played.always(X, report(shift=8, cash_in=(1, 12_345)))
    done = talk.settle(PUT)
    assert isinstance(done, Done) and done.document.shift == 8


# --- a service that does not protect by its key --------------------------------------------------------------------


def test_without_protection_nothing_is_absent_before_a_request_can_no_longer_be_on_its_way(
    open_at: Callable[..., Talk], played: Played
) -> None:
    played.always(X, NONE_SOLD)
    talk = open_at("dedup=no")
    assert doubt_of(talk, ORDER) == (FailureKind.NO_ANSWER, "late")
    talk.at_ns = NINE_NS + 299 * NS
    assert doubt_of(talk, ORDER) == (FailureKind.NO_ANSWER, "late")
    talk.at_ns = NINE_NS + 300 * NS
    assert isinstance(talk.settle(ORDER), Absent)
