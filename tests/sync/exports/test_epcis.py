"""Sales as EPCIS 2.0: what the standard wants of an ObjectEvent of a retail sale, and stable names."""

from __future__ import annotations

import copy
import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.hq.exports.epcis import Names, document_pieces, epc, events
from sync.hq.witness import Line, Operation

SCHEMA = json.loads((Path(__file__).parents[2] / "vectors" / "epcis_sales.schema.json").read_text("utf-8"))
VALID = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)
AT = int(dt.datetime(2026, 11, 23, 11, 55, 37, tzinfo=dt.UTC).timestamp()) * 1_000_000
SHOE, PACK = "0104870000000104213kZ7q_W<2hT9m", "04870000000135kR4_vZ8"
NAMES = Names(shop_of=lambda _till: "almaty-03")


def line(ki: str, **values: object) -> Line:
    base = Line(
        day=dt.date(2026, 11, 23),
        ki=ki,
        gtin="04870000000104",
        operation=Operation.SALE,
        at=AT,
        till="T 1",
        register="SWK00032944",
        shift=154,
        number=28,
        sign="367645207",
        line=1,
        sum_tiyn=100,
        source="journal",
        source_row=1,
    )
    return replace(base, **values)


def document(lines, names=NAMES):
    return json.loads(b"".join(document_pieces(lines, names, AT)))


def test_a_sale_is_one_event_with_all_its_units():
    (event,) = document([line(SHOE), line(PACK, line=2)])["epcisBody"]["eventList"]
    del event["eventID"]
    assert event == {
        "type": "ObjectEvent",
        "eventTime": "2026-11-23T16:55:37+05:00",
        "eventTimeZoneOffset": "+05:00",
        "epcList": [
            "https://id.gs1.org/01/04870000000104/21/3kZ7q_W%3C2hT9m",
            "urn:x-pos-agent:unit:04870000000135kR4_vZ8",
        ],
        "action": "OBSERVE",
        "bizStep": "retail_selling",
        "disposition": "retail_sold",
        "bizTransactionList": [
            {
                "type": "urn:x-pos-agent:fiscal-receipt",
                "bizTransaction": "urn:x-pos-agent:receipt:SWK00032944:367645207",
            }
        ],
        "readPoint": {"id": "urn:x-pos-agent:till:T%201"},
        "bizLocation": {"id": "urn:x-pos-agent:shop:almaty-03"},
    }


def test_a_return_is_received_and_returned():
    (event,) = events([line(SHOE, operation=Operation.RETURN)], NAMES)
    assert (event["bizStep"], event["disposition"], event["action"]) == ("receiving", "returned", "OBSERVE")


def test_a_chain_may_use_addresses_of_its_own_and_the_numbers_of_its_shops():
    names = Names("https://id.example.kz", NAMES.shop_of, lambda _shop: "https://id.gs1.org/414/4870000000104")
    (event,) = events([line(PACK)], names)
    assert event["epcList"] == ["https://id.example.kz/unit/04870000000135kR4_vZ8"]
    assert event["bizLocation"] == {"id": "https://id.gs1.org/414/4870000000104"}


def test_goods_without_a_mark_are_counted_by_gtin():
    (event,) = events([line(SHOE), line("", line=2), line("", line=3), line("", gtin="")], NAMES)
    assert event["quantityList"] == [{"epcClass": "https://id.gs1.org/01/04870000000104", "quantity": 2}]
    assert list(events([line("", gtin="")], NAMES)) == []


def test_the_same_receipt_has_the_same_event_id_and_another_one_has_not():
    def name(*lines):
        (event,) = events(lines, NAMES)
        return event["eventID"]

    assert name(line(SHOE)) == name(line(SHOE), line(PACK))
    others = [{"sign": "2"}, {"register": "R2"}, {"operation": Operation.RETURN}]
    assert len({name(line(SHOE)), *(name(line(SHOE, **other)) for other in others)}) == 4


def test_a_pallet_code_is_a_digital_link_too():
    assert epc("00048700000000000018", NAMES) == "https://id.gs1.org/00/048700000000000018"


@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20).map(
                    lambda serial: "010487000000010421" + serial
                ),
                st.text(min_size=1, max_size=30),
                st.just(""),
            ),
            st.sampled_from(list(Operation)),
            st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=12),
        ),
        max_size=12,
    )
)
def test_every_document_is_valid_whatever_codes_and_names_are_in_it(rows):
    lines = [line(ki, operation=operation, sign=sign, register=sign) for ki, operation, sign in rows]
    made = document(lines)
    assert VALID.is_valid(made), [error.message for error in VALID.iter_errors(made)]


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("bizStep", "selling"),
        ("disposition", "gone"),
        ("action", "SELL"),
        ("eventTime", "2026-11-23 16:55"),
        ("eventTimeZoneOffset", "+5"),
        ("epcList", ["no uri"]),
        ("epcList", ["urn:x:1", "urn:x:1"]),
        ("eventID", "no uri"),
        ("readPoint", {}),
        ("bizTransactionList", [{"type": "pos", "bizTransaction": "urn:x:1"}]),
        ("surprise", 1),
    ],
)
def test_the_schema_of_the_test_refuses_what_the_published_one_refuses(name, wrong):
    made = document([line(SHOE)])
    assert VALID.is_valid(made)
    broken = copy.deepcopy(made)
    broken["epcisBody"]["eventList"][0][name] = wrong
    assert not VALID.is_valid(broken)


def test_many_receipts_are_one_document():
    made = document([line(SHOE + str(number), sign=str(number)) for number in range(1000)])
    assert len(made["epcisBody"]["eventList"]) == 1000
    assert VALID.is_valid(made)
