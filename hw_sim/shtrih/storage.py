"""The fiscal storage of a register: its documents, each with number and sign, what it refuses, what waits to be sent.

Source: vendor's "Команды работы с ФН", github shtrih-m/javapos_shtrih, Doc/SHTRIH. It survives everything.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from hw_sim.shtrih import errors, tlv
from hw_sim.shtrih.clock import DeviceClock
from hw_sim.shtrih.errors import Refused
from hw_sim.shtrih.tlv import ReceiptFacts

UNSENT_MAX = timedelta(days=30)
CLOCK_JUMP_MAX_S = 300
BLOCK_MAX = 250  # More does not go into a frame of the standard layer.
READY_PHASE = 3  # Set up, and fiscal mode open.


class DocumentType(IntEnum):
    """First byte of FF0Ah."""

    REGISTRATION = 1
    SHIFT_OPEN = 2
    RECEIPT = 3
    SHIFT_CLOSE = 5


class Current(IntEnum):
    """The document that is being made, in FF01h."""

    NONE = 0x00
    SHIFT_OPEN = 0x02
    RECEIPT = 0x04
    SHIFT_CLOSE = 0x08


@dataclass(slots=True)
class StoredDocument:
    """One document. `at` is what the clock of the register showed."""

    type: DocumentType
    fd: int
    sign: int
    at: datetime
    at_ns: int
    shift: int
    receipt: ReceiptFacts | None
    blocks: list[bytes]
    ticket: bool = False  # The operator of fiscal data has confirmed it.


@dataclass(slots=True)
class Storage:
    """`ofd_up`: the operator can be reached; what waits is confirmed as soon as it can."""

    clock: DeviceClock
    rng: random.Random
    serial: str
    documents: list[StoredDocument] = field(default_factory=list)
    current: Current = Current.NONE
    has_data: bool = False
    receipts_in_shift: int = 0
    ofd_up: bool = True
    fd_offset: int = 0  # Of the counter it shows, for a counter that has gone back.
    _reading: list[bytes] = field(default_factory=list)
    _offset_s: float = 0.0  # Of the clock when the last document was made.

    def register(self, last_fd: int) -> None:
        """The registration report, by which a storage comes into use; it has the number `last_fd`."""
        self._offset_s = self.clock.offset_s
        self._keep(DocumentType.REGISTRATION, last_fd, 0, None)

    @property
    def last_fd(self) -> int:
        return self.documents[-1].fd + self.fd_offset

    def check(self, *, shift_over: bool) -> None:
        """Whether it would take a document now.

        Raises:
            Refused: with a code of the storage.
        """
        if shift_over:
            raise Refused(errors.FS_SHIFT_TOO_LONG)
        if self.clock.moment() < self.documents[-1].at.replace(second=0):
            raise Refused(errors.FS_DATE)
        if abs(self.clock.offset_s - self._offset_s) > CLOCK_JUMP_MAX_S:
            self._offset_s = self.clock.offset_s  # It complains once, then goes by the new time.
            raise Refused(errors.FS_CLOCK)
        waiting = self.waiting()
        if waiting and self.clock.moment() - waiting[0].at > UNSENT_MAX:
            raise Refused(errors.FS_UNSENT)

    def add(self, kind: DocumentType, shift: int, receipt: ReceiptFacts | None = None) -> StoredDocument:
        """Make a document."""
        if kind is DocumentType.SHIFT_OPEN:
            self.receipts_in_shift = 0
        self.current, self.has_data = Current.NONE, False
        self._offset_s = self.clock.offset_s
        return self._keep(kind, self.documents[-1].fd + 1, shift, receipt)

    def find(self, fd: int) -> StoredDocument:
        """A document by its number.

        Raises:
            Refused: there is none.
        """
        first = self.documents[0].fd
        if not first <= fd < first + len(self.documents):
            raise Refused(errors.FS_NO_DATA)
        self.deliver()
        return self.documents[fd - first]

    def require_rest(self, begun: Current = Current.NONE) -> None:
        """For a document that is about to begin, or has begun as told.

        Raises:
            Refused: another one is being made.
        """
        if self.current not in (Current.NONE, begun):
            raise Refused(errors.FS_WRONG_STATE)

    def cancel(self) -> None:
        """FF08h: what is being made is dropped."""
        self.current, self.has_data = Current.NONE, False

    def deliver(self) -> None:
        """Send what waits, if the operator can be reached."""
        if self.ofd_up:
            for document in self.documents:
                document.ticket = True

    def waiting(self) -> list[StoredDocument]:
        """Documents the operator has not confirmed, oldest first."""
        self.deliver()
        return [document for document in self.documents if not document.ticket]

    def start_reading(self, fd: int) -> StoredDocument:
        """FF3Ah: from now on `next_block` gives this document.

        Raises:
            Refused: there is none.
        """
        document = self.find(fd)
        self._reading = [
            block[at : at + BLOCK_MAX] for block in document.blocks for at in range(0, len(block), BLOCK_MAX)
        ]
        return document

    def next_block(self) -> bytes:
        """FF3Bh.

        Raises:
            Refused: nothing is left, or nothing was begun.
        """
        if not self._reading:
            raise Refused(errors.FS_NO_DATA)
        return self._reading.pop(0)

    def lose_power(self) -> None:
        """A document being read has to be begun again."""
        self._reading = []

    def _keep(self, kind: DocumentType, fd: int, shift: int, receipt: ReceiptFacts | None) -> StoredDocument:
        at, sign = self.clock.moment(), self.rng.getrandbits(32)
        blocks = tlv.head(self.clock.unix(at), shift, fd, sign) + (tlv.receipt(receipt) if receipt else [])
        document = StoredDocument(kind, fd, sign, at, self.clock.now(), shift, receipt, blocks)
        self.documents.append(document)
        return document
