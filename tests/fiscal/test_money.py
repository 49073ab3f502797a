from __future__ import annotations

import tomllib
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fiscal.money import (
    Modifier,
    MoneyError,
    RateTotal,
    change_tiyn,
    from_tenge,
    half_up,
    line_amount_tiyn,
    tax_inside_tiyn,
    to_percent,
    to_tenge,
    to_units,
    totals,
)

VECTORS = tomllib.loads((Path(__file__).parents[1] / "vectors" / "webkassa.toml").read_text(encoding="utf-8"))

# (amount, rate, tax): examples of the vendor's collection and of the rule "tax is inside the price", in tiyn.
TAXES = [
    (50000, 1200, 5357), (1900000, 1200, 203571), (55800, 1200, 5979), (90000, 1600, 12414), (100000, 500, 4762),
    (100000, 1000, 9091), (15000, 1200, 1607), (180000, 1600, 24828), (50000, 500, 2381), (50000, 1000, 4545),
    (50000, 1600, 6897), (50000, 0, 0), (50000, None, 0),
]  # fmt: skip


@pytest.mark.parametrize(("amount", "rate", "tax"), TAXES)
def test_tax_inside_the_price_agrees_with_the_published_examples(amount: int, rate: int | None, tax: int) -> None:
    assert tax_inside_tiyn(amount, rate) == tax


@pytest.mark.parametrize("row", VECTORS["line"], ids=lambda row: row["source"])
def test_lines_of_the_vendor_s_samples_have_their_published_tax(row: dict) -> None:  # type: ignore[type-arg]
    given_ = dict(row["given"])
    rate = given_.pop("vat_bp")
    amount = line_amount_tiyn(**given_)
    assert (amount, tax_inside_tiyn(amount, rate)) == (row["amount_tiyn"], row["tax_tiyn"])


def test_the_vendor_s_receipt_adds_up_with_its_modifiers() -> None:
    lines = [(50000, 1200), (1900000, 1200)]
    assert totals(lines).tax_tiyn == 208928
    discounted = totals(lines, [Modifier(15000, 1200)])
    assert (discounted.total_tiyn, discounted.tax_tiyn) == (1935000, 207321)
    both = totals(lines, [Modifier(15000, 1200), Modifier(15000, 1200, markup=True)])
    assert (both.total_tiyn, both.tax_tiyn) == (1950000, 208928)


def test_change_of_the_vendor_s_receipt_comes_from_cash() -> None:
    assert change_tiyn(1935000, 2000000, 0) == 65000
    assert change_tiyn(180000, 200000, 0) == 20000


def test_zero_percent_and_without_vat_stay_apart_in_the_totals() -> None:
    assert totals([(100, 0), (200, None), (300, 0)]).by_rate == {0: RateTotal(400, 0), None: RateTotal(200, 0)}


def test_the_tax_of_a_receipt_is_the_sum_of_rounded_line_taxes() -> None:
    # 0.03 at 16 % holds 0.0041: nothing; ten such lines hold nothing, although 0.30 would hold 0.04.
    assert totals([(3, 1600)] * 10).tax_tiyn == 0
    assert tax_inside_tiyn(30, 1600) == 4


def test_half_a_tiyn_goes_up() -> None:
    assert half_up(5, 10) == 1
    assert line_amount_tiyn(1, 500) == 1  # 0.01 tenge, half a unit.
    assert line_amount_tiyn(1, 499) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: line_amount_tiyn(100, 1000, discount_tiyn=101),
        lambda: change_tiyn(100, 99, 0),
        lambda: change_tiyn(100, 50, 101),
        lambda: tax_inside_tiyn(100, 10001),
        lambda: tax_inside_tiyn(-100, 1600),
        lambda: totals([(100, 1600)], [Modifier(101, 1600)]),
        lambda: totals([(1000, 0)], [Modifier(100, 1600)]),
    ],
)
def test_sums_that_cannot_stand_are_refused(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MoneyError):
        wrong()


@pytest.mark.parametrize(
    ("tiyn", "text"), [(90000, "900"), (24828, "248.28"), (50, "0.5"), (1, "0.01"), (0, "0"), (10**14, "1000000000000")]
)
def test_tenge_are_written_exactly_and_without_trailing_zeros(tiyn: int, text: str) -> None:
    assert format(to_tenge(tiyn), "f") == text
    assert from_tenge(Decimal(text)) == tiyn


def test_quantities_and_percents_are_written_the_same_way() -> None:
    assert [format(to_units(q), "f") for q in (1000, 1500, 1, 10000)] == ["1", "1.5", "0.001", "10"]
    assert [format(to_percent(p), "f") for p in (1600, 0, 550)] == ["16", "0", "5.5"]


@pytest.mark.parametrize(
    "text",
    ["NaN", "Infinity", "-Infinity", "0.001", "1.005", "1e999999", "1e-999999", "1" * 50, "900." + "0" * 60 + "1"],
)
def test_what_is_no_sum_of_money_is_refused_at_once(text: str) -> None:
    with pytest.raises(MoneyError):
        from_tenge(Decimal(text))


@pytest.mark.parametrize(
    ("text", "tiyn"), [("900.00", 90000), ("9e2", 90000), ("-1.50", -150), ("0.00", 0), ("0e5", 0)]
)
def test_spellings_of_one_sum_are_one_sum(text: str, tiyn: int) -> None:
    assert from_tenge(Decimal(text)) == tiyn


@settings(deadline=None)
@given(st.integers(0, 10**12), st.integers(0, 10000))
def test_tax_agrees_with_decimal_arithmetic(amount: int, rate: int) -> None:
    exact = Decimal(amount) * rate / (10000 + rate)
    assert tax_inside_tiyn(amount, rate) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@settings(deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_line_amount_agrees_with_decimal_arithmetic(price: int, quantity: int) -> None:
    exact = Decimal(price) * quantity / 1000
    assert line_amount_tiyn(price, quantity) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))
