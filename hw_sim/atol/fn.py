"""The fiscal storage (FN): numbered, signed documents, only ever added. It keeps no identifier of the client's."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from hw_sim.atol.problems import Problem, Refused
from hw_sim.ledger import FiscalDocument


class Form(IntEnum):
    """Kind of an FN document (format of fiscal data 1.05)."""

    OPEN_SHIFT = 2
    RECEIPT = 3
    CLOSE_SHIFT = 5


@dataclass(frozen=True, slots=True)
class Filed:
    """One document. `receipt` is its number within the shift; `document` what the ledger holds of a receipt."""

    number: int
    form: Form
    at_ns: int
    sign: str
    shift: int
    type: int = 0  # Of a receipt: 1 sale, 2 sale return, 4 purchase, 5 purchase return.
    receipt: int = 0
    total_tiyn: int = 0
    document: FiscalDocument | None = None


class Fn:
    """`last_number` may stand above the documents held here: the register had a life before."""

    def __init__(self, serial: str, rng: random.Random) -> None:
        self.serial = serial
        self.filed: list[Filed] = []
        self.last_number = 0
        self.shown_offset = 0  # A counter that shows another number than it has.
        self.sent_up_to: int | None = None  # The OFD has documents up to this one; None: it has them all.
        self.next_sign: Callable[[], str] = lambda: str(rng.randrange(1_000_000_000, 4_294_967_296))

    @property
    def shown_number(self) -> int:
        """Number of the last document, as the counter shows it."""
        return max(0, self.last_number + self.shown_offset)

    def unsent(self) -> list[Filed]:
        """What the OFD has not, oldest first."""
        return [] if self.sent_up_to is None else [filed for filed in self.filed if filed.number > self.sent_up_to]

    def cut_ofd(self) -> None:
        """From now on nothing is sent."""
        self.sent_up_to = self.last_number

    def mend_ofd(self) -> None:
        """Everything is sent."""
        self.sent_up_to = None

    def next_number(self) -> int:
        """Take the next document number."""
        self.last_number += 1
        return self.last_number

    def file(self, filed: Filed) -> Filed:
        """Keep a document for ever."""
        self.filed.append(filed)
        return filed

    def last(self, *, receipt: bool = False) -> Filed | None:
        """The last document, or the last receipt."""
        return next((filed for filed in reversed(self.filed) if not receipt or filed.form is Form.RECEIPT), None)

    def find(self, number: int) -> Filed:
        """Raises Refused: there is no such document."""
        for filed in self.filed:
            if filed.number == number:
                return filed
        raise Refused(Problem.NOT_IN_FN)
