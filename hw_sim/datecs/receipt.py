"""One receipt while it is open, and after: lines, corrections, texts, payments, and the states between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hw_sim.datecs.money import percent_of, shared, times
from hw_sim.datecs.refusals import Reason, Refused

GROUPS = 8
CASH = 0


class Stage(StrEnum):
    """What a receipt admits. Every change is one of `pay`; there is no way back."""

    SELLING = "selling"  # 31h, 33h, 36h, 35h, and 3Ch.
    PAYING = "paying"  # 35h and 36h: the only way is forward.
    PAID = "paid"  # 38h and 36h.


class Storno(StrEnum):
    """Why a receipt is reversed: the letter of P. Its place is the number of X."""

    ERROR = "E"
    RETURN = "R"
    TAX = "T"

    @property
    def number(self) -> int:
        return list(Storno).index(self)


@dataclass(frozen=True, slots=True)
class Original:
    """The receipt a storno reverses, as the host has named it or as the journal knows it."""

    document: int
    at: str = ""  # DD-MM-YYYY hh:mm:ss
    fiscal_memory: str = ""
    unp: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """A discount (below zero) or markup: percent in hundredths, or tiyn."""

    percent: int | None = None
    amount: int = 0

    def of(self, base: int) -> int:
        """In tiyn, of a line or a subtotal. Refused: it would take more than there is."""
        value = self.amount if self.percent is None else percent_of(base, self.percent)
        if value < 0 and abs(value) > abs(base):
            raise Refused(Reason.DISCOUNT)
        return value


@dataclass(frozen=True, slots=True)
class Item:
    """One sold line, or a correction of one (price below zero). `group` counts from 0."""

    name: str
    group: int
    price: int
    quantity: int
    correction: int = 0
    unit: str = ""
    department: int = 0

    @property
    def total(self) -> int:
        return times(self.price, self.quantity) + self.correction


@dataclass(frozen=True, slots=True)
class Payment:
    """`mode` is the family's number of the means: 0 is cash."""

    mode: int
    amount: int


@dataclass(slots=True)
class Receipt:
    """A fiscal receipt. Sums in tiyn, by tax group where they are tuples."""

    operator: int
    till: int
    number: int  # Of all receipts since the last Z.
    fiscal: int  # Of fiscal receipts since the last Z, this one included.
    opened_ns: int
    storno: Storno | None = None
    original: Original | None = None
    reason: str = ""
    invoice: bool = False
    unp: str = ""
    items: list[Item] = field(default_factory=list)
    subtotal_corrections: list[tuple[int, ...]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)  # What stands on its paper.
    payments: list[Payment] = field(default_factory=list)
    change: int = 0

    @property
    def sums(self) -> tuple[int, ...]:
        """Turnover of each group."""
        sums = [0] * GROUPS
        for item in self.items:
            sums[item.group] += item.total
        for correction in self.subtotal_corrections:
            for group, part in enumerate(correction):
                sums[group] += part
        return tuple(sums)

    @property
    def total(self) -> int:
        return sum(self.sums)

    @property
    def tendered(self) -> int:
        return sum(payment.amount for payment in self.payments)

    @property
    def cash(self) -> int:
        """What the drawer gains, or loses with a storno: cash taken less change."""
        return sum(payment.amount for payment in self.payments if payment.mode == CASH) - self.change

    @property
    def stage(self) -> Stage:
        if not self.payments:
            return Stage.SELLING
        return Stage.PAID if self.tendered >= self.total else Stage.PAYING

    def need(self, *stages: Stage) -> None:
        """Refuse what the present stage does not admit."""
        if self.stage not in stages:
            raise Refused(Reason.PAYMENT_STARTED if Stage.SELLING in stages else Reason.NOT_PAID)

    def sell(self, item: Item, items_max: int) -> None:
        """Add a line. No group's sum may fall below zero."""
        self.need(Stage.SELLING)
        if len(self.items) >= items_max:
            raise Refused(Reason.TOO_MANY_ITEMS)
        if self.sums[item.group] + item.total < 0:
            raise Refused(Reason.NEGATIVE)
        self.items.append(item)

    def correct(self, correction: Correction) -> int:
        """A discount or markup on everything so far, spread over the groups; returns it in tiyn."""
        self.need(Stage.SELLING)
        value = correction.of(self.total)
        self.subtotal_corrections.append(shared(value, self.sums))
        return value

    def pay(self, mode: int, amount: int | None) -> int:
        """Take a payment, all that is due when `amount` is None. Returns what is left to pay; below zero the change."""
        if self.stage is Stage.PAID:
            raise Refused(Reason.PAID_ALREADY)
        if not self.items:
            raise Refused(Reason.EMPTY_RECEIPT)
        due = self.total - self.tendered
        given = due if amount is None else amount
        if given == 0 < due:
            raise Refused(Reason.SYNTAX)
        if self.storno is not None and given > due:
            raise Refused(Reason.CHANGE)
        self.payments.append(Payment(mode, given))
        left = due - given
        self.change = max(0, -left)
        return left
