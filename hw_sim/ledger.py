"""A fiscal document as the tax side knows it: what one simulated register has registered, once and for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

CENT = Decimal("0.01")
ZERO = Decimal(0)


def cents(value: Decimal) -> Decimal:
    """Round to two decimals, half up, as the Kazakh registers compute VAT."""
    return value.quantize(CENT, ROUND_HALF_UP)


def tiyn(value: Decimal) -> int:
    """Whole tiyn of an amount in tenge."""
    return int(cents(value) * 100)


class Operation(StrEnum):
    PURCHASE = "purchase"
    PURCHASE_RETURN = "purchase_return"
    SALE = "sale"
    SALE_RETURN = "sale_return"
    CASH_IN = "cash_in"
    CASH_OUT = "cash_out"

    @property
    def is_receipt(self) -> bool:
        return self not in (Operation.CASH_IN, Operation.CASH_OUT)

    @property
    def is_return(self) -> bool:
        return self in (Operation.PURCHASE_RETURN, Operation.SALE_RETURN)

    @property
    def cash_sign(self) -> int:
        """+1 when the money goes into the drawer, -1 when it goes out."""
        return 1 if self in (Operation.SALE, Operation.PURCHASE_RETURN, Operation.CASH_IN) else -1


@dataclass(frozen=True, slots=True)
class FiscalDocument:
    """One registered receipt or cash movement. Amounts in tenge; `marks` are the strings exactly as they were sent."""

    operation: Operation
    cashbox: str
    registration_number: str
    shift: int
    order_number: int
    document_number: int
    sign: str
    offline: bool
    at_ns: int
    external_number: str
    total: Decimal
    tax: Decimal = ZERO
    change: Decimal = ZERO
    discount: Decimal = ZERO
    markup: Decimal = ZERO
    payments: tuple[tuple[int, Decimal], ...] = ()
    marks: tuple[str, ...] = ()
    positions: tuple[Mapping[str, Any], ...] = ()
    basis: Mapping[str, Any] | None = None
    employee: str = ""
    order_reference: str = ""
    customer_xin: str = ""

    @property
    def taken(self) -> Decimal:
        return sum((amount for _, amount in self.payments), ZERO)

    def row(self) -> dict[str, Any]:
        """The document as one JSON-ready row of the ledger; money in tiyn."""
        return {
            "operation": self.operation.value,
            "cashbox": self.cashbox,
            "shift": self.shift,
            "order_number": self.order_number,
            "document_number": self.document_number,
            "sign": self.sign,
            "offline": self.offline,
            "at_ns": self.at_ns,
            "external_number": self.external_number,
            "total_tiyn": tiyn(self.total),
            "tax_tiyn": tiyn(self.tax),
            "change_tiyn": tiyn(self.change),
            "payments_tiyn": [[kind, tiyn(amount)] for kind, amount in self.payments],
            "marks": list(self.marks),
            "basis_sign": str(self.basis["CheckNumber"]) if self.basis else None,
        }


@dataclass(slots=True)
class Outage:
    """A window of UTC nanoseconds in which a link is down."""

    from_ns: int
    until_ns: int

    def holds(self, at_ns: int) -> bool:
        return self.from_ns <= at_ns < self.until_ns


@dataclass(slots=True)
class Link:
    """A link that is up unless switched off or inside a planned outage."""

    down: bool = False
    outages: list[Outage] = field(default_factory=list)

    def is_up(self, at_ns: int) -> bool:
        return not self.down and not any(outage.holds(at_ns) for outage in self.outages)
