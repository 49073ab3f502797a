"""The fiscal memory of one register: shifts, documents, counters, sums, drawer, marks. It survives everything.

A family decides what of it its commands show, and under which numbers. Documents are only ever added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hw_sim.ledger import FiscalDocument, Operation

TENGE = Decimal(100)


@dataclass(frozen=True, slots=True)
class Identity:
    """What is riveted to the case and registered at the tax office."""

    serial: str = "00012345"  # Factory number.
    registration_number: str = "010100000001"  # Of the tax body (RNM).
    taxpayer_xin: str = "000000000000"  # BIN or IIN of the owner.


@dataclass(frozen=True, slots=True)
class ClosedShift:
    """What a Z-report has counted. Sums in tiyn."""

    number: int
    opened_ns: int
    closed_ns: int
    counts: Mapping[Operation, int]
    sums_tiyn: Mapping[Operation, int]
    cash_tiyn: int


@dataclass(slots=True)
class Shift:
    """The open shift. Sums in tiyn."""

    number: int
    opened_ns: int
    counts: dict[Operation, int] = field(default_factory=lambda: dict.fromkeys(Operation, 0))
    sums_tiyn: dict[Operation, int] = field(default_factory=lambda: dict.fromkeys(Operation, 0))
    payments_tiyn: dict[tuple[Operation, int], int] = field(default_factory=dict)  # (operation, family's kind).


@dataclass(slots=True)
class FiscalMemory:
    """Everything that counts. Sums in tiyn."""

    identity: Identity = field(default_factory=Identity)
    documents: list[FiscalDocument] = field(default_factory=list)
    closed: list[ClosedShift] = field(default_factory=list)
    shift: Shift | None = None
    cash_tiyn: int = 0
    next_shift: int = 1
    counts: dict[Operation, int] = field(default_factory=lambda: dict.fromkeys(Operation, 0))  # Since the beginning.
    cancelled: int = 0  # Documents begun and cancelled.
    papers: list[str] = field(default_factory=list)  # What has come out as paper, in order: "sale 7", "copy 7", "Z 3".

    def open_shift(self, at_ns: int) -> Shift:
        """The open shift; a new one when none is."""
        if self.shift is None:
            self.shift = Shift(self.next_shift, at_ns)
            self.next_shift += 1
        return self.shift

    def close_shift(self, at_ns: int) -> ClosedShift:
        """Z: counters of the shift start anew. ValueError when none is open."""
        if self.shift is None:
            raise ValueError("no shift is open")
        shift, self.shift = self.shift, None
        closed = ClosedShift(shift.number, shift.opened_ns, at_ns, shift.counts, shift.sums_tiyn, self.cash_tiyn)
        self.closed.append(closed)
        return closed

    def register(
        self,
        operation: Operation,
        total_tiyn: int,
        at_ns: int,
        *,
        sign: str = "",
        payments_tiyn: Mapping[int, int] | None = None,
        cash_tiyn: int | None = None,
        change_tiyn: int = 0,
        tax_tiyn: int = 0,
        marks: tuple[str, ...] = (),
        positions: tuple[Mapping[str, Any], ...] = (),
        basis: Mapping[str, Any] | None = None,
        key: str = "",
        offline: bool = False,
        employee: str = "",
        document_number: int | None = None,
        order_number: int | None = None,
    ) -> FiscalDocument:
        """Keep a receipt or a cash move for ever; opens the shift when none is.

        `payments_tiyn` is by the family's own numbers; `cash_tiyn` is how much the drawer moves, without its sign (the
        whole total unless told otherwise). A family whose numbers count other documents too gives its own.
        """
        shift = self.open_shift(at_ns)
        paid = dict(payments_tiyn or {})
        document = FiscalDocument(
            operation=operation,
            cashbox=self.identity.serial,
            registration_number=self.identity.registration_number,
            shift=shift.number,
            order_number=sum(shift.counts.values()) + 1 if order_number is None else order_number,
            document_number=len(self.documents) + 1 if document_number is None else document_number,
            sign=sign,
            offline=offline,
            at_ns=at_ns,
            external_number=key,
            total=total_tiyn / TENGE,
            tax=tax_tiyn / TENGE,
            change=change_tiyn / TENGE,
            payments=tuple((kind, amount / TENGE) for kind, amount in paid.items()),
            marks=marks,
            positions=positions,
            basis=basis,
            employee=employee,
        )
        self.documents.append(document)
        self.counts[operation] += 1
        shift.counts[operation] += 1
        shift.sums_tiyn[operation] += total_tiyn
        for kind, amount in paid.items():
            shift.payments_tiyn[operation, kind] = shift.payments_tiyn.get((operation, kind), 0) + amount
        self.cash_tiyn += operation.cash_sign * (total_tiyn if cash_tiyn is None else cash_tiyn)
        return document

    def rows(self) -> list[dict[str, Any]]:
        """Every document, JSON-ready."""
        return [document.row() for document in self.documents]

    def totals(self) -> dict[str, Any]:
        """Counters and sums, JSON-ready."""
        shift = self.shift
        return {
            "serial": self.identity.serial,
            "documents": len(self.documents),
            "cancelled": self.cancelled,
            "cash_tiyn": self.cash_tiyn,
            "closed_shifts": len(self.closed),
            "shift": None
            if shift is None
            else {
                "number": shift.number,
                "counts": {str(kind): count for kind, count in shift.counts.items()},
                "sums_tiyn": {str(kind): amount for kind, amount in shift.sums_tiyn.items()},
            },
        }
