"""The registry of identification codes: what IS MPT knows about each unit, and how it changes.

The key is the КИ (01 + GTIN + 21 + serial, the first 21 characters of a pack, or a 20-digit SSCC); a code with its tail
is not in the registry. Source: description of the IS MPT API, xTrace 1.0 (MarkSolutions).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hw_sim.ledger import Operation

RECEIVED, APPLIED, INTRODUCED, WITHDRAWN, WRITTEN_OFF = (
    "RECEIVED",
    "APPLIED",
    "INTRODUCED",
    "WITHDRAWN",
    "WRITTEN_OFF",
)
UNIT, GROUP = "UNIT", "GROUP"
GS = "\x1d"
_KI_LENGTHS = (38, 31, 26, 25, 24, 21, 20)


@dataclass(frozen=True, slots=True)
class Event:
    """One change in the life of a code."""

    at_ns: int
    kind: str
    source: str
    document_type: str
    status_after: str
    changed: bool


@dataclass(slots=True)
class Code:
    """One unit or package in the registry. Moments are UTC nanoseconds."""

    ki: str
    gtin: str = ""
    full: str = ""
    template: str = "GS1_AISTR"
    status: str = INTRODUCED
    extended: str = ""
    package_type: str = UNIT
    owner_tin: str = "000000000000"
    product_group: int = 0
    emission_ns: int | None = None
    production_ns: int | None = None
    expiration_ns: int | None = None
    receipt_ns: int | None = None
    withdrawal_ns: int | None = None
    withdrawal_reason: str = ""
    return_ns: int | None = None
    return_reason: str = ""
    partial_quantity: int | None = None
    parent: str = ""
    history: list[Event] = field(default_factory=list)

    def note(self, at_ns: int, kind: str, source: str, document_type: str, *, changed: bool) -> None:
        """Write an event into the code's history."""
        self.history.append(Event(at_ns, kind, source, document_type, self.status, changed))


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something the registry received and could not use: the auditor wants to see it."""

    at_ns: int
    ki: str
    about: str
    sign: str


class CodeStore:
    """Every code of the simulated country."""

    def __init__(self, codes: Iterable[Code] = (), *, receipts_reintroduce: bool = False) -> None:
        self._codes = {code.ki: code for code in codes}
        self.receipts_reintroduce = receipts_reintroduce
        self.oddities: list[Oddity] = []

    def __len__(self) -> int:
        return len(self._codes)

    def __iter__(self) -> Any:
        return iter(self._codes.values())

    def add(self, code: Code) -> None:
        self._codes[code.ki] = code

    def get(self, ki: str) -> Code | None:
        """The code under exactly this КИ; None when the registry has none (a tail makes it another key)."""
        return self._codes.get(ki)

    def owner_of_mark(self, mark: str) -> Code | None:
        """The code whose КИ begins this mark, in whatever form the receipt carried it: full, without GS, or bare КИ."""
        text = mark.removeprefix("]d2").lstrip(GS)
        return next((self._codes[text[:n]] for n in _KI_LENGTHS if text[:n] in self._codes), None)

    def receive_mark(self, mark: str, operation: Operation, sold_ns: int, arrived_ns: int, sign: str) -> None:
        """Take a mark from a receipt: a sale withdraws it, after a return only a document brings it back."""
        code = self.owner_of_mark(mark)
        if code is None:
            self.oddities.append(Oddity(arrived_ns, mark, "not in the registry", sign))
        elif operation in (Operation.SALE, Operation.PURCHASE_RETURN):
            self._sell(code, sold_ns, arrived_ns, sign)
        elif code.status == WITHDRAWN and self.receipts_reintroduce:
            reintroduce(code, arrived_ns, "RETAIL_RETURN", sign)
        else:
            code.note(arrived_ns, "RETURN_RECEIPT", sign, "RECEIPT", changed=False)

    def _sell(self, code: Code, sold_ns: int, arrived_ns: int, sign: str) -> None:
        if code.status != INTRODUCED:
            self.oddities.append(Oddity(arrived_ns, code.ki, f"sold while {code.status}", sign))
            code.note(arrived_ns, "SALE_REFUSED", sign, "RECEIPT", changed=False)
            return
        code.receipt_ns = sold_ns
        withdraw(code, arrived_ns, "RETAIL", sign)


def withdraw(code: Code, at_ns: int, reason: str, source: str, status: str = WITHDRAWN) -> None:
    """Take a code out of circulation."""
    code.status, code.withdrawal_ns, code.withdrawal_reason = status, at_ns, reason
    code.note(at_ns, "WITHDRAWAL", source, "RECEIPT" if reason == "RETAIL" else "WITHDRAWAL", changed=True)


def reintroduce(code: Code, at_ns: int, reason: str, source: str) -> None:
    """Put a withdrawn code back into circulation."""
    code.status, code.return_ns, code.return_reason = INTRODUCED, at_ns, reason
    code.receipt_ns = code.withdrawal_ns = None
    code.withdrawal_reason = ""
    code.note(at_ns, "RETURN", source, "RETURN", changed=True)
