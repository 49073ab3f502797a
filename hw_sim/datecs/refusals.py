"""Why a command is refused, and how each protocol says so.

P answers with empty data and a status bit (1.1 unless the table says otherwise) and keeps a code for command 20h. X
answers with a negative code; only its own "fiscal printer" codes (-1120xx) also raise a status bit, as the published
answer -111016 shows (github erpnet/ErpNet.FP, issue 135: the receipt is closed and no bit is set).

The papers print no list of codes. Numbers and meanings here are third-party: ErrorCodes.java of github
IPenev97/AuroraPOS2, where codes of P carry an offset of -150000.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Said:
    """How a refusal is told: P's bits and code, X's code and bits, words."""

    code_p: int
    code_x: int
    text: str
    signs_p: frozenset[str] = frozenset(("not_allowed",))
    signs_x: frozenset[str] = frozenset()


def _both(code_p: int, code_x: int, text: str, *signs: str) -> Said:
    return Said(code_p, code_x, text, frozenset(signs), frozenset(signs))


class Reason(Enum):
    """Each carries its `Said`."""

    SYNTAX = _both(1, -112001, "command invalid syntax", "syntax")
    COMMAND = _both(2, -112000, "invalid command", "unknown_command")
    NOT_ALLOWED = _both(3, -112002, "command is not permitted", "not_allowed")
    LOCKED = Said(10, -104003, "the printer is locked")
    CLOCK = Said(100, -100508, "the clock is not set")
    NO_PAPER = _both(101, -112006, "no paper")  # 2.0 says it.
    COVER = Said(101, -112007, "cover is open")
    MECHANISM = _both(101, -112008, "printing mechanism error")  # 0.4 says it.
    OVERFLOW = Said(
        103, -111006, "overflow in multiplication of quantity and price",
        frozenset(("overflow", "not_allowed")), frozenset(("overflow",)),
    )  # fmt: skip
    PASSWORD = Said(104, -102002, "wrong operator password")
    RECEIPT_OPEN = Said(200, -111015, "receipt is opened")
    RECEIPT_CLOSED = Said(201, -111016, "receipt is closed")
    NOTHING_TO_CLOSE = Said(203, -104006, "Z report closed")
    SHIFT_TOO_LONG = Said(204, -111024, "end of 24 hour blocking")
    BEFORE_LAST_DOCUMENT = Said(206, -112004, "wrong date/time")
    JOURNAL_FULL = Said(210, -105010, "EJ is full")
    NO_DOCUMENT = Said(217, -100005, "there are no records found")
    MEMORY_FULL = Said(309, -100114, "fiscal memory is full")
    MEMORY_FAILURE = Said(313, -100101, "fiscal memory failure")
    TAX_GROUP = Said(402, -111005, "forbidden VAT")
    TOO_MANY_ITEMS = Said(404, -111019, "maximum number of sales in receipt")
    NEGATIVE = Said(406, -111021, "possible negative turnover")
    DISCOUNT = Said(407, -111062, "discount larger than price")
    PAYMENT_STARTED = Said(409, -111018, "payment is initiated")
    PAID_ALREADY = Said(411, -111003, "cannot do operation: total is already paid")
    NOT_PAID = Said(412, -111050, "payment is not initiated or total is not entirely paid")
    NO_CASH = Said(413, -111017, "no cash in ECR")
    CHANGE = Said(415, -111094, "payment in storno can not have change")
    NO_COPY = Said(428, -101003, "operation is rejected: no data for receipt copy")
    EMPTY_RECEIPT = Said(3, -111020, "no transactions")
    TAX_TERMINAL = Said(807, -110100, "tax terminal error")


class Refused(Exception):
    """A command is not carried out. `field` is the faulty field of X, from 1; 0: none in particular."""

    def __init__(self, reason: Reason, field: int = 0) -> None:
        super().__init__(reason.value.text)
        self.reason = reason
        self.field = field

    @property
    def code_x(self) -> int:
        """-1121NN names the field whose syntax is wrong."""
        return -112100 - self.field if self.reason is Reason.SYNTAX and self.field else self.reason.value.code_x


TEXTS_X: Mapping[int, str] = {
    **{reason.value.code_x: reason.value.text for reason in Reason},
    **{-112100 - number: f"invalid syntax of parameter {number}" for number in range(1, 17)},
}
