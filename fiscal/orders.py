"""What a till asks of a register: receipts, cash moves, shifts, as values. Pure.

Units: money in tiyn (1/100 tenge), quantity in thousandths, VAT in hundredths of a percent, times in ISO 8601 with
offset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

KEY_LENGTH_MAX = 50  # Webkassa's ExternalCheckNumber, the narrowest idempotency key in the field.


class Operation(StrEnum):
    SALE = "sale"
    SALE_RETURN = "sale_return"


class PaymentKind(StrEnum):
    CASH = "cash"
    CARD = "card"
    MOBILE = "mobile"


class CashDirection(StrEnum):
    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Mark:
    """The marking code of one unit, in the forms a driver may be told to send."""

    full: str  # Full code with GS (U+001D) between the elements, as repaired.
    ki: str  # Registry key: the code without its check part.


@dataclass(frozen=True, slots=True)
class Line:
    """One position. A marked line has whole units of one kind of goods and exactly one mark a unit."""

    name: str  # Name per National Catalogue, Russian.
    price_tiyn: int  # Unit price, VAT inside.
    quantity_milli: int  # 1 piece = 1000.
    unit_code: int  # OKEI family: 796 piece, 166 kg; table fiscal/data/units.toml.
    vat_bp: int | None  # 1600 = 16 %, 0 = "0 %", None = without VAT: three different things in law.
    name_kk: str | None = None
    gtin: str | None = None  # 14 digits.
    ntin: str | None = None
    marks: tuple[Mark, ...] = ()
    discount_tiyn: int = 0  # Per line. Not together with markup.
    markup_tiyn: int = 0
    code: str | None = None  # The shop's own article code.


@dataclass(frozen=True, slots=True)
class Payment:
    kind: PaymentKind
    sum_tiyn: int  # For cash: what the buyer handed over, before change.


@dataclass(frozen=True, slots=True)
class ReturnBasis:
    """The five facts of the original receipt that protocol 2.0.3 demands of a return; all mandatory."""

    fiscal_sign: str
    at: str  # ISO 8601 with offset.
    registration_number: str  # RNM of the register that made the original, perhaps another till.
    total_tiyn: int  # Of the whole original receipt, not of the returned part.
    offline: bool  # True when the original was made autonomously.


@dataclass(frozen=True, slots=True)
class Receipt:
    """A sale or a return as the till wants it registered."""

    key: str  # Idempotency key, at most KEY_LENGTH_MAX; derived from the sale, never from the attempt.
    operation: Operation
    lines: tuple[Line, ...]
    payments: tuple[Payment, ...]  # At most one a kind.
    cashier: str = ""
    basis: ReturnBasis | None = None  # Mandatory for SALE_RETURN.
    order_number: str | None = None  # The shop's own number, shown in the vendor's history.
    customer_xin: str | None = None  # Buyer's IIN or BIN, 12 digits, on the buyer's request.


@dataclass(frozen=True, slots=True)
class CashMove:
    key: str
    direction: CashDirection
    sum_tiyn: int


@dataclass(frozen=True, slots=True)
class ShiftOpen:
    """Opens a shift at a register that has a command for it. `shift` is the number the caller expects."""

    key: str
    shift: int
    cashier: str = ""


@dataclass(frozen=True, slots=True)
class ShiftClose:
    """A Z-report. `shift` is the number the caller believes open: a repeat must not close the next one."""

    key: str
    shift: int


Order = Receipt | CashMove | ShiftOpen | ShiftClose


@dataclass(frozen=True, slots=True)
class Prepared:
    """An order with the exact request a driver will send, as JSON that a journal can hold. No secrets inside."""

    key: str
    family: str  # Driver that made it: "webkassa".
    kind: str  # "sale" | "sale_return" | "cash_in" | "cash_out" | "shift_open" | "shift_close".
    total_tiyn: int  # What the register must end up having registered; 0 for a shift.
    payload: Mapping[str, Any]


class OrderInvalid(ValueError):
    """The order cannot be expressed: `place` names the field (`lines[2].marks`)."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(f"{place}: {text}")
        self.place = place
        self.text = text
