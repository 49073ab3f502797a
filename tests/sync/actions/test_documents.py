"""Bodies of documents against the description's constructed examples, and how units share documents."""

from __future__ import annotations

import base64
import datetime as dt
import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.hq.actions.documents import (
    RETURN,
    WITHDRAWAL,
    Paper,
    Terms,
    Unit,
    batches,
    body,
    canonical,
    codes_of,
    due_after,
    same,
)

VECTORS = tomllib.loads((Path(__file__).parents[2] / "vectors" / "ismpt_documents.toml").read_text("utf-8"))
WRITE_OFF = Terms(withdrawal_type="WRITE_OFF", reason_other="damaged")
SHOE, PACK = "0104870000000104213kZ7q_W<2hT9m", "04870000000135kR4_vZ8"
MONDAY = dt.date(2026, 11, 23)


def microseconds(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).timestamp()) * 1_000_000


def test_a_write_off_is_byte_for_byte_that_of_the_description():
    paper = Paper("ACT", "2026-11-23", "154-28")
    made = body(WITHDRAWAL, 1001, microseconds("2026-11-23T11:55:37Z"), paper, [SHOE], WRITE_OFF)
    assert made == VECTORS["write_off"]["body"].encode()
    assert len(made) == 335
    assert base64.b64encode(made).decode() == VECTORS["write_off"]["base64"]


def test_a_return_is_byte_for_byte_that_of_the_public_client():
    paper = Paper("RECEIPT", "2026-11-23", "154-31")
    made = body(RETURN, 1001, microseconds("2026-11-23T12:10:00Z"), paper, [PACK], Terms())
    assert made == VECTORS["return"]["body"].encode()


def test_another_document_is_not_made():
    with pytest.raises(ValueError, match="no such document"):
        body("import", 1, 0, Paper("ACT", "2026-11-23", "1"), [SHOE], Terms())


def test_codes_keep_their_order_and_kazakh_text_its_letters():
    made = body(WITHDRAWAL, 1, 0, Paper("ACT", "2026-11-23", "Қ-1"), [PACK, SHOE], Terms())
    assert codes_of(made) == [PACK, SHOE]
    assert "Қ-1".encode() in made


@given(
    st.recursive(
        st.text() | st.integers() | st.booleans(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_keys_stand_in_code_point_order_at_every_level(content):
    def in_order(value):
        if isinstance(value, dict):
            keys = [[ord(char) for char in key] for key in value]
            return keys == sorted(keys) and all(map(in_order, value.values()))
        return not isinstance(value, list) or all(map(in_order, value))

    assert in_order(json.loads(canonical(content)))


def unit(number: int, **values: object) -> Unit:
    base = Unit(
        exception=number,
        kind=WITHDRAWAL,
        ki=f"ki{number}",
        gtin="04870000000104",
        group="shoes",
        place=1001,
        day=MONDAY,
        at=number,
        receipt="154-28",
        due_at=100,
    )
    return replace(base, **values)


@pytest.mark.parametrize(
    "other",
    [
        {"kind": RETURN},
        {"group": "pharma"},
        {"place": 1002},
        {"day": MONDAY + dt.timedelta(days=1)},
        {"group": "", "gtin": "04870000000999"},
    ],
    ids=["kind", "product group", "place", "day", "unknown group"],
)
def test_what_differs_in_its_group_stands_in_another_document(other):
    found = batches([unit(1), unit(2), unit(3, **other)], Terms())
    assert [[one.exception for one in batch.units] for batch in found] == [[1, 2], [3]]


def test_goods_of_an_unknown_group_share_a_document_by_gtin_alone():
    found = batches([unit(1, group=""), unit(2, group=""), unit(3, group="", gtin="04870000000999")], Terms())
    assert [[one.exception for one in batch.units] for batch in found] == [[1, 2], [3]]


def test_returns_share_a_document_only_with_their_own_receipt():
    found = batches([unit(1, kind=RETURN), unit(2, kind=RETURN, receipt="154-29"), unit(3, kind=RETURN)], Terms())
    assert [[one.exception for one in batch.units] for batch in found] == [[1, 3], [2]]


def test_one_code_stands_once_and_what_is_due_first_goes_first():
    found = batches([unit(1), unit(2, ki="ki1", due_at=50), unit(3, due_at=70)], Terms())
    assert [[one.exception for one in batch.units] for batch in found] == [[2, 3]]
    assert found[0].due_at == 50


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 7), st.integers(0, 3))
def test_no_document_is_larger_than_allowed_and_every_code_is_in_exactly_one(numbers, codes_max, gtins_max):
    units = [unit(n, gtin=f"{n % 5:014d}") for n in numbers]
    found = batches(units, Terms(codes_max=codes_max, gtins_max=gtins_max))
    assert all(0 < len(batch.units) <= codes_max for batch in found)
    if gtins_max:
        assert all(len({one.gtin for one in batch.units}) <= gtins_max for batch in found)
    assert sorted(one.ki for batch in found for one in batch.units) == sorted({one.ki for one in units})


@pytest.mark.parametrize(
    ("day", "end"),
    [
        ("2026-11-23", "2026-11-27T00:00:00+05:00"),  # Monday: end of Thursday.
        ("2026-11-26", "2026-12-02T00:00:00+05:00"),  # Thursday: Friday, Monday, Tuesday.
        ("2026-11-28", "2026-12-03T00:00:00+05:00"),  # Saturday.
    ],
)
def test_three_working_days_end_with_the_day_in_kazakhstan(day, end):
    assert due_after(dt.date.fromisoformat(day)) == microseconds(end)


OURS = json.loads(VECTORS["write_off"]["body"])


@pytest.mark.parametrize(
    "change",
    [
        {"documentNumber": "new field"},
        {"businessPlaceId": "1001"},
        {"withdrawalDate": "2026-11-23T11:55:37.000Z"},
        {"childrenWriteOff": "false"},
    ],
    ids=["a field more", "a number as text", "fractions of a second", "a word for a switch"],
)
def test_a_stored_body_is_ours_however_it_is_written(change):
    assert same(OURS, {**OURS, **change})


def test_a_stored_body_without_empty_fields_is_ours():
    assert same(OURS, {name: value for name, value in OURS.items() if value is not False})


@pytest.mark.parametrize(
    "change",
    [
        {"codes": []},
        {"codes": [{"code": PACK}]},
        {"codes": [*OURS["codes"], {"code": PACK}]},
        {"withdrawalDate": "2026-11-23T11:55:38Z"},
        {"primaryDocument": {"date": "2026-11-23", "number": "154-29", "type": "ACT"}},
        {"withdrawalType": None},
        {"childrenWriteOff": True},
    ],
)
def test_a_stored_body_that_says_something_else_is_not_ours(change):
    assert not same(OURS, {**OURS, **change})
