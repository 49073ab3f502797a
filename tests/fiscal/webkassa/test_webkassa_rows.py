"""Rows of the vendor's lists: what published answers say, what they leave out, and where a bad one is bad."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from webkassa_rows import PATH, data, page, settings

from fiscal.https.fields import AnswerMalformed, Fields
from fiscal.register import FailureKind, PaymentKind, RegisterUnavailable, ReturnBasis
from fiscal.webkassa.history import ReceiptRow, receipt_row
from fiscal.webkassa.listings import shift_row, tape_row, z_row
from fiscal.webkassa.rows import Page, Place, gathered
from fiscal.webkassa.units import vendor_unit

UNTIMED = examples(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def items(vectors: dict[str, Any]) -> list[Any]:
    return list(data(vectors, "history")["Items"])


def test_a_published_sale_is_read_whole(reads: dict[str, Any]) -> None:
    row: ReceiptRow = page(items(reads), receipt_row, shift=4).whole()[0]
    assert (row.seen.fiscal_sign, row.seen.number, row.seen.shift) == ("1445261360149", 1, 4)
    assert (row.seen.at, row.seen.offline, row.seen.operation) == ("2024-11-14T12:13:23+05:00", False, 2)
    assert (row.seen.total_tiyn, row.seen.key) == (1950000, "e2c89643-81cb-4622-9131-c8a93795d1ec")
    assert row.seen.qr.startswith("http://ctest.wofd.kz/consumer?i=1445261360149&")
    assert (row.document_number, row.order_number, row.employee_code) == (15, "9739-c8a93595d2ec", 64)
    assert [(one.kind, one.sum_tiyn) for one in row.payments] == [
        (PaymentKind.CARD, 1850000), (PaymentKind.CASH, 100000),
    ]  # fmt: skip
    assert (row.taken_tiyn, row.change_tiyn, row.discount_tiyn, row.markup_tiyn) == (1950000, 0, 115000, 15000)
    assert (row.tax_tiyn, row.vat_payer, row.customer_xin) == (208928, True, "987654321012")
    assert row.missing == ()
    assert str(row.place) == "/api/v4/Check/History shift 4 row 0"
    json.dumps(row.raw)


def test_its_positions_carry_quantities_taxes_and_marks(reads: dict[str, Any]) -> None:
    first, second = page(items(reads), receipt_row).whole()[0].positions
    assert (first.name, first.code, first.quantity_milli, first.price_tiyn, first.sum_tiyn) == (
        "Marlboro", "1", 1000, 50000, 50000,
    )  # fmt: skip
    assert (first.taxed, first.vat_bp, first.tax_tiyn, first.unit_code) == (True, 1200, 5357, 796)
    assert (second.quantity_milli, second.discount_tiyn, second.sum_tiyn) == (10000, 100000, 1900000)
    # The sample sends Mark 0 for sweets, which have none.
    assert (first.marks, second.marks) == (("ZU604DSWYG6A",), ())


def test_a_published_return_lacks_its_basis_and_says_so(reads: dict[str, Any]) -> None:
    row = page(items(reads), receipt_row).whole()[1]
    assert (row.seen.operation, row.basis, row.missing) == (3, None, ("ReturnBasisDetails",))


def test_a_basis_that_is_told_is_read_and_half_a_one_is_missing_by_name(reads: dict[str, Any]) -> None:
    given_back = items(reads)[1]
    # Values of the vendor's ReturnReceiptRequest.json.
    told = {"CheckNumber": "143425020642", "DateTime": "2025-09-05T06:22:21.567Z", "RegistrationNumber": "032600010221",
            "Total": 5000, "IsOffline": False}  # fmt: skip
    row = page([{**given_back, "ReturnBasisDetails": told}], receipt_row).whole()[0]
    assert row.basis == ReturnBasis("143425020642", "2025-09-05T06:22:21.567000+00:00", "032600010221", 500000, False)
    half = {name: value for name, value in told.items() if name not in ("Total", "IsOffline")}
    row = page([{**given_back, "ReturnBasisDetails": half}], receipt_row).whole()[0]
    assert row.basis is None
    assert row.missing == ("ReturnBasisDetails.Total", "ReturnBasisDetails.IsOffline")


def test_an_old_capture_is_read_and_names_what_it_lacks(reads: dict[str, Any]) -> None:
    row = page([data(reads, "old_by_number")], receipt_row, 16, "SWK00030586").whole()[0]
    assert (row.seen.fiscal_sign, row.document_number, row.marks) == ("445113829", 39, ("U1DN3ACFU7FJ",))
    # A taxed line with the rate 0 and a tax of 631.50: as it came.
    assert (row.positions[0].taxed, row.positions[0].vat_bp, row.positions[0].tax_tiyn) == (True, 0, 63150)
    assert row.missing == ("ExternalCheckNumber",)


def test_the_answer_by_number_is_an_item_with_its_ofd(reads: dict[str, Any]) -> None:
    row = page([data(reads, "by_number")], receipt_row, 4).whole()[0]
    assert (row.seen.ofd_name, row.seen.ofd_host) == ('ТОО "Smartcontract" (WOFD)', "ctest.wofd.kz/consumer")
    assert row.missing == ()


def test_field_names_of_any_case_say_the_same(reads: dict[str, Any]) -> None:
    def lowered(value: Any) -> Any:
        if isinstance(value, dict):
            return {name.lower(): lowered(inner) for name, inner in value.items()}
        return [lowered(inner) for inner in value] if isinstance(value, list) else value

    (plain, _), (lower, _) = (page(rows, receipt_row).whole() for rows in (items(reads), lowered(items(reads))))
    assert (lower.seen, lower.positions, lower.payments) == (plain.seen, plain.positions, plain.payments)


def test_a_list_of_marks_and_a_line_taken_back() -> None:
    positions = [
        {"PositionName": "a", "MarkList": ["one", "two"]},
        {"PositionName": "b", "Mark": "three", "IsStorno": True},
        {"PositionName": "c", "Mark": None, "MarkList": None},
    ]
    row = page([{"Number": "1", "Positions": positions}], receipt_row).whole()[0]
    assert [position.marks for position in row.positions] == [("one", "two"), ("three",), ()]
    assert row.marks == ("one", "two")


def test_a_payment_of_an_unknown_name_keeps_its_name() -> None:
    row = page([{"Payments": [{"Sum": 5, "PaymentTypeName": "Тара"}, {"PaymentTypeName": "Қолма-қол"}]}], receipt_row)
    assert [(one.kind, one.name, one.sum_tiyn) for one in row.whole()[0].payments] == [
        (None, "Тара", 500), (PaymentKind.CASH, "Қолма-қол", None),
    ]  # fmt: skip
    assert "Payments[1].Sum" in row.whole()[0].missing


BAD: dict[str, tuple[list[Any], Any, str]] = {
    "a sum of three digits": (["Total"], 1.005, "Total"),
    "a sum in words": (["Total"], "lots", "Total"),
    "a time nobody reads": (["RegistratedOnUTC"], "yesterday", "RegistratedOnUTC"),
    "an operation in words": (["OperationType"], "sale", "OperationType"),
    "an offline flag in words": (["IsOffline"], "no", "IsOffline"),
    "payments that are none": (["Payments"], {"Sum": 1}, "Payments"),
    "a payment that is none": (["Payments", 1], 1000, "Payments[1]"),
    "positions that are none": (["Positions"], "Marlboro", "Positions"),
    "a position that is none": (["Positions", 1], None, "Positions[1]"),
    "a quantity of four digits": (["Positions", 1, "Count"], 0.0001, "Positions[1].Count"),
    "a quantity in words": (["Positions", 1, "Count"], "ten", "Positions[1].Count"),
    "a price beyond money": (["Positions", 0, "Price"], 10**13, "Positions[0].Price"),
    "a mark that is an object": (["Positions", 0, "Mark"], {"a": 1}, "Positions[0].Mark"),
    "marks that are no list": (["Positions", 0, "MarkList"], "mark", "Positions[0].MarkList"),
    "a mark in a list that is no text": (["Positions", 0, "MarkList"], ["a", 7], "Positions[0].MarkList[1]"),
    "another cashbox": (["CashboxUniqueNumber"], "SWK99999999", "CashboxUniqueNumber"),
    "another shift": (["ShiftNumber"], 5, "ShiftNumber"),
}


@pytest.mark.parametrize(("path", "value", "field"), BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_told_with_its_place_and_the_others_stay(
    reads: dict[str, Any], path: list[Any], value: Any, field: str
) -> None:
    rows = copy.deepcopy([*items(reads), items(reads)[0]])
    *way, last = path
    inside = rows[1]
    for step in way:
        inside = inside[step]
    inside[last] = Decimal(str(value)) if isinstance(value, float) else value
    read = page(rows, receipt_row, shift=4)
    assert [row.place.index for row in read.rows] == [0, 2]
    (bad,) = read.bad
    assert (bad.place, bad.field) == (Place(PATH, 1, 4), field)
    json.dumps(bad.raw)
    with pytest.raises(RegisterUnavailable) as told:
        read.whole()
    assert told.value.failure.kind is FailureKind.NO_ANSWER
    assert told.value.failure.place == f"{PATH} shift 4 row 1 {field}"


@pytest.mark.parametrize("item", [None, 7, "text", []])
def test_an_item_that_is_no_object_is_a_bad_row_as_a_whole(item: Any) -> None:
    read = page([item], receipt_row)
    assert (read.rows, read.bad[0].field, read.bad[0].raw) == ((), "", item)


def test_an_empty_item_is_a_row_that_tells_nothing() -> None:
    row = page([{}], receipt_row).whole()[0]
    assert row.missing == (
        "CashboxUniqueNumber", "CashboxRegistrationNumber", "Number", "OrderNumber", "RegistratedOn", "ShiftNumber",
        "OperationType", "ExternalCheckNumber", "IsOffline", "Total", "TicketUrl", "Payments", "Positions",
    )  # fmt: skip


def test_pages_are_gathered_into_one() -> None:
    first, second = page([{}, 7], receipt_row), page([{}], receipt_row)
    whole = gathered([first, Page(second.rows, second.bad, 3, 3, True)])
    assert (len(whole.rows), len(whole.bad), whole.total, whole.next_skip, whole.ended) == (2, 1, 3, 3, True)
    with pytest.raises(ValueError, match="no page"):
        gathered([])


_WORDS = st.sampled_from(["", "7", "1.5", "01.01.2026 99:00:00", "Қ", "0"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=5,
)
_NAMES = st.sampled_from(
    ["Number", "Total", "RegistratedOn", "Positions", "Payments", "ReturnBasisDetails", "ShiftNumber", "OperationType",
     "Count", "Price", "Sum", "Mark", "MarkList", "UnitCode", "TaxPercent", "IsNds", "Taken", "OpenDate", "CloseDate",
     "CashboxSN", "Sell", "Date", "ExternalOperationId", "IsOffline", "Code", "NameRu", "EmployeeCode"]
)  # fmt: skip
_ROWS = st.recursive(
    st.dictionaries(_NAMES, _JSON, max_size=6),
    lambda inner: st.dictionaries(_NAMES, inner | st.lists(inner, max_size=2), max_size=6),
    max_leaves=4,
)


@UNTIMED
@given(_ROWS)
def test_any_object_is_a_row_or_a_bad_row_and_never_another_exception(row: dict[str, Any]) -> None:
    for read in (receipt_row, shift_row, z_row, tape_row, vendor_unit):
        got = page([row], read, shift=7)
        assert len(got.rows) + len(got.bad) == 1
        json.dumps([bad.raw for bad in got.bad])


def test_a_row_read_alone_names_its_fields_without_a_leading_dot() -> None:
    with pytest.raises(AnswerMalformed) as malformed:
        shift_row(Fields.of({}, ""), Place(PATH, 0), settings())
    assert malformed.value.place == "ShiftNumber"
