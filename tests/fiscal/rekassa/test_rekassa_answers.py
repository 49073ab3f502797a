"""Answers of the golden vectors become what they mean; anything else is malformed, and never another error."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

import pytest
from cloud_orders import named, vectors
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from spoiled_json import JSON, spoiled

from fiscal.cloud.seen import document_of
from fiscal.failures import FailureKind
from fiscal.https.fields import AnswerMalformed, Fields, load
from fiscal.orders import Prepared
from fiscal.register import CashDocument, FiscalDocument
from fiscal.rekassa import answers, codes
from fiscal.rekassa.codes import Reaction
from fiscal.rekassa.settings import Settings, parse

VECTORS = vectors("rekassa")
UNTIMED = examples(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def settings(options: str = "") -> Settings:
    return parse(urlsplit(f"rekassa+https://app.rekassa.kz/partner?number=RK00000001&{options}"))


def fields(body: str) -> Fields:
    return answers.fields(body.encode())


def order(row: dict[str, Any], kind: str) -> Prepared:
    return Prepared(row["key"], "rekassa", kind, row.get("total_tiyn", 0), {})


@pytest.mark.parametrize("row", VECTORS["document"], ids=lambda row: row["name"])
def test_receipts_become_documents(row: dict[str, Any]) -> None:
    seen = answers.document(fields(row["body"]), settings())
    assert (seen.kind, seen.total_tiyn) == (row["kind"], row["total_tiyn"])
    assert seen.key in ("", row["key"])
    document = document_of(seen, order(row, row["kind"]), "RK00000001")
    assert isinstance(document, FiscalDocument)
    told = {**asdict(document), "id": seen.id}
    assert {name: told[name] for name in row["expected"]} == row["expected"]
    json.dumps(document.raw)  # Evidence is plain JSON.


def test_an_autonomous_number_alone_says_that_a_receipt_was_made_autonomously() -> None:
    value = json.loads(named(VECTORS["document"], "autonomous")["body"])
    for told in (None, False):
        seen = answers.document(fields(json.dumps({**value, "offline": told})), settings())
        assert (seen.offline, seen.fiscal_sign) == (True, "1784093400")


def test_the_marks_of_a_receipt_are_read_back() -> None:
    row = named(VECTORS["document"], "answer to the sale")
    request = named(VECTORS["request"], "sale")
    assert list(answers.document(fields(row["body"]), settings()).marks) == request["line"][0]["marks"]


def test_a_cash_move_becomes_a_document_without_a_fiscal_sign() -> None:
    row = VECTORS["cash_answer"]
    seen = answers.document(fields(row["body"]), settings())
    expected = row["expected"]
    assert (seen.id, seen.kind, seen.total_tiyn) == (expected["id"], "cash_in", expected["sum_tiyn"])
    document = document_of(seen, order(row, "cash_in"), "RK00000001")
    assert isinstance(document, CashDocument)
    assert (document.at, document.shift, document.offline) == (
        expected["at"], expected["shift"], expected["offline"],
    )  # fmt: skip
    assert (seen.number, seen.fiscal_sign) == (expected["number"], "")


@pytest.mark.parametrize("name", ["id", "shiftNumber"])
def test_a_receipt_without_what_it_cannot_be_without_is_malformed(name: str) -> None:
    row = named(VECTORS["document"], "answer to the sale")
    seen = answers.document(fields(row["body"].replace(f'"{name}"', '"other"', 1)), settings())
    if name == "id":
        assert seen.id is None  # Lists need it; the answer to an order does without.
        return
    with pytest.raises(AnswerMalformed, match=r"^shift: is missing"):
        document_of(seen, order(row, "sale"), "RK00000001")


def test_another_kind_of_document_is_told_by_the_vendor_s_word() -> None:
    seen = answers.document(fields('{"id":7,"command":"COMMAND_REPORT","data":{"report":{}}}'), settings())
    assert (seen.id, seen.kind) == (7, "COMMAND_REPORT")


@pytest.mark.parametrize("name", ["registers", "register"])
def test_the_till_is_read_from_its_own_answer_and_from_the_list(name: str) -> None:
    row = VECTORS[name]
    top = fields(row["body"])
    if name == "registers":
        (top,) = answers.tills(top)
    state, expected = answers.till(top, settings()), row["expected"]
    assert (state.id, state.serial, state.shift) == (expected["id"], expected["serial"], expected["shift"])
    assert (state.shift_open, state.blocked) == (expected["shift_open"], None)
    assert state.facts.registration_number == expected["registration_number"]
    assert (state.opened_at, state.offline_since) == (
        expected.get("opened_at", ""), expected.get("offline_since", ""),
    )  # fmt: skip
    assert state.offline is bool(state.offline_since)
    assert state.documents == expected.get("document_number", 3)
    for told in ("taxpayer_name", "taxpayer_xin", "address"):
        assert getattr(state.facts, told) == expected.get(told, getattr(state.facts, told))


def test_a_blocked_till_says_since_when() -> None:
    body = VECTORS["register"]["body"].replace(
        '"blockStartTime":null', '"blockStartTime":"2026-07-15T12:00:00.000+05:00"'
    )
    blocked = answers.till(fields(body), settings()).blocked
    assert blocked is not None
    assert (blocked.kind, blocked.text) == (
        FailureKind.CONFIGURATION, "the till is blocked since 2026-07-15T12:00:00+05:00",
    )  # fmt: skip


def test_a_list_of_documents_is_read_and_one_without_entries_is_empty() -> None:
    page = answers.page(fields(VECTORS["tickets"]["body"]), "tickets")
    seen = [answers.document(row, settings()) for row in page.rows]
    assert [{"id": one.id, "kind": one.kind, "total_tiyn": one.total_tiyn} for one in seen] == VECTORS["tickets"][
        "expected"
    ]
    assert page.total == 3
    empty = answers.page(fields(VECTORS["empty_list"]["body"]), "tickets")
    assert (empty.rows, empty.total) == ([], 3)


def test_shifts_of_a_list_are_told_apart() -> None:
    rows = answers.page(fields(VECTORS["shifts"]["body"]), "shifts").rows
    newest, before = rows
    assert answers.shift_state(newest, settings()).report is None
    with pytest.raises(AnswerMalformed, match="data: is missing"):
        answers.shift_state(before, settings())  # Closed, and the list does not carry its report.


@pytest.mark.parametrize("row", VECTORS["report"], ids=lambda row: row["name"])
def test_reports_are_read(row: dict[str, Any]) -> None:
    expected = {
        name: value for name, value in row["expected"].items() if not name.endswith(("put_count", "taken_count"))
    }
    if expected["closed"]:
        report = answers.shift_state(fields(row["body"]), settings()).report
        assert report is not None
    else:
        report = answers.x_report(fields(row["body"]), settings())
    told = asdict(report)
    assert {name: told[name] for name in expected} == expected


@pytest.mark.parametrize("text", ["answer_bare", "answer_json"], ids=["bare token", "an object"])
def test_the_token_of_a_login_is_found(text: str) -> None:
    token, facts = answers.token_in(VECTORS["login"][text].encode())
    assert token == VECTORS["login"]["token"]
    assert facts.get("id", 1042) == 1042


@pytest.mark.parametrize("around", ['"{}"', "{}\n", '\ufeff"{}"\r\n', " {} "])
def test_a_bare_token_survives_what_boxes_on_the_way_put_around_it(around: str) -> None:
    token = VECTORS["login"]["token"]
    assert answers.token_in(around.format(token).encode()) == (token, {})


def test_the_clock_of_a_login_goes_on() -> None:
    _, facts = answers.token_in(VECTORS["login"]["answer_json"].encode())
    assert answers.clock(facts, 61.4, settings()) == "2026-07-15T09:01:01+05:00"
    assert answers.clock({}, 0.0, settings()) is None
    assert answers.clock({"localDateTime": "9999-12-31T23:59:59"}, 9.0, settings()) is None


KINDS = {
    "ACCESS_DENIED": FailureKind.CONFIGURATION, "PERMISSION_ERROR": FailureKind.CONFIGURATION,
    "WRONG_PASSWORD": FailureKind.CONFIGURATION, "INVALID_TOKEN": FailureKind.CONFIGURATION,
    "BLOCKED": FailureKind.CONFIGURATION, "CASH_REGISTER_BLOCKED": FailureKind.CONFIGURATION,
    "PROTOCOL_ERROR": FailureKind.INVALID, "NOT_ENOUGH_CASH": FailureKind.REFUSED,
    "SAME_TAXPAYER_AND_CUSTOMER": FailureKind.INVALID, "CASH_REGISTER_WRONG_STATUS": FailureKind.CONFIGURATION,
    "CASH_REGISTER_OFFLINE_PERIOD_EXPIRED": FailureKind.OFFLINE_LIMIT,
    "CASH_REGISTER_SHIFT_PERIOD_EXPIRED": FailureKind.SHIFT_EXPIRED,
    "CASH_REGISTER_SHOULD_HAVE_SHIFT_OPEN": FailureKind.REFUSED, "CANT_CANCEL_TICKET": FailureKind.REFUSED,
    "DUPLICATE_EXTERNAL_ID": FailureKind.NO_ANSWER,
}  # fmt: skip


@pytest.mark.parametrize("row", VECTORS["error"], ids=lambda row: f"{row['status']} {row['body'][:60]}")
def test_every_published_error_is_in_the_table_with_its_kind(row: dict[str, Any]) -> None:
    told = answers.error_in(fields(row["body"]))
    assert told is not None
    assert codes.row_for(told.code).kind is KINDS[told.code]
    failure = codes.failure(told.code, told.text, "/tickets")
    assert failure.code == f"rekassa:{told.code}"
    assert failure.text == (told.text or codes.CODES[told.code].meaning)


def test_the_table_has_no_other_codes_and_only_two_are_not_plain_refusals() -> None:
    assert set(codes.CODES) == set(KINDS)
    special = {code: row.reaction for code, row in codes.CODES.items() if row.reaction is not Reaction.REFUSE}
    assert special == {"INVALID_TOKEN": Reaction.LOOK, "DUPLICATE_EXTERNAL_ID": Reaction.DUPLICATE}
    assert codes.row_for("NEVER_SEEN").reaction is Reaction.LOOK


def test_a_document_is_no_error_and_an_error_no_document() -> None:
    assert answers.error_in(fields(named(VECTORS["document"], "answer to the sale")["body"])) is None
    assert answers.error_in(fields(VECTORS["register"]["body"])) is None


# --- whatever comes ------------------------------------------------------------------------------------------------

READERS: tuple[Callable[[Fields], object], ...] = (
    lambda top: answers.document(top, settings()),
    lambda top: answers.till(top, settings()),
    lambda top: answers.shift_state(top, settings()),
    lambda top: answers.x_report(top, settings()),
    lambda top: [answers.document(row, settings()) for row in answers.page(top, "tickets").rows],
    answers.tills,
    answers.error_in,
)
GOLDEN: list[dict[str, Any]] = [
    json.loads(row["body"])
    for row in (
        *VECTORS["document"], *VECTORS["report"], *VECTORS["error"], VECTORS["cash_answer"], VECTORS["registers"],
        VECTORS["register"], VECTORS["tickets"], VECTORS["shifts"],
    )
]  # fmt: skip


def read_by_all(value: Any) -> None:
    raw = json.dumps(value).encode()
    for reader in READERS:
        with contextlib.suppress(AnswerMalformed):
            reader(Fields.of(load(raw), ""))
    with contextlib.suppress(AnswerMalformed):
        answers.token_in(raw)


@UNTIMED
@given(JSON)
def test_any_json_is_read_or_malformed(value: Any) -> None:
    read_by_all(value)


@examples(UNTIMED, max_examples=300)
@given(spoiled(GOLDEN))
def test_a_published_answer_with_anything_in_one_place_is_read_or_malformed(value: Any) -> None:
    read_by_all(value)


@UNTIMED
@given(st.binary(max_size=200))
def test_any_bytes_are_a_login_or_malformed(body: bytes) -> None:
    with contextlib.suppress(AnswerMalformed):
        answers.token_in(body)


@UNTIMED
@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4), st.floats(-1e9, 1e9))
def test_any_login_has_a_clock_or_none(facts: dict[str, Any], age_s: float) -> None:
    at = answers.clock(facts, age_s, settings())
    assert at is None or dt.datetime.fromisoformat(at).tzinfo is not None


@examples(UNTIMED, max_examples=300)
@given(spoiled(GOLDEN[:4]))
def test_a_spoiled_receipt_has_no_negative_sum(value: Any) -> None:
    with contextlib.suppress(AnswerMalformed):
        seen = answers.document(Fields.of(load(json.dumps(value).encode()), ""), settings())
        assert seen.total_tiyn is None or seen.total_tiyn >= 0
