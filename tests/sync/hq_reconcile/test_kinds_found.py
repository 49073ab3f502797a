"""The smallest case of every kind that is about a unit, and its near miss, which must not be found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hq_witnesses import GTIN, NOW, OTHER_GTIN, SHOPS, Told, Unit, at, code, found

from sync.hq.finding import CAUSES
from sync.hq.kinds import KINDS, Kind, Subject
from sync.hq.reconcile.facts import DAY_US, HOUR_US, MINUTE_US, Thresholds
from sync.hq.witness import NO_MARKS_TOLD, Operation, UnitStatus

A, B, C = (Unit(code(number)) for number in (1, 2, 3))
RETURN = Operation.RETURN
TRUSTING = Thresholds(trust_where_operator_is_silent=True)
Case = Callable[[Told], dict[str, Any] | None]


def lose_ofd_receipt(told: Told) -> None:
    told.sold(A, when=at(2))
    told.ofd.clear()
    told.ofd_receipt.clear()


def no_receipt(told: Told) -> None:
    lose_ofd_receipt(told)


def no_receipt_but_offline(told: Told) -> dict[str, Any]:
    """A register may send three days later."""
    told.receipt(A, when=at(9, 13), offline=True, witnesses="agent")
    return {}


def no_receipt_but_operator_not_imported(told: Told) -> dict[str, Any]:
    lose_ofd_receipt(told)
    return {"operator_through": {"R1": at(1)}}


def list_without_marks(told: Told) -> None:
    """The operator's list names receipts alone: it says nothing against the units in them."""
    told.sold(A, B, when=at(2))
    told.ofd.clear()
    told.ofd_receipt[0] = replace(told.ofd_receipt[0], marks=NO_MARKS_TOLD)


def list_without_marks_has_the_goods(told: Told) -> None:
    told.sold(A, when=at(2))
    told.ofd[0] = replace(told.ofd[0], ki="")
    told.ofd_receipt[0] = replace(told.ofd_receipt[0], marks=NO_MARKS_TOLD)


def list_with_marks_beside_one_without(told: Told) -> None:
    line_missing(told)
    told.ofd_receipt.append(replace(told.ofd_receipt[0], marks=NO_MARKS_TOLD, source="receipts"))


def not_withdrawn_by_a_list_without_marks(told: Told) -> None:
    still_in_circulation(told)
    told.ofd.clear()
    told.ofd_receipt[0] = replace(told.ofd_receipt[0], marks=NO_MARKS_TOLD)


def operator_never_heard(told: Told) -> dict[str, Any]:
    """Nobody imports what the operator of this chain has: then the register's own answer is enough."""
    lose_ofd_receipt(told)
    return {"thresholds": TRUSTING}


def not_withdrawn_and_operator_never_heard(told: Told) -> dict[str, Any]:
    still_in_circulation(told)
    told.ofd.clear()
    told.ofd_receipt.clear()
    return {"thresholds": TRUSTING}


def lost_at_an_operator_who_is_heard(told: Told) -> dict[str, Any]:
    lose_ofd_receipt(told)
    return {"thresholds": TRUSTING, "operator_through": {"R1": at(9)}}


def line_missing(told: Told) -> None:
    told.sold(A, B, when=at(2))
    del told.ofd[0]


def line_missing_but_a_return(told: Told) -> None:
    """Whether a return carries its mark differs between registers."""
    told.sold(A, when=at(2))
    told.receipt(A, when=at(3), operation=RETURN)
    told.ofd.pop()
    told.stands(A, UnitStatus.IN_CIRCULATION, since=at(3, 14), seen=at(4))


def not_in_journal(told: Told) -> None:
    told.sold(A, when=at(2), witnesses="ofd")


def not_in_journal_but_told_twice(told: Told) -> None:
    """Two imports of one receipt are one receipt."""
    told.sold(A, when=at(2))
    told.ofd.append(replace(told.ofd[0], source="cabinet", line=0, source_row=9))
    told.ofd_receipt.append(replace(told.ofd_receipt[0], source="cabinet"))


def in_doubt(told: Told) -> dict[str, Any]:
    told.sold(A, when=at(2), witnesses="ofd")
    return {"doubts": {"almaty-1": at(2, 11, 59)}}


def not_delivered(told: Told) -> dict[str, Any]:
    told.sold(A, when=at(2), witnesses="ofd")
    return {"delivered": {till: at(1) for till in SHOPS}}


def unknown_register(told: Told) -> None:
    told.sold(A, when=at(2), register="R9", witnesses="ofd")


def mark_missing(told: Told) -> None:
    """The same GTIN twice in a receipt, and one of the two without its mark."""
    told.sold(A, B, when=at(2))
    told.ofd[1] = replace(told.ofd[1], ki="")


def mark_missing_but_unmarked_goods(told: Told) -> None:
    """Goods without marks beside marked ones: both witnesses have the line as it is."""
    told.sold(A, when=at(2))
    line = replace(told.agent[0], ki="", gtin=OTHER_GTIN, line=2)
    told.agent.append(line)
    told.ofd.append(replace(line, till=""))


def damaged(told: Told) -> None:
    told.sold(A, B, when=at(2))
    told.ofd[0] = replace(told.ofd[0], ki=A.ki[:-1] + ("x" if A.ki[-1] != "x" else "y"))


def other_unit(told: Told) -> None:
    told.sold(A, B, when=at(2))
    told.ofd[0] = replace(told.ofd[0], ki=C.ki)


def marks_in_another_order(told: Told) -> None:
    told.sold(A, B, when=at(2))
    told.ofd[0], told.ofd[1] = replace(told.ofd[0], ki=B.ki), replace(told.ofd[1], ki=A.ki)


def line_sum(told: Told) -> None:
    told.sold(A, B, when=at(2))
    told.ofd[0] = replace(told.ofd[0], sum_tiyn=50_100)


def sums_of_lines_not_told(told: Told) -> None:
    told.sold(A, B, when=at(2))
    told.ofd = [replace(line, sum_tiyn=0) for line in told.ofd]


def same_sum_of_other_lines(told: Told) -> None:
    told.sold(A, replace(B, sum_tiyn=1), when=at(2))


def second_document(told: Told) -> None:
    told.sold(A, when=at(2))
    told.receipt(A, when=at(2, 12, 1), witnesses="ofd")


def second_document_after_return(told: Told) -> None:
    told.sold(A, when=at(2))
    told.receipt(A, when=at(2, 13), operation=RETURN)
    told.sold(A, when=at(2, 14))


def still_in_circulation(told: Told) -> None:
    told.receipt(A, when=at(2))
    told.stands(A, UnitStatus.IN_CIRCULATION, since=0, seen=at(3, 13))


def still_in_circulation_within_grace(told: Told) -> None:
    told.receipt(A, when=at(2))
    told.stands(A, UnitStatus.IN_CIRCULATION, since=0, seen=at(3, 11))


def status_went_backwards(told: Told) -> None:
    told.sold(A, when=at(2))
    told.stands(A, UnitStatus.IN_CIRCULATION, since=at(2, 15), seen=at(5))


def withdrawn_later(told: Told) -> None:
    told.sold(A, when=at(2))
    told.stands(A, UnitStatus.IN_CIRCULATION, since=0, seen=at(2, 13))


def not_in_registry(told: Told) -> None:
    told.receipt(A, when=at(2))
    told.stands(A, UnitStatus.NOT_FOUND, since=0, seen=at(4))


def not_in_full_export(told: Told) -> dict[str, Any]:
    told.receipt(A, when=at(2))
    return {"registry_complete_to": at(4)}


def nobody_asked(told: Told) -> None:
    told.receipt(A, when=at(2))


def no_sale(told: Told) -> None:
    told.stands(A, UnitStatus.WITHDRAWN, since=at(2), seen=at(3))


def no_sale_but_a_late_till(told: Told) -> dict[str, Any]:
    told.stands(A, UnitStatus.WITHDRAWN, since=at(9), seen=at(9, 13))
    return {"delivered": {**dict.fromkeys(SHOPS, NOW), "oral-1": at(8)}}


def no_sale_but_older_than_the_lake(told: Told) -> dict[str, Any]:
    told.stands(A, UnitStatus.WITHDRAWN, since=at(1), seen=at(3))
    return {"known_since": at(2)}


def goods_on_the_shelf(told: Told) -> None:
    told.stands(A, UnitStatus.IN_CIRCULATION, since=at(1), seen=at(3))


def twice(second: str) -> Case:
    def build(told: Told) -> None:
        told.receipt(A, when=at(2))
        told.sold(A, when=at(4), register=second)

    return build


def return_and_resale(told: Told) -> None:
    told.receipt(A, when=at(2))
    told.receipt(A, when=at(3), operation=RETURN, register="R2")
    told.sold(A, when=at(4), register="R3")


def return_by_a_slow_clock(told: Told) -> None:
    """The register that took the unit back is five minutes behind the one that sold it."""
    told.receipt(A, when=at(2, 12, 0))
    told.receipt(A, when=at(2, 11, 57), operation=RETURN, register="R2")
    told.sold(A, when=at(2, 12, 30))


def written_off(told: Told) -> None:
    told.receipt(A, when=at(5))
    told.stands(A, UnitStatus.WRITTEN_OFF, since=at(3), seen=at(7), day=told.agent[0].day)


def written_off_known_before(told: Told) -> None:
    """What was known before the sale counts, although the sale withdrew the unit once more."""
    told.stands(A, UnitStatus.WRITTEN_OFF, since=0, seen=at(3), day=told.agent[0].day if told.agent else None)
    told.sold(A, when=at(5))


def written_off_after_sale(told: Told) -> None:
    told.receipt(A, when=at(5))
    told.stands(A, UnitStatus.WRITTEN_OFF, since=at(6), seen=at(7), day=told.agent[0].day)


def withdrawn_before(told: Told) -> None:
    told.receipt(A, when=at(5))
    told.stands(A, UnitStatus.WITHDRAWN, since=at(3), seen=at(7), day=told.agent[0].day)


def withdrawn_on_a_bare_date(told: Told) -> None:
    """A registry that tells the date alone says midnight of the day of sale."""
    told.receipt(A, when=at(5, 15))
    told.stands(A, UnitStatus.WITHDRAWN, since=at(5, 0), seen=at(7))


def registry_a_few_minutes_behind(told: Told) -> None:
    told.receipt(A, when=at(5, 15, 5))
    told.stands(A, UnitStatus.WITHDRAWN, since=at(5, 15), seen=at(7))


def expired(told: Told) -> None:
    told.receipt(A, when=at(5))
    told.stands(A, UnitStatus.WITHDRAWN, since=at(5, 13), seen=at(7), expires=at(4, 0))


def expires_today(told: Told) -> None:
    told.receipt(A, when=at(5, 23, 59))
    told.stands(A, UnitStatus.WITHDRAWN, since=at(5, 23, 59), seen=at(7), expires=at(5, 0))


def returned(told: Told, day: int) -> None:
    told.sold(A, when=at(2))
    told.receipt(A, when=at(day), operation=RETURN)
    told.stands(A, UnitStatus.WITHDRAWN, since=at(2), seen=at(10), day=told.agent[0].day)


def in_term(told: Told) -> None:
    """Friday 6 November: the third working day is Wednesday the 11th."""
    returned(told, 6)


def term_over(told: Told) -> None:
    """Wednesday 4 November: the third working day was Monday the 9th."""
    returned(told, 4)


def brought_back(told: Told) -> None:
    told.sold(A, when=at(2))
    told.receipt(A, when=at(3), operation=RETURN)
    told.stands(A, UnitStatus.IN_CIRCULATION, since=at(4), seen=at(5))


def gtin_differs(told: Told) -> None:
    told.sold(A, when=at(2))
    told.ofd[0] = replace(told.ofd[0], gtin=OTHER_GTIN)


def gtin_differs_in_registry(told: Told) -> None:
    told.receipt(A, when=at(2))
    told.stands(A, UnitStatus.WITHDRAWN, since=at(2, 13), seen=at(4), gtin=OTHER_GTIN)


def operator_says_no_gtin(told: Told) -> None:
    told.sold(A, when=at(2))
    told.ofd[0] = replace(told.ofd[0], gtin="")


def registers_share_a_sign(told: Told) -> None:
    told.sold(A, when=at(2), register="R1", sign="777")
    told.sold(B, when=at(2), register="R2", sign="777")


def around_midnight(told: Told) -> None:
    told.receipt(A, when=at(2, 23, 59, 58))
    told.stands(A, UnitStatus.WITHDRAWN, since=at(3, 0, 0, 1), seen=at(4), day=told.agent[0].day)
    told.sold(B, when=at(3, 0, 0, 2))


FOUND: list[tuple[Case, Kind, str]] = [
    (no_receipt, Kind.SOLD_NOT_FISCALISED, "no-receipt"),
    (line_missing, Kind.SOLD_NOT_FISCALISED, "line-missing"),
    (list_with_marks_beside_one_without, Kind.SOLD_NOT_FISCALISED, "line-missing"),
    (lost_at_an_operator_who_is_heard, Kind.SOLD_NOT_FISCALISED, "no-receipt"),
    (not_withdrawn_by_a_list_without_marks, Kind.SOLD_NOT_WITHDRAWN, "still-in-circulation"),
    (not_withdrawn_and_operator_never_heard, Kind.SOLD_NOT_WITHDRAWN, "still-in-circulation"),
    (not_in_journal, Kind.FISCALISED_NOT_IN_JOURNAL, "not-in-journal"),
    (in_doubt, Kind.FISCALISED_NOT_IN_JOURNAL, "in-doubt-at-till"),
    (not_delivered, Kind.FISCALISED_NOT_IN_JOURNAL, "not-delivered-yet"),
    (unknown_register, Kind.FISCALISED_NOT_IN_JOURNAL, "unknown-register"),
    (mark_missing, Kind.FISCAL_WITHOUT_MARK, "mark-missing"),
    (damaged, Kind.MARK_DIFFERS, "damaged"),
    (other_unit, Kind.MARK_DIFFERS, "other-unit"),
    (line_sum, Kind.AMOUNT_DIFFERS, "line-sum"),
    (second_document, Kind.DUPLICATE_DOCUMENT, "second-document"),
    (still_in_circulation, Kind.SOLD_NOT_WITHDRAWN, "still-in-circulation"),
    (status_went_backwards, Kind.SOLD_NOT_WITHDRAWN, "still-in-circulation"),
    (not_in_registry, Kind.SOLD_NOT_WITHDRAWN, "not-in-registry"),
    (not_in_full_export, Kind.SOLD_NOT_WITHDRAWN, "not-in-registry"),
    (no_sale, Kind.WITHDRAWN_NOT_SOLD, "no-sale"),
    (twice("R1"), Kind.SOLD_TWICE, "same-till"),
    (twice("R2"), Kind.SOLD_TWICE, "two-tills"),
    (twice("R3"), Kind.SOLD_TWICE, "two-shops"),
    (written_off, Kind.SOLD_AFTER_BLOCK, "written-off"),
    (written_off_known_before, Kind.SOLD_AFTER_BLOCK, "written-off"),
    (withdrawn_before, Kind.SOLD_AFTER_BLOCK, "withdrawn-before"),
    (expired, Kind.SOLD_AFTER_EXPIRY, "expired"),
    (in_term, Kind.RETURNED_STILL_WITHDRAWN, "in-term"),
    (term_over, Kind.RETURN_OVERDUE, "term-over"),
    (gtin_differs, Kind.WRONG_GTIN, "gtin-differs"),
    (gtin_differs_in_registry, Kind.WRONG_GTIN, "gtin-differs"),
]
NEAR: list[Case] = [
    no_receipt_but_offline,
    no_receipt_but_operator_not_imported,
    line_missing_but_a_return,
    list_without_marks,
    list_without_marks_has_the_goods,
    operator_never_heard,
    not_in_journal_but_told_twice,
    mark_missing_but_unmarked_goods,
    marks_in_another_order,
    sums_of_lines_not_told,
    same_sum_of_other_lines,
    second_document_after_return,
    still_in_circulation_within_grace,
    withdrawn_later,
    nobody_asked,
    no_sale_but_a_late_till,
    no_sale_but_older_than_the_lake,
    goods_on_the_shelf,
    return_and_resale,
    return_by_a_slow_clock,
    written_off_after_sale,
    withdrawn_on_a_bare_date,
    registry_a_few_minutes_behind,
    expires_today,
    brought_back,
    operator_says_no_gtin,
    registers_share_a_sign,
    around_midnight,
]


CASES = [*(case for case, _, _ in FOUND), *NEAR]
Verdicts = dict[int, list[tuple[str, str]]]


@pytest.fixture(scope="module", params=["duckdb", "polars"])
def verdicts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """What is found in each case, by its place in CASES; those that need no facts of their own lie in one lake."""
    together, judged = Told(), {}
    for place, case in enumerate(CASES):
        told = Told()
        other = case(told)
        if other is None:
            together.add(told.apart(place))
            judged[place] = []
        else:
            folder = tmp_path_factory.mktemp("alone")
            judged[place] = found(told.compared(folder, engine=request.param, **other))
    for one in together.compared(tmp_path_factory.mktemp("together"), engine=request.param).findings:
        judged[int(one.ki[-3:])].append((str(one.kind), one.cause))
    return judged


@pytest.mark.parametrize("place", range(len(FOUND)), ids=[f"{case[1]}-{case[2]}" for case in FOUND])
def test_each_disagreement_is_found_once_with_its_cause(verdicts: Verdicts, place: int) -> None:
    _, kind, cause = FOUND[place]
    assert verdicts[place] == [(str(kind), cause)]


@pytest.mark.parametrize("place", range(len(FOUND), len(CASES)), ids=[case.__name__ for case in NEAR])
def test_what_only_looks_like_a_disagreement_is_not_found(verdicts: Verdicts, place: int) -> None:
    assert verdicts[place] == []


def test_every_kind_and_cause_of_a_unit_has_a_case() -> None:
    wanted = {(kind, cause) for kind in Kind if KINDS[kind].subject is Subject.UNIT for cause in CAUSES[kind]}
    assert {(kind, cause) for _, kind, cause in FOUND} == wanted


def test_a_finding_names_the_receipt_the_sums_the_status_and_the_term(tmp_path: Path) -> None:
    told = Told()
    still_in_circulation(told)
    (one,) = told.compared(tmp_path).findings
    assert (one.ki, one.gtin, one.till, one.register, one.sign) == (A.ki, GTIN, "almaty-1", "R1", "R1-000001")
    assert (one.at, one.number, one.shift, one.ours_tiyn, one.theirs_tiyn) == (at(2), 1, 1, 50_000, 50_000)
    assert one.status == "IN_CIRCULATION"
    assert one.due_at == at(6, 0), "sold on Monday the 2nd, so the third working day is Thursday the 5th"


def test_a_second_document_is_told_of_the_first(tmp_path: Path) -> None:
    told = Told()
    second_document(told)
    (one,) = told.compared(tmp_path).findings
    assert (one.sign, one.other) == ("R1-000001", "R1-000002")


def test_the_later_of_two_sales_is_told_with_the_till_of_the_first(tmp_path: Path) -> None:
    told = Told()
    twice("R3")(told)
    (one,) = told.compared(tmp_path).findings
    assert (one.till, one.other, one.at) == ("oral-1", "almaty-1", at(4))


def test_a_unit_sold_on_two_days_is_seen_when_the_second_arrives(tmp_path: Path) -> None:
    told = Told()
    twice("R3")(told)
    fourth = told.agent[1].day
    assert found(told.compared(tmp_path / "all", (fourth, fourth))) == [("sold-twice", "two-shops")]


def test_a_late_sale_on_another_day_is_measured_against_what_the_registry_said_then(tmp_path: Path) -> None:
    told = Told()
    told.stands(A, UnitStatus.WRITTEN_OFF, since=at(3), seen=at(3, 15))
    told.receipt(A, when=at(5))
    fifth = told.agent[0].day
    assert found(told.compared(tmp_path, (fifth, fifth))) == [("sold-after-block", "written-off")]


def test_hours_and_minutes_are_what_they_say() -> None:
    assert (DAY_US, HOUR_US, MINUTE_US) == (86_400_000_000, 3_600_000_000, 60_000_000)


def test_a_receipt_just_before_midnight_is_found_at_an_operator_whose_clock_is_past_it(tmp_path: Path) -> None:
    """Each witness files it under the day of its own clock."""
    bare, unsaid = Unit(code(1)), Unit(code(2))
    told = Told()
    for unit, sign in ((bare, "S1"), (unsaid, "S2")):
        told.receipt(unit, when=at(5, 23, 59, 58), sign=sign, witnesses="agent")
        told.receipt(unit, when=at(6, 0, 0, 3), sign=sign, witnesses="ofd")
    told.ofd = [replace(told.ofd[0], ki="")]
    told.ofd_receipt = [replace(told.ofd_receipt[0], marks=0), replace(told.ofd_receipt[1], marks=NO_MARKS_TOLD)]
    assert [one for one in found(told.compared(tmp_path)) if one[0] != "number-gap"] == [
        ("fiscal-without-mark", "mark-missing")
    ]
