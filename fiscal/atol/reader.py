"""What an ATOL register on a line shows when it is asked. Changes nothing. Every call may raise Silence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from fiscal.atol import answers, commands, errors
from fiscal.atol.answers import Document, LastDocument, Status
from fiscal.atol.commands import ReceiptType, Register
from fiscal.atol.settings import Settings
from fiscal.atol.talk import Refused, Talk
from fiscal.device.family import Silence
from fiscal.device.looks import Look, OpenDocument
from fiscal.documents import Paper, Waiting
from fiscal.failures import Failure, FailureKind

STEADY_MAX = 3  # Readings until two numbers of the last document agree.
BLOCKS_MAX = 400  # Of one document.

RECEIPT_KINDS: Mapping[int, str] = {
    ReceiptType.SALE: "sale", ReceiptType.SALE_RETURN: "sale_return", ReceiptType.PURCHASE: "purchase",
    ReceiptType.PURCHASE_RETURN: "purchase_return",
}  # fmt: skip
# Names in the journal -> register, receipt type.
SUMS = {
    "sold": (Register.SUMS, ReceiptType.SALE),
    "returned": (Register.SUMS, ReceiptType.SALE_RETURN),
    "sales": (Register.RECEIPTS, ReceiptType.SALE),
    "returns": (Register.RECEIPTS, ReceiptType.SALE_RETURN),
    "put": (Register.CASH_IN_SUM, 0),
    "taken": (Register.CASH_OUT_SUM, 0),
    "cash_in": (Register.CASH_INS, 0),
    "cash_out": (Register.CASH_OUTS, 0),
}
# Tags without which a document of the storage is not read far enough.
_SHIFT = frozenset({answers.AT, answers.SHIFT})
_RECEIPT = _SHIFT | {answers.SIGN, answers.RECEIPT, answers.OPERATION, answers.TOTAL}
WANTED = {answers.OPENING: _SHIFT, answers.RECEIPT_FORM: _RECEIPT, answers.CLOSING: _SHIFT}
OPERATIONS = {1: "sale", 2: "sale_return", 3: "purchase", 4: "purchase_return"}  # Tag 1054.
FORMS = {answers.OPENING: "shift_open", answers.CLOSING: "shift_close"}


@dataclass(frozen=True, slots=True)
class Identity:
    """What stays the same while one register is on the line."""

    serial: str
    storage: str  # Number of the fiscal storage; "" where there is none.

    @property
    def name(self) -> str:
        return f"{self.serial}/{self.storage}" if self.storage else self.serial


class Reader:
    def __init__(self, talk: Talk, settings: Settings) -> None:
        self._talk = talk
        self._settings = settings
        self._identity: Identity | None = None
        self._registration: str | None = None  # As the documents of this register tell it, "" when they do not.

    def identity(self) -> Identity:
        """Who is on the line. Silence(CONFIGURATION) when it is not the register the set-up names."""
        serial = self.status().serial
        storage = self._talk.read_or_none("A431", answers.text, absent=errors.NOT_IN_STORAGE)
        settings = self._settings
        wanted = settings.device.identity
        if wanted is not None and wanted.lstrip("0") != serial.lstrip("0"):
            text = f"register {serial} answers, the set-up names {wanted}"
            raise Silence(Failure(FailureKind.CONFIGURATION, "identity", text), sent=False)
        identity = Identity(serial, storage or "")
        if identity != self._identity:
            self._identity, self._registration = identity, settings.registration_number or None
        return identity

    def status(self) -> Status:
        return self._talk.read("3F", answers.status)

    def last(self) -> LastDocument:
        return self._talk.read("91", answers.last_document, commands.register(Register.LAST_DOCUMENT))

    def cash(self) -> int:
        return self._talk.read("4D", answers.number)

    def sums(self) -> dict[str, int]:
        """Sums and counts of the shift; nothing where the model does not tell them."""
        if not self._settings.registers:
            return {}
        return {
            name: self._talk.read("91", answers.number, commands.register(register, first))
            for name, (register, first) in SUMS.items()
        }

    def look(self, identity: Identity) -> Look:
        self._talk.wire.reserve()
        last = self.last()
        for _ in range(STEADY_MAX):
            status, cash, sums = self.status(), self.cash(), self.sums()
            again = self.last()
            if again.number == last.number:
                break
            last = again
        counters = {
            "fd": last.number,
            "shift": status.shift,
            "cash": cash,
            "task": self._talk.wire.reserved,
            **sums,
        }
        return Look(
            identity=identity.name,
            shift=status.shift if status.shift_open else status.shift - 1,
            shift_open=status.shift_open,
            counters=counters,
            waiting=Waiting.PRINTING if status.printing else None,
            document=self._open_document(status),
            paper=Paper.OK if status.paper else Paper.OUT,
            cover_open=status.cover_open,
            clock_at=self.iso(status.at),
            document_count=status.receipt_number if status.shift_open else None,
            last_fiscal_sign=str(last.sign),
        )

    def document(self, number: int) -> Document | None:
        """A document of the storage, as far as we need it; None when it has none of this number.

        The first receipt is read to the end if need be, to learn the registration number.
        """
        operands = commands.document_number(number)
        kind = self._talk.read_or_none("A445", answers.document_type, operands, absent=errors.NOT_IN_STORAGE)
        if kind is None:
            return None
        wanted, found = WANTED.get(kind, frozenset[int]()), b""
        learning = kind == answers.RECEIPT_FORM and self._registration is None
        if learning:
            wanted |= {answers.REGISTRATION}
        for block in self._blocks() if wanted else ():
            found += block
            if wanted <= answers.tags(found).keys():
                break
        document = answers.document(number, kind, answers.tags(found))
        if learning:
            self._registration = document.registration
        return replace(document, registration=self._registration or "")

    def holds(self, number: int) -> bool:
        """Whether the storage has a document of this number. Any error is a no: which one it gives is not published."""
        try:
            answer = self._talk.ask("A445", commands.document_number(number))
        except Refused as refused:
            raise Silence(refused.failure, sent=False) from None
        return answer.error == errors.OK

    def iso(self, at: dt.datetime | None) -> str | None:
        zone = dt.timezone(self._settings.device.utc_offset)
        return None if at is None else at.replace(tzinfo=zone).isoformat()

    def _blocks(self) -> Iterator[bytes]:
        for _ in range(BLOCKS_MAX):
            block = self._talk.read_or_none("A446", bytes, absent=errors.NO_MORE_DATA)
            if block is None:
                return
            yield block

    def _open_document(self, status: Status) -> OpenDocument | None:
        if not status.receipt_type:
            return None
        return OpenDocument(RECEIPT_KINDS.get(status.receipt_type, "receipt"), status.receipt_sum)


def kind_of(document: Document) -> str:
    """In the words of `Prepared`, or the register's own."""
    if document.type == answers.RECEIPT_FORM:
        return OPERATIONS.get(document.operation or 0, "receipt")
    return FORMS.get(document.type, f"type {document.type}")
