"""Orders -> the exact bodies of the golden vectors, their keys, and what each option changes of them."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from cloud_orders import A, B, cash_of, line, mark, ns, receipt_of, refund, sale, vectors
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from fiscal.register import CashDirection, CashMove, Order, OrderInvalid, Payment, PaymentKind, ShiftClose, ShiftOpen
from fiscal.ukassa.request import key_of, of_till, prepare
from fiscal.ukassa.settings import Settings, parse

VECTORS = vectors("ukassa")
AT = ns("2026-07-15T10:30:00+05:00")
PLAIN = "kassa=3868&section=5"


def settings(options: str = PLAIN) -> Settings:
    return parse(urlsplit(f"ukassa+https://ukassa.kz?hashline=UK00000001&email=till@example.kz&{options}"))


def body(order: Order, options: str = PLAIN) -> dict[str, Any]:
    return dict(json.loads(prepare(order, settings(options), AT).payload["body"]))


@pytest.mark.parametrize("row", VECTORS["request"], ids=lambda row: row["name"])
def test_receipts_are_sent_as_the_vectors_have_them(row: dict[str, Any]) -> None:
    prepared = prepare(receipt_of(row), settings(row["options"]), ns(row["at"]))
    assert (prepared.payload["path"], prepared.payload["body"]) == (row["path"], row["body"])
    assert (prepared.key, prepared.kind, prepared.total_tiyn) == (row["key"], row["operation"], row["total_tiyn"])
    assert prepared.payload["at"] == row["at"]
    assert prepared.payload["marks"] == [code for one in row["line"] for code in one.get("marks", ())]


@pytest.mark.parametrize("row", VECTORS["cash_request"], ids=lambda row: row["name"])
def test_cash_moves_are_sent_as_the_vectors_have_them(row: dict[str, Any]) -> None:
    prepared = prepare(cash_of(row), settings(), ns(row["at"]))
    assert (prepared.payload["path"], prepared.payload["body"]) == (row["path"], row["body"])
    assert (prepared.kind, prepared.total_tiyn) == (f"cash_{row['direction']}", row["sum_tiyn"])


def test_a_shift_is_closed_as_the_vectors_have_it() -> None:
    row = VECTORS["close_request"]
    prepared = prepare(ShiftClose("till7-z-7", 7), settings(), AT)
    assert (prepared.payload["path"], prepared.payload["body"]) == (row["path"], row["body"])
    assert (prepared.kind, prepared.payload["shift"]) == ("shift_close", 7)
    assert json.loads(VECTORS["x_request"]["body"]) == of_till(settings())


def test_a_shift_has_no_command_to_open_it() -> None:
    with pytest.raises(OrderInvalid, match=r"^order: "):
        prepare(ShiftOpen("k", 7), settings(), AT)


def test_a_key_is_a_uuid_of_version_4_and_always_the_same() -> None:
    # Written down once: a later version must send what an earlier one has sent.
    assert key_of("till7-000000123-sale") == "de244410-1793-49b3-9f96-0ccf3429e51a"
    prepared = prepare(sale(key="till7-000000123-sale"), settings(), AT)
    assert prepared.payload["key"] == key_of("till7-000000123-sale")
    assert prepare(sale(), settings("kassa=1&section=9"), AT + 10**12).payload["key"] == prepared.payload["key"]


@examples(deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=50))
def test_every_key_is_a_uuid_of_version_4_of_its_own(key: str) -> None:
    made = uuid.UUID(key_of(key))
    assert (made.version, made.variant) == (4, uuid.RFC_4122)
    assert key_of(key) != key_of(key + "x")


@pytest.mark.parametrize(
    ("options", "sent"),
    [(PLAIN, [f"{A}\x1dx"]), (f"{PLAIN}&gs=strip", [f"{A}x"]), (f"{PLAIN}&mark_form=ki", [f"{A}\x1dx"[:21]])],
)
def test_a_mark_is_sent_as_it_was_scanned_unless_told_otherwise(options: str, sent: list[str]) -> None:
    made = body(sale(line(marks=(mark(f"{A}\x1dx"),))), options)
    assert [item["mark_code"] for item in made["items"]] == sent


def test_a_return_can_be_told_to_carry_no_marks() -> None:
    order = refund(line(marks=(mark(A),)))
    assert body(order)["items"][0]["mark_code"] == A
    made = body(order, f"{PLAIN}&mark_on_return=no")
    assert "mark_code" not in made["items"][0]
    assert "need_mark_code" not in made


def test_the_word_beside_marks_can_be_left_out() -> None:
    assert "need_mark_code" not in body(sale(line(marks=(mark(A),))), f"{PLAIN}&need_mark_code=no")
    assert "need_mark_code" not in body(sale())


def test_a_discount_of_several_units_is_shared_out_to_the_tiyn() -> None:
    marks = (mark(A), mark(B), mark("x" + A))
    made = body(sale(line(quantity_milli=3_000, discount_tiyn=1_001, marks=marks), paid=268_999))
    assert [item["discount"] for item in made["items"]] == [3.34, 3.34, 3.33]
    assert [item["total_amount"] for item in made["items"]] == [896.66, 896.66, 896.67]
    assert made["total_amount"] == 2689.99


@examples(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 10**7), st.integers(1, 9), st.integers(0, 10**6)), min_size=1, max_size=9),
    st.booleans(),
)
def test_items_add_up_to_the_total_whatever_is_sold(rows: list[tuple[int, int, int]], marked: bool) -> None:
    lines = []
    for number, (price, count, discount) in enumerate(rows):
        codes = tuple(mark(f"{number:03}-{unit:017}") for unit in range(count if marked else 0))
        lines.append(
            line(price_tiyn=price, quantity_milli=count * 1000, discount_tiyn=min(discount, price * count), marks=codes)
        )
    total = sum(price * count - min(discount, price * count) for price, count, discount in rows)
    assume(total > 0)
    made = json.loads(prepare(sale(*lines, paid=total), settings(), AT).payload["body"], parse_float=Decimal)
    assert sum(Decimal(item["total_amount"]) for item in made["items"]) * 100 == total
    assert all(
        Decimal(item["price"]) * Decimal(item["quantity"]) - Decimal(item.get("discount", 0)) == item["total_amount"]
        for item in made["items"]
    )


def test_cash_beside_a_card_carries_its_change() -> None:
    payments = (Payment(PaymentKind.CARD, 50_000), Payment(PaymentKind.CASH, 50_000))
    assert body(replace(sale(), payments=payments))["payments"] == [
        {"payment_type": 1, "total": 500, "amount": 500},
        {"payment_type": 0, "total": 500, "amount": 500, "change": 100},
    ]


def test_the_older_body_has_no_change_and_sends_what_is_kept() -> None:
    assert body(sale(paid=100_000), "kassa=1&receipt=v1")["payments"] == [{"type": 0, "sum_": 900}]


def test_a_buyer_and_a_number_of_the_catalogue_are_told() -> None:
    made = body(replace(sale(line(ntin="2000000000015")), customer_xin="123456789012"))
    assert made["customer"] == {"iin": "123456789012"}
    assert made["items"][0]["ntin"] == "2000000000015"


V1 = "kassa=1&receipt=v1"


@pytest.mark.parametrize(
    ("order", "options", "place"),
    [
        (sale(line(markup_tiyn=1), paid=90_001), PLAIN, "lines[0].markup_tiyn"),
        (sale(line(vat_bp=0)), PLAIN, "lines[0].vat_bp"),
        (sale(line(vat_bp=500)), PLAIN, "lines[0].vat_bp"),
        (sale(line(vat_bp=1600)), f"{PLAIN}&vat=12", "lines[0].vat_bp"),
        (sale(line(marks=(mark(A),))), V1, "lines[0].marks"),
        (sale(line(discount_tiyn=1), paid=89_999), V1, "lines[0].discount_tiyn"),
        (sale(line(vat_bp=0)), V1, "lines[0].vat_bp"),
        (sale(line(vat_bp=1250)), V1, "lines[0].vat_bp"),
        (sale(line(marks=(mark(A), mark(B)))), PLAIN, "lines[0].marks"),
        (sale(paid=1), PLAIN, "payments"),
        (CashMove("k", CashDirection.OUT, 0), PLAIN, "sum_tiyn"),
    ],
)
def test_what_the_service_has_no_words_for_is_refused_before_it_is_sent(order: Order, options: str, place: str) -> None:
    with pytest.raises(OrderInvalid) as invalid:
        prepare(order, settings(options), AT)
    assert invalid.value.place == place


def test_a_line_is_taxed_by_the_rate_of_the_service_or_not_at_all() -> None:
    assert body(sale(line(vat_bp=None)))["items"][0]["is_nds"] is False
    assert body(sale(line(vat_bp=1200)), f"{PLAIN}&vat=12")["items"][0]["is_nds"] is True
    assert body(sale(line(vat_bp=None)), V1)["items"][0]["tax_rate"] == 0


def test_a_return_needs_no_original_here() -> None:
    assert body(replace(refund(), basis=None)) == body(refund())


def test_a_used_key_is_never_forced_through() -> None:
    for row in VECTORS["request"]:
        assert "skip_idempotence_error" not in prepare(receipt_of(row), settings(row["options"]), AT).payload["body"]
