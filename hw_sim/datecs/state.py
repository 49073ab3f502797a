"""Everything one printer holds: what survives a reset of its RAM, and what does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hw_sim.datecs.electronic import Journal, Kind, Reading, Record
from hw_sim.datecs.paper import Paper
from hw_sim.datecs.profiles import Profile
from hw_sim.datecs.receipt import GROUPS, Payment, Receipt
from hw_sim.datecs.refusals import Reason, Refused
from hw_sim.datecs.signs import REGISTERED
from hw_sim.device.machine import Mechanics
from hw_sim.device.memory import FiscalMemory
from hw_sim.exchange import NS

WRONG_PASSWORDS_MAX = 3


def _zeros() -> list[int]:
    return [0] * GROUPS


@dataclass(slots=True)
class Tally:
    """Sales, or stornos, since the last Z. Sums in tiyn."""

    count: int = 0
    groups: list[int] = field(default_factory=_zeros)
    payments: dict[int, int] = field(default_factory=dict)  # By means; change taken off cash.

    def add(self, receipt: Receipt) -> None:
        self.count += 1
        self.groups = [old + new for old, new in zip(self.groups, receipt.sums, strict=True)]
        for payment in (*receipt.payments, Payment(0, -receipt.change)):
            self.payments[payment.mode] = self.payments.get(payment.mode, 0) + payment.amount


@dataclass(slots=True)
class Day:
    """Registers in RAM since the last Z: a RAM reset empties them. Sums in tiyn, counts with sums as [count, sum]."""

    receipts: int = 0  # All that were opened: fiscal, cancelled, service, cash.
    fiscal: int = 0  # Closed sales and stornos.
    sales: Tally = field(default_factory=Tally)
    stornos: Tally = field(default_factory=Tally)
    cash: int = 0
    cash_in: list[int] = field(default_factory=lambda: [0, 0])
    cash_out: list[int] = field(default_factory=lambda: [0, 0])
    discounts: list[int] = field(default_factory=lambda: [0, 0])
    markups: list[int] = field(default_factory=lambda: [0, 0])
    voids: list[int] = field(default_factory=lambda: [0, 0])
    cancelled: list[int] = field(default_factory=lambda: [0, 0])


@dataclass(frozen=True, slots=True)
class Closure:
    """A Z-report as the fiscal memory keeps it."""

    number: int
    at: datetime
    sales: tuple[int, ...]
    stornos: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LastError:
    """What command 20h tells: it outlives a power loss."""

    command: int
    code: int
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Past:
    """What the printer has done before: numbers of the last documents. Times in UTC nanoseconds."""

    document: int = 0  # Global number of the last document.
    fiscal: int = 0  # Global count of fiscal receipts.
    receipts: int = 0  # Since the last Z, all of them.
    fiscal_receipts: int = 0  # Since the last Z, the fiscal ones.
    z: int = 0  # Number of the last Z-report.
    z_at_ns: int = 0  # Time of the last Z-report.


@dataclass(slots=True)
class State:
    """One printer. Commands work on it; `hw_sim.datecs.machine` owns the line."""

    profile: Profile
    memory: FiscalMemory
    mechanics: Mechanics
    paper: Paper
    true_now: Callable[[], int]
    journal: Journal = field(default_factory=Journal)
    signs: set[str] = field(default_factory=lambda: set(REGISTERED))  # Those that do not follow from the rest.
    clock_offset_ns: int = 0
    document: int = 0  # Global number of the last document.
    fiscal_count: int = 0
    invoices: int = 0
    closures: list[Closure] = field(default_factory=list)
    last_fiscal: Record | None = None
    last_error: LastError | None = None
    # RAM
    day: Day = field(default_factory=Day)
    receipt: Receipt | None = None
    last: Receipt | None = None
    service_number: int | None = None  # Of the open service receipt.
    service_lines: list[str] = field(default_factory=list)
    copy_of: Record | None = None  # What a duplicate would copy.
    reading: Reading | None = None
    wrong_passwords: int = 0  # Until power goes.

    # Time, as the device's own clock has it

    def now_ns(self) -> int:
        """UTC nanoseconds by the device's clock."""
        return self.true_now() + self.clock_offset_ns

    def local(self, at_ns: int | None = None) -> datetime:
        """The device's local time, without a zone: it knows of none."""
        moment = self.now_ns() if at_ns is None else at_ns
        utc = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=moment // 1000)
        return (utc + timedelta(hours=self.profile.utc_offset_h)).replace(tzinfo=None, microsecond=0)

    # What is allowed

    @property
    def locked(self) -> bool:
        return self.wrong_passwords >= WRONG_PASSWORDS_MAX

    def need_printer(self) -> None:
        """Refuse a printing command that could not print."""
        if not self.mechanics.paper:
            raise Refused(Reason.NO_PAPER)
        if self.mechanics.cover_open:
            raise Refused(Reason.COVER)
        if "printer_fault" in self.signs:
            raise Refused(Reason.MECHANISM)

    def need_closed(self) -> None:
        """Refuse while any receipt is open."""
        if self.receipt is not None or self.service_number is not None:
            raise Refused(Reason.RECEIPT_OPEN)

    def need_receipt(self) -> Receipt:
        """The open fiscal receipt."""
        if self.receipt is None:
            raise Refused(Reason.RECEIPT_CLOSED)
        return self.receipt

    def need_clock(self) -> None:
        if "clock_unset" in self.signs:
            raise Refused(Reason.CLOCK)

    def need_memory(self) -> None:
        """Refuse what the fiscal memory could not keep."""
        if "memory_full" in self.signs:
            raise Refused(Reason.MEMORY_FULL)
        if self.signs & {"memory_error", "memory_read_only", "memory_absent"}:
            raise Refused(Reason.MEMORY_FAILURE)

    # Documents

    @property
    def z_next(self) -> int:
        """The number the coming Z-report will have."""
        return self.memory.shift.number if self.memory.shift is not None else self.memory.next_shift

    @property
    def z_last(self) -> int:
        return self.z_next - 1

    def slip(self, receipt_number: int) -> int:
        """SlipNumber of X: papers read two ways, so it is a switch."""
        return self.document + 1 if self.profile.slip_is_document else receipt_number

    def file(
        self, kind: Kind, lines: list[str], paper: str, *, serial: int = 0, receipt: Receipt | None = None,
        z: int | None = None,
    ) -> Record:  # fmt: skip
        """Give a document its global number, write it into the journal and send its end to the head."""
        self.document += 1
        at = self.local()
        text = (*lines, f"{self.document:07} {at:%d-%m-%Y %H:%M:%S}")
        record = Record(self.document, kind, at, self.z_next if z is None else z, text, serial, receipt)
        self.journal.add(record)
        self.paper.put(1, f"{paper} {self.document}")
        return record

    @property
    def shift_too_long(self) -> bool:
        limit, shift = self.profile.shift_limit_s, self.memory.shift
        return limit is not None and shift is not None and self.now_ns() - shift.opened_ns > limit * NS

    # What shows

    def shown(self) -> set[str]:
        """Every sign that holds now, apart from what the last command has done wrong."""
        mechanics, receipt = self.mechanics, self.receipt
        holds = {
            "cover_open": mechanics.cover_open,
            "no_paper": not mechanics.paper,
            "paper_low": mechanics.paper_low,
            "fiscal_open": receipt is not None,
            "storno_open": receipt is not None and receipt.storno is not None,
            "service_open": self.service_number is not None,
        }
        return self.signs | {sign for sign, held in holds.items() if held}

    def reset_ram(self) -> None:
        """RAM is gone: an open receipt, the day's registers and the clock with it. Journal and fiscal memory stay."""
        self.day = Day()
        self.receipt = self.last = self.copy_of = self.reading = None
        self.service_number = None
        self.last_error = None
        self.paper.clear()
        self.signs |= {"ram_reset", "clock_unset"}
