"""Rows of the vendor's lists: what published answers say, what they leave out, and where a bad one is bad."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from fiscal.https.fields import AnswerMalformed, Fields
from fiscal.register import FailureKind, PaymentKind, RegisterUnavailable, ReturnBasis
from fiscal.webkassa.history import ReceiptRow, receipt_row
from fiscal.webkassa.info import cashbox_state, client_info
from fiscal.webkassa.listings import ShiftRow, TapeRow, ZRow, shift_row, tape_row, z_row
from fiscal.webkassa.rows import Page, Parse, Place, Raw, RawPage, gathered, read_page
from fiscal.webkassa.settings import Settings, parse
from fiscal.webkassa.units import vendor_unit
from fiscal.webkassa.wire import decode

UNTIMED = examples(deadline=None, suppress_health_check=[HealthCheck.too_slow])
PATH = "/api/v4/Check/History"


def settings(cashbox: str = "SWK00033717") -> Settings:
    return parse(urlsplit(f"webkassa+https://kkm.webkassa.kz?cashbox={cashbox}&login=a"))


def page(values: list[Any], read: Parse[Any], shift: int | None = None, cashbox: str = "SWK00033717") -> Page[Any]:
    items = tuple(Raw(Place(PATH, index, shift), value) for index, value in enumerate(values))
    return read_page(RawPage(items, None, len(items), False), read, settings(cashbox))


def data(vectors: dict[str, Any], name: str) -> Any:
    return decode(vectors[name]["body"].encode()).data


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


def test_published_shifts_are_open_or_closed(vectors: dict[str, Any]) -> None:
    rows: tuple[ShiftRow, ...] = page(data(vectors, "shifts")["Shifts"], shift_row).whole()
    assert [(row.number, row.closed_at) for row in rows[2:]] == [(3, "2024-11-14T11:18:34+05:00"), (4, "")]
    assert rows[3].opened_at == "2024-11-14T12:13:23+05:00"
    assert not any(row.missing for row in rows)
    assert page([{"OpenDate": "14.11.2024 12:13:23"}], shift_row).bad[0].field == "ShiftNumber"
    assert page([{"ShiftNumber": 1, "CloseDate": "soon"}], shift_row).bad[0].field == "CloseDate"
    assert page([{"ShiftNumber": 1}], shift_row).whole()[0].missing == ("OpenDate",)


def test_published_z_reports_are_read_from_their_list_and_by_shift(reads: dict[str, Any]) -> None:
    rows: tuple[ZRow, ...] = page(data(reads, "z_history")["Reports"], z_row).whole()
    assert [(row.report.shift, row.report.number, row.put_count, row.taken_count) for row in rows] == [
        (1, 1, 6, 2), (2, 1, 1, 0),
    ]  # fmt: skip
    first = rows[0].report
    assert (first.put_tiyn, first.taken_tiyn, first.cash_tiyn, first.document_count) == (300000, 100000, 200000, 1)
    assert (first.opened_at, first.at) == ("2024-11-13T16:45:30+05:00", "2024-11-14T10:31:53+05:00")
    row = page([data(reads, "z_by_shift")], z_row, 3).whole()[0]
    assert (row.report.shift, row.report.closed, row.report.raw["ControlSum"]) == (3, True, 1389829662)
    assert row.missing == ()


def test_a_z_report_of_another_cashbox_or_shift_is_bad_and_a_thin_one_says_what_it_lacks() -> None:
    assert page([{"ShiftNumber": 3, "CashboxSN": "SWK99999999"}], z_row, 3).bad[0].field == "CashboxSN"
    assert page([{"ShiftNumber": 4}], z_row, 3).bad[0].field == "ShiftNumber"
    assert page([{}], z_row, 3).bad[0].field == "ShiftNumber"
    assert page([{"ShiftNumber": 3, "Sell": {}}], z_row, 3).whole()[0].missing == (
        "ReportNumber", "CashboxSN", "StartOn", "CloseOn", "DocumentCount", "PutMoneySum", "TakeMoneySum",
        "SumInCashbox", "OfflineMode", "ReturnSell",
    )  # fmt: skip


def test_the_published_tape_is_read(reads: dict[str, Any]) -> None:
    rows: tuple[TapeRow, ...] = page(data(reads, "tape"), tape_row, 4).whole()
    assert [row.kind for row in rows] == ["sale", "purchase_return", "sale_return", "purchase"]
    # A key that is a number in the sample.
    assert (rows[0].key, rows[0].sum_tiyn, rows[0].fiscal_sign) == ("112233", 1950000, "1445261360149")
    assert (rows[1].key, rows[1].missing) == ("", ("ExternalOperationId",))
    assert all(row.is_receipt and row.place.shift == 4 for row in rows)


def test_the_old_tape_tells_cash_moves_by_words_and_key(reads: dict[str, Any]) -> None:
    rows: tuple[TapeRow, ...] = page(data(reads, "old_tape"), tape_row, 3).whole()
    assert [(row.kind, row.key, row.sum_tiyn, row.is_receipt) for row in rows] == [
        ("sale", "", 1950000, True),
        ("cash_in", "123456789", 200000, False),
        ("cash_out", "123456790", 150000, False),
    ]
    # Out of order: the first row is the latest.
    assert [row.at[11:19] for row in rows] == ["12:50:57", "12:49:49", "12:50:37"]
    document = rows[1].cash_document()
    assert (document.shift, document.balance_tiyn, document.at) == (3, None, "2016-09-01T12:49:49+05:00")


def test_words_of_another_language_leave_the_kind_open() -> None:
    row = page([{"OperationTypeText": "Қолма-қол ақша", "Sum": 1}], tape_row, 3).whole()[0]
    assert (row.kind, row.words) == ("", "Қолма-қол ақша")
    assert row.missing == ("Date", "IsOffline", "ExternalOperationId")


def test_published_cashbox_facts_are_read_with_what_they_lack(reads: dict[str, Any]) -> None:
    info = client_info(decode(reads["info"]["body"].encode()), settings())
    assert (info.status, info.status_words, info.licence_status) == (1, "active", 2)
    assert (info.licence_until, info.ofd, info.ofd_name) == ("2026-05-09T00:00:00+05:00", 4, "Smartcontract (WOFD)")
    assert (info.ofd_until, info.missing) == ("", ("Ofd.Expiration",))
    full = client_info(decode(reads["info_with_ofd_term"]["body"].encode()), settings())
    assert (full.ofd_until, full.missing) == ("2027-02-27T00:00:00+05:00", ())


def test_cashbox_facts_of_wrong_types_are_malformed_and_unknown_numbers_are_told() -> None:
    for wrong in ({"CashboxStatus": "active"}, {"License": {"LicenseExpirationDate": "soon"}}):
        with pytest.raises(AnswerMalformed):
            client_info(decode(json.dumps({"Data": wrong}).encode()), settings())
    odd = client_info(decode(b'{"Data":{"CashboxStatus":9,"Ofd":{"Code":9}}}'), settings())
    assert (odd.status_words, odd.ofd_name) == ("status 9, not known here", "")
    assert "License.LicenseExpirationDate" in odd.missing


def test_published_states_are_read_in_iso_dates_too(reads: dict[str, Any]) -> None:
    opened = cashbox_state(decode(reads["state_open"]["body"].encode()), settings())
    assert (opened.shift, opened.shift_open, opened.protocol, opened.identity) == (2, True, 203, "SWK00034792")
    assert opened.shift_opened_at == "2025-12-04T09:34:11.269649+05:00"
    assert (opened.document_count, opened.cash_tiyn, opened.offline) == (1, 756145446, False)
    assert opened.licence_until == "2026-01-01T00:00:00+05:00"
    closed = cashbox_state(decode(reads["state_closed"]["body"].encode()), settings())
    assert (closed.shift, closed.shift_open, closed.shift_closed_at) == (222, False, "2024-11-19T15:39:29+05:00")
    assert closed.last_operation_at == "2025-09-04T17:52:11+05:00"


def test_a_licence_date_nobody_reads_does_not_hide_the_state() -> None:
    state = cashbox_state(decode(b'{"Data":{"AllLicenseExpiring":false,"CurrentState":{"ShiftNumber":3}}}'), settings())
    assert (state.shift, state.licence_until) == (3, "")


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
