"""After silence: what the lists of the service prove, and what they leave to a person."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cloud_orders import A, B, line, mark, sale
from cloud_played import NINE_NS, NS, Played, Talk, answer, cut
from rekassa_talk import BASE, CASH, DOCUMENTS, EXTRA, ORDER, SELL, TILL, VECTORS, listed, sold, till

from fiscal.register import (
    Absent,
    CashDirection,
    CashDocument,
    CashMove,
    Done,
    FailureKind,
    FiscalDocument,
    RegisterUnavailable,
    SeenDocument,
    Unknown,
)

NEXT = "GET /api/crs/1042/shifts/8/tickets"


def unsold(id_: int, **change: Any) -> dict[str, Any]:
    """A document of somebody else, with a key and a sum of its own."""
    return sold(id_, **{"externalId": f"other-{id_}", "total": 1, **change})


def keyless(id_: int, **change: Any) -> dict[str, Any]:
    made = unsold(id_, **change)
    del made["externalId"]
    return made


def test_the_document_with_our_key_is_found_among_others(talk: Talk, played: Played) -> None:
    played.always(DOCUMENTS, listed(unsold(50003), sold(), unsold(50001)))
    done = talk.settle(ORDER)
    assert isinstance(done, Done) and isinstance(done.document, FiscalDocument)
    assert (done.recovered, done.document.fiscal_sign) == (True, "4228143550")
    assert played.sent(DOCUMENTS)[0].target.endswith("?page=0&size=20")
    assert played.sent(DOCUMENTS)[0].headers["Accept"] == "application/hal+json"
    assert played.sent(SELL) == []


def test_what_is_missing_is_missing_three_times(talk: Talk, played: Played) -> None:
    played.always(DOCUMENTS, listed(unsold(50001)))
    absent = talk.settle(ORDER)
    assert isinstance(absent, Absent)
    assert absent.evidence == f"no document with key {ORDER.key} in shifts 7"
    assert talk.pauses == [1.0, 1.0]


def test_a_document_that_shows_late_decides_at_once(talk: Talk, played: Played) -> None:
    played.then(DOCUMENTS, listed(), listed(sold()))
    assert isinstance(talk.settle(ORDER), Done)
    assert talk.pauses == [1.0]


def test_the_list_is_read_only_as_far_as_the_order_reaches(talk: Talk, played: Played) -> None:
    rows = [unsold(id_) for id_ in range(50022, 50002, -1)]
    played.then(DOCUMENTS, listed(*rows, total=60))
    played.then(DOCUMENTS, listed(sold(50002), unsold(50001), unsold(50000), total=60))
    assert isinstance(talk.settle(ORDER), Done)
    assert len(played.sent(DOCUMENTS)) == 2
    assert played.sent(DOCUMENTS)[1].target.endswith("?page=1&size=20")


def test_a_list_in_the_other_order_is_read_to_its_end(talk: Talk, played: Played) -> None:
    played.always(f"{DOCUMENTS}?page=0&size=20", listed(*(unsold(id_) for id_ in range(49982, 50002)), total=21))
    played.always(f"{DOCUMENTS}?page=1&size=20", listed(sold(50002), total=21))
    assert isinstance(talk.settle(ORDER), Done)


def test_a_list_that_does_not_tell_its_length_ends_with_an_empty_page(talk: Talk, played: Played) -> None:
    embedded = {"_embedded": {"tickets": [unsold(50003), unsold(50002)]}}
    played.always(DOCUMENTS, embedded)
    played.always(f"{DOCUMENTS}?page=1&size=20", {})
    assert isinstance(talk.settle(ORDER), Absent)


def test_a_list_that_moves_while_it_is_read_shows_nothing_twice(talk: Talk, played: Played) -> None:
    played.always(f"{DOCUMENTS}?page=0&size=20", listed(unsold(50003), sold(50002), total=3))
    played.always(f"{DOCUMENTS}?page=1&size=20", listed(sold(50002), unsold(50001), total=3))
    before = replace(BASE, extra={**EXTRA, "counters": {"last_id": 0}})
    assert isinstance(talk.settle(ORDER, before), Done)  # Twice would be a case for a person.


def test_a_list_without_end_is_a_doubt(talk: Talk, played: Played) -> None:
    played.always(DOCUMENTS, {"_embedded": {"tickets": [unsold(50003)]}})
    doubt = talk.settle(ORDER)
    assert isinstance(doubt, Unknown)
    assert "does not end" in doubt.failure.text


@pytest.mark.parametrize(
    "play", [cut, answer("<html>", 502), answer("[]"), listed({"id": 50002}), listed(sold(id=None))]
)
def test_a_list_that_cannot_be_read_is_a_doubt(talk: Talk, played: Played, play: Any) -> None:
    played.always(DOCUMENTS, play)
    doubt = talk.settle(ORDER)
    assert isinstance(doubt, Unknown)
    assert doubt.failure.kind is FailureKind.NO_ANSWER


def test_a_shift_that_was_closed_meanwhile_is_looked_through_too(talk: Talk, played: Played) -> None:
    played.always(TILL, till(shiftNumber=8))
    played.always(NEXT, listed(unsold(50003)))
    played.always(DOCUMENTS, listed(sold()))
    assert isinstance(talk.settle(ORDER), Done)
    played.always(DOCUMENTS, listed())
    absent = talk.settle(ORDER)
    assert isinstance(absent, Absent) and absent.evidence.endswith("in shifts 7, 8")


def test_a_till_without_a_shift_has_nothing(talk: Talk, played: Played) -> None:
    played.always(TILL, till(shiftNumber=0, shiftOpen=False))
    assert isinstance(talk.settle(ORDER, replace(BASE, shift=None, shift_open=False)), Absent)


def test_too_many_shifts_since_the_order_are_for_a_person(talk: Talk, played: Played) -> None:
    played.always(TILL, till(shiftNumber=17))
    doubt = talk.settle(ORDER)
    assert isinstance(doubt, Unknown)
    assert (doubt.failure.kind, doubt.failure.code) == (FailureKind.HUMAN, "too_many_shifts")


def test_two_documents_with_our_key_are_for_a_person(talk: Talk, played: Played) -> None:
    played.always(DOCUMENTS, listed(sold(50003), sold(50002)))
    doubt = talk.settle(ORDER)
    assert isinstance(doubt, Unknown)
    assert (doubt.failure.kind, doubt.failure.code) == (FailureKind.HUMAN, "several")
    assert talk.pauses == []


def test_our_key_with_another_sum_is_an_alarm(talk: Talk, played: Played) -> None:
    played.always(DOCUMENTS, listed(sold(total=1)))
    doubt = talk.settle(ORDER)
    assert isinstance(doubt, Unknown) and doubt.failure.kind is FailureKind.KEY_COLLISION


def test_our_key_without_a_sum_proves_nothing_yet(talk: Talk, played: Played) -> None:
    made = sold()
    del made["data"]["ticket"]["amounts"]
    played.always(DOCUMENTS, listed(made))
    doubt = talk.settle(ORDER)
    assert isinstance(doubt, Unknown)
    assert (doubt.failure.kind, doubt.failure.code) == (FailureKind.NO_ANSWER, "no_total")


def test_a_row_without_its_key_is_asked_for_by_its_number(talk: Talk, played: Played) -> None:
    row = sold()
    del row["externalId"]
    played.always(DOCUMENTS, listed(row))
    played.then("GET /api/crs/1042/tickets/50002", sold())
    done = talk.settle(ORDER)
    assert isinstance(done, Done)
    assert len(played.sent("GET /api/crs/1042/tickets/50002")) == 1


def test_a_document_without_any_key_that_fits_is_for_a_person(talk: Talk, played: Played) -> None:
    row = keyless(50002, total=1800)
    played.always(DOCUMENTS, listed(row))
    played.always("GET /api/crs/1042/tickets/50002", row)
    doubt = talk.settle(ORDER)
    assert isinstance(doubt, Unknown)
    assert (doubt.failure.kind, doubt.failure.code) == (FailureKind.HUMAN, "keyless")


def test_a_document_without_any_key_that_does_not_fit_is_somebody_else_s(talk: Talk, played: Played) -> None:
    played.always(DOCUMENTS, listed(keyless(50002)))
    assert isinstance(talk.settle(ORDER), Absent)


def test_a_cash_move_is_found_by_its_key(talk: Talk, played: Played) -> None:
    put = CashMove("till7-cash-000000009", CashDirection.IN, 1_000_000)
    played.always(DOCUMENTS, listed(sold(50003, externalId="other"), json.loads(VECTORS["cash_answer"]["body"])))
    before = replace(BASE, extra={**EXTRA, "counters": {"last_id": 50000}})
    done = talk.settle(put, before)
    assert isinstance(done, Done) and isinstance(done.document, CashDocument)
    assert played.sent(CASH) == []


def test_a_document_made_autonomously_is_found_with_the_number_it_has_now(talk: Talk, played: Played) -> None:
    made = sold(ticketNumber=None, offlineTicketNumber=1784093400, offline=True)
    played.always(DOCUMENTS, listed(made))
    done = talk.settle(ORDER)
    assert isinstance(done, Done) and isinstance(done.document, FiscalDocument)
    assert (done.document.fiscal_sign, done.document.offline) == ("1784093400", True)
    played.always(DOCUMENTS, listed(sold(offline=True)))
    done = talk.settle(ORDER)
    assert isinstance(done, Done) and isinstance(done.document, FiscalDocument)
    assert (done.document.fiscal_sign, done.document.offline) == ("4228143550", True)


# --- a service that does not protect by its key --------------------------------------------------------------------


def test_without_protection_nothing_is_absent_before_a_request_can_no_longer_be_on_its_way(
    open_at: Callable[..., Talk], played: Played
) -> None:
    talk = open_at("dedup=no&late_s=120")
    doubt = talk.settle(ORDER)
    assert isinstance(doubt, Unknown)
    assert (doubt.failure.kind, doubt.failure.code) == (FailureKind.NO_ANSWER, "late")
    assert talk.pauses == []
    talk.at_ns = NINE_NS + 119 * NS
    assert isinstance(talk.settle(ORDER), Unknown)
    talk.at_ns = NINE_NS + 120 * NS
    assert isinstance(talk.settle(ORDER), Absent)


def test_without_protection_a_document_that_is_there_is_found_at_once(
    open_at: Callable[..., Talk], played: Played
) -> None:
    played.always(DOCUMENTS, listed(sold()))
    assert isinstance(open_at("dedup=no").settle(ORDER), Done)


# --- a service that does not tell keys -----------------------------------------------------------------------------


def untold(
    id_: int, second: int = 0, total: int = 1800, marks: tuple[str, ...] = (), minute: int = 0
) -> dict[str, Any]:
    """A sale of 9 o'clock without a key."""
    made = copy.deepcopy(sold(id_, total=total))
    del made["externalId"]
    made["data"]["ticket"]["dateTime"]["time"] = {"hour": 9, "minute": 0, "second": second}
    made["data"]["ticket"]["items"][0]["commodity"]["listExciseStamp"] = list(marks)
    return made


@pytest.fixture
def bare(open_at: Callable[..., Talk]) -> Talk:
    return open_at("keys=none")


MARKED = sale(line(quantity_milli=2_000, marks=(mark(A), mark(B))), paid=180_000)


def test_one_sale_since_the_order_that_fits_is_ours(bare: Talk, played: Played) -> None:
    played.always(DOCUMENTS, listed(untold(50002), untold(50001, total=5)))
    done = bare.settle(ORDER)
    assert isinstance(done, Done) and done.recovered


def test_nothing_since_the_order_is_absent(bare: Talk, played: Played) -> None:
    played.always(DOCUMENTS, listed(untold(50001)))
    assert isinstance(bare.settle(ORDER), Absent)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([untold(50003), untold(50002)], "several"),
        ([untold(50003, total=5), untold(50002)], "several"),
        ([untold(50002, total=5)], "other_sum"),
        ([untold(50002, second=1)], "other_time"),
    ],
)
def test_anything_but_one_that_fits_is_for_a_person(bare: Talk, played: Played, rows: Any, code: str) -> None:
    played.always(DOCUMENTS, listed(*rows))
    doubt = bare.settle(ORDER)
    assert isinstance(doubt, Unknown)
    assert (doubt.failure.kind, doubt.failure.code) == (FailureKind.HUMAN, code)


def test_marks_tell_ours_among_several(bare: Talk, played: Played) -> None:
    played.always(DOCUMENTS, listed(untold(50003, marks=("x", "y")), untold(50002, marks=(B, A)), untold(50004)))
    done = bare.settle(MARKED)
    assert isinstance(done, Done)
    assert done.document.raw["id"] == 50002


def test_one_sale_with_other_marks_is_not_ours(bare: Talk, played: Played) -> None:
    played.always(DOCUMENTS, listed(untold(50002, marks=(A, "x"))))
    doubt = bare.settle(MARKED)
    assert isinstance(doubt, Unknown) and doubt.failure.code == "other_marks"


def test_our_marks_twice_are_for_a_person(bare: Talk, played: Played) -> None:
    played.always(DOCUMENTS, listed(untold(50003, marks=(A, B)), untold(50002, marks=(A, B))))
    doubt = bare.settle(MARKED)
    assert isinstance(doubt, Unknown) and doubt.failure.code == "several"


def test_our_marks_under_another_sum_are_for_a_person(bare: Talk, played: Played) -> None:
    played.always(DOCUMENTS, listed(untold(50002, marks=(A, B), total=1)))
    doubt = bare.settle(MARKED)
    assert isinstance(doubt, Unknown) and doubt.failure.code == "other_sum"


def test_documents_of_other_kinds_do_not_count(bare: Talk, played: Played) -> None:
    back = untold(50003)
    back["data"]["ticket"]["operation"] = "OPERATION_SELL_RETURN"
    played.always(DOCUMENTS, listed(back, untold(50002)))
    assert isinstance(bare.settle(ORDER), Done)


# --- for a person who compares -------------------------------------------------------------------------------------


def test_the_newest_document_is_shown_from_as_few_rows_as_tell_the_order(talk: Talk, played: Played) -> None:
    played.always(DOCUMENTS, listed(sold(50003), sold(50002), total=9))
    shown = talk.register.last_document()
    assert shown == SeenDocument("2", "sale", 180_000, "2026-07-15T10:30:00+05:00", 7, "4228143550")
    assert [one.target.rpartition("?")[2] for one in played.sent(DOCUMENTS)] == ["page=0&size=2"]


def test_the_newest_document_of_a_list_in_the_other_order(talk: Talk, played: Played) -> None:
    oldest, middle, newest = (sold(number, shiftDocumentNumber=number) for number in (1, 2, 3))
    played.always(f"{DOCUMENTS}?page=0&size=2", listed(oldest, middle, total=3))
    played.always(f"{DOCUMENTS}?page=0&size=20", listed(oldest, middle, newest))
    shown = talk.register.last_document()
    assert shown is not None and shown.number == "3"


def test_the_newest_document_of_an_empty_shift_is_in_the_one_before(talk: Talk, played: Played) -> None:
    played.always("GET /api/crs/1042/shifts/6/tickets", listed(sold(1, shiftNumber=6)))
    shown = talk.register.last_document()
    assert shown is not None and shown.shift == 6


def test_a_till_that_has_not_sold_for_long_says_so(talk: Talk, played: Played) -> None:
    for shift in (5, 6):
        played.always(f"GET /api/crs/1042/shifts/{shift}/tickets", listed())
    with pytest.raises(RegisterUnavailable, match="too_far_back"):
        talk.register.last_document()
    played.always(TILL, till(shiftNumber=0, shiftOpen=False))
    assert talk.register.last_document() is None


def test_a_document_is_found_by_key_in_a_shift_and_later_ones(talk: Talk, played: Played) -> None:
    played.always(DOCUMENTS, listed(sold()))
    shown = talk.register.find(ORDER.key, 7)
    assert shown is not None and shown.fiscal_sign == "4228143550"
    assert talk.register.find("in-none", 7) is None


def test_a_key_that_is_nowhere_near_is_not_called_absent(talk: Talk, played: Played) -> None:
    played.always(TILL, till(shiftNumber=17))
    for shift in range(8, 18):
        played.always(f"GET /api/crs/1042/shifts/{shift}/tickets", listed())
    with pytest.raises(RegisterUnavailable, match="too_far_back"):
        talk.register.find("in-none")
