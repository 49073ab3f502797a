"""The register itself, without bytes: modes, receipts, shifts, what they leave behind, what survives power loss.

Sums here are in the register's unit (1/100 with flag bit 4, whole tenge without it); the fiscal memory is in tiyn.
"""

from __future__ import annotations

import random
from datetime import datetime

from hw_sim.device.machine import Mechanics
from hw_sim.device.memory import FiscalMemory
from hw_sim.exchange import NS, Clock
from hw_sim.ledger import FiscalDocument, Operation
from hw_sim.shtrih import documents, errors
from hw_sim.shtrih.clock import DeviceClock
from hw_sim.shtrih.errors import Refused
from hw_sim.shtrih.marking import Desk
from hw_sim.shtrih.models import Profile, profile
from hw_sim.shtrih.options import OnPowerLoss, Options
from hw_sim.shtrih.printing import Printer
from hw_sim.shtrih.receipt import Closing, Item, Kind, Receipt
from hw_sim.shtrih.storage import Current, DocumentType, Storage, StoredDocument
from hw_sim.shtrih.tables import (
    PASSWORDS_TABLE,
    REGION_TABLE,
    REQUIRES_SHIFT_FIELD,
    TAXES_TABLE,
    LineSettings,
    Settings,
    first_values,
)
from hw_sim.shtrih.totals import NUMBER_LIMIT, Counters, Sums, sums_of

SHIFT_MAX_NS = 24 * 3600 * NS
MODE_OPEN, MODE_TOO_LONG, MODE_CLOSED, MODE_LOCKED, MODE_CONFIRM_DATE, MODE_RECEIPT = 2, 3, 4, 5, 6, 8
ADMIN, SYSTEM = 29, 30
TIYN_PER_TENGE = 100


class Register:
    """One register. `receipt` is the open one; `last_sums` are those of the receipt before until the next opens."""

    def __init__(self, now: Clock, rng: random.Random, mechanics: Mechanics, options: Options) -> None:
        self.options = options
        self.profile: Profile = profile(options.model, ffxx=options.ffxx, flags=options.flags)
        self.now = now
        self.rng = rng
        self.memory = FiscalMemory(options.identity, next_shift=options.shift_number)
        self.unit_tiyn = 1 if self.profile.two_decimals else TIYN_PER_TENGE
        self.memory.cash_tiyn = options.cash * self.unit_tiyn
        self.mechanics = mechanics
        self.line = LineSettings(timeout=round(options.byte_timeout_s * 1000))
        self.port = 0
        self.clock = DeviceClock(now, options.zone_s, options.clock_offset_s)
        self.printer = Printer(now, mechanics, self.memory.papers.append)
        self.settings = Settings(self.profile.code_page, first_values(options))
        self.marks = Desk(alone=options.standalone)
        self.storage: Storage | None = None
        if self.profile.storage:
            self.storage = Storage(self.clock, rng, options.storage_serial)
            self.storage.register(options.last_fd)
        self.receipt: Receipt | None = None
        self.last_sums = Sums()
        self.shift_sums = Sums()
        self.cash_at_closing = 0
        self.counters = Counters(options.document_number, dict(zip(Kind, options.receipt_numbers, strict=True)))
        self.counter_offset = 0  # What it shows of its numbers is wrong by so many.
        self.date_to_confirm: bytes | None = None
        self.forced: tuple[int, int] | None = None  # Mode and submode a hand has set.
        self.last_paper = ""  # What 8Ch repeats.
        self.last_moment: datetime | None = None  # Of the last document, by the clock of the register.

    # What it is

    @property
    def cash(self) -> int:
        return self.memory.cash_tiyn // self.unit_tiyn

    @property
    def shift_over(self) -> bool:
        """The open shift is older than 24 hours."""
        return self.memory.shift is not None and self.now() - self.memory.shift.opened_ns >= SHIFT_MAX_NS

    @property
    def last_closed_shift(self) -> int:
        """Number of the last closed shift, four digits."""
        number = self.memory.next_shift - (1 if self.memory.shift is None else 2)
        return number % NUMBER_LIMIT

    @property
    def needs_open_shift(self) -> bool:
        """Selling waits for E0h: by the option, or by the regional setting of Kazakh registers."""
        return not self.options.auto_shift or bool(self.settings.number(REGION_TABLE, 1, REQUIRES_SHIFT_FIELD))

    def mode(self) -> int:
        """The mode with its high half, as 10h and 11h give it."""
        if self.forced is not None:
            return self.forced[0]
        if self.date_to_confirm is not None:
            return MODE_CONFIRM_DATE
        if self.receipt is not None:
            return MODE_RECEIPT | self.receipt.kind << 4
        if self.memory.shift is None:
            return MODE_CLOSED
        return MODE_TOO_LONG if self.shift_over else MODE_OPEN

    def submode(self) -> int:
        """The submode, as 10h and 11h give it."""
        return self.printer.submode() if self.forced is None else self.forced[1]

    def operator(self, password: int) -> int:
        """The operator a password belongs to.

        Raises:
            Refused: nobody's.
        """
        for row in range(1, SYSTEM + 1):
            if self.settings.number(PASSWORDS_TABLE, row, 1) == password:
                return row
        raise Refused(errors.WRONG_PASSWORD)

    def rates(self) -> tuple[int, ...]:
        return tuple(self.settings.number(TAXES_TABLE, row, 1) for row in range(1, self.profile.taxes + 1))

    # Shifts

    def check(self) -> None:
        """Whether a document may be made now.

        Raises:
            Refused: the clock or the storage is against it.
        """
        if self.storage is not None:
            self.storage.check(shift_over=self.shift_over)
        elif self.last_moment is not None and self.clock.moment().date() < self.last_moment.date():
            raise Refused(errors.DATE_BEFORE_LAST)

    def open_shift(self) -> StoredDocument | None:
        """Open the shift if it is not open; the document of the storage that says so.

        Raises:
            Refused: the clock or the storage is against it.
        """
        if self.memory.shift is not None:
            return None
        self.check()
        if self.storage is not None:
            self.storage.require_rest(Current.SHIFT_OPEN)
        number = self.memory.open_shift(self.now()).number
        if self.storage is None:
            return None
        self.counters.next_document()
        return self.storage.add(DocumentType.SHIFT_OPEN, number)

    def close_shift(self) -> StoredDocument | None:
        """Z.

        Raises:
            Refused: the storage takes no document now.
        """
        if self.storage is not None:
            self.storage.require_rest(Current.SHIFT_CLOSE)
            self.storage.check(shift_over=False)
        number = self.memory.close_shift(self.now()).number
        document = None if self.storage is None else self.storage.add(DocumentType.SHIFT_CLOSE, number)
        self.counters.next_document()
        self.counters.z_reports += 1
        self.counters.shift_closed()
        self.shift_sums, self.last_sums = Sums(), Sums()
        if self.settings.number(1, 1, 2):
            self.memory.cash_tiyn = 0
        self.print(f"Z {number}", self.options.print_s)
        return document

    # Receipts

    def begin(self, kind: Kind, operator: int) -> Receipt:
        """Open a receipt, and the shift if that is still to be done.

        Raises:
            Refused: the storage is still busy with another document, or takes none.
        """
        if self.storage is not None:
            self.storage.require_rest()
        self.open_shift()
        if self.storage is not None:
            self.storage.current = Current.RECEIPT
        self.receipt = Receipt(kind, operator)
        return self.receipt

    def add(self, item: Item, *, storno: bool = False) -> None:
        """Put an item into the open receipt."""
        receipt = self.current()
        (receipt.storno if storno else receipt.add)(item, self.options.items_max)
        if self.storage is not None:
            self.storage.has_data = True
        if self.options.line_s:
            self.print("", self.options.line_s)

    def current(self) -> Receipt:
        """The open receipt.

        Raises:
            Refused: none is open.
        """
        if self.receipt is None:
            raise Refused(self.profile.closed_receipt_error)
        return self.receipt

    def close(self, closing: Closing) -> tuple[FiscalDocument, StoredDocument | None]:
        """Make the open receipt a fiscal document.

        Raises:
            Refused: too little cash for it, or the storage does not take it.
        """
        receipt = self.current()
        if receipt.kind.operation.cash_sign < 0 and closing.cash > self.cash:
            raise Refused(errors.NO_CASH_FOR_CHANGE)
        self.check()
        self.receipt = None
        sums = sums_of(receipt, closing)
        self.last_sums = sums
        self.shift_sums.add(sums)
        self.counters.next_document()
        self.counters.receipts[receipt.kind] = (self.counters.receipts[receipt.kind] + 1) % NUMBER_LIMIT
        stored = documents.store(self, receipt, closing)
        document = documents.register(self, receipt, closing, stored)
        self.last_moment = self.clock.moment()
        self.cash_at_closing = self.cash
        self.marks.clear()
        self.last_paper = f"{document.operation} {document.document_number}"
        self.print(self.last_paper, self.options.print_s)
        return document, stored

    def cancel(self, *, keeps_storage_document: bool = False) -> None:
        """The open receipt is void."""
        receipt = self.current()
        self.receipt = None
        self.memory.cancelled += 1
        self.counters.next_document()
        self.counters.voided = (self.counters.voided + 1) % NUMBER_LIMIT
        self.counters.voided_in_shift += 1
        self.counters.voided_by_kind[receipt.kind] = (self.counters.voided_by_kind[receipt.kind] + 1) % NUMBER_LIMIT
        self.shift_sums.take("voided", 1, receipt.kind, max(0, receipt.subtotal))
        self.marks.clear()
        if self.storage is not None and not keeps_storage_document:
            self.storage.cancel()

    def move_cash(self, operation: Operation, amount: int, operator: int) -> int:
        """Cash in or out; the number of the document.

        Raises:
            Refused: more than the drawer has.
        """
        if operation is Operation.CASH_OUT and amount > self.cash:
            raise Refused(self.profile.no_cash_error)
        self.open_shift()
        document = self.memory.register(operation, amount * self.unit_tiyn, self.now(), employee=str(operator))
        if operation is Operation.CASH_IN:
            self.counters.cash_in = (self.counters.cash_in + 1) % NUMBER_LIMIT
            self.counters.cash_in_in_shift += 1
        else:
            self.counters.cash_out = (self.counters.cash_out + 1) % NUMBER_LIMIT
            self.counters.cash_out_in_shift += 1
        self.print(f"{operation} {document.document_number}", self.options.print_s)
        return self.counters.next_document()

    def print(self, name: str, seconds: float) -> None:
        self.printer.print(name, seconds)

    # Power

    def lose_power(self) -> None:
        """What is in RAM goes; the open receipt by the option; the memories, tables and the clock stay."""
        self.printer.lose_power()
        self.marks.lose_power()
        if self.storage is not None:
            self.storage.lose_power()
        if self.receipt is None:
            return
        if self.options.power_loss is OnPowerLoss.CANCELS:
            self.cancel()
        elif self.options.power_loss is OnPowerLoss.LOSES_LAST and self.receipt.items:
            self.receipt.items.pop()
