"""One register as the operator knows it: papers, token, last exchange, shift. All of it survives power."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from hw_sim.device.memory import FiscalMemory
from hw_sim.ledger import FiscalDocument
from hw_sim.ofd203.counters import Lifetime, ShiftCounters


@dataclass(frozen=True, slots=True)
class Papers:
    """What the operator tells in reg_info beside the numbers of the case."""

    organisation: str = "ТОО Пример"  # Name of the taxpayer.
    address: str = "Алматы, Абая 1"  # Of the shop, in Russian.
    address_kz: str = "Алматы, Абай 1"  # Of the shop, in Kazakh.
    okved: str = "47111"  # Code of the kind of business.
    shop: str = "Дүкен"  # Name of the shop.
    latitude: int = 43238  # Of the shop; the scale is not published.
    longitude: int = 76889  # Of the shop; the scale is not published.
    taxation_type: int = 101  # 100 simplified, 101 general, 102 farms, 103 patent.
    vat_percent: int = 16000  # Thousandths of a percent.


@dataclass(frozen=True, slots=True)
class Exchange:
    """The last request that was taken, and what was answered."""

    reqnum: int
    token: int  # As it stood in the request.
    command: int
    answer: bytes
    at_ns: int


@dataclass(frozen=True, slots=True)
class LastDocument:
    """What INFO says about the last document."""

    shift: int
    number: int


@dataclass(slots=True)
class Device:
    """One register."""

    id: int
    token: int
    memory: FiscalMemory = field(default_factory=FiscalMemory)
    papers: Papers = field(default_factory=Papers)
    known: bool = True
    blocked: bool = False
    last: Exchange | None = None
    counters: ShiftCounters | None = None
    lifetime: Lifetime = field(default_factory=Lifetime)
    last_z: dict[str, Any] | None = None
    last_document: LastDocument | None = None
    newest: datetime | None = None  # The latest moment a document of this register bears.
    receipts: dict[str, list[FiscalDocument]] = field(default_factory=dict)  # By fiscal sign, and by offline number.
    differences: list[str] = field(default_factory=list)  # Between the last report it sent and the operator's.
    offline_numbers: set[tuple[date, int]] = field(default_factory=set)

    def open_shift(self, at: datetime, opened_ns: int, number: int | None) -> ShiftCounters:
        """The counters of the open shift; a new one when none is open, under the register's number if it gives one."""
        if self.counters is None:
            if number is not None and number >= self.memory.next_shift:
                self.memory.next_shift = number
            shift = self.memory.open_shift(opened_ns)
            self.counters = ShiftCounters(shift.number, at, dict(self.lifetime.sums))
        return self.counters

    def close_shift(self, at_ns: int) -> None:
        """Counters of the shift start anew."""
        self.memory.close_shift(at_ns)
        self.counters = None

    def remember(self, document: FiscalDocument, at: datetime, offline_number: int | None) -> None:
        """Keep a receipt where a later return may look for it."""
        self.receipts.setdefault(document.sign, []).append(document)
        if offline_number is not None:
            self.offline_numbers.add((at.date(), offline_number))
            self.receipts.setdefault(str(offline_number), []).append(document)

    def noted(self, at: datetime, number: int | None) -> None:
        """A document has been taken. `number`: the register's own, or the operator's count when it gives none."""
        own = len(self.memory.documents) if number is None else number
        self.last_document = LastDocument(self.memory.next_shift - 1, own)
        self.newest = at if self.newest is None else max(at, self.newest)
