"""Lines of a receipt as the items a register is given, exact to the tiyn. Pure.

FF46 knows price, quantity and sum and no discount of its own; 80h multiplies price by quantity itself and takes the
discount as a command behind it. So for FF46 a line whose sum is not price by quantity is split: most of it at a rounded
price, the last unit at what is left. A marked unit is an item of its own there: the code is bound to the last item.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fiscal.money import MILLI_WHOLE, half_up
from fiscal.orders import Line, Mark


@dataclass(frozen=True, slots=True)
class Item:
    price_tiyn: int
    quantity_milli: int
    sum_tiyn: int  # What it must add up to.
    marks: tuple[tuple[int, Mark], ...]  # With their index in the line.


def amount_of(price_tiyn: int, quantity_milli: int) -> int:
    return half_up(price_tiyn * quantity_milli, MILLI_WHOLE)


def whole(line: Line) -> Item:
    """A line as one item at its own price; discount and markup stand outside."""
    amount = amount_of(line.price_tiyn, line.quantity_milli)
    return Item(line.price_tiyn, line.quantity_milli, amount, tuple(enumerate(line.marks)))


def split(line: Line, amount_tiyn: int, *, unit_each_mark: bool) -> tuple[Item, ...]:
    """A line that costs `amount_tiyn`, discount and markup inside, as items of price and quantity alone."""
    if line.marks and unit_each_mark:
        shares = _shares(amount_tiyn, len(line.marks))
        return tuple(
            Item(share, MILLI_WHOLE, share, ((index, mark),))
            for index, (share, mark) in enumerate(zip(shares, line.marks, strict=True))
        )
    marks = tuple(enumerate(line.marks))
    plain = _exact(amount_tiyn, line.quantity_milli, line.price_tiyn)
    if plain is not None:
        return (Item(plain, line.quantity_milli, amount_tiyn, marks),)
    rest = line.quantity_milli - MILLI_WHOLE
    price = amount_tiyn * MILLI_WHOLE // line.quantity_milli
    most = amount_of(price, rest)
    left = amount_tiyn - most
    # Codes go with the units they are of: the last unit takes the last one.
    return (Item(price, rest, most, marks[:-1]), Item(left, MILLI_WHOLE, left, marks[-1:]))


def _shares(amount: int, count: int) -> Iterator[int]:
    """Parts that differ by one tiyn at most and add up exactly."""
    for number in range(count):
        yield amount * (number + 1) // count - amount * number // count


def _exact(amount: int, quantity_milli: int, own_price: int) -> int | None:
    """A price that times the quantity is exactly this; the line's own one first."""
    near = amount * MILLI_WHOLE // quantity_milli
    return next((price for price in (own_price, near, near + 1) if amount_of(price, quantity_milli) == amount), None)
