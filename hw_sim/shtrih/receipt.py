"""An open receipt: its items, discounts and surcharges, and what closing it would come to. Sums in the register's unit.

Tax is inside the price: turnover x rate / (100 % + rate), half up, once for each group on the whole receipt. Ranges are
those of the vendor's "Протокол работы ККТ 2.0": ten decimal digits for quantity, price and sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from hw_sim.ledger import Operation
from hw_sim.shtrih import errors
from hw_sim.shtrih.errors import Refused

SUM_MAX = 9_999_999_999
DEPARTMENT_MAX = 16
CASH, FIRST_CASHLESS = 1, 2  # Numbers of payments.
HUNDRED_PERCENT = 10_000  # Rates and percents are in hundredths.


class Kind(IntEnum):
    """What 8Dh opens."""

    SALE = 0
    BUY = 1
    SALE_RETURN = 2
    BUY_RETURN = 3

    @property
    def operation(self) -> Operation:
        return _OPERATIONS[self]


_OPERATIONS = {
    Kind.SALE: Operation.SALE,
    Kind.BUY: Operation.PURCHASE,
    Kind.SALE_RETURN: Operation.SALE_RETURN,
    Kind.BUY_RETURN: Operation.PURCHASE_RETURN,
}
STORAGE_OPERATIONS = {1: Kind.SALE, 2: Kind.SALE_RETURN, 3: Kind.BUY, 4: Kind.BUY_RETURN}


@dataclass(slots=True)
class Item:
    """One line. `total` is below zero for a storno. `scale`: of the quantity. `marks`: exactly as they were bound."""

    name: str
    quantity: int
    scale: int
    price: int
    total: int
    groups: tuple[int, ...]
    department: int
    tax_given: int | None = None
    method: int = 0
    subject: int = 0
    marks: list[bytes] = field(default_factory=list)
    tlv: bytes = b""


@dataclass(frozen=True, slots=True)
class Change:
    """A discount (below zero) or a surcharge."""

    amount: int
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Closing:
    """What a receipt comes to. `payments` as handed over, by number; `taxes` and `turnovers` by group."""

    total: int
    payments: dict[int, int]
    change: int
    discount: int  # By percent and rounding; below zero: a surcharge.
    turnovers: Counter[int]
    taxes: Counter[int]

    @property
    def cash(self) -> int:
        """How much the drawer moves."""
        return self.payments.get(CASH, 0) - self.change


@dataclass(slots=True)
class Receipt:
    """One open receipt of one operator. `key` tells in the ledger whose it was when it was not the host's."""

    kind: Kind
    operator: int
    key: str = ""
    items: list[Item] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    @property
    def operations(self) -> int:
        return len(self.items) + len(self.changes)

    @property
    def subtotal(self) -> int:
        return sum(item.total for item in self.items) + sum(change.amount for change in self.changes)

    def add(self, item: Item, items_max: int) -> None:
        """Add a checked item.

        Raises:
            Refused: one too many, or the total overflows.
        """
        if self.operations >= items_max:
            raise Refused(errors.TOO_MANY_ITEMS)
        if self.subtotal + item.total > SUM_MAX:
            raise Refused(errors.TOTAL_RANGE)
        self.items.append(item)

    def storno(self, item: Item, items_max: int) -> None:
        """Take back what an item says.

        Raises:
            Refused: its section of this receipt holds less.
        """
        section = sum(other.total for other in self.items if other.department == item.department)
        if section < item.total:
            raise Refused(errors.STORNO_ABOVE_SECTION)
        item.total = -item.total
        self.add(item, items_max)

    def change(self, amount: int, groups: tuple[int, ...], items_max: int) -> None:
        """A discount or a surcharge on the receipt.

        Raises:
            Refused: the discount is above the receipt, or the total overflows.
        """
        if self.subtotal + amount < 0:
            raise Refused(errors.DISCOUNT_ABOVE_RECEIPT)
        if self.subtotal + amount > SUM_MAX:
            raise Refused(errors.TOTAL_RANGE)
        if self.operations >= items_max:
            raise Refused(errors.TOO_MANY_ITEMS)
        self.changes.append(Change(amount, groups))

    def close(
        self, payments: Sequence[int], rates: Sequence[int], *, percent: int = 0, rounding: int = 0,
        tax_sums: Sequence[int] = (), percent_groups: tuple[int, ...] = (),
    ) -> Closing:  # fmt: skip
        """What closing with these payments gives; nothing is changed.

        Args:
            payments: cash first.
            rates: of the tax groups from 1, hundredths of a percent.
            percent: hundredths; above zero a discount.
            rounding: taken off the total.
            tax_sums: by group, told by the host; all zero: the register computes them.

        Raises:
            Refused: the total is zero or below, paid too little, or cashless payments above the total.
        """
        discount = (1 if percent >= 0 else -1) * rounded(self.subtotal * abs(percent), HUNDRED_PERCENT) + rounding
        total = self.subtotal - discount
        if total < 0:
            raise Refused(errors.NEGATIVE_TOTAL)
        if total == 0 or not self.items:
            raise Refused(errors.ZERO_TOTAL)
        if total > SUM_MAX:
            raise Refused(errors.TOTAL_RANGE)
        taken = {number: amount for number, amount in enumerate(payments, CASH) if amount}
        if sum(taken.values()) < total:
            raise Refused(errors.PAID_TOO_LITTLE)
        if sum(amount for number, amount in taken.items() if number >= FIRST_CASHLESS) > total:
            raise Refused(errors.CASHLESS_ABOVE_TOTAL)
        turnovers = self._turnovers()
        turnovers.update(dict.fromkeys(percent_groups, -discount))
        taxes = Counter({group: amount for group, amount in enumerate(tax_sums, 1) if amount})
        return Closing(
            total, taken, sum(taken.values()) - total, discount, turnovers, taxes or self._taxes(turnovers, rates)
        )

    def _turnovers(self) -> Counter[int]:
        sums: Counter[int] = Counter()
        for item in self.items:
            sums.update(dict.fromkeys(item.groups, item.total))
        for change in self.changes:
            sums.update(dict.fromkeys(change.groups, change.amount))
        return sums

    def _taxes(self, turnovers: Counter[int], rates: Sequence[int]) -> Counter[int]:
        given: Counter[int] = Counter()
        told: Counter[int] = Counter()  # Turnover whose tax the host has told.
        for item in self.items:
            if item.tax_given is not None:
                given.update(dict.fromkeys(item.groups, item.tax_given))
                told.update(dict.fromkeys(item.groups, item.total))
        for group, turnover in turnovers.items():
            rate = rates[group - 1] if group <= len(rates) else 0
            given[group] += rounded((turnover - told[group]) * rate, HUNDRED_PERCENT + rate)
        return given


def rounded(value: int, divisor: int) -> int:
    """A quotient, half away from zero."""
    whole = (2 * abs(value) + divisor) // (2 * divisor)
    return whole if value >= 0 else -whole


def product(quantity: int, scale: int, price: int) -> int:
    """Quantity times price.

    Raises:
        Refused: a value or the product is out of range.
    """
    if not 0 < quantity <= SUM_MAX * (scale // 1000):
        raise Refused(errors.QUANTITY_RANGE)
    if price > SUM_MAX:
        raise Refused(errors.PRICE_RANGE)
    total = rounded(quantity * price, scale)
    if total > SUM_MAX:
        raise Refused(errors.MULTIPLICATION)
    return total


def tax_groups(numbers: Sequence[int], groups_max: int) -> tuple[int, ...]:
    """The tax groups an item names; 0 names none.

    Raises:
        Refused: a group the model does not have.
    """
    if any(number > groups_max for number in numbers):
        raise Refused(errors.WRONG_PARAMETERS)
    return tuple(dict.fromkeys(number for number in numbers if number))
