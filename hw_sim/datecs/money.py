"""Sums: integers in tiyn and thousandths, rounded half away from zero; how they are read and written on the line."""

from __future__ import annotations

import re

from hw_sim.datecs.profiles import Amounts

_AMOUNT = re.compile(r"([+-]?)(\d{1,10})(?:\.(\d{1,2}))?", re.ASCII)
_QUANTITY = re.compile(r"(\d{1,8})(?:\.(\d{1,3}))?", re.ASCII)


def amount_of(text: str) -> int | None:
    """Tiyn of "900", "900.5" or "-900.50"; None: not an amount."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return None
    sign, whole, part = found.groups()
    tiyn = int(whole) * 100 + int((part or "").ljust(2, "0"))
    return -tiyn if sign == "-" else tiyn


def quantity_of(text: str) -> int | None:
    """Thousandths of "1" or "1.5"; None: not a quantity."""
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return None
    whole, part = found.groups()
    return int(whole) * 1000 + int((part or "").ljust(3, "0"))


def rounded(numerator: int, denominator: int) -> int:
    """A quotient to the nearest whole, halves away from zero. `denominator` is positive."""
    size = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -size if numerator < 0 else size


def times(price: int, quantity: int) -> int:
    """Price times quantity, as the printer rounds it."""
    return rounded(price * quantity, 1000)


def percent_of(amount: int, percent: int) -> int:
    """A share of an amount; `percent` in hundredths."""
    return rounded(amount * percent, 10_000)


def tax_in(turnover: int, rate: int | None) -> int:
    """The tax inside a turnover: turnover less its net sum, which is what is rounded (V1, "Tax groups")."""
    return turnover - rounded(turnover * 10_000, 10_000 + (rate or 0))


def shared(amount: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """Split an amount in proportion, to the tiyn; what rounding leaves over goes to the heaviest share."""
    total = sum(weights)
    if not total:
        return (0,) * len(weights)
    parts = [rounded(amount * weight, total) for weight in weights]
    parts[weights.index(max(weights))] += amount - sum(parts)
    return tuple(parts)


def pointed(tiyn: int) -> str:
    """900.00"""
    return f"{'-' if tiyn < 0 else ''}{abs(tiyn) // 100}.{abs(tiyn) % 100:02}"


def counted(thousandths: int) -> str:
    """1.000"""
    return f"{'-' if thousandths < 0 else ''}{abs(thousandths) // 1000}.{abs(thousandths) % 1000:03}"


def written(tiyn: int, amounts: Amounts, width: int) -> str:
    """A sum in the model's unit; minor units fill `width` with zeros."""
    return f"{tiyn:0{width}d}" if amounts is Amounts.MINOR else pointed(tiyn)
