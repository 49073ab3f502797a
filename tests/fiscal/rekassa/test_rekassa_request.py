"""Orders -> the exact bodies of the golden vectors, and what each option changes of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from cloud_orders import BASIS, A, B, cash_of, line, mark, named, ns, receipt_of, refund, sale, vectors
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from fiscal.money import line_amount_tiyn
from fiscal.register import (
    CashDirection,
    CashMove,
    Operation,
    Order,
    OrderInvalid,
    Payment,
    PaymentKind,
    ShiftClose,
    ShiftOpen,
)
from fiscal.rekassa.request import prepare
from fiscal.rekassa.settings import Settings, parse

VECTORS = vectors("rekassa")
AT = ns("2026-07-15T10:30:00+05:00")


def settings(options: str = "") -> Settings:
    return parse(urlsplit(f"rekassa+https://app.rekassa.kz/partner?number=RK00000001&{options}"))


def body(order: Order, options: str = "") -> dict[str, Any]:
    return dict(json.loads(prepare(order, settings(options), AT).payload["body"]))


def commodity(order: Order, options: str = "") -> dict[str, Any]:
    return dict(body(order, options)["items"][0]["commodity"])


@pytest.mark.parametrize("row", VECTORS["request"], ids=lambda row: row["name"])
def test_receipts_are_sent_as_the_vectors_have_them(row: dict[str, Any]) -> None:
    prepared = prepare(receipt_of(row), settings(row["options"]), ns(row["at"]))
    assert prepared.payload["body"] == row["body"]
    assert f"/api/crs/1042/{prepared.payload['path']}" == row["path"]
    assert (prepared.key, prepared.kind, prepared.total_tiyn) == (row["key"], row["operation"], row["total_tiyn"])
    assert prepared.payload["at"] == row["at"]
    assert prepared.payload["marks"] == [code for one in row["line"] for code in one.get("marks", ())]


@pytest.mark.parametrize("row", VECTORS["cash_request"], ids=lambda row: row["name"])
def test_cash_moves_are_sent_as_the_vectors_have_them(row: dict[str, Any]) -> None:
    prepared = prepare(cash_of(row), settings(), ns(row["at"]))
    assert prepared.payload["body"] == row["body"]
    assert f"/api/crs/1042/{prepared.payload['path']}" == row["path"]
    assert (prepared.kind, prepared.total_tiyn) == (f"cash_{row['direction']}", row["sum_tiyn"])


def test_a_shift_is_closed_by_its_number() -> None:
    row = VECTORS["close_request"]
    prepared = prepare(ShiftClose("till7-z-000000007", 7), settings(), AT)
    assert f"/api/crs/1042/{prepared.payload['path']}" == row["path"]
    assert (prepared.kind, prepared.payload["shift"], prepared.payload["body"]) == ("shift_close", 7, "{}")


def test_a_shift_has_no_command_to_open_it() -> None:
    with pytest.raises(OrderInvalid, match=r"^order: "):
        prepare(ShiftOpen("k", 7), settings(), AT)


def test_no_secret_stands_in_what_the_journal_keeps() -> None:
    kept = json.dumps(prepare(sale(), settings(), AT).payload)
    assert "rekassa_pin" not in kept
    assert json.loads(kept)["register"] == "RK00000001"


def test_the_moment_is_local_by_the_register_s_offset() -> None:
    assert body(sale(), "utc_offset=06:00")["dateTime"]["time"] == {"hour": 11, "minute": 30, "second": 0}
    late = prepare(sale(), settings(), ns("2026-07-15T23:59:59+05:00"))
    assert json.loads(late.payload["body"])["dateTime"]["date"] == {"year": 2026, "month": 7, "day": 15}


def test_the_original_of_a_return_is_told_in_local_time() -> None:
    utc = replace(BASIS, at="2026-07-15T05:30:00+00:00")
    assert body(replace(refund(), basis=utc)) == body(refund())


@pytest.mark.parametrize(
    ("options", "sent"),
    [("", [f"{A}\x1dx"]), ("gs=strip", [f"{A}x"]), ("mark_form=ki", [f"{A}\x1dx"[:21]])],
)
def test_a_mark_is_sent_as_it_was_scanned_unless_told_otherwise(options: str, sent: list[str]) -> None:
    order = sale(line(marks=(mark(f"{A}\x1dx"),)))
    assert commodity(order, options)["listExciseStamp"] == sent
    assert prepare(order, settings(options), AT).payload["marks"] == sent


def test_a_return_can_be_told_to_carry_no_marks() -> None:
    order = refund(line(marks=(mark(A),)))
    assert commodity(order)["listExciseStamp"] == [A]
    assert "listExciseStamp" not in commodity(order, "mark_on_return=no")
    assert prepare(order, settings("mark_on_return=no"), AT).payload["marks"] == []


@pytest.mark.parametrize("name", ["exciseStamp", "excise_stamp"])
def test_a_field_for_one_mark_makes_an_item_of_every_unit(name: str) -> None:
    order = sale(line(quantity_milli=2_000, marks=(mark(A), mark(B))), paid=180_000)
    items = [item["commodity"] for item in body(order, f"marks={name}")["items"]]
    assert [(item["quantity"], item[name]) for item in items] == [(1000, A), (1000, B)]


@pytest.mark.parametrize(
    ("gtin", "options", "sent"),
    [("04870249811936", "", "04870249811936"), ("04870249811936", "gtin=barcode", "4870249811936"),
     ("00000096385074", "gtin=barcode", "96385074"), ("14870249811933", "gtin=barcode", "14870249811933"),
     ("4870249811936", "gtin=barcode", "4870249811936")],
)  # fmt: skip
def test_a_gtin_has_fourteen_digits_or_those_of_the_pack(gtin: str, options: str, sent: str) -> None:
    assert commodity(sale(line(gtin=gtin)), options)["barcode"] == sent


def test_what_a_line_does_not_have_is_not_sent() -> None:
    assert set(commodity(sale(line(vat_bp=None)))) == {
        "name", "sectionCode", "quantity", "price", "sum", "measureUnitCode",
    }  # fmt: skip
    assert commodity(sale(line(ntin="2000000000015")))["ntin"] == "2000000000015"


@pytest.mark.parametrize(
    ("options", "tax"),
    [("", {"taxType": 100, "percent": 16000}), ("percent=100", {"taxType": 100, "percent": 1600}),
     ("taxation=101", {"taxType": 100, "taxationType": 101, "percent": 16000})],
)  # fmt: skip
def test_tax_is_inside_the_sum_and_told_in_the_register_s_scale(options: str, tax: dict[str, Any]) -> None:
    expected = {**tax, "sum": {"bills": "124", "coins": 14}, "isInTotalSum": True}
    assert commodity(sale(), options)["taxes"] == [expected]


def test_the_rate_0_is_told_and_without_vat_is_not() -> None:
    assert commodity(sale(line(vat_bp=0)))["taxes"][0]["percent"] == 0
    assert "taxes" not in commodity(sale(line(vat_bp=None)))


@pytest.mark.parametrize(
    ("change", "kind", "paid"),
    [({"discount_tiyn": 4_640}, "discount", 85_360), ({"markup_tiyn": 4_640}, "markup", 94_640)],
)
def test_a_discount_or_markup_is_an_item_behind_its_commodity(change: dict[str, int], kind: str, paid: int) -> None:
    made = body(sale(line(**change), paid=paid))
    taxes = [{"taxType": 100, "percent": 16000, "sum": {"bills": "6", "coins": 40}, "isInTotalSum": True}]
    modifier = {"name": "Cigarettes", "sum": {"bills": "46", "coins": 40}, "taxes": taxes}  # 46.40 * 16/116 = 6.40
    assert made["items"][0]["commodity"]["sum"] == {"bills": "900", "coins": 0}
    assert made["items"][1] == {"type": f"ITEM_TYPE_{kind.upper()}", kind: modifier}
    assert made["amounts"]["total"] == {"bills": str(paid // 100), "coins": paid % 100}


def test_a_shop_of_services_its_section_and_a_buyer() -> None:
    made = body(replace(sale(), customer_xin="123456789012"), "domain=services&section=4")
    assert made["domain"] == {"type": "DOMAIN_SERVICES"}
    assert made["items"][0]["commodity"]["sectionCode"] == "4"
    assert made["extensionOptions"] == {"customerIinOrBin": "123456789012"}


def test_cash_beside_a_card_is_what_was_handed_over_and_change_comes_from_it() -> None:
    payments = (Payment(PaymentKind.CARD, 50_000), Payment(PaymentKind.CASH, 50_000))
    made = body(replace(sale(), payments=payments))
    assert [row["sum"]["bills"] for row in made["payments"]] == ["500", "400"]
    assert {name: made["amounts"][name]["bills"] for name in ("taken", "change")} == {"taken": "500", "change": "100"}


@pytest.mark.parametrize(
    ("order", "place"),
    [
        (sale(operation=Operation.SALE_RETURN), "basis"),
        (sale(line(marks=(mark(A), mark(B)))), "lines[0].marks"),
        (sale(line(unit_code=1)), "lines[0].unit_code"),
        (sale(paid=1), "payments"),
        (sale(key=""), "key"),
        (CashMove("k", CashDirection.IN, 0), "sum_tiyn"),
    ],
)
def test_an_order_that_cannot_be_names_its_field(order: Order, place: str) -> None:
    with pytest.raises(OrderInvalid) as invalid:
        prepare(order, settings(), AT)
    assert invalid.value.place == place


@examples(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 10**8), st.integers(1, 10**6)), min_size=1, max_size=20),
    st.sampled_from([None, 0, 500, 1600]),
)
def test_the_message_adds_up_whatever_is_sold(rows: list[tuple[int, int]], vat_bp: int | None) -> None:
    lines = [line(price_tiyn=price, quantity_milli=quantity, vat_bp=vat_bp) for price, quantity in rows]
    total = sum(line_amount_tiyn(price, quantity) for price, quantity in rows)
    assume(total > 0)
    made = body(sale(*lines, paid=total))

    def tiyn(value: dict[str, Any]) -> int:
        return int(value["bills"]) * 100 + int(value["coins"])

    assert tiyn(made["amounts"]["total"]) == total == sum(tiyn(item["commodity"]["sum"]) for item in made["items"])
    assert tiyn(made["payments"][0]["sum"]) == total


def test_the_golden_return_takes_nothing_and_names_its_original() -> None:
    made = json.loads(named(VECTORS["request"], "return")["body"])
    assert body(receipt_of(named(VECTORS["request"], "return")))["parentTicket"] == made["parentTicket"]
