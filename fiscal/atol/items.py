"""Lines of a receipt as the items an ATOL register is given, exact to the tiyn. Pure.

An item has price, quantity and sum, and the sum must be the product: what a discount does is published for neither
link. So a line whose sum is not price by quantity is split: most of it at a rounded price, the last unit at what is
left. A marked unit is an item of its own: an item carries one code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fiscal.money import MILLI_WHOLE, half_up, line_amount_tiyn
from fiscal.orders import Line, Mark


@dataclass(frozen=True, slots=True)
class Piece:
    price_tiyn: int
    quantity_milli: int
    sum_tiyn: int
    mark: Mark | None = None
    number: int | None = None  # Of the mark in its line.


def pieces(line: Line) -> tuple[Piece, ...]:
    """MoneyError for a discount larger than the line."""
    amount = line_amount_tiyn(line.price_tiyn, line.quantity_milli, line.discount_tiyn, line.markup_tiyn)
    if line.marks:
        shares = _shares(amount, len(line.marks))
        return tuple(
            Piece(share, MILLI_WHOLE, share, mark, number)
            for number, (share, mark) in enumerate(zip(shares, line.marks, strict=True))
        )
    exact = _exact(amount, line.quantity_milli, line.price_tiyn)
    if exact is not None:
        return (Piece(exact, line.quantity_milli, amount),)
    rest = line.quantity_milli - MILLI_WHOLE
    price = amount * MILLI_WHOLE // line.quantity_milli
    most = _product(price, rest)
    return (Piece(price, rest, most), Piece(amount - most, MILLI_WHOLE, amount - most))


def _product(price_tiyn: int, quantity_milli: int) -> int:
    return half_up(price_tiyn * quantity_milli, MILLI_WHOLE)


def _shares(amount: int, count: int) -> Iterator[int]:
    """Parts that differ by one tiyn at most and add up exactly."""
    for number in range(count):
        yield amount * (number + 1) // count - amount * number // count


def _exact(amount: int, quantity_milli: int, own_price: int) -> int | None:
    """A price that times the quantity is exactly this; the line's own one first."""
    near = amount * MILLI_WHOLE // quantity_milli
    return next((price for price in (own_price, near, near + 1) if _product(price, quantity_milli) == amount), None)
