"""Orders as commands of protocol 3: what is sent, to the byte and to the tiyn, and what cannot be."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from atol_shop import FULL, PACK, cigarettes, mark, sale, water
from atol_vectors import named
from hypothesis import given
from hypothesis import strategies as st

from fiscal.atol import commands, tlv
from fiscal.atol.request import Builder
from fiscal.atol.settings import parse
from fiscal.device.steps import Step, steps_of
from fiscal.money import half_up
from fiscal.orders import (
    CashDirection,
    CashMove,
    Operation,
    Order,
    OrderInvalid,
    Payment,
    PaymentKind,
    ReturnBasis,
    ShiftClose,
    ShiftOpen,
)

MARKED = "tax_16=1&marks=tag"


def builder(options: str = MARKED) -> Builder:
    return Builder(parse(urlsplit(f"atol+tcp://192.168.1.60?{options}")))


def steps(order: Order, options: str = MARKED) -> tuple[Step, ...]:
    return steps_of(builder(options).prepare(order))


def data_of(order: Order, command: str, options: str = MARKED) -> list[bytes]:
    return [bytes.fromhex(step.data) for step in steps(order, options) if step.command == command]


def smokes(**change: Any) -> Any:
    """What the golden item was made of."""
    return water(name="Сигареты", price_tiyn=90_000, **change)


def test_a_sale_is_the_golden_commands_in_order() -> None:
    order = sale(smokes(vat_bp=None), payments=(Payment(PaymentKind.CASH, 100_000),))
    found = steps(order, "tax_16=1&section=1")
    assert [(step.name, step.command) for step in found] == [
        ("mode", "56"), ("open", "92"), ("begin", "EA"), ("item", "EB"), ("total", "3F"), ("close", "4A")
    ]  # fmt: skip
    sent = {step.command: bytes.fromhex(step.data) for step in found}
    assert sent["92"] == named("open receipt: sale").operands
    assert sent["EA"] == named("begin item").operands
    assert sent["EB"] == named("finish item: 1.000 x 900.00").operands
    assert sent["4A"] == named("close receipt: cash 1000.00").operands
    assert [step.command for step in found if step.decisive] == ["4A"]


def test_a_return_is_opened_as_one_and_tells_nothing_of_its_original() -> None:
    basis = ReturnBasis("1", "2026-07-15T10:00:00+05:00", "600301234567", 90_000, False)
    order = sale(smokes(), operation=Operation.SALE_RETURN, basis=basis)
    assert data_of(order, "92") == [named("open receipt: sale return").operands]
    assert builder().prepare(order).kind == "sale_return"
    assert data_of(replace(order, basis=None), "4A") == data_of(order, "4A")


def test_the_item_of_the_old_format_is_the_golden_one() -> None:
    order = sale(smokes(vat_bp=None))
    assert data_of(order, "E6", "tax_none=0&format=ffd10") == [named("item of FFD 1.0: 1.000 x 900.00").operands]
    assert not data_of(order, "EB", "tax_none=0&format=ffd10")


def test_a_code_is_the_golden_tag_inside_the_item() -> None:
    order = sale(smokes(marks=(mark(PACK),)))
    assert data_of(order, "E8") == [named("marking code of the item: tag 1162").operands]
    assert [step.command for step in steps(order)] == ["56", "92", "EA", "E8", "EB", "3F", "4A"]


def test_every_unit_of_a_marked_line_is_an_item_that_says_whose_it_is() -> None:
    found = [(step.command, step.line, step.mark) for step in steps(sale()) if step.line is not None]
    assert found == [
        ("EA", 0, 0), ("E8", 0, 0), ("EB", 0, 0), ("EA", 0, 1), ("E8", 0, 1), ("EB", 0, 1),
        ("EA", 1, None), ("EB", 1, None),
    ]  # fmt: skip
    codes = [next(tlv.decode(data[3:]))[1] for data in data_of(sale(), "E8")]
    assert codes == [FULL.encode(), PACK.encode()]


def test_tag_form_and_flags_of_a_code_are_the_set_ups() -> None:
    order = sale(smokes(marks=(mark(PACK),)))
    (data,) = data_of(order, "E8", f"{MARKED}&mark_tag=1163&tag_flags=2")
    assert data[:3] == b"\x02\x01\x00" and list(tlv.decode(data[3:])) == [(1163, tlv.encode(1306, PACK.encode()))]


@pytest.mark.parametrize(
    ("options", "payments", "wanted"),
    [
        ("tax_16=1", {"cash": 50_000, "card": 40_000}, [("99", 2, 40_000), ("4A", 1, 50_000)]),
        ("tax_16=1", {"card": 50_000, "mobile": 40_000}, [("4A", 2, 90_000)]),
        (
            "tax_16=1&card=3&mobile=4",
            {"cash": 1, "mobile": 40_000, "card": 49_999},
            [("99", 3, 49_999), ("99", 4, 40_000), ("4A", 1, 1)],
        ),
    ],
)
def test_payments_are_added_up_by_the_registers_types_and_cash_closes(
    options: str, payments: dict[str, int], wanted: list[tuple[str, int, int]]
) -> None:
    order = sale(smokes(), payments=tuple(Payment(PaymentKind(kind), tiyn) for kind, tiyn in payments.items()))
    found = [(step.command, step.data) for step in steps(order, options) if step.name in ("pay", "close")]
    assert found == [(code, commands.payment(kind, tiyn).hex()) for code, kind, tiyn in wanted]


def test_cash_moves_and_shifts_are_the_golden_commands() -> None:
    for direction, code, golden, tiyn in (
        (CashDirection.IN, "49", "cash in 10000.00", 1_000_000),
        (CashDirection.OUT, "4F", "cash out 5000.00", 500_000),
    ):
        prepared = builder().prepare(CashMove("c", direction, tiyn))
        assert (prepared.kind, prepared.total_tiyn) == (f"cash_{direction}", tiyn)
        assert data_of(CashMove("c", direction, tiyn), code) == [named(golden).operands]
    assert data_of(ShiftOpen("o", 8), "9A") == [named("open shift").operands]
    assert [(step.command, step.data) for step in steps(ShiftClose("z", 7))] == [("56", "03"), ("5A", "")]


@pytest.mark.parametrize(
    ("options", "line", "place"),
    [
        ("tax_16=1", cigarettes(), "lines[0].marks"),
        (MARKED, water(vat_bp=1_200), "lines[0].vat_bp"),
        (f"{MARKED}&mark_form=ffd105", water(marks=(mark("12345"),)), "lines[0].marks[0].full"),
        (MARKED, water(marks=(mark("x" * 256),)), "lines[0].marks[0].full"),
        (MARKED, water(price_tiyn=10**10), "lines[0].price_tiyn"),
    ],
)
def test_what_the_register_cannot_be_told_is_refused_by_its_place(options: str, line: Any, place: str) -> None:
    with pytest.raises(OrderInvalid) as caught:
        builder(options).prepare(sale(line))
    assert caught.value.place == place


def test_a_zero_rate_and_no_tax_are_codes_of_their_own() -> None:
    lines = (water(vat_bp=0), water(vat_bp=None), water(vat_bp=1_600))
    order = sale(*lines)
    found = [data[20] for data in data_of(order, "EB", "tax_16=1&tax_0=5&tax_none=6")]
    assert found == [5, 6, 1]
    with pytest.raises(OrderInvalid, match="no tax code of the register is named for 0 %"):
        builder("tax_16=1").prepare(order)


def test_letters_the_register_has_not_are_told_in_the_journal() -> None:
    prepared = builder().prepare(sale())
    assert dict(prepared.payload["substituted"]) == {"қ": "к", "Қ": "К", "і": "и"}
    assert json.loads(json.dumps(prepared.payload)) == prepared.payload


def test_no_password_stands_in_the_journal() -> None:
    text = json.dumps(builder(f"{MARKED}&operator_secret=till&password_secret=till").prepare(sale()).payload)
    assert "1234" not in text


@given(
    st.lists(
        st.tuples(st.integers(100, 1_000_000), st.integers(100, 50_000), st.integers(0, 99)), min_size=1, max_size=6
    )
)
def test_the_items_of_any_receipt_add_up_to_its_total(rows: list[tuple[int, int, int]]) -> None:
    lines = tuple(
        water(
            price_tiyn=price, quantity_milli=quantity, unit_code=166,
            discount_tiyn=half_up(price * quantity, 1000) * percent // 100,
        )
        for price, quantity, percent in rows
    )  # fmt: skip
    prepared = builder().prepare(sale(*lines))
    items = [bytes.fromhex(step.data) for step in steps_of(prepared) if step.command == "EB"]
    sums = [int(data[13:20].hex()) for data in items]
    assert sum(sums) == prepared.total_tiyn
    products = [half_up(int(data[1:8].hex()) * int(data[8:13].hex()), 1000) for data in items]
    assert products == sums
