"""What a person is shown of a cashbox: a document by our key, and the newest one."""

from __future__ import annotations

import random
from typing import Any

import pytest
from webkassa_talk import FOUND, HISTORY, LOGIN, LOOKUP, SHIFTS, STATE, TAPE, error, shifts, state

from fiscal.register import FailureKind, RegisterUnavailable, SeenDocument

KEY = "till7-000000123-sale"


def history(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"Data": {"Items": list(rows), "Total": len(rows)}}


def item(number: int | None, at: str = "15.07.2026 10:30:00", **more: Any) -> dict[str, Any]:
    sign = more.pop("sign", f"4228{number}")
    return {"Number": sign, "OrderNumber": number, "RegistratedOn": at, "OperationType": 2, "Total": 10,
            "ShiftNumber": 7, "ExternalCheckNumber": f"k-{number}", **more}  # fmt: skip


def test_a_receipt_is_found_by_its_key(asks: Any, register: Any) -> None:
    asks.always(LOOKUP, FOUND)
    assert register.find(KEY, 7) == SeenDocument("12", "sale", 180000, "2026-07-15T10:30:00+05:00", 7, "4228143550")


def test_a_receipt_is_found_in_a_later_shift_than_the_one_named(asks: Any, register: Any) -> None:
    asks.always(SHIFTS, shifts(6, 7, open_=8))
    asks.always(STATE, state(8))
    asks.always(LOOKUP, lambda body: type(asks.fallback[LOGIN])(FOUND if body["ShiftNumber"] == 8 else error(19)))
    found = register.find(KEY, 7)
    assert found is not None
    assert found.fiscal_sign == "4228143550"
    assert [body["ShiftNumber"] for body in asks.asked(LOOKUP)] == [8]


def test_without_a_shift_every_shift_is_asked(asks: Any, register: Any) -> None:
    asks.always(LOOKUP, error(19))
    asks.always(TAPE, {"Data": []})
    assert register.find(KEY) is None
    assert [body["ShiftNumber"] for body in asks.asked(LOOKUP)] == [7, 6]
    assert [body["ShiftNumber"] for body in asks.asked(TAPE)] == [7, 6]


def test_a_key_is_not_called_absent_when_there_are_more_shifts_than_are_searched(asks: Any, register: Any) -> None:
    asks.always(SHIFTS, shifts(*range(1, 12), open_=12))
    asks.always(STATE, state(12))
    asks.always(LOOKUP, error(19))
    with pytest.raises(RegisterUnavailable) as told:
        register.find(KEY)
    assert (told.value.failure.kind, told.value.failure.code) == (FailureKind.HUMAN, "too_many_shifts")


def test_a_key_is_not_called_absent_when_a_shift_gives_no_answer(asks: Any, register: Any) -> None:
    asks.always(LOOKUP, cut="instead")
    asks.always(HISTORY, cut="instead")
    with pytest.raises(RegisterUnavailable):
        register.find(KEY, 7)


def test_a_cash_move_is_found_on_the_tape_by_its_key(asks: Any, register: Any, reads: dict[str, Any]) -> None:
    asks.always(LOOKUP, error(19))
    asks.always(TAPE, reads["old_tape"]["body"].encode())
    assert register.find("123456790", 7) == SeenDocument("", "cash_out", 150000, "2016-09-01T12:50:37+05:00", 7)


def test_a_cash_move_without_a_key_may_be_the_one_and_a_person_is_told_where(asks: Any, register: Any) -> None:
    asks.always(LOOKUP, error(19))
    asks.always(TAPE, {"Data": [{"OperationTypeText": "Внесение", "Sum": 5, "Date": "15.07.2026 09:00:00"}]})
    with pytest.raises(RegisterUnavailable) as told:
        register.find(KEY, 7)
    assert (told.value.failure.kind, told.value.failure.code) == (FailureKind.HUMAN, "keyless")
    assert "shift 7 row 0" in told.value.failure.text


def test_receipts_on_the_tape_without_a_key_prove_nothing_and_hinder_nothing(
    asks: Any, register: Any, reads: dict[str, Any]
) -> None:
    """The vendor's tape names the key of one receipt in four; receipts have been looked up before."""
    asks.always(LOOKUP, error(19))
    asks.always(TAPE, reads["tape"]["body"].encode())
    assert register.find(KEY, 7) is None


@pytest.mark.parametrize("seed", range(5))
def test_the_newest_is_the_highest_number_whatever_the_order_and_the_clock(asks: Any, register: Any, seed: int) -> None:
    """The clock went back between 2 and 3, and 3 was made autonomously, with a code of its own."""
    rows = [
        item(1, "15.07.2026 10:00:00"),
        item(2, "15.07.2026 11:00:00"),
        item(3, "15.07.2026 10:30:00", sign="923956785162", IsOffline=True, OperationType=3),
    ]
    random.Random(seed).shuffle(rows)
    asks.always(HISTORY, history(*rows))
    assert register.last_document() == SeenDocument(
        "3", "sale_return", 1000, "2026-07-15T10:30:00+05:00", 7, "923956785162"
    )


def test_ten_comes_after_nine_across_pages(asks: Any, register: Any) -> None:
    rows = [item(n) for n in (10, *range(1, 10), *range(11, 61))]
    answer = type(asks.fallback[LOGIN])
    asks.always(HISTORY, lambda body: answer({"Data": rows[body["Skip"] : body["Skip"] + 7]}))
    found = register.last_document()
    assert found is not None
    assert found.number == "60"


def test_where_numbers_are_left_out_the_time_decides_by_the_moment_and_not_by_its_text(
    asks: Any, register: Any
) -> None:
    rows = [
        item(None, "x", sign="a", RegistratedOn="15.07.2026 10:30:00", RegistratedOnUTC="15.07.2026 10:30:00 +05:00"),
        item(None, "x", sign="b", RegistratedOn="15.07.2026 11:00:00", RegistratedOnUTC="15.07.2026 11:00:00 +06:00"),
        item(9, "15.07.2026 09:00:00", sign="c"),
    ]
    asks.always(HISTORY, history(*rows))
    found = register.last_document()
    assert found is not None
    assert (found.fiscal_sign, found.number) == ("a", "")


def test_a_receipt_without_number_and_time_leaves_the_newest_open(asks: Any, register: Any) -> None:
    asks.always(HISTORY, history(item(1), {"Number": "4"}))
    with pytest.raises(RegisterUnavailable) as told:
        register.last_document()
    assert (told.value.failure.kind, told.value.failure.code) == (FailureKind.HUMAN, "no_order")


def test_a_row_that_cannot_be_read_may_be_the_newest(asks: Any, register: Any) -> None:
    asks.always(HISTORY, history(item(1), item(2, Total="lots")))
    with pytest.raises(RegisterUnavailable) as told:
        register.last_document()
    assert told.value.failure.place == f"{HISTORY} row 1.Total"


def test_an_empty_shift_is_passed_over_and_three_are_too_far(asks: Any, register: Any) -> None:
    answer = type(asks.fallback[LOGIN])
    asks.always(HISTORY, lambda body: answer(history(item(5)) if body["ShiftNumber"] == 5 else error(15)))
    found = register.last_document()
    assert found is not None
    assert found.number == "5"
    asks.always(HISTORY, history())
    with pytest.raises(RegisterUnavailable) as told:
        register.last_document()
    assert told.value.failure.code == "too_far_back"
    assert [body["ShiftNumber"] for body in asks.asked(HISTORY)] == [7, 6, 5, 7, 6, 5]


def test_a_cashbox_whose_three_shifts_are_all_empty_has_no_document(asks: Any, register: Any) -> None:
    asks.always(STATE, state(3))
    asks.always(HISTORY, history())
    assert register.last_document() is None


def test_a_cashbox_without_shifts_has_no_document(box: Any, register: Any) -> None:
    box.always(SHIFTS, shifts())
    assert register.last_document() is None
    assert box.asked(HISTORY) == []


def test_a_purchase_and_an_operation_nobody_knows_keep_their_words(asks: Any, register: Any) -> None:
    for operation, kind in ((0, "purchase"), (1, "purchase_return"), (9, "9")):
        asks.always(HISTORY, history(item(1, OperationType=operation)))
        found = register.last_document()
        assert found is not None
        assert found.kind == kind
