"""The fiscal memory of one cashbox: shifts, documents, counters, cash, marks. Documents are only ever added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hw_sim.ledger import ZERO, FiscalDocument, Operation
from hw_sim.webkassa.errors import Refusal
from hw_sim.webkassa.profile import KeyScope

ACTIVE, CREATED, BLOCKED, DAMAGED, DEREGISTERED = 1, 0, 2, 4, 5
RECEIPTS = (Operation.SALE, Operation.PURCHASE, Operation.SALE_RETURN, Operation.PURCHASE_RETURN)


@dataclass(frozen=True, slots=True)
class Organisation:
    """The taxpayer who owns the cashbox."""

    name: str = "Shop LLP"
    xin: str = "000000000000"
    vat: bool = True
    vat_series: str = "60001"
    vat_number: str = "0000001"


@dataclass(frozen=True, slots=True)
class OfdName:
    """The operator printed on the receipt. Codes: 1 Kazakhtelecom, 2 Transtelecom, 3 Jusan Mobile, 4 Smartcontract."""

    code: int = 1
    name: str = "АО «Казахтелеком»"
    name_kk: str = "«Қазақтелеком» АҚ"
    name_en: str = "Kazakhtelecom JSC"
    host: str = "consumer.test-oofd.kz"

    def data(self) -> dict[str, Any]:
        return {
            "Name": self.name,
            "NameKz": self.name_kk,
            "NameEn": self.name_en,
            "Host": self.host,
            "Code": self.code,
        }


@dataclass(slots=True)
class Shift:
    """One shift; it opens with its first operation and closes with a Z report."""

    number: int
    opened_ns: int
    start_totals: Mapping[Operation, Decimal]
    closed_ns: int | None = None
    z_report: dict[str, Any] | None = None
    documents: list[FiscalDocument] = field(default_factory=list)
    next_order: int = 1


@dataclass(slots=True)
class Cashbox:
    """One virtual register: identity, switches, and everything it has registered."""

    unique_number: str = "SWK00000001"  # Factory number, by which requests name it.
    registration_number: str = "010100000001"  # Of the tax body (RNM).
    identity_number: str = "203001"  # Its number at the operator.
    address: str = "Almaty"  # Of the shop, in Russian.
    address_kk: str = "Алматы"  # Of the shop, in Kazakh.
    name: str = "Till 1"  # As the cabinet shows it.
    protocol: int = 203  # Data protocol: 203 takes lists of marks, 202 one mark a position.
    organisation: Organisation = field(default_factory=Organisation)
    ofd: OfdName = field(default_factory=OfdName)
    status: int = ACTIVE  # 0 created, 1 active, 2 blocked, 4 damaged, 5 deregistered.
    licensed: bool = True  # Whether its licence is paid.
    marking_active: bool = True  # Whether it may sell marked goods.
    autonomous_allowed: bool = True  # Whether it makes receipts while the operator does not answer.
    first_shift: int = 1  # Number of its first shift.
    cash: Decimal = ZERO
    shifts: list[Shift] = field(default_factory=list)
    documents: list[FiscalDocument] = field(default_factory=list)
    totals: dict[Operation, Decimal] = field(default_factory=lambda: dict.fromkeys(RECEIPTS, ZERO))
    counts: dict[Operation, int] = field(default_factory=lambda: dict.fromkeys(RECEIPTS, 0))
    first_answers: dict[int, dict[str, Any]] = field(default_factory=dict)  # By document number.
    by_external_number: dict[str, list[FiscalDocument]] = field(default_factory=dict)
    busy_until_ns: int = 0

    @property
    def shift(self) -> Shift | None:
        """The open shift, or None."""
        return self.shifts[-1] if self.shifts and self.shifts[-1].closed_ns is None else None

    def open_shift(self, at_ns: int) -> Shift:
        """The open shift; a new one when the last is closed."""
        if self.shift is None:
            number = self.shifts[-1].number + 1 if self.shifts else self.first_shift
            self.shifts.append(Shift(number, at_ns, dict(self.totals)))
        return self.shifts[-1]

    def shift_numbered(self, number: int) -> Shift:
        """Find a shift, or refuse with code 15."""
        for shift in self.shifts:
            if shift.number == number:
                return shift
        raise Refusal(15)

    def registered(self, external_number: str, scope: KeyScope) -> FiscalDocument | None:
        """The document already registered under this external number, within the scope of the key."""
        pool = self.by_external_number.get(external_number, [])
        if scope is KeyScope.SHIFT:
            number = self.shift.number if self.shift else None
            pool = [doc for doc in pool if doc.shift == number]
        return pool[0] if pool else None

    def receipts(self) -> Iterator[FiscalDocument]:
        return (doc for doc in self.documents if doc.operation.is_receipt)

    def require_cash(self, change: Decimal) -> None:
        """Refuse with code 8 when the drawer cannot give what the operation takes out."""
        if self.cash + change < 0:
            raise Refusal(8)

    def register(self, shift: Shift, document: FiscalDocument, cash: Decimal) -> None:
        """Keep a document for ever and move the counters and the drawer."""
        shift.documents.append(document)
        shift.next_order += 1
        self.documents.append(document)
        self.by_external_number.setdefault(document.external_number, []).append(document)
        self.cash += cash
        if document.operation.is_receipt:
            self.totals[document.operation] += document.total
            self.counts[document.operation] += 1

    def used_marks(self) -> dict[str, list[FiscalDocument]]:
        """Every mark this register has put into a receipt, with the receipts."""
        used: dict[str, list[FiscalDocument]] = {}
        for document in self.documents:
            for mark in document.marks:
                used.setdefault(mark, []).append(document)
        return used
