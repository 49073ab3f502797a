"""The port every cash register (KKM) driver serves.

A driver turns one order into at most one fiscal document. The order of events is fixed by the caller:

    prepare(order)  pure: validate, compute the exact request      -> Prepared, or OrderInvalid
    baseline()      read the register's identity and counters      -> Baseline, or RegisterUnavailable
    ... the caller commits Prepared and Baseline to its journal ...
    execute(...)    the decisive request                           -> Done | Refused | NotSent | Unknown
    settle(...)     after Unknown or a crash: ask, never guess     -> Done | Absent | Unknown

`execute` never raises for anything the line or the register does. After `Absent` the caller may `execute` the same
`Prepared` again: it carries the same idempotency key. No other order may go to the register before an `Unknown` one
is settled (docs/durability.md).

The values that cross the port stand in fiscal/orders.py and fiscal/documents.py and are exported from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from fiscal.documents import (
    Baseline,
    CashDocument,
    Document,
    FiscalDocument,
    Paper,
    RegisterStatus,
    SeenDocument,
    ShiftOpened,
    ShiftReport,
    Waiting,
)
from fiscal.failures import Failure, FailureKind
from fiscal.orders import (
    KEY_LENGTH_MAX,
    CashDirection,
    CashMove,
    Line,
    Mark,
    Operation,
    Order,
    OrderInvalid,
    Payment,
    PaymentKind,
    Prepared,
    Receipt,
    ReturnBasis,
    ShiftClose,
    ShiftOpen,
)

__all__ = [
    "ALL_PAYMENTS", "KEY_LENGTH_MAX", "Ability", "Absent", "Baseline", "Capabilities", "CashDirection", "CashDocument",
    "CashMove", "Document", "Done", "Failure", "FailureKind", "FiscalDocument", "Line", "Mark", "NotCapable", "NotSent",
    "Operation", "Order", "OrderInvalid", "Outcome", "Paper", "Payment", "PaymentKind", "Prepared", "Receipt",
    "Recovery", "Refused", "Register", "RegisterStatus", "RegisterUnavailable", "ReturnBasis", "SeenDocument",
    "Settlement", "ShiftClose", "ShiftOpen", "ShiftOpened", "ShiftReport", "Unknown", "Waiting",
]  # fmt: skip

# `side` of an outcome: documents the register made on the way to this order, in their order, whatever became of the
# order itself: the Z-report of a shift that had to be closed first. The journal must hold them too.


@dataclass(frozen=True, slots=True)
class Done:
    document: Document
    recovered: bool = False  # True when found by lookup or duplicate protection instead of a first answer.
    side: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The register said no: certainly nothing was made, and a document it had begun is cancelled."""

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


class Ability(StrEnum):
    """One thing a register, reached in this way and with these options, can do."""

    MARKS = "marks"  # A field of its own for marking codes: what the traceability system reads.
    MARKS_AS_TEXT = "marks-as-text"  # Codes only as free text of the receipt: paper, no proof of withdrawal.
    MARK_LIST = "mark-list"  # Several units of one kind in one line.
    MARK_CHECK = "mark-check"  # The register itself asks about a code before the receipt.
    RETURNS = "returns"
    CASH_MOVES = "cash-moves"
    SHIFT_OPEN = "shift-open"  # A command of its own; without it the first document opens the shift.
    X_REPORT = "x-report"
    FIND_BY_KEY = "find-by-key"
    LAST_DOCUMENT = "last-document"
    PRINTS = "prints"  # Prints its receipts and reports itself.
    REPRINT_LAST = "reprint-last"
    REPRINT_ANY = "reprint-any"
    DRAWER = "drawer"
    TELLS_PAPER = "tells-paper"
    TELLS_COVER = "tells-cover"
    TELLS_CLOCK = "tells-clock"
    TELLS_SHIFT_AGE = "tells-shift-age"
    TELLS_OFFLINE_AGE = "tells-offline-age"


class Recovery(StrEnum):
    """How a lost answer is found again, strongest first."""

    KEY = "key"  # By our key.
    REPEAT = "repeat"  # The same request again is answered with the first result and registers nothing.
    COUNTERS = "counters"  # By counters and the last document, compared with those before the order.
    PERSON = "person"  # It cannot be asked: a doubt stays one until a person decides it.


ALL_PAYMENTS = frozenset(PaymentKind)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a register can do, as data: a lack is told when the till is configured, not at the sale."""

    family: str
    can: frozenset[Ability]
    recovery: tuple[Recovery, ...]
    payments: frozenset[PaymentKind] = ALL_PAYMENTS
    returns_need_basis: bool = True
    test_only: bool = False  # For tests and certified integrators: no shop may run on it by accident.

    def lacking(self, wanted: Iterable[Ability]) -> tuple[Ability, ...]:
        """Those of `wanted` it cannot do, in the order of `Ability`."""
        missing = frozenset(wanted) - self.can
        return tuple(ability for ability in Ability if ability in missing)


class RegisterUnavailable(Exception):
    """The register could not be read (never raised once a decisive request was sent)."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.code}: {failure.text}")
        self.failure = failure


class NotCapable(Exception):
    """This register cannot do that at all; its capabilities say so too."""

    def __init__(self, family: str, ability: Ability) -> None:
        super().__init__(f"a register of family {family} has no ability {ability}")
        self.ability = ability


class Register(Protocol):
    """One cash register. Calls on one instance are serialised by the driver itself.

    Everything below `settle` only looks or moves paper, and raises RegisterUnavailable when the register does not
    answer, NotCapable when it cannot do it at all.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    def prepare(self, order: Order) -> Prepared: ...

    def baseline(self) -> Baseline: ...

    def execute(self, prepared: Prepared, baseline: Baseline) -> Outcome: ...

    def settle(self, prepared: Prepared, baseline: Baseline) -> Settlement: ...

    def x_report(self) -> ShiftReport: ...

    def status(self) -> RegisterStatus:
        """Never raises: a register that does not answer is a status too."""

    def last_document(self) -> SeenDocument | None:
        """The newest document the register holds; None when it holds none."""

    def find(self, key: str, shift: int | None = None) -> SeenDocument | None:
        """A document by our key, in `shift` and later ones where the vendor wants to know; None: it is not there."""

    def finish_printing(self) -> Paper:
        """Bring the paper of the last document to its end: OK when it is out, OUT when the register waits for paper.

        For registers that print themselves. May be called again, and again.
        """

    def reprint(self, document: FiscalDocument) -> Paper:
        """Print a copy. A register with REPRINT_LAST alone refuses any but its last (RegisterUnavailable)."""

    def open_drawer(self) -> None: ...
