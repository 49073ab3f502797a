"""Kinds of disagreement between the witnesses, as data: how grave, whose move, and where the case is told from.

Texts of each kind (title, what it means, what to do) in kk, ru and en are in `data/kinds.toml`; a test wants all.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources


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

LANGUAGES = ("kk", "ru", "en")


@dataclass(frozen=True, slots=True)
class Told:
    """A kind with one cause, in one language."""

    kind: str  # What the kind is called, whatever the cause.
    title: str  # What this case is called.
    explanation: str
    action: str


@cache
def texts(language: str) -> Mapping[tuple[Kind, str], Told]:
    """Texts of every kind and cause in `LANGUAGES`. Raises KeyError for another language."""
    document = tomllib.loads(resources.files("sync.hq").joinpath("data/kinds.toml").read_text(encoding="utf-8"))
    return {
        (Kind(kind), cause): Told(
            of_kind["title"][language],
            told["title"][language],
            told["explanation"][language],
            told["action"][language],
        )
        for kind, of_kind in document["kinds"].items()
        for cause, told in of_kind["causes"].items()
    }
