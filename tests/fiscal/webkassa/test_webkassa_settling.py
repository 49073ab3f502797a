"""What became of a request whose answer was lost: found, absent or still in doubt, and never two receipts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest
from webkassa_shop import Clock
from webkassa_talk import (
    BY_NUMBER,
    CHECK,
    FOUND,
    HISTORY,
    LOGIN,
    LOOKUP,
    OK,
    OLD_STATE,
    SHIFTS,
    STATE,
    error,
    settle,
    shifts,
    state,
)

from fiscal.register import (
    Absent,
    Baseline,
    Done,
    FailureKind,
    FiscalDocument,
    NotSent,
    Receipt,
    Unknown,
)
from fiscal.registry import open_register


def test_settling_finds_what_a_lost_answer_has_made_and_sends_nothing(
    asks: Any, register: Any, sale: Receipt, base: Baseline, sleeps: list[float]
) -> None:
    asks.then(CHECK, OK, cut="instead")
    asks.then(LOOKUP, FOUND)
    prepared = register.prepare(sale)
    assert isinstance(register.execute(prepared, base), Unknown)
    outcome = register.settle(prepared, base)
    assert isinstance(outcome, Done)
    assert outcome.recovered
    assert isinstance(outcome.document, FiscalDocument)
    assert (outcome.document.number, outcome.document.qr) == (12, OK["Data"]["TicketUrl"])
    assert len(asks.asked(CHECK)) == 1
    assert sleeps == []


def test_a_document_that_appears_late_is_found_in_a_later_round(
    asks: Any, register: Any, sale: Receipt, base: Baseline, sleeps: list[float]
) -> None:
    asks.then(LOOKUP, error(19))
    asks.then(LOOKUP, error(19))
    asks.then(LOOKUP, FOUND)
    assert isinstance(settle(register, sale, base), Done)
    assert sleeps == [1.0, 1.0]


@pytest.mark.parametrize("code", [15, 16, 19])
def test_absent_in_every_shift_three_times_is_absent_and_the_same_order_may_go_again(
    asks: Any, register: Any, sale: Receipt, base: Baseline, sleeps: list[float], code: int
) -> None:
    asks.always(LOOKUP, error(code))
    prepared = register.prepare(sale)
    asks.then(CHECK, cut="instead")
    assert isinstance(register.execute(prepared, base), Unknown)
    outcome = register.settle(prepared, base)
    assert outcome == Absent("no receipt with key till7-000000123-sale in shifts 7")
    assert sleeps == [1.0, 1.0]
    asks.then(CHECK, OK)
    assert isinstance(register.execute(prepared, base), Done)
    first, second = asks.raw(CHECK)
    assert first == second


def test_newer_shifts_are_searched_too(asks: Any, register: Any, sale: Receipt, base: Baseline) -> None:
    asks.always(SHIFTS, shifts(6, 7, 8, open_=9))
    asks.always(STATE, state(9))
    asks.always(LOOKUP, lambda body: type(asks.fallback[LOGIN])(FOUND if body["ShiftNumber"] == 7 else error(16)))
    assert isinstance(settle(register, sale, base), Done)
    assert [a["ShiftNumber"] for a in asks.asked(LOOKUP)] == [9, 8, 7]


def test_a_shift_that_cannot_be_asked_leaves_the_question_open(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.always(SHIFTS, shifts(7, open_=8))
    asks.always(STATE, state(8))
    asks.always(LOOKUP, lambda body: type(asks.fallback[LOGIN])(error(19) if body["ShiftNumber"] == 8 else error(-1)))
    asks.always(HISTORY, b"<html>", status=500)
    outcome = settle(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.code == "http:500"


def test_without_the_lookup_the_history_is_read_page_by_page(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    """The server has no lookup and hands out ten rows at a time without telling how many there are."""
    receipts: list[dict[str, Any]] = [{"Number": str(n), "ExternalCheckNumber": f"other-{n}"} for n in range(25)]
    receipts[23] = FOUND["Data"]
    answer = type(asks.fallback[LOGIN])
    asks.always(HISTORY, lambda body: answer({"Data": {"Rows": receipts[body["Skip"] : body["Skip"] + 10]}}))
    assert isinstance(settle(register, sale, base), Done)
    receipts[23] = {"Number": "23", "ExternalCheckNumber": 23}
    assert isinstance(settle(register, sale, base), Absent)


def test_a_history_that_does_not_turn_the_page_proves_nothing(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.always(HISTORY, {"Data": [{"Number": "1", "ExternalCheckNumber": "other"}]})
    assert isinstance(settle(register, sale, base), Unknown)
    assert len(asks.asked(HISTORY)) == 6  # Two pages a round: the second shows that it is the first again.


def test_a_found_document_of_another_sum_or_kind_is_a_collision_at_once(
    asks: Any, register: Any, sale: Receipt, base: Baseline, sleeps: list[float]
) -> None:
    for change in ({"Total": 1800.01}, {"OperationType": 3}):
        asks.always(LOOKUP, {"Data": {**FOUND["Data"], **change}})
        outcome = settle(register, sale, base)
        assert isinstance(outcome, Unknown)
        assert outcome.failure.kind is FailureKind.KEY_COLLISION
    assert sleeps == []


def test_what_the_lookup_leaves_out_is_read_from_the_history(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.always(LOOKUP, {"Data": {"CheckNumber": "4228143550", "DateTime": "15.07.2026 10:30:00", "Total": 1800}})
    asks.always(BY_NUMBER, FOUND)
    outcome = settle(register, sale, base)
    assert isinstance(outcome, Done)
    assert isinstance(outcome.document, FiscalDocument)
    assert (outcome.document.number, outcome.document.shift, outcome.document.registration_number) == (
        12,
        7,
        "010100000001",
    )
    assert asks.asked(BY_NUMBER)[0]["Number"] == "4228143550"


def test_a_found_document_without_any_sum_is_not_believed(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    asks.always(LOOKUP, {"Data": {"CheckNumber": "4228143550", "DateTime": "15.07.2026 10:30:00"}})
    outcome = settle(register, sale, base)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.code == "no_total"


def test_with_every_question_unanswered_the_order_stays_in_doubt(
    box: Any, register: Any, sale: Receipt, base: Baseline, sleeps: list[float]
) -> None:
    for path in (STATE, OLD_STATE, SHIFTS, LOOKUP, HISTORY):
        box.always(path, cut="instead")
    assert isinstance(settle(register, sale, base), Unknown)
    assert sleeps == [1.0, 1.0]
    assert box.asked(CHECK) == []


def test_absence_is_not_claimed_when_newer_shifts_cannot_be_listed(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    box.always(LOOKUP, error(19))  # Shift 7 answers; whether there is a shift 8 nobody says.
    assert isinstance(settle(register, sale, base), Unknown)


def test_a_cashbox_that_never_had_a_shift_has_no_receipt(box: Any, register: Any, sale: Receipt) -> None:
    box.always(SHIFTS, shifts())
    outcome = settle(register, sale, Baseline("SWK00000001", None, False, None))
    assert isinstance(outcome, Absent)
    assert "no shift" in outcome.evidence


def test_the_newest_shifts_are_found_in_a_long_list_whatever_its_order(
    box: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    answer = type(box.fallback[LOGIN])
    for rows in (list(range(1, 121)), list(range(120, 0, -1))):
        listed = [
            {"ShiftNumber": n, "OpenDate": "", **({"CloseDate": "14.07.2026 22:00:00"} if n < 120 else {})}
            for n in rows
        ]
        box.always(
            SHIFTS, lambda b, all_=listed: answer({"Data": {"Total": 120, "Shifts": all_[b["Skip"] : b["Skip"] + 20]}})
        )
        found = register.baseline()
        assert (found.shift, found.shift_open) == (120, True)


def test_an_order_of_another_cashbox_is_neither_sent_nor_settled(
    asks: Any, register: Any, sale: Receipt, base: Baseline
) -> None:
    prepared = register.prepare(sale)
    elsewhere = replace(base, identity="SWK99999999")
    assert isinstance(register.execute(prepared, elsewhere), NotSent)
    assert isinstance(register.settle(prepared, elsewhere), Unknown)
    foreign = replace(prepared, family="shtrih")
    assert isinstance(register.execute(foreign, base), NotSent)
    assert isinstance(register.settle(foreign, base), Unknown)
    assert asks.requests == []


# --- Once and only once --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["before", "after", "refused", "half"])
def test_however_the_answer_is_lost_one_key_makes_one_receipt(
    asks: Any, register: Any, sale: Receipt, base: Baseline, lost: str
) -> None:
    """A cashbox with a memory: it fiscalises a key once and answers 14 after that."""
    answer = type(asks.fallback[LOGIN])
    receipts: list[str] = []
    troubles = [lost]

    def check(body: dict[str, Any]) -> Any:
        trouble = troubles.pop() if troubles else ""
        key = body["ExternalCheckNumber"]
        if trouble == "before":
            return answer(cut="instead")
        if trouble == "refused":
            return answer(b"", status=503)
        known = key in receipts
        if not known:
            receipts.append(key)
        if trouble:
            return answer(OK, cut="inside" if trouble == "half" else "instead")
        return answer({**OK, **error(14)} if known else OK)

    asks.always(CHECK, check)
    asks.always(LOOKUP, lambda body: answer(FOUND if body["ExternalCheckNumber"] in receipts else error(19)))
    prepared = register.prepare(sale)
    outcome: Any = register.execute(prepared, base)
    assert isinstance(outcome, Unknown)
    outcome = register.settle(prepared, base)
    if isinstance(outcome, Absent):
        outcome = register.execute(prepared, base)
    assert isinstance(outcome, Done)
    assert outcome.document.fiscal_sign == "4228143550"  # type: ignore[union-attr]
    assert receipts == [sale.key]


def test_settling_twice_gives_the_same_document(asks: Any, register: Any, sale: Receipt, base: Baseline) -> None:
    asks.always(LOOKUP, FOUND)
    prepared = register.prepare(sale)
    assert register.settle(prepared, base) == register.settle(prepared, base)


class Mute(httpx.BaseTransport):
    """Takes every question and answers none but the login: each costs what its time limit is."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.paths: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == LOGIN:
            return httpx.Response(200, json={"Data": {"Token": "a" * 32}})
        self.paths.append(request.url.path)
        self.clock.sleep(request.extensions["timeout"]["read"])
        raise httpx.ReadTimeout("timed out", request=request)


def test_a_service_that_takes_every_question_and_answers_none_is_not_asked_three_times(
    sale: Receipt, base: Baseline
) -> None:
    mute = Mute()
    began = mute.clock.monotonic()
    register = open_register(
        "webkassa+https://kkm.webkassa.kz?cashbox=SWK00000001&login=till7",
        secret=lambda _name: "secret-of-the-till",
        transport=mute,
        now=mute.clock,
        monotonic=mute.clock.monotonic,
        sleep=mute.clock.sleep,
    )
    outcome = settle(register, sale, base)
    register.close()
    assert isinstance(outcome, Unknown) and outcome.failure.code == "timeout"
    assert mute.paths.count(LOOKUP) == 1
    assert mute.clock.monotonic() - began <= 60
