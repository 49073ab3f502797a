"""Orders as commands: what is sent, to the byte and to the tiyn, and what cannot be."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shtrih_frames import named
from shtrih_shop import FULL, PACK, mark, plain, sale

from fiscal.device.steps import Step, steps_of
from fiscal.money import line_amount_tiyn
from fiscal.register import CashDirection, CashMove, Line, Mark, Operation, Order, OrderInvalid, Payment, PaymentKind
from fiscal.shtrih.items import amount_of, split
from fiscal.shtrih.models import MODELS
from fiscal.shtrih.request import Builder
from fiscal.shtrih.settings import parse


def builder(options: str = "model=fn") -> Builder:
    settings = parse(urlsplit(f"shtrih+tcp://192.168.1.60?{options}"))
    return Builder(settings, MODELS[settings.model])


def steps(order: Order, options: str = "model=fn") -> tuple[Step, ...]:
    return steps_of(builder(options).prepare(order))


def data_of(order: Order, command: str, options: str) -> list[bytes]:
    return [bytes.fromhex(step.data) for step in steps(order, options) if step.command == command]


def milk(**change: Any) -> Line:
    return replace(Line("Молоко", 50_000, 1_000, 796, 1_600), **change)


def test_the_golden_item_and_close_of_the_old_set_come_out() -> None:
    order = sale(milk(), payments=(Payment(PaymentKind.CASH, 50_000),))
    item = named("80 sell 1.000 x 500.00, department 1, tax 1")
    assert data_of(order, "80", "model=kz-fr") == [item.operands]
    assert data_of(order, "8D", "model=kz-fr") == [named("8D open a sale").operands]
    close = bytearray(named("85 close with 500.00 in cash, third tax byte 1").operands)
    close[24] = 0  # Ours leaves the taxes of the whole receipt alone.
    assert data_of(order, "85", "model=kz-fr") == [bytes(close)]
    assert data_of(replace(order, operation=Operation.SALE_RETURN), "8D", "model=kz-fr") == [
        named("8D open a sale return").operands
    ]


def test_the_golden_item_of_the_new_set_comes_out_with_its_sum_given() -> None:
    operands = bytearray(
        named("FF46 item 1.000000 x 500.00, sums to be computed".replace(", sums", ", tax 1, sums")).operands
    )
    operands[12:17] = (50_000).to_bytes(5, "little")
    assert data_of(sale(milk()), "FF46", "model=fn") == [bytes(operands)]


def test_the_golden_check_and_binding_of_a_code_come_out() -> None:
    order = sale(milk(marks=(mark(PACK),)))
    assert data_of(order, "FF61", "model=fn") == [named("FF61 check a code of 29 characters, one piece sold").operands]
    assert data_of(order, "FF67", "model=fn") == [named("FF67 bind the code to the last item").operands]


def test_cash_moves_are_the_golden_ones() -> None:
    into = CashMove("c", CashDirection.IN, 100_000)
    out = CashMove("c", CashDirection.OUT, 50_000)
    assert [(s.command, bytes.fromhex(s.data)) for s in steps(into)] == [("50", named("50 put 1000.00 in").operands)]
    assert [(s.command, bytes.fromhex(s.data)) for s in steps(out)] == [("51", named("51 take 500.00 out").operands)]


def test_payments_go_where_the_set_up_says() -> None:
    kinds = (Payment(PaymentKind.CASH, 20_000), Payment(PaymentKind.CARD, 20_000), Payment(PaymentKind.MOBILE, 10_000))
    order = sale(milk(), payments=kinds)
    sums = data_of(order, "FF45", "model=fn&card=13&mobile=13")[0]
    assert [int.from_bytes(sums[i : i + 5], "little") for i in range(0, 80, 5)] == [20_000, *[0] * 11, 30_000, *[0] * 3]
    assert builder().prepare(order).payload["cash_tiyn"] == 20_000
    change = sale(milk(), payments=(Payment(PaymentKind.CASH, 60_000),))
    assert builder().prepare(change).payload["cash_tiyn"] == 50_000


def test_discount_and_markup_are_commands_of_the_old_set() -> None:
    order = sale(milk(discount_tiyn=1_001), milk(markup_tiyn=700))
    found = [(s.command, s.line) for s in steps(order, "model=kz-fr") if s.line is not None]
    assert found == [("80", 0), ("86", 0), ("80", 1), ("87", 1)]
    assert data_of(order, "86", "model=kz-fr")[0][:6] == bytes.fromhex("E9 03 00 00 00 01")


def items_of(order: Order, options: str = "model=fn") -> list[tuple[int, int, int]]:
    """(price, quantity in 1/1000000, sum) of each FF46."""
    found = data_of(order, "FF46", options)
    return [
        (int.from_bytes(d[7:12], "little"), int.from_bytes(d[1:7], "little"), int.from_bytes(d[12:17], "little"))
        for d in found
    ]


def test_a_discounted_line_of_the_new_set_is_split_to_the_tiyn() -> None:
    assert items_of(sale(milk(quantity_milli=7_000, discount_tiyn=340_000))) == [
        (1_428, 6_000_000, 8_568), (1_432, 1_000_000, 1_432)
    ]  # fmt: skip
    assert items_of(sale(milk(quantity_milli=2_000, discount_tiyn=10_000))) == [(45_000, 2_000_000, 90_000)]


def test_each_marked_unit_is_an_item_of_its_own_unless_told_otherwise() -> None:
    line = milk(quantity_milli=2_000, discount_tiyn=1, marks=(mark(FULL), mark(PACK)))
    assert items_of(sale(line)) == [(49_999, 1_000_000, 49_999), (50_000, 1_000_000, 50_000)]
    assert [s.command for s in steps(sale(line)) if s.name in ("item", "bind")] == ["FF46", "FF67"] * 2
    listed = [s.command for s in steps(sale(replace(line, discount_tiyn=0)), "model=fn&mark_list=yes")]
    assert listed[listed.index("FF46") :][:3] == ["FF46", "FF67", "FF67"]


@given(
    st.integers(0, 10_000_000),
    st.integers(1, 60_000),
    st.floats(0, 1),
    st.booleans(),
)
def test_any_line_is_split_exactly(price: int, quantity: int, part: float, marked: bool) -> None:
    marks: tuple[Mark, ...] = ()
    if marked:
        quantity = 1_000 * (quantity % 40 + 1)
        marks = tuple(Mark(f"code-{i}", f"{i}") for i in range(quantity // 1_000))
    discount = int(amount_of(price, quantity) * part)
    line = Line("x", price, quantity, 796, 1_600, discount_tiyn=discount, marks=marks)
    amount = line_amount_tiyn(price, quantity, discount)
    for each in (False, True):
        items = split(line, amount, unit_each_mark=each)
        assert sum(item.sum_tiyn for item in items) == amount
        assert all(item.sum_tiyn == amount_of(item.price_tiyn, item.quantity_milli) for item in items)
        assert sum(item.quantity_milli for item in items) == quantity
        assert [pair for item in items for pair in item.marks] == list(enumerate(marks))


def test_names_are_cut_at_the_field_and_kazakh_letters_are_reported() -> None:
    long = milk(name="Қазақстан " * 20)
    old = data_of(sale(long), "80", "model=kz-fr")[0]
    assert old[15:] == ("Казакстан " * 4).encode("cp1251")[:39].ljust(40, b"\0")
    assert len(data_of(sale(long), "FF46", "model=fn")[0][26:]) == 128
    assert builder("model=kz-fr").prepare(sale(long)).payload["substituted"] == [["Қ", "К"], ["қ", "к"]]
    kept = data_of(sale(long), "80", "model=kz-fr&kazakh=kz1048")[0]
    assert kept[15:24] == bytes([0x8D]) + "аза".encode("cp1251") + bytes([0x9D]) + "стан".encode("cp1251")
    assert builder("model=kz-fr&kazakh=kz1048").prepare(sale(long)).payload["substituted"] == []


def test_a_name_never_turns_into_a_command_to_the_printer() -> None:
    shy = sale(milk(name="//Молоко"))
    assert data_of(shy, "FF46", "model=fn")[0][26:] == " //Молоко".encode("cp1251")


def test_a_mark_is_never_cut() -> None:
    marked = sale(milk(marks=(mark(FULL),)))
    assert data_of(marked, "FF67", "model=fn") == [bytes((len(FULL),)) + FULL.encode()]
    with pytest.raises(OrderInvalid, match=r"lines\[0\]\.marks\[0\]: 87 characters do not fit a line of 40"):
        steps(marked, "model=kz-fr&marks=text")
    short = data_of(marked, "17", "model=kz-fr&marks=text&mark_form=ki")[0]
    assert short[1:].rstrip(b"\0") == f"M:[{FULL[:21]}]".encode()
    assert len(data_of(marked, "17", "model=kz-fr&marks=text&text_max=120")[0]) == 1 + 120


def test_a_model_without_a_field_for_codes_says_so() -> None:
    for options in ("model=kz-fr", "model=on-line", "model=fn-old", "model=fn&marks=none"):
        with pytest.raises(OrderInvalid, match=r"lines\[0\]\.marks: model .* is not set up for marking codes"):
            steps(sale(), options)
        assert steps(sale(plain()), options)


@pytest.mark.parametrize(
    ("order", "options", "words"),
    [
        (sale(milk(vat_bp=1_000)), "model=fn", r"lines\[0\]\.vat_bp: no tax group .* 10 %"),
        (sale(milk(marks=(Mark("код", "к"),))), "model=fn", "holds a letter"),
        (sale(milk(marks=(Mark("x", "漢"),))), "model=kz-fr&marks=text&mark_form=ki", r"marks\[0\]: holds a letter"),
        (sale(milk(price_tiyn=50_001)), "model=fn&decimals=0", "counts whole tenge"),
        (CashMove("c", CashDirection.IN, 150), "model=fn&decimals=0", "sum_tiyn: the register counts whole tenge"),
        (sale(milk(price_tiyn=10**10)), "model=fn", "price_tiyn"),
        (sale(milk(marks=(mark("x" * 246),))), "model=fn", "245 characters"),
        (sale(milk(quantity_milli=10**7)), "model=kz-fr&quantity=6", "quantity_milli"),
    ],
)
def test_what_the_register_cannot_express_is_refused_with_its_place(order: Order, options: str, words: str) -> None:
    with pytest.raises(OrderInvalid, match=words):
        steps(order, options)


def test_codes_follow_their_item_before_anything_else_does() -> None:
    order = sale(milk(quantity_milli=2_000, discount_tiyn=5, marks=(mark(FULL), mark(PACK))))
    commands = [step.command for step in steps(order, "model=on-line&marks=field")]
    assert commands == ["8D", "80", "FF67", "FF67", "86", "89", "85"]


def test_tax_groups_follow_the_rate() -> None:
    options = "model=fn&tax_16=1&tax_5=2&tax_0=3&tax_none=4"
    order = sale(milk(), milk(vat_bp=500), milk(vat_bp=0), milk(vat_bp=None))
    assert [data[22] for data in data_of(order, "FF46", options)] == [1, 2, 3, 4]


def test_a_register_of_higher_precision_gets_six_decimals() -> None:
    assert data_of(sale(milk()), "80", "model=kz-fr&quantity=6")[0][:5] == (1_000_000).to_bytes(5, "little")


def test_a_prepared_order_is_json_without_a_password() -> None:
    prepared = builder("model=fn&operator=7&password_secret=a").prepare(sale())
    text = json.dumps(prepared.payload)
    assert json.loads(text)["decisive"] == len(json.loads(text)["steps"]) - 1
    assert (prepared.family, prepared.kind, prepared.total_tiyn) == ("shtrih", "sale", 205_050)
