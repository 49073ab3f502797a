"""Sums and counters behind 1Ah and 1Bh, by receipt, by shift and for ever. They survive power loss; Z zeroes the shift.

Register numbers: CashRegister.java and OperationRegister.java of the vendor's driver, github shtrih-m/javapos_shtrih.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from hw_sim.shtrih.receipt import CASH, Closing, Kind, Receipt

NUMBER_LIMIT = 10_000  # Numbers of documents are four decimal digits.

Key = tuple[str, int, Kind]  # What, of which department, payment or tax group (from 1), of which kind of receipt.

# From which register on, what, how many of it; each takes four registers, one for each kind.
RECEIPT_MONEY = (
    (0, "department", 16), (64, "discount", 1), (68, "surcharge", 1), (72, "payment", 4), (88, "turnover", 4),
    (104, "tax", 4),
)  # fmt: skip
SHIFT_MONEY = (
    (121, "department", 16), (185, "discount", 1), (189, "surcharge", 1), (193, "payment", 4), (209, "turnover", 4),
    (225, "tax", 4), (249, "voided", 1),
)  # fmt: skip
RECEIPT_COUNTS = ((0, "department", 16), (64, "discount", 1), (68, "surcharge", 1))
SHIFT_COUNTS = ((72, "department", 16), (136, "discount", 1), (140, "surcharge", 1), (144, "receipt", 1))
CASH_AT_CLOSING, CASH_IN_DRAWER, CASH_IN_OF_SHIFT, CASH_OUT_OF_SHIFT = 120, 241, 242, 243
RECEIPT_NUMBERS, DOCUMENT_NUMBER, VOIDED_NUMBERS = 148, 152, 179  # The first and the last have one for each kind.


@dataclass(slots=True)
class Sums:
    """Money and counts of one receipt, or of one shift."""

    money: Counter[Key] = field(default_factory=Counter)
    counts: Counter[Key] = field(default_factory=Counter)

    def take(self, what: str, index: int, kind: Kind, amount: int, count: int = 1) -> None:
        self.money[what, index, kind] += amount
        self.counts[what, index, kind] += count

    def add(self, other: Sums) -> None:
        self.money.update(other.money)
        self.counts.update(other.counts)


def sums_of(receipt: Receipt, closing: Closing | None = None) -> Sums:
    """Sums of an open receipt, or of one that is closing."""
    sums, kind = Sums(), receipt.kind
    for item in receipt.items:
        sums.take("department", item.department, kind, item.total)
    for change in receipt.changes:
        sums.take("discount" if change.amount < 0 else "surcharge", 1, kind, abs(change.amount))
    if closing is None:
        return sums
    if closing.discount:
        sums.take("discount" if closing.discount > 0 else "surcharge", 1, kind, abs(closing.discount))
    for number, amount in closing.payments.items():
        sums.take("payment", number, kind, amount - (closing.change if number == CASH else 0))
    for what, values in (("turnover", closing.turnovers), ("tax", closing.taxes)):
        for group, amount in values.items():
            sums.take(what, group, kind, amount)
    sums.take("receipt", 1, kind, closing.total)
    return sums


@dataclass(slots=True)
class Counters:
    """Numbers that only grow, four decimal digits each, and those of the shift."""

    document: int = 0
    receipts: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    voided_by_kind: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    voided: int = 0
    voided_in_shift: int = 0
    cash_in: int = 0
    cash_out: int = 0
    cash_in_in_shift: int = 0
    cash_out_in_shift: int = 0
    x_reports: int = 0
    z_reports: int = 0

    def next_document(self) -> int:
        """The number of a new document; after 9999 comes 0."""
        self.document = (self.document + 1) % NUMBER_LIMIT
        return self.document

    def shift_closed(self) -> None:
        self.voided_in_shift = self.cash_in_in_shift = self.cash_out_in_shift = 0

    def by_register(self) -> Mapping[int, int]:
        """Registers of 1Bh beside those by department."""
        plain = {
            DOCUMENT_NUMBER: self.document, 153: self.cash_in_in_shift, 154: self.cash_out_in_shift, 155: self.cash_in,
            156: self.cash_out, 157: self.voided_in_shift, 158: self.x_reports, 159: self.z_reports, 166: self.voided,
        }  # fmt: skip
        by_kind = {RECEIPT_NUMBERS + kind: number for kind, number in self.receipts.items()}
        voided = {VOIDED_NUMBERS + kind: number for kind, number in self.voided_by_kind.items()}
        return {**plain, **by_kind, **voided}


def by_tables(
    number: int, receipt: Mapping[Key, int], shift: Mapping[Key, int],
    receipt_table: tuple[tuple[int, str, int], ...], shift_table: tuple[tuple[int, str, int], ...],
) -> int | None:  # fmt: skip
    """What a register by department, payment or tax holds; None: it is none of these."""
    for values, table in ((receipt, receipt_table), (shift, shift_table)):
        for first, what, many in table:
            if first <= number < first + 4 * many:
                index, kind = divmod(number - first, 4)
                return values.get((what, index + 1, Kind(kind)), 0)
    return None
