"""Receipt arithmetic in integers: money in tiyn (1/100 tenge), quantity in thousandths, rates in 1/100 %.

    line amount   = round(quantity * price, 2) - discount + markup
    tax inside it = round(amount * rate / (100 % + rate), 2)
    receipt       = sum of lines and of whole-receipt modifiers; payments - change = receipt; change from cash only

Every rounding is half up, as the register vendor and the tax rule do it. No binary fraction appears anywhere.
Sources: Webkassa API v4 (public collection, protocol 2.0.3); order MF RK 626 of 24.10.2025.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

TIYN_MAX = 10**14  # A trillion tenge: above any receipt, below any place where a register could overflow.
DIGITS_MAX = 40  # Of a sum in an answer; a number of a million digits is an attack, not a price.
BP_WHOLE = 10_000  # 100 %.
MILLI_WHOLE = 1000
RATE_BP_MAX = BP_WHOLE


class MoneyError(ValueError):
    """A sum that cannot stand; the text says which."""


def half_up(numerator: int, denominator: int) -> int:
    """Quotient of a non-negative numerator and a positive denominator, rounded to the nearest, halves up."""
    if numerator < 0 or denominator <= 0:
        raise MoneyError("rounding needs a non-negative numerator and a positive denominator")
    return (2 * numerator + denominator) // (2 * denominator)


def line_amount_tiyn(price_tiyn: int, quantity_milli: int, discount_tiyn: int = 0, markup_tiyn: int = 0) -> int:
    """What one position costs. MoneyError when the discount is larger than the position."""
    amount = half_up(price_tiyn * quantity_milli, MILLI_WHOLE) - discount_tiyn + markup_tiyn
    if amount < 0:
        raise MoneyError("the discount is larger than the position")
    return amount


def tax_inside_tiyn(amount_tiyn: int, vat_bp: int | None) -> int:
    """VAT contained in a sum. 0 both for the rate 0 % and for None, "without VAT"."""
    if vat_bp is None:
        return 0
    if not 0 <= vat_bp <= RATE_BP_MAX:
        raise MoneyError("a VAT rate lies between 0 and 100 %")
    return half_up(amount_tiyn * vat_bp, BP_WHOLE + vat_bp)


@dataclass(frozen=True, slots=True)
class Modifier:
    """A discount or markup on the whole receipt; its own tax moves with it."""

    sum_tiyn: int
    vat_bp: int | None
    markup: bool = False  # False: discount.


@dataclass(frozen=True, slots=True)
class RateTotal:
    amount_tiyn: int
    tax_tiyn: int


@dataclass(frozen=True, slots=True)
class Totals:
    total_tiyn: int
    tax_tiyn: int
    by_rate: Mapping[int | None, RateTotal]  # Key: rate in hundredths of a percent; None = without VAT.


def totals(lines: Iterable[tuple[int, int | None]], modifiers: Iterable[Modifier] = ()) -> Totals:
    """Totals of a receipt from (amount_tiyn, vat_bp) of its lines.

    The tax is the sum of the taxes of the lines, each rounded by itself, never the tax of the sum: the register adds
    the same way. MoneyError when modifiers push the sum or the tax below zero.
    """
    by_rate: dict[int | None, RateTotal] = {}
    signed = [(1, amount, vat_bp) for amount, vat_bp in lines]
    signed += [(1 if m.markup else -1, m.sum_tiyn, m.vat_bp) for m in modifiers]
    for sign, amount, vat_bp in signed:
        before = by_rate.get(vat_bp, RateTotal(0, 0))
        tax = tax_inside_tiyn(amount, vat_bp)
        by_rate[vat_bp] = RateTotal(before.amount_tiyn + sign * amount, before.tax_tiyn + sign * tax)
    total = sum(row.amount_tiyn for row in by_rate.values())
    tax = sum(row.tax_tiyn for row in by_rate.values())
    if total < 0 or tax < 0:
        raise MoneyError("discounts on the receipt are larger than the receipt")
    return Totals(total, tax, by_rate)


def change_tiyn(total_tiyn: int, cash_tiyn: int, other_tiyn: int) -> int:
    """Change to hand back. MoneyError when the payments are short, or when it would not come from cash alone."""
    change = cash_tiyn + other_tiyn - total_tiyn
    if change < 0:
        raise MoneyError(f"payments are {-change} tiyn short of {total_tiyn}")
    if change > cash_tiyn:
        raise MoneyError(f"change of {change} tiyn is more than the {cash_tiyn} paid in cash")
    return change


def to_tenge(tiyn: int) -> Decimal:
    """Exact tenge without trailing zeros: 90000 -> 900, 24828 -> 248.28. The form of the vendors' JSON samples."""
    return _shortest(tiyn, 2)


def to_units(milli: int) -> Decimal:
    """Exact quantity from thousandths: 1000 -> 1, 1500 -> 1.5."""
    return _shortest(milli, 3)


def to_percent(bp: int) -> Decimal:
    """Exact percent from hundredths: 1600 -> 16."""
    return _shortest(bp, 2)


def _shortest(value: int, places: int) -> Decimal:
    while places and value % 10 == 0:
        value, places = value // 10, places - 1
    return Decimal(value).scaleb(-places)


def from_tenge(tenge: Decimal | int) -> int:
    """Tiyn from a decimal sum, exactly. MoneyError for more than two places, NaN, infinity or a sum beyond TIYN_MAX."""
    value = Decimal(tenge)
    # Bounded before any arithmetic: 1e999999 is a short text and an endless integer, and a context rounds silently.
    if not value.is_finite() or len(value.as_tuple().digits) > DIGITS_MAX or value.copy_abs() > TIYN_MAX // 100:
        raise MoneyError("not a sum of money")
    if value and value.adjusted() < -2:
        raise MoneyError("a sum has at most two decimal places")
    numerator, denominator = value.as_integer_ratio()
    tiyn, rest = divmod(numerator * 100, denominator)
    if rest:
        raise MoneyError("a sum has at most two decimal places")
    return tiyn
