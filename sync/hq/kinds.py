"""Kinds of disagreement between the witnesses, as data: how grave, whose move, and where the case is told from.

Words of each kind and cause (title, what it means, what to do) in kk, ru and en stand in the catalogue `kinds`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from marking.words import LANGUAGES, catalogue

__all__ = ["CAUSES", "KINDS", "LANGUAGES", "About", "Kind", "Severity", "Subject", "Told", "texts"]


class Kind(StrEnum):
    SOLD_NOT_FISCALISED = "sold-not-fiscalised"
    FISCALISED_NOT_IN_JOURNAL = "fiscalised-not-in-journal"
    FISCAL_WITHOUT_MARK = "fiscal-without-mark"
    MARK_DIFFERS = "mark-differs"
    AMOUNT_DIFFERS = "amount-differs"
    DUPLICATE_DOCUMENT = "duplicate-document"
    SOLD_NOT_WITHDRAWN = "sold-not-withdrawn"
    WITHDRAWN_NOT_SOLD = "withdrawn-not-sold"
    SOLD_TWICE = "sold-twice"
    SOLD_AFTER_BLOCK = "sold-after-block"
    SOLD_AFTER_EXPIRY = "sold-after-expiry"
    RETURNED_STILL_WITHDRAWN = "returned-still-withdrawn"
    RETURN_OVERDUE = "return-overdue"
    WRONG_GTIN = "wrong-gtin"
    NUMBER_GAP = "number-gap"
    CLOCK_DRIFT = "clock-drift"
    TILL_SILENT = "till-silent"


class Severity(StrEnum):
    GRAVE = "grave"  # Money or the law today.
    WRONG = "wrong"  # Somebody has to look.
    WAITING = "waiting"  # May heal by itself; a clock is running.


class Subject(StrEnum):
    UNIT = "unit"
    RECEIPT = "receipt"
    REGISTER = "register"
    TILL = "till"


@dataclass(frozen=True, slots=True)
class About:
    severity: Severity
    subject: Subject
    document: str = ""  # IS MPT document that may be prepared for a person to approve: withdrawal, return-to-turnover.


KINDS: Mapping[Kind, About] = {
    Kind.SOLD_NOT_FISCALISED: About(Severity.GRAVE, Subject.UNIT),
    Kind.FISCALISED_NOT_IN_JOURNAL: About(Severity.WRONG, Subject.UNIT),
    Kind.FISCAL_WITHOUT_MARK: About(Severity.GRAVE, Subject.UNIT, "withdrawal"),
    Kind.MARK_DIFFERS: About(Severity.GRAVE, Subject.UNIT, "withdrawal"),
    Kind.AMOUNT_DIFFERS: About(Severity.WRONG, Subject.UNIT),
    Kind.DUPLICATE_DOCUMENT: About(Severity.GRAVE, Subject.UNIT),
    Kind.SOLD_NOT_WITHDRAWN: About(Severity.GRAVE, Subject.UNIT, "withdrawal"),
    Kind.WITHDRAWN_NOT_SOLD: About(Severity.WRONG, Subject.UNIT),
    Kind.SOLD_TWICE: About(Severity.GRAVE, Subject.UNIT),
    Kind.SOLD_AFTER_BLOCK: About(Severity.GRAVE, Subject.UNIT),
    Kind.SOLD_AFTER_EXPIRY: About(Severity.GRAVE, Subject.UNIT),
    Kind.RETURNED_STILL_WITHDRAWN: About(Severity.WAITING, Subject.UNIT, "return-to-turnover"),
    Kind.RETURN_OVERDUE: About(Severity.GRAVE, Subject.UNIT, "return-to-turnover"),
    Kind.WRONG_GTIN: About(Severity.WRONG, Subject.UNIT),
    Kind.NUMBER_GAP: About(Severity.WRONG, Subject.REGISTER),
    Kind.CLOCK_DRIFT: About(Severity.WRONG, Subject.RECEIPT),
    Kind.TILL_SILENT: About(Severity.WAITING, Subject.TILL),
}

CAUSES: Mapping[Kind, tuple[str, ...]] = {
    Kind.SOLD_NOT_FISCALISED: ("no-receipt", "line-missing"),
    Kind.FISCALISED_NOT_IN_JOURNAL: ("not-in-journal", "in-doubt-at-till", "not-delivered-yet", "unknown-register"),
    Kind.FISCAL_WITHOUT_MARK: ("mark-missing",),
    Kind.MARK_DIFFERS: ("damaged", "other-unit"),
    Kind.AMOUNT_DIFFERS: ("line-sum",),
    Kind.DUPLICATE_DOCUMENT: ("second-document",),
    Kind.SOLD_NOT_WITHDRAWN: ("still-in-circulation", "not-in-registry"),
    Kind.WITHDRAWN_NOT_SOLD: ("no-sale",),
    Kind.SOLD_TWICE: ("same-till", "two-tills", "two-shops"),
    Kind.SOLD_AFTER_BLOCK: ("written-off", "withdrawn-before"),
    Kind.SOLD_AFTER_EXPIRY: ("expired",),
    Kind.RETURNED_STILL_WITHDRAWN: ("in-term",),
    Kind.RETURN_OVERDUE: ("term-over",),
    Kind.WRONG_GTIN: ("gtin-differs",),
    Kind.NUMBER_GAP: ("receipt-numbers", "journal-rows"),
    Kind.CLOCK_DRIFT: ("till-clock",),
    Kind.TILL_SILENT: ("silent",),
}


@dataclass(frozen=True, slots=True)
class Told:
    """A kind with one cause, in one language."""

    kind: str  # What the kind is called, whatever the cause.
    title: str  # What this case is called.
    explanation: str
    action: str


@cache
def texts(language: str) -> Mapping[tuple[Kind, str], Told]:
    """Texts of every kind and cause in `LANGUAGES`. Raises MissingWords for another language."""
    words = catalogue("sync.hq", "kinds")
    return {
        (kind, cause): Told(
            words.text(f"{kind}.title", language),
            *(words.text(f"{kind}.{cause}.{part}", language) for part in ("title", "explanation", "action")),
        )
        for kind, causes in CAUSES.items()
        for cause in causes
    }
