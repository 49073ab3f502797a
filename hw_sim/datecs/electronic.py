"""The electronic journal: every document the printer has made, with its type, its text and its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hw_sim.datecs.receipt import Receipt


class Kind(StrEnum):
    """Types of documents: the letter of P (command 77h). X numbers them (`NUMBERS_X`)."""

    FISCAL = "F"
    STORNO = "V"
    CANCELLED = "C"
    SERVICE = "N"
    CASH_IN = "I"
    CASH_OUT = "O"
    X = "X"
    Z = "Z"


@dataclass(frozen=True, slots=True)
class Record:
    """One document. `at` is the device's own local time; `serial` its number among its like since the last Z."""

    document: int
    kind: Kind
    at: datetime
    z: int  # The Z-report it belongs to: the coming one, or the report itself.
    lines: tuple[str, ...]
    serial: int = 0
    receipt: Receipt | None = None  # Of fiscal, storno and cancelled ones.

    @property
    def type_p(self) -> int:
        """RecType of the structured reading: 0 sale, 1 invoice, 2 storno, 3 credit note, 4 cancelled."""
        if self.kind is Kind.CANCELLED:
            return 4
        invoice = self.receipt is not None and self.receipt.invoice
        return (2 if self.kind is Kind.STORNO else 0) + invoice

    @property
    def type_x(self) -> int:
        """Type of commands 7Ch and 7Dh."""
        if self.receipt is not None and self.receipt.invoice and self.kind is not Kind.CANCELLED:
            return 7 if self.kind is Kind.STORNO else 3
        return TYPES_X[self.kind]


TYPES_X: Mapping[Kind, int] = {
    Kind.FISCAL: 1, Kind.Z: 2, Kind.SERVICE: 4, Kind.CASH_IN: 5, Kind.CASH_OUT: 5, Kind.STORNO: 6, Kind.CANCELLED: 8,
    Kind.X: 9,
}  # fmt: skip
ALL_X, RECEIPTS_X = 0, 10
_RECEIPT_TYPES_X = frozenset((1, 3, 6, 7))
Test = Callable[[Record], bool]


def wanted_p(flag: str) -> Test | None:
    """The filter of a letter of P; None: no such letter."""
    if flag == "A":
        return lambda _record: True
    if flag == "P":
        return lambda record: record.kind in (Kind.X, Kind.Z)
    if flag in ("R", "S"):  # Rotated receipts and service operations: this printer makes none.
        return lambda _record: False
    kinds = [kind for kind in Kind if kind.value == flag]
    return (lambda record: record.kind is kinds[0]) if kinds else None


def wanted_x(number: int) -> Test | None:
    """The filter of a type of X; None: no such type."""
    if number == ALL_X:
        return lambda _record: True
    if number == RECEIPTS_X:
        return lambda record: record.type_x in _RECEIPT_TYPES_X
    return (lambda record: record.type_x == number) if 1 <= number <= 9 else None


@dataclass(slots=True)
class Journal:
    """Documents in the order they were made. They are only ever added."""

    records: list[Record] = field(default_factory=list)

    def add(self, record: Record) -> None:
        self.records.append(record)

    def find(self, document: int) -> Record | None:
        return next((record for record in reversed(self.records) if record.document == document), None)

    def between(self, first: int, last: int, test: Test) -> list[Record]:
        """By number, both ends included."""
        return [record for record in self.records if first <= record.document <= last and test(record)]

    def during(self, start: datetime, end: datetime, test: Test) -> list[Record]:
        """By time, both ends included."""
        return [record for record in self.records if start <= record.at <= end and test(record)]

    def last(self, kind: Kind) -> Record | None:
        return next((record for record in reversed(self.records) if record.kind is kind), None)


@dataclass(slots=True)
class Reading:
    """A reading begun by a host: what it has still to get. RAM: a power loss ends it."""

    rows: Iterator[str]

    def next_row(self) -> str | None:
        return next(self.rows, None)
