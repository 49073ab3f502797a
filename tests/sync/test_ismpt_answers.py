"""Bodies of look-ups and of refusals, without a network."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from marking.statuses import CodeStatus, Status, neutral
from sync.ismpt import refusals
from sync.ismpt.answers import AnswerMalformed, question, read_answer

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "ismpt.toml").read_text(encoding="utf-8"))
SHOE, PACK = VECTORS["shoe"], VECTORS["pack"]
RECORD = json.loads(VECTORS["public_record"])
AT_NS = 1_795_435_200_000_000_000
GS = "\x1d"


def read(content, *asked):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_answer(body, asked or (SHOE,), AT_NS, neutral)


def test_the_question_is_the_published_one():
    assert question([SHOE]) == VECTORS["code_request"].encode()


@pytest.mark.parametrize(
    "wrapped",
    [RECORD, [RECORD], {"codes": [RECORD]}, {"results": [RECORD]}],
    ids=["object", "array", "codes", "results"],
)
def test_every_published_shape_of_an_answer_is_read(wrapped):
    assert read(wrapped) == {
        SHOE: CodeStatus(
            ki=SHOE,
            status=Status.IN_CIRCULATION,
            at_ns=AT_NS,
            raw_status="INTRODUCED",
            package_type="UNIT",
            gtin="04870000000104",
            template="GS1_AISTR",
        )
    }


def test_the_full_record_names_the_owner():
    assert read(VECTORS["private_answer"].encode(), PACK) == {
        PACK: CodeStatus(
            ki=PACK,
            status=Status.WITHDRAWN,
            at_ns=AT_NS,
            raw_status="WITHDRAWN",
            package_type="UNIT",
            gtin="04870000000135",
            owner_tin="000000000000",
            template="PG",
        )
    }


@pytest.mark.parametrize(("word", "meaning"), VECTORS["statuses"].items())
def test_a_registry_word_becomes_a_neutral_one_and_stays_readable(word, meaning):
    status = read([{**RECORD, "status": word}])[SHOE]
    assert (str(status.status), status.raw_status) == (meaning, word)


def test_a_code_missing_in_the_answer_is_not_found_and_order_means_nothing():
    block = "010487000000013521kQ2!wE5"
    found = read([{"code": block, "status": "APPLIED"}, RECORD], SHOE, PACK, block)
    assert {ki: str(status.status) for ki, status in found.items()} == {
        SHOE: "IN_CIRCULATION",
        PACK: "NOT_FOUND",
        block: "APPLIED",
    }


def test_an_empty_list_means_that_nothing_was_found():
    assert read([])[SHOE].status is Status.NOT_FOUND


@pytest.mark.parametrize(
    ("ki", "full"),
    [(SHOE, SHOE + GS + "91KZF1" + GS + "92abc"), (SHOE, SHOE + "91KZF192abc"), (PACK, PACK + "AbCdX!f1")],
    ids=["with GS", "GS lost", "pack"],
)
def test_a_record_may_carry_the_full_code(ki, full):
    assert read([{"code": full, "status": "WITHDRAWN"}], ki)[ki].status is Status.WITHDRAWN


def test_a_serial_that_begins_like_another_is_not_taken_for_it():
    short, long = "010487000000010421ABC", "010487000000010421ABC91"
    found = read([{"code": long, "status": "WITHDRAWN"}], short, long)
    assert (found[short].status, found[long].status) == (Status.NOT_FOUND, Status.WITHDRAWN)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"<html>502</html>",
        b"{}",
        b'[{"code":"' + SHOE.encode() + b'"}]',
        b'[{"code":"x","context":{}}]',
        b"[1]",
        b"[" * 100_000,
        b'"text"',
        b'[{"code":"01048700000001042100000","status":"INTRODUCED"}]',
    ],
)
def test_what_is_no_answer_never_reads_as_not_found(body):
    with pytest.raises(AnswerMalformed):
        read(body)


@pytest.mark.parametrize(
    ("field", "value", "attribute", "expected"),
    [
        ("expirationDate", "2026-12-31T00:00:00Z", "expires_on", "2026-12-31"),
        ("expirationDate", "2026-12-31T02:00:00.000+05:00", "expires_on", "2026-12-30"),
        ("expirationDate", "2026-12-31", "expires_on", "2026-12-31"),
        ("expirationDate", "soon", "expires_on", None),
        ("gtin", "4870000000104", "gtin", "04870000000104"),
        ("gtin", "none", "gtin", None),
        ("extendedStatus", "WAIT_SHIPMENT", "extended", "WAIT_SHIPMENT"),
        ("partialQuantity", 0, "partial_left", 0),
        ("partialQuantity", "12", "partial_left", 12),
        ("partialQuantity", 0.5, "partial_left", 1),
        ("partialQuantity", True, "partial_left", None),
        ("partialQuantity", "1e999", "partial_left", None),
    ],
)
def test_fields_are_read_tolerantly(field, value, attribute, expected):
    assert getattr(read([{**RECORD, field: value}])[SHOE], attribute) == expected


@pytest.mark.parametrize(
    ("status", "body", "over"),
    [
        (401, b"", True),
        (401, b"<html>", True),
        (403, VECTORS["inactive_token"].encode(), True),
        (400, b'{"code":"inactive-token"}', True),
        (400, VECTORS["wrong_password"].encode(), False),
        (500, b"inactive-token", False),
    ],
)
def test_a_dead_token_is_known_by_its_status_or_its_cause(status, body, over):
    assert refusals.token_is_over(status, body) is over


def test_words_of_a_refusal_hold_no_secret_no_check_part_and_at_most_two_kilobytes():
    body = json.dumps([{"code": SHOE + GS + "91KZF1" + GS + "92tail"}, 'pa"ss', "Bearer abcdef"]).encode()
    words = refusals.words(400, body + "ы".encode() * 4000, ['pa"ss'])
    assert words.startswith("HTTP 400: ")
    assert SHOE in words
    assert not any(secret in words for secret in ("KZF1", "tail", "abcdef", "pa\\"))
    assert len(words.encode()) <= 2048 + len("HTTP 400: ")
    assert refusals.words(406, b"", []) == "HTTP 406"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("?", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert refusals.retry_after_s(header, AT_NS) == seconds
