from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from fiscal.register import (
    CashDirection,
    CashMove,
    Line,
    Mark,
    Operation,
    Order,
    OrderInvalid,
    Payment,
    PaymentKind,
    Prepared,
    Receipt,
    ReturnBasis,
    ShiftClose,
)
from fiscal.webkassa.request import prepare
from fiscal.webkassa.settings import Settings, parse
from fiscal.webkassa.wire import with_token

TOKEN = "0b8557d0139945a582fcfee661ffad49"
A, B = "04870249811936t1Xrb-xQWhpeGhG", "04870249811936'dTOZwQTEMrcDNE"
RETURN = Operation.SALE_RETURN
BASIS = ReturnBasis("4228143550", "2026-07-15T10:30:00+05:00", "010100000001", 180000, False)


def settings(options: str = "", cashbox: str = "SWK00000001") -> Settings:
    return parse(urlsplit(f"webkassa+https://kkm.webkassa.kz?cashbox={cashbox}&login=a&{options}"))


def mark(full: str) -> Mark:
    return Mark(full, full[:21])


def line(**change: Any) -> Line:
    return replace(Line("Cigarettes", 90000, 1000, 796, 1600), **change)


def receipt(*lines: Line, paid: int = 90000, **change: Any) -> Receipt:
    plain = Receipt("till7-1", Operation.SALE, lines or (line(),), (Payment(PaymentKind.CASH, paid),))
    return replace(plain, **change)


def body(order: Order, options: str = "") -> dict[str, Any]:
    return dict(json.loads(prepare(order, settings(options)).payload["body"]))


def position(order: Order, options: str = "") -> dict[str, Any]:
    return dict(body(order, options)["Positions"][0])


def order_of(row: dict[str, Any]) -> Receipt:
    lines = tuple(
        Line(**{k: v for k, v in entry.items() if k != "marks"}, marks=tuple(mark(m) for m in entry["marks"]))
        for entry in row["line"]
    )
    payments = tuple(Payment(PaymentKind(p["kind"]), p["sum_tiyn"]) for p in row["payments"])
    basis = ReturnBasis(**row["basis"]) if "basis" in row else None
    return Receipt(row["key"], Operation(row["operation"]), lines, payments, basis=basis)


@pytest.mark.parametrize("name", ["sale", "return"])
def test_the_documented_sale_and_return_come_out_byte_for_byte(vectors: dict[str, Any], name: str) -> None:
    row = next(row for row in vectors["request"] if row["name"] == name)
    prepared = prepare(order_of(row), settings(row["options"]))
    sent = with_token(TOKEN, prepared.payload["body"])
    assert json.loads(sent) == json.loads(row["body"])
    assert sent == row["body"].encode()
    assert (prepared.kind, prepared.total_tiyn, prepared.family) == (row["operation"], row["total_tiyn"], "webkassa")


def test_the_vendor_s_own_return_sample_is_expressed_whole(vectors: dict[str, Any]) -> None:
    goods = Line("Terea Summer Wave", 50000, 1000, 796, 1200, gtin="04870249811936", ntin="0200000000004")
    basis = ReturnBasis("143425020642", "2025-09-05T11:22:21.567+05:00", "032600010221", 500000, False)
    paid = (Payment(PaymentKind.CARD, 50000),)
    order = Receipt("e2c99643-82nb-4622-9323-c0a12395d1ec", Operation.SALE_RETURN, (goods,), paid, basis=basis)
    prepared = prepare(order, settings("round=2&basis_time=utc", cashbox="SWK00033717"))

    def lowered(value: Any) -> Any:
        if isinstance(value, dict):
            return {k.lower(): lowered(v) for k, v in value.items()}
        return [lowered(v) for v in value] if isinstance(value, list) else value

    sent = with_token("6a4eaa2e5f764950blelce3712110d3d", prepared.payload["body"])
    assert lowered(json.loads(sent)) == lowered(json.loads(vectors["vendor_return"]["body"]))


def test_the_vendor_s_cash_sample_comes_out_byte_for_byte(vectors: dict[str, Any]) -> None:
    row = vectors["cash_request"]
    prepared = prepare(CashMove("123456789", CashDirection.OUT, 150000), settings(cashbox="SWK00000019"))
    assert with_token(row["token"], prepared.payload["body"]) == row["body"].encode()
    assert (prepared.kind, prepared.total_tiyn, prepared.payload["path"]) == (
        "cash_out",
        150000,
        "/api/v4/MoneyOperation",
    )


def test_a_shift_close_names_the_shift_beside_the_body() -> None:
    prepared = prepare(ShiftClose("till7-z-7", 7), settings())
    assert with_token(TOKEN, prepared.payload["body"]) == b'{"Token":"%s","CashboxUniqueNumber":"SWK00000001"}' % (
        TOKEN.encode()
    )
    assert (prepared.kind, prepared.total_tiyn, prepared.payload["shift"]) == ("shift_close", 0, 7)


def test_what_the_journal_holds_is_plain_json_without_secrets_and_gives_the_same_bytes() -> None:
    prepared = prepare(receipt(line(price_tiyn=12345), paid=12345), settings())
    kept = Prepared(**json.loads(json.dumps(
        {"key": prepared.key, "family": prepared.family, "kind": prepared.kind, "total_tiyn": prepared.total_tiyn,
         "payload": dict(prepared.payload)}, sort_keys=True)))  # fmt: skip
    assert kept.payload["body"] == prepared.payload["body"]
    assert '"Price":123.45,' in kept.payload["body"]
    assert "Token" not in kept.payload["body"]


def test_one_mark_is_a_mark_and_several_are_a_list_and_never_both() -> None:
    one = position(receipt(line(marks=(mark(A),))))
    two = position(receipt(line(quantity_milli=2000, marks=(mark(A), mark(B))), paid=180000))
    assert one["Mark"] == A
    assert "MarkList" not in one
    assert two["MarkList"] == [A, B]
    assert "Mark" not in two
    assert two["Count"] == len(two["MarkList"])


def test_gs_inside_a_mark_and_the_form_of_the_mark_are_settings() -> None:
    full = "010487024981193621ABC\x1d91KZF0\x1d92SIGN"
    order = receipt(line(marks=(Mark(full, "010487024981193621ABC"),)))
    assert position(order)["Mark"] == "010487024981193621ABC91KZF092SIGN"
    assert position(order, "gs=keep")["Mark"] == full
    assert position(order, "mark_form=ki")["Mark"] == "010487024981193621ABC"


def test_whether_a_return_repeats_the_mark_is_a_setting() -> None:
    order = receipt(line(marks=(mark(A),)), operation=RETURN, basis=BASIS)
    assert position(order)["Mark"] == A
    assert "Mark" not in position(order, "mark_on_return=no")
    assert position(receipt(line(marks=(mark(A),))), "mark_on_return=no")["Mark"] == A


def test_zero_percent_and_without_vat_are_sent_differently() -> None:
    zero, none = position(receipt(line(vat_bp=0))), position(receipt(line(vat_bp=None)))
    assert (zero["TaxType"], zero["TaxPercent"], zero["Tax"]) == (100, 0, 0)
    assert (none["TaxType"], none["Tax"]) == (0, 0)
    assert "TaxPercent" not in none


def test_discount_and_markup_change_the_amount_the_tax_is_taken_from() -> None:
    sent = position(
        receipt(line(price_tiyn=200000, quantity_milli=10000, discount_tiyn=100000, vat_bp=1200), paid=1900000)
    )
    assert (sent["Count"], sent["Price"], sent["Discount"], sent["Tax"]) == (10, 2000, 1000, 2035.71)
    assert position(receipt(line(markup_tiyn=10000), paid=100000))["Markup"] == 100


@pytest.mark.parametrize(
    ("gtin", "sent"),
    [("04870249811936", "4870249811936"), ("00000040170725", "40170725"), ("14870249811933", "14870249811933")],
)
def test_a_gtin_is_sent_as_the_bars_on_the_pack_say_it(gtin: str, sent: str) -> None:
    assert position(receipt(line(gtin=gtin)))["GTIN"] == sent
    assert position(receipt(line(gtin=gtin)), "gtin=14")["GTIN"] == gtin


def test_fractions_of_a_unit_payments_by_kind_and_the_buyer_s_number_are_sent() -> None:
    paid = (Payment(PaymentKind.CARD, 100000), Payment(PaymentKind.CASH, 40000), Payment(PaymentKind.MOBILE, 10))
    order = receipt(
        line(quantity_milli=1500, unit_code=166), payments=paid, order_number="77", customer_xin="000000000000"
    )
    sent = body(order, "position_type=1")
    assert sent["Positions"][0]["Count"] == 1.5
    assert sent["Positions"][0]["PositionType"] == 1
    assert [(p["PaymentType"], p["Sum"]) for p in sent["Payments"]] == [(1, 1000), (0, 400), (4, 0.1)]
    assert (sent["Change"], sent["ExternalOrderNumber"], sent["CustomerXin"]) == (50.1, "77", "000000000000")


MARKED = line(marks=(mark(A),))
WRONG: list[tuple[str, Order]] = [
    ("key", receipt(key="")),
    ("key", receipt(key="k" * 51)),
    ("key", receipt(key="with blank")),
    ("key", receipt(key="ключ")),
    ("lines", receipt(lines=())),
    ("lines", receipt(line(price_tiyn=0))),
    ("lines[0].name", receipt(line(name=" "))),
    ("lines[0].name", receipt(line(name="a\x1db"))),
    ("lines[0].name", receipt(line(name="a\ud800"))),
    ("lines[0].name", receipt(line(name="x" * 513))),
    ("lines[0].price_tiyn", receipt(line(price_tiyn=-1))),
    ("lines[0].quantity_milli", receipt(line(quantity_milli=0))),
    ("lines[0].unit_code", receipt(line(unit_code=116))),
    ("lines[0].vat_bp", receipt(line(vat_bp=-1))),
    ("lines[0].vat_bp", receipt(line(vat_bp=20000))),
    ("lines[0].discount_tiyn", receipt(line(discount_tiyn=1, markup_tiyn=1))),
    ("lines[0].discount_tiyn", receipt(line(discount_tiyn=90001))),
    ("lines[0].discount_tiyn", receipt(line(discount_tiyn=-1))),
    ("lines[0].markup_tiyn", receipt(line(markup_tiyn=-1))),
    ("lines[0].gtin", receipt(line(gtin="123"))),
    ("lines[0].gtin", receipt(line(gtin="٠" * 14))),
    ("lines[0].ntin", receipt(line(ntin="abc"))),
    ("lines[0].code", receipt(line(code=""))),
    ("lines[0].quantity_milli", receipt(replace(MARKED, quantity_milli=1500), paid=135000)),
    ("lines[0].marks", receipt(replace(MARKED, quantity_milli=2000), paid=180000)),
    ("lines[0].marks", receipt(line(marks=(mark(A), mark(B))))),
    ("lines[0].marks[0].full", receipt(line(marks=(Mark("", "ki"),)))),
    ("lines[0].marks[0].full", receipt(line(marks=(Mark("a\nb", "ki"),)))),
    ("lines[0].marks[0].ki", receipt(line(marks=(Mark("full", "k" * 256),)))),
    ("lines[1].marks[0]", receipt(MARKED, MARKED, paid=180000)),
    ("lines[0].marks[1]", receipt(line(quantity_milli=2000, marks=(mark(A), mark(A))), paid=180000)),
    ("payments", receipt(payments=())),
    ("payments", receipt(paid=89999)),
    ("payments", receipt(payments=(Payment(PaymentKind.CARD, 90001),))),
    ("payments[0].sum_tiyn", receipt(paid=0)),
    ("payments[0].kind", receipt(payments=(Payment(PaymentKind.CASH, 45000), Payment(PaymentKind.CASH, 45000)))),
    ("payments", receipt(paid=90001, operation=RETURN, basis=BASIS)),
    ("basis", receipt(basis=BASIS)),
    ("basis", receipt(operation=RETURN)),
    ("basis.fiscal_sign", receipt(operation=RETURN, basis=replace(BASIS, fiscal_sign=""))),
    ("basis.at", receipt(operation=RETURN, basis=replace(BASIS, at="2026-07-15T10:30:00"))),
    ("basis.at", receipt(operation=RETURN, basis=replace(BASIS, at="15 July"))),
    ("basis.at", receipt(operation=RETURN, basis=replace(BASIS, at="0001-01-01T00:00:00+14:00"))),
    ("basis.registration_number", receipt(operation=RETURN, basis=replace(BASIS, registration_number="x"))),
    ("basis.total_tiyn", receipt(operation=RETURN, basis=replace(BASIS, total_tiyn=0))),
    ("basis.total_tiyn", receipt(operation=RETURN, basis=replace(BASIS, total_tiyn=89999))),
    ("customer_xin", receipt(customer_xin="123")),
    ("order_number", receipt(order_number="n" * 201)),
    ("sum_tiyn", CashMove("k", CashDirection.IN, 0)),
    ("key", CashMove("", CashDirection.IN, 1)),
    ("shift", ShiftClose("k", 0)),
]  # fmt: skip


@pytest.mark.parametrize(("place", "order"), WRONG)
def test_what_cannot_be_expressed_is_refused_with_its_place(place: str, order: Order) -> None:
    with pytest.raises(OrderInvalid) as refused:
        prepare(order, settings())
    assert refused.value.place == place


def test_contract_roundings_refuse_what_the_server_would_change() -> None:
    odd = receipt(line(price_tiyn=90050), paid=90050)
    assert body(odd)["RoundType"] == 0
    for options, place in (("round=2", "lines[0]"), ("round=3", "lines")):
        with pytest.raises(OrderInvalid) as refused:
            prepare(odd, settings(options))
        assert refused.value.place == place


def test_a_cashbox_on_the_older_protocol_takes_one_mark_a_line() -> None:
    two = receipt(line(quantity_milli=2000, marks=(mark(A), mark(B))), paid=180000)
    with pytest.raises(OrderInvalid) as refused:
        prepare(two, settings("mark_list=no"))
    assert refused.value.place == "lines[0].marks"
    assert position(receipt(MARKED), "mark_list=no")["Mark"] == A
