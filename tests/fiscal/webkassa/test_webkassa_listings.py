"""Shifts, Z-reports, the control tape and facts of a cashbox, as published answers tell them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from webkassa_rows import data, page, settings

from fiscal.https.fields import AnswerMalformed
from fiscal.webkassa.info import cashbox_state, client_info
from fiscal.webkassa.listings import ShiftRow, TapeRow, ZRow, shift_row, tape_row, z_row
from fiscal.webkassa.wire import decode


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
