"""The port every cash register (KKM) driver serves, and the values that cross it.

A driver turns one order into at most one fiscal document. The order of events is fixed by the caller:

    prepare(order)  pure: validate, compute the exact request      -> Prepared, or OrderInvalid
    baseline()      read the register's identity and counters      -> Baseline, or RegisterUnavailable
    ... the caller commits Prepared and Baseline to its journal ...
    execute(...)    the decisive request                           -> Done | Refused | NotSent | Unknown
    settle(...)     after Unknown or a crash: ask, never guess     -> Done | Absent | Unknown

`execute` never raises for anything the line or the register does. After `Absent` the caller may `execute` the same
`Prepared` again: it carries the same idempotency key. No other order may go to the register before an `Unknown` one
is settled (docs/durability.md).

Units: money in tiyn (1/100 tenge), quantity in thousandths, VAT in hundredths of a percent,
times in ISO 8601 with offset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

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
class ShiftClose:
    """A Z-report. `shift` is the number the caller believes open: a repeat must not close the next one."""

    key: str
    shift: int


Order = Receipt | CashMove | ShiftClose


@dataclass(frozen=True, slots=True)
class Prepared:
    """An order with the exact request a driver will send, as JSON that a journal can hold. No secrets inside."""

    key: str
    family: str  # Driver that made it: "webkassa".
    kind: str  # "sale" | "sale_return" | "cash_in" | "cash_out" | "shift_close".
    total_tiyn: int  # What the register must end up having registered; 0 for a shift close.
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Baseline:
    """Identity and counters read before the first byte of an order (recovery compares against them)."""

    identity: str  # Factory number of the KKM.
    shift: int | None
    shift_open: bool
    document_count: int | None  # Documents of the shift, where the register tells.
    last_fiscal_sign: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FiscalDocument:
    """What the register made of a receipt. Fields are those the law wants on paper (order MF 626, p. 56)."""

    fiscal_sign: str
    at: str  # ISO 8601 with offset, the register's clock.
    number: int  # Sequential number in the shift.
    shift: int
    offline: bool  # This receipt was made autonomously: the paper must say so.
    total_tiyn: int
    qr: str  # Text of the receipt QR exactly as the register gave it; empty when it gave none.
    identity: str  # Factory number (ZNM / KZN).
    registration_number: str  # RNM / KTN.
    taxpayer_name: str = ""
    taxpayer_xin: str = ""
    address: str = ""
    address_kk: str = ""
    ofd_name: str = ""
    ofd_host: str = ""
    cashier: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)  # The vendor's answer, kept as evidence.


@dataclass(frozen=True, slots=True)
class CashDocument:
    at: str
    shift: int
    balance_tiyn: int | None  # Cash in the drawer after the move, where the register tells.
    offline: bool
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """An X- or Z-report."""

    at: str
    number: int | None
    shift: int
    closed: bool  # True for Z.
    document_count: int
    sales_tiyn: int
    sales_count: int
    returns_tiyn: int
    returns_count: int
    cash_tiyn: int  # Cash in the drawer.
    put_tiyn: int = 0
    taken_tiyn: int = 0
    opened_at: str | None = None
    offline: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict)


Document = FiscalDocument | CashDocument | ShiftReport


class FailureKind(StrEnum):
    """What the till does about it; each vendor's code maps to exactly one."""

    INVALID = "invalid"  # The order itself is wrong; repeat makes no sense.
    REFUSED = "refused"  # Register said no, definitely not fiscalised.
    CONFIGURATION = "configuration"  # Stop the till until someone repairs the set-up.
    UNAVAILABLE = "unavailable"  # No link; certainly nothing was sent.
    SHIFT_EXPIRED = "shift_expired"  # Over 24 h: a Z-report is due.
    OFFLINE_LIMIT = "offline_limit"  # Autonomous over 72 h.
    KEY_COLLISION = "key_collision"  # Our key names a document with another sum: alarm, a person decides.
    NO_ANSWER = "no_answer"  # Sent, and silence or rubbish came back.
    HUMAN = "human"  # The register cannot be asked further; a person compares.


@dataclass(frozen=True, slots=True)
class Failure:
    kind: FailureKind
    code: str  # Vendor code or ours ("webkassa:18", "timeout").
    text: str  # The vendor's words or ours, for the log and the support call.
    place: str = ""  # Endpoint or field.


# `side` of an outcome: documents the register made on the way to this order, in their order, whatever became of the
# order itself: the Z-report of a shift that had to be closed first. The journal must hold them too.


@dataclass(frozen=True, slots=True)
class Done:
    document: Document
    recovered: bool = False  # True when found by lookup or duplicate protection instead of a first answer.
    side: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    failure: Failure
    side: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certainly no byte of the decisive request left the program."""

    failure: Failure
    side: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    failure: Failure
    side: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class Absent:
    """The register was asked everywhere the document could be and does not have it."""

    evidence: str


Outcome = Done | Refused | NotSent | Unknown
Settlement = Done | Absent | Unknown


@dataclass(frozen=True, slots=True)
class RegisterStatus:
    reachable: bool
    shift: int | None = None
    shift_open: bool | None = None
    shift_opened_at: str | None = None
    offline: bool | None = None  # The register works autonomously right now.
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a family can do, as data: a lack is told when the till is configured, not at the sale."""

    family: str
    marks: bool
    mark_list: bool  # Several units of one kind in one line.
    returns_need_basis: bool
    lookup_by_key: bool
    cash_moves: bool = True


class OrderInvalid(ValueError):
    """The order cannot be expressed: `place` names the field (`lines[2].marks`)."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(f"{place}: {text}")
        self.place = place
        self.text = text


class RegisterUnavailable(Exception):
    """The register could not be read (never raised once a decisive request was sent)."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.code}: {failure.text}")
        self.failure = failure


class Register(Protocol):
    """One cash register. Calls on one instance are serialised by the driver itself."""

    @property
    def capabilities(self) -> Capabilities: ...

    def prepare(self, order: Order) -> Prepared: ...

    def baseline(self) -> Baseline: ...

    def execute(self, prepared: Prepared, baseline: Baseline) -> Outcome: ...

    def settle(self, prepared: Prepared, baseline: Baseline) -> Settlement: ...

    def x_report(self) -> ShiftReport: ...

    def status(self) -> RegisterStatus: ...
