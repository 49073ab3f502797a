from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from fiscal.https.fields import AnswerMalformed, Fields, dump
from fiscal.register import Done, FailureKind, Prepared, Unknown
from fiscal.webkassa import codes, domains, moments
from fiscal.webkassa.codes import Reaction
from fiscal.webkassa.documents import cash_document, seen, shift_report
from fiscal.webkassa.info import cashbox_state
from fiscal.webkassa.listings import shift_row
from fiscal.webkassa.rows import Place
from fiscal.webkassa.settings import BasisTime, Settings, parse
from fiscal.webkassa.verdicts import answered
from fiscal.webkassa.wire import decode

FIVE = dt.timedelta(hours=5)
# The machine may be slow: that is no finding.
UNTIMED = examples(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def settings(cashbox: str = "SWK00000001") -> Settings:
    return parse(urlsplit(f"webkassa+https://kkm.webkassa.kz?cashbox={cashbox}&login=a"))


def sale(total: int, key: str) -> Prepared:
    return Prepared(key, "webkassa", "sale", total, {})


RECEIPTS = ["answer to a sale", "captured duplicate", "captured answer of 2025", "one item of", "captured receipt by"]


@pytest.mark.parametrize("name", RECEIPTS)
def test_published_receipts_become_documents(vectors: dict[str, Any], name: str) -> None:
    row = next(row for row in vectors["receipt"] if row["name"].startswith(name))
    envelope = decode(row["body"].encode())
    assert [error.code for error in envelope.errors] == row["errors"]
    found = seen(envelope.fields(), settings(row["cashbox"]))
    outcome = answered(found, sale(row["total_tiyn"], row["key"]), settings(row["cashbox"]), envelope.raw, True)
    assert isinstance(outcome, Done)
    got = {name: getattr(outcome.document, name) for name in row["expected"]}
    assert got == row["expected"]
    json.dumps(outcome.document.raw)  # Evidence is plain JSON.


@pytest.mark.parametrize("name", RECEIPTS)
def test_the_same_receipts_under_another_sum_are_an_alarm(vectors: dict[str, Any], name: str) -> None:
    row = next(row for row in vectors["receipt"] if row["name"].startswith(name))
    envelope = decode(row["body"].encode())
    found = seen(envelope.fields(), settings(row["cashbox"]))
    outcome = answered(found, sale(row["total_tiyn"] + 1, row["key"]), settings(row["cashbox"]), {}, True)
    assert isinstance(outcome, Unknown)
    assert outcome.failure.kind is FailureKind.KEY_COLLISION


def test_a_receipt_of_another_cashbox_or_operation_is_not_ours(vectors: dict[str, Any]) -> None:
    row = next(row for row in vectors["receipt"] if row["name"] == "one item of the history")
    found = seen(decode(row["body"].encode()).fields(), settings())
    other_cashbox = answered(found, sale(row["total_tiyn"], row["key"]), settings(), {}, True)
    assert isinstance(other_cashbox, Unknown)
    assert other_cashbox.failure.place == "Cashbox.UniqueNumber"
    returned = Prepared(row["key"], "webkassa", "sale_return", row["total_tiyn"], {})
    other_kind = answered(found, returned, settings(row["cashbox"]), {}, True)
    assert isinstance(other_kind, Unknown)
    assert other_kind.failure.kind is FailureKind.KEY_COLLISION


def test_published_reports_are_read_whatever_the_case_of_their_fields(vectors: dict[str, Any]) -> None:
    for row in vectors["report"]:
        for body in (row["body"], row["body"].replace("CloseOn", "closeOn").replace("ShiftNumber", "SHIFTNUMBER")):
            report = shift_report(decode(body.encode()), True, settings())
            assert {name: getattr(report, name) for name in row["expected"]} == row["expected"]


def test_the_captured_cash_answer_tells_the_balance_and_borrows_the_shift(vectors: dict[str, Any]) -> None:
    envelope = decode(vectors["cash_answer"]["body"].encode())
    document = cash_document(envelope.fields(), settings(), 33, envelope.raw)
    assert (document.balance_tiyn, document.shift, document.offline) == (5635000, 33, True)
    assert document.at == "2018-02-15T17:18:29+05:00"


def test_the_captured_state_is_read_in_spite_of_its_noise(vectors: dict[str, Any]) -> None:
    state = cashbox_state(decode(vectors["state"]["body"].encode()), settings())
    assert (state.shift, state.shift_open, state.document_count, state.cash_tiyn) == (2048, True, 189, 29765400)
    assert (state.offline, state.protocol, state.identity) == (False, 202, "SWK00349701")
    assert state.shift_opened_at == "2025-05-23T00:03:40+05:00"


def test_the_list_of_shifts_tells_which_is_open(vectors: dict[str, Any]) -> None:
    listed = decode(vectors["shifts"]["body"].encode()).rows("Shifts")
    rows = [shift_row(row, Place("", index), settings()) for index, row in enumerate(listed)]
    assert [(row.number, row.closed) for row in rows] == [(1, True), (2, True), (3, True), (4, False)]


@pytest.mark.parametrize(
    "body",
    ['{"Data":{"Items":[{"N":1}]}}', '{"data":{"rows":[{"n":1}]}}', '{"Data":[{"N":1}]}'],
    ids=["items", "rows", "array"],
)
def test_the_three_containers_of_the_history_are_read(body: str) -> None:
    assert [row.integer("N") for row in decode(body.encode()).rows("Items", "Rows")] == [1]


def test_numbers_keep_every_digit() -> None:
    data = decode(b'{"Data":{"A":0.1,"B":1524064.00,"C":9007199254740993}}')
    assert data.fields().money("A") == 10
    assert data.fields().money("B") == 152406400
    assert data.fields().integer("C") == 9007199254740993
    assert data.raw["Data"]["A"] == "0.1"
    with pytest.raises(AnswerMalformed, match=r"Data\.A"):
        decode(b'{"Data":{"A":248.275}}').fields().money("A")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", ""),
        (b"<html>502</html>", ""),
        (b'{"Data":{"CheckNumber":"42', ""),
        (b'{"Data":NaN}', ""),
        (b'{"Data":1e99999999999999999999}', ""),
        (b'{"Data":' + b"9" * 5000 + b"}", ""),
        (b"\xff\xfe", ""),
        (b"[" * 100000, ""),
        (b'{"Data":' + b"[" * 40 + b"]" * 40 + b"}", ""),
        (b"[]", ""),
        (b"null", ""),
        (b'{"Data":"text"}', "Data"),
        (b'{"Errors":"text"}', "Errors"),
        (b'{"Errors":[7]}', "Errors[0]"),
        (b'{"Errors":[{"Text":"x"}]}', "Errors[0].Code"),
        (b'{"Errors":[{"Code":1.5}]}', "Errors[0].Code"),
        (b'{"Errors":[{"Code":true}]}', "Errors[0].Code"),
    ],
)
def test_rubbish_is_told_with_its_place(body: bytes, place: str) -> None:
    with pytest.raises(AnswerMalformed) as malformed:
        decode(body)
    assert malformed.value.place == place


@UNTIMED
@given(
    st.binary(max_size=200) | st.text(alphabet='{}[]",:DataErrorsCode0123456789.eE-\\ud8', max_size=80).map(str.encode)
)
def test_no_bytes_raise_anything_but_malformed(body: bytes) -> None:
    try:
        envelope = decode(body)
        seen(envelope.fields(), settings())
        shift_report(envelope, True, settings())
        cashbox_state(envelope, settings())
    except AnswerMalformed:
        pass


_WORDS = st.sampled_from(["", "7", "1.5", "01.01.2026 99:00:00", "http://[", "Қ"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=5,
)
_DECIDING = [
    "CheckNumber",
    "DateTime",
    "DateTimeUTC",
    "ShiftNumber",
    "Total",
    "OfflineMode",
    "OperationType",
    "Cashbox",
]
_REPORTED = ["CurrentState", "Sell", "SumInCashbox", "CloseOn", "ReportOn", "StartOn", "DocumentCount"]
_DECORATING = ["CheckOrderNumber", "TicketUrl", "Organization", "ExternalCheckNumber"]
_NAMES = st.sampled_from([*_DECIDING, *_REPORTED, *_DECORATING])


@UNTIMED
@given(st.dictionaries(_NAMES, _JSON, max_size=8))
def test_fields_of_wrong_types_raise_nothing_but_malformed(data: dict[str, Any]) -> None:
    envelope = decode(json.dumps({"Data": data}).encode())
    for read in (
        lambda: answered(seen(envelope.fields(), settings()), sale(100, "k"), settings(), {}, False),
        lambda: shift_report(envelope, True, settings()),
        lambda: cashbox_state(envelope, settings()),
        lambda: cash_document(envelope.fields(), settings(), None, {}),
    ):
        try:
            read()
        except AnswerMalformed as malformed:
            assert malformed.place.startswith("Data")


def test_lone_surrogates_in_an_answer_become_storable_text() -> None:
    envelope = decode(b'{"Data":{"EmployeeName":"a\\ud800b"},"Errors":[{"Code":9,"Text":"\\udfff"}]}')
    json.dumps(envelope.raw, ensure_ascii=False).encode()
    assert envelope.fields().text("EmployeeName") == "a?b"


def test_the_writer_is_exact_and_compact() -> None:
    assert (
        dump({"a": Decimal("248.28"), "b": [True, None, 'қ\x1d"', 3]}) == '{"a":248.28,"b":[true,null,"қ\\u001d\\"",3]}'
    )


def test_a_utc_twin_without_an_offset_is_not_trusted() -> None:
    fields = Fields.of({"DateTime": "15.07.2026 10:30:00", "DateTimeUTC": "15.07.2026 05:30:00"}, "Data")
    assert moments.from_fields(fields, FIVE, "DateTime") == "2026-07-15T10:30:00+05:00"
    named = Fields.of({"DateTime": "15.07.2026 10:30:00", "DateTimeUTC": "15.07.2026 10:30:00 +06:00"}, "Data")
    assert moments.from_fields(named, FIVE, "DateTime") == "2026-07-15T10:30:00+06:00"


def test_the_basis_is_told_in_the_cashbox_s_own_time_or_in_utc() -> None:
    utc = "2026-07-15T05:30:00+00:00"
    assert moments.basis_text(utc, BasisTime.LOCAL, FIVE) == "2026-07-15 10:30:00"
    assert moments.basis_text("2026-07-15T10:30:00+05:00", BasisTime.UTC, FIVE) == "2026-07-15T05:30:00.000Z"


REACTIONS = {
    -1: "doubt", 1: "refuse", 2: "login", 3: "login", 4: "refuse", 5: "refuse", 6: "refuse", 7: "refuse", 8: "refuse",
    9: "refuse", 10: "refuse", 11: "close_shift", 12: "shift_closed", 13: "shift_closed", 14: "duplicate", 15: "absent",
    16: "absent", 17: "refuse", 18: "refuse", 19: "absent", 20: "refuse", 255: "doubt", 505: "switch_host",
    1007: "refuse", 1008: "refuse", 1013: "refuse", 1014: "absent", 1019: "refuse", 1024: "refuse", 1025: "refuse",
    1404: "refuse",
}  # fmt: skip
STOP = [1, 2, 3, 5, 6, 7, 10, 1024, 1025, 1404, *range(1000, 1007), *range(1009, 1013), *range(1015, 1019),
        *range(1020, 1024), 1026, *range(1030, 1035), *range(2001, 2008), 3001, 3002]  # fmt: skip


@pytest.mark.parametrize(("code", "reaction"), REACTIONS.items())
def test_every_code_of_the_vendor_s_table_has_its_reaction(code: int, reaction: str) -> None:
    assert codes.row_for(code, "").reaction == reaction


def test_codes_that_stop_the_till_and_codes_nobody_listed() -> None:
    assert all(codes.row_for(code, "").kind is FailureKind.CONFIGURATION for code in STOP)
    assert codes.row_for(18, "").kind is FailureKind.OFFLINE_LIMIT
    for code in (0, 21, 999, 1027, 9999, -7):
        assert codes.row_for(code, "").reaction is Reaction.DOUBT


@pytest.mark.parametrize(
    ("code", "text", "reaction"),
    [
        (9, "Запросы к одной кассе должны выполняться последовательно", Reaction.WAIT),
        (9, "Параллельные запросы запрещены", Reaction.WAIT),
        (9, "requests to one cashbox must be sequential", Reaction.WAIT),
        (9, "Поле Count обязательно", Reaction.REFUSE),
        (255, "Не указаны реквизиты чека основания", Reaction.REFUSE),
        (255, "Неизвестная ошибка ОФД", Reaction.DOUBT),
    ],
)
def test_two_codes_are_told_apart_by_their_words(code: int, text: str, reaction: Reaction) -> None:
    assert codes.row_for(code, text).reaction is reaction


def test_only_public_names_over_https_are_followed() -> None:
    header = (
        "http://127.0.0.1, 127.0.0.1, https://10.0.0.5, localhost, https://localhost, kkm2.webkassa.kz,"
        " https://kkm3.webkassa.kz/, https://kkm4.webkassa.kz:8443, http://kkm5.webkassa.kz, https://u@kkm6.webkassa.kz,"
        " https://kkm7.webkassa.kz/steal, till.local, router.lan, 0x7f.1, 2130706433, [::1], https://[::1], kkm,"
        " xn--80ak6aa92e.xn--p1ai, kkm2.webkassa.kz, KKM8.Webkassa.KZ, a b.kz, https://kkm9.webkassa.kz:, -a.kz,"
        " https://kkm1.kz?x=1, kkm.webkassa.kz@evil.kz, x.test, ftp://kkm.webkassa.kz, ,"
    )
    assert domains.origins(header) == (
        "https://kkm2.webkassa.kz",
        "https://kkm3.webkassa.kz",
        "https://xn--80ak6aa92e.xn--p1ai",
        "https://kkm8.webkassa.kz",
    )


@UNTIMED
@given(st.text(max_size=60))
def test_any_header_gives_hosts_or_nothing(header: str) -> None:
    assert all(origin.startswith("https://") and "." in origin for origin in domains.origins(header))
