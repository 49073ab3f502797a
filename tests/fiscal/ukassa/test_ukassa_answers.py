"""Answers of the golden vectors become what they mean; anything else is malformed, and never another error."""

from __future__ import annotations

import contextlib
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

from fiscal.failures import FailureKind
from fiscal.https.fields import AnswerMalformed
from fiscal.ukassa import answers
from fiscal.ukassa.reading import refused
from fiscal.ukassa.settings import Settings, parse

VECTORS = vectors("ukassa")
UNTIMED = examples(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def settings() -> Settings:
    return parse(urlsplit("ukassa+https://ukassa.kz?hashline=UK00000001&kassa=3868&section=5&email=till@example.kz"))


def loaded(body: str) -> Any:
    return answers.loaded(body.encode())


@pytest.mark.parametrize("row", VECTORS["document"], ids=lambda row: row["name"])
def test_receipts_are_read(row: dict[str, Any]) -> None:
    seen = answers.receipt(answers.inside(loaded(row["body"])), settings())
    told = asdict(seen)
    assert {name: told[name] for name in row["expected"]} == row["expected"]
    assert seen.kind in ("", row["kind"])
    assert seen.total_tiyn in (None, row["total_tiyn"])
    json.dumps(seen.raw)  # Evidence is plain JSON.


def test_the_registration_number_is_in_the_text_of_the_qr() -> None:
    seen = answers.receipt(answers.inside(loaded(VECTORS["document"][0]["body"])), settings())
    assert seen.registration_number == VECTORS["registration_number"]


@pytest.mark.parametrize("link", ["", "http://x", "http://[", "http://x?f=a", "http://x?f=1&f=2", "http://x?f=١"])
def test_a_link_without_a_registration_number_tells_none(link: str) -> None:
    row = {"id": 1, "fixed_check": "2", "link": link}
    assert answers.receipt(answers.inside(row), settings()).registration_number == ""


def test_an_operation_by_its_number_is_the_same_receipt_with_its_marks() -> None:
    row = VECTORS["operation"]
    seen = answers.receipt(answers.inside(loaded(row["body"])), settings())
    told = {**asdict(seen), "marks": list(seen.marks)}
    assert {name: told[name] for name in row["expected"]} == row["expected"]


@pytest.mark.parametrize("name", ["id", "fixed_check"])
def test_a_receipt_without_its_number_or_its_sign_is_none(name: str) -> None:
    value = loaded(VECTORS["document"][0]["body"])
    del value["data"][name]
    with pytest.raises(AnswerMalformed, match=f"{name}: is missing"):
        answers.receipt(answers.inside(value), settings())


@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: {"data": value}])
def test_shifts_and_operations_are_read_bare_or_wrapped(wrap: Callable[[Any], Any]) -> None:
    rows = answers.shifts(wrap(loaded(VECTORS["shifts"]["body"])), settings())
    expected = [{**row, "closed_at": None} for row in VECTORS["shifts"]["expected"]]
    assert [(row.ref, row.number, row.open, row.opened_at) for row in rows] == [
        (row["id"], row["number"], row["open"], row["opened_at"]) for row in expected
    ]
    seen = answers.operations(wrap(loaded(VECTORS["operations"]["body"])), settings())
    told = [asdict(one) for one in seen]
    for got, row in zip(told, VECTORS["operations"]["expected"], strict=True):
        assert {name: got[name] for name in row} == row


@pytest.mark.parametrize("row", VECTORS["report"], ids=lambda row: row["name"])
def test_reports_are_read(row: dict[str, Any]) -> None:
    report = answers.report(loaded(row["body"]), settings())
    told, counts = asdict(report.shift), {"put_count": "cash_in", "taken_count": "cash_out"}
    for name, value in row["expected"].items():
        assert (report.counted[counts[name]].count if name in counts else told[name]) == value, name


def test_an_x_report_tells_the_till_and_its_owner() -> None:
    facts = answers.report(loaded(VECTORS["report"][0]["body"]), settings()).facts
    assert (facts.identity, facts.registration_number) == ("UK00000001", "010100000001")
    assert (facts.taxpayer_name, facts.taxpayer_xin, facts.address) == ("Shop LLP", "000000000000", "Almaty")


@pytest.mark.parametrize("row", VECTORS["login"]["answer"], ids=lambda row: row["body"][:40])
def test_the_token_of_a_login_is_found_wherever_it_stands(row: dict[str, Any]) -> None:
    assert answers.token_in(loaded(row["body"])) == VECTORS["login"]["token"]


def test_the_user_tells_his_tills_and_some_logins_do_not() -> None:
    row = VECTORS["user"]
    told = answers.user(loaded(row["body"]))
    expected = row["expected"]
    assert told is not None
    assert told.tills == {expected["kassa"]: expected["factory_number"]}
    assert told.facts.taxpayer_name == expected["taxpayer_name"]
    assert told.facts.taxpayer_xin == expected["taxpayer_xin"]
    assert answers.user(loaded(VECTORS["login"]["answer"][1]["body"])) is None


def test_a_z_answer_names_its_shift() -> None:
    assert answers.closed_shift(loaded(VECTORS["z_answer"]["body"])) == VECTORS["z_answer"]["expected"]["shift"]


KINDS = {
    "log in again, once": FailureKind.CONFIGURATION,
    "login: wrong e-mail or password": FailureKind.REFUSED,
    "refused: not enough cash": FailureKind.REFUSED,
    "Z or X while no shift is open: on Z it is closed already, ask the shift list": FailureKind.REFUSED,
    "refused: the shift is older than 24 hours, close it and repeat with the same key": FailureKind.REFUSED,
    "refused: a field is missing or wrong": FailureKind.INVALID,
    "no right, or another organisation's till": FailureKind.CONFIGURATION,
    "no such till, shift or operation": FailureKind.CONFIGURATION,
    "the key was used: for the same body (C) or for another one; a document exists, look it up": FailureKind.NO_ANSWER,
}


@pytest.mark.parametrize("row", VECTORS["error"], ids=lambda row: row["meaning"])
def test_every_published_refusal_has_its_kind_and_its_words(row: dict[str, Any]) -> None:
    value = loaded(row["body"])
    failure = refused(row["status"], value, "/place")
    assert failure.kind is KINDS[row["meaning"]]
    assert failure.code == f"ukassa:{row['status']}"
    assert failure.text in (value.get("message"), value.get("detail"), row["body"])


def test_a_page_of_a_box_on_the_way_is_told_apart_from_the_service() -> None:
    failure = refused(403, None, "/place")
    assert (failure.code, failure.text) == ("http:403", "no answer of the service")


@pytest.mark.parametrize(
    ("text", "tiyn"), [('"1800.00"', 180_000), ("1800", 180_000), ("248.28", 24_828), ('" 1 "', 100)]
)
def test_sums_are_numbers_or_texts(text: str, tiyn: int) -> None:
    assert answers.tenge(answers.inside(loaded(f'{{"a":{text}}}')), "a") == tiyn


@pytest.mark.parametrize("text", ['"x"', '"1.001"', "true", "[]", '"NaN"', '"1e999999"', "1e999999", '"-"', '""'])
def test_what_is_no_sum_is_malformed(text: str) -> None:
    with pytest.raises(AnswerMalformed, match=r"^a: "):
        answers.tenge(answers.inside(loaded(f'{{"a":{text}}}')), "a")


# --- whatever comes ------------------------------------------------------------------------------------------------

READERS: tuple[Callable[[Any], object], ...] = (
    lambda value: answers.receipt(answers.inside(value), settings()),
    lambda value: answers.shifts(value, settings()),
    lambda value: answers.operations(value, settings()),
    lambda value: answers.report(value, settings()),
    answers.user,
    answers.token_in,
    answers.closed_shift,
    answers.refusal,
    lambda value: refused(400, value, "/"),
)
GOLDEN: list[Any] = [
    json.loads(row["body"])
    for row in (
        *VECTORS["document"], *VECTORS["report"], *VECTORS["error"], *VECTORS["login"]["answer"], VECTORS["operation"],
        VECTORS["user"], VECTORS["shifts"], VECTORS["operations"], VECTORS["z_answer"], VECTORS["cash_answer"],
    )
]  # fmt: skip


def read_by_all(value: Any) -> None:
    raw = json.dumps(value).encode()
    for reader in READERS:
        with contextlib.suppress(AnswerMalformed):
            reader(answers.loaded(raw))


@UNTIMED
@given(JSON)
def test_any_json_is_read_or_malformed(value: Any) -> None:
    read_by_all(value)


@examples(UNTIMED, max_examples=300)
@given(spoiled(GOLDEN))
def test_a_published_answer_with_anything_in_one_place_is_read_or_malformed(value: Any) -> None:
    read_by_all(value)


@UNTIMED
@given(st.text(max_size=40))
def test_any_text_is_a_sum_or_malformed(text: str) -> None:
    with contextlib.suppress(AnswerMalformed):
        answers.tenge(answers.inside({"a": text}), "a")


def test_the_autonomous_receipt_of_the_vectors_says_so() -> None:
    row = named(VECTORS["document"], "autonomous")
    assert answers.receipt(answers.inside(loaded(row["body"])), settings()).offline is True
