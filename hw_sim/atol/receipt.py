"""A receipt while it is open: its kind, its lines, its sum. Nothing in here is fiscal yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hw_sim.atol.problems import Problem, Refused
from hw_sim.ledger import Operation

CASH = 1  # Payment type in the order of the command layer: 1 cash, 2 electronic, 3 advance, 4 credit, 5 other.
PAYMENT_TYPES = range(1, 11)
RECEIPT_TYPES: Mapping[int, Operation] = {
    1: Operation.SALE,
    2: Operation.SALE_RETURN,
    4: Operation.PURCHASE,
    5: Operation.PURCHASE_RETURN,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One item. Money in tiyn, quantity in thousandths; the mark exactly as it was sent."""

    name: str
    price_tiyn: int
    quantity_milli: int
    sum_tiyn: int
    tax_tiyn: int = 0
    section: int = 0
    mark: str = ""

    def row(self) -> dict[str, Any]:
        """For the ledger."""
        return {
            "name": self.name,
            "price_tiyn": self.price_tiyn,
            "quantity_milli": self.quantity_milli,
            "sum_tiyn": self.sum_tiyn,
            "tax_tiyn": self.tax_tiyn,
            "section": self.section,
            "mark": self.mark,
        }


@dataclass(slots=True)
class OpenReceipt:
    """Between opening and closing or cancelling."""

    type: int
    lines: list[Line] = field(default_factory=list)
    electronic: bool = False
    paid: dict[int, int] = field(default_factory=dict)  # Before the closing, by type.

    @property
    def operation(self) -> Operation:
        return RECEIPT_TYPES[self.type]

    @property
    def total_tiyn(self) -> int:
        return sum(line.sum_tiyn for line in self.lines)

    @property
    def unpaid_tiyn(self) -> int:
        return max(0, self.total_tiyn - sum(self.paid.values()))

    def with_paid(self, payments: Mapping[int, int]) -> dict[int, int]:
        """What was paid before and now, by type."""
        sums = dict(self.paid)
        for kind, amount in payments.items():
            sums[kind] = sums.get(kind, 0) + amount
        return sums


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a receipt was paid. Sums in tiyn; `cash_tiyn` is what stays in the drawer, or leaves it."""

    payments: Mapping[int, int]
    change_tiyn: int
    cash_tiyn: int


def settle(total_tiyn: int, payments: Mapping[int, int]) -> Settlement:
    """Check payments against the total. Raises Refused: too little, or more without cash than the total."""
    if any(kind not in PAYMENT_TYPES for kind in payments):
        raise Refused(Problem.BAD_PAYMENT)
    paid = sum(payments.values())
    if paid - payments.get(CASH, 0) > total_tiyn:
        raise Refused(Problem.NONCASH_TOO_MUCH)
    if paid < total_tiyn:
        raise Refused(Problem.NOT_FULLY_PAID)
    change = paid - total_tiyn
    return Settlement(payments, change, payments.get(CASH, 0) - change)


def tax_inside(sum_tiyn: int, rate_bp: int) -> int:
    """Tax inside a sum, to the tiyn, half up."""
    return (2 * sum_tiyn * rate_bp + 10_000 + rate_bp) // (2 * (10_000 + rate_bp))
