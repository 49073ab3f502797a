"""What a register made of an order, and what it shows of itself: documents and readings, as values. Pure.

Units: money in tiyn (1/100 tenge), times in ISO 8601 with offset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fiscal.failures import Failure


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
class ShiftOpened:
    """A shift that was opened by a command of its own."""

    at: str
    shift: int
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


Document = FiscalDocument | CashDocument | ShiftOpened | ShiftReport


@dataclass(frozen=True, slots=True)
class SeenDocument:
    """A document as the register shows it when asked: what a person lays beside ours to decide a doubt."""

    number: str  # As the register counts and prints it.
    kind: str  # A kind of `Prepared`, the register's own word for others, "" when it does not tell.
    total_tiyn: int | None
    at: str  # "" when it does not tell.
    shift: int | None = None
    fiscal_sign: str = ""


class Paper(StrEnum):
    """What became of the paper of a document, or how the roll is. A reading that cannot be had is UNKNOWN."""

    OK = "ok"
    LOW = "low"
    OUT = "out"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Baseline:
    """Identity and counters read before the first byte of an order (recovery compares against them)."""

    identity: str  # Factory number of the KKM.
    shift: int | None
    shift_open: bool
    document_count: int | None  # Documents of the shift, where the register tells.
    last_fiscal_sign: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    clock_at: str | None = None  # The register's own clock at the reading, where it tells.


class Waiting(StrEnum):
    """What a register stands still for, when it does."""

    PAPER = "paper"  # Out of paper in the middle of an operation.
    CONTINUE = "continue"  # Paper is back: it wants to be told to go on.
    PRINTING = "printing"
    OPEN_DOCUMENT = "open_document"  # A document is open that was neither closed nor cancelled.
    PERSON = "person"  # Blocked until someone acts at it (wrong passwords, date, service).


@dataclass(frozen=True, slots=True)
class RegisterStatus:
    """One look at the register. None, "" and UNKNOWN are "it does not tell", never "all is well"."""

    reachable: bool
    shift: int | None = None
    shift_open: bool | None = None
    shift_opened_at: str | None = None  # Its age decides when the Z-report is due (24 h).
    offline: bool | None = None  # The register works autonomously right now.
    failure: Failure | None = None
    offline_since: str | None = None  # Its age decides when sales end (72 h).
    unsent: int | None = None  # Documents the register has not handed to the OFD yet.
    paper: Paper = Paper.UNKNOWN
    cover_open: bool | None = None
    clock_at: str | None = None  # The register's own clock.
    waits_for: Waiting | None = None
    model: str = ""  # As the register names itself.
    firmware: str = ""  # Version and build of its own program, as it writes them.
