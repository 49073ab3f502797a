"""What three witnesses say of a unit, in one language. Pure.

    agent      the till's journal: this code stood in a document the register made
    ofd        the operator of fiscal data, or the register's vendor: this receipt arrived, with these marks
    registry   IS MPT: where the unit stands now

Everything that reaches headquarters becomes rows of the tables below, and the comparison knows nothing else. Times are
UTC microseconds, money is tiyn. A day is the date of the receipt in Kazakhstan's single zone, as the register printed
it, so that both sides file one receipt under one day however wrong the till's clock is.

A code is its identification code (KI), without the check part. It is filed under a fingerprint, the first eight bytes
of BLAKE2b-128 as a signed number, and one of 32 buckets, the last byte modulo 32. An engine's own hash is never stored:
it changes between versions. A line without a mark is filed under its receipt instead.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from enum import StrEnum

from sync.zone import ZONE

BUCKETS = 32
US_PER_S = 1_000_000
NO_MARKS_TOLD = -1


class Witness(StrEnum):
    AGENT = "agent"
    OFD = "ofd"
    REGISTRY = "registry"


class Operation(StrEnum):
    SALE = "sale"
    RETURN = "return"


class UnitStatus(StrEnum):
    """Where a unit stands, whatever words its registry uses."""

    ISSUED = "ISSUED"
    APPLIED = "APPLIED"
    IN_CIRCULATION = "IN_CIRCULATION"
    WITHDRAWN = "WITHDRAWN"
    WRITTEN_OFF = "WRITTEN_OFF"
    DISAGGREGATED = "DISAGGREGATED"
    NOT_FOUND = "NOT_FOUND"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Line:
    """One unit in one fiscal document, as the agent or the operator tells it. Tables `agent` and `ofd`."""

    day: dt.date
    ki: str  # "": a line without a mark, kept only where its GTIN is known.
    gtin: str  # 14 digits; "" when the witness does not say.
    operation: Operation
    at: int  # The receipt's own time.
    till: str  # "" when the operator knows the register alone.
    register: str  # Factory number, or what else tells registers apart: `identity` of our documents.
    shift: int
    number: int  # Of the receipt in the register's own count; 0 unknown.
    sign: str  # Fiscal sign.
    line: int  # From 1.
    sum_tiyn: int
    source: str  # "journal", or the import's id.
    source_row: int  # Row of the journal, or of the imported file.


@dataclass(frozen=True, slots=True)
class Receipt:
    """One fiscal document. Tables `agent_receipt` and `ofd_receipt`."""

    day: dt.date
    operation: Operation
    at: int  # The receipt's own time.
    noted_at: int  # Agent: the till's clock. Operator: when it arrived there, else `at`.
    till: str
    register: str
    shift: int
    number: int
    sign: str
    total_tiyn: int
    marks: int  # NO_MARKS_TOLD: a list that tells none.
    offline: bool  # Made without a link to the operator.
    source: str
    source_row: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What the registry said of one code at one time. Table `registry`; the newest counts, all are kept."""

    day: dt.date  # Of the sale it concerns; of the observation when there is none.
    ki: str
    gtin: str
    status: UnitStatus
    raw_status: str
    status_at: int  # Withdrawal or sale date as the registry has it; 0 unknown.
    expires_at: int  # 0 none.
    observed_at: int
    source: str
    source_row: int


@dataclass(frozen=True, slots=True)
class Mention:
    """A journal row that names a code: what the page of one unit's life shows. Table `event`."""

    day: dt.date
    ki: str
    at: int  # Till's clock.
    till: str
    number: int  # Of the journal row.
    kind: str
    brief: str  # JSON: the few facts that are shown.


def fingerprint(ki: str) -> int:
    """Signed 64 bits."""
    return int.from_bytes(_digest(ki)[:8], "big", signed=True)


def bucket(ki: str) -> int:
    return _digest(ki)[-1] % BUCKETS


def receipt_key(register: str, sign: str) -> str:
    """Names a receipt for both witnesses; also what a line without a mark is filed under."""
    return f"{register}\x1f{sign}"


def filed_under(line: Line) -> str:
    return line.ki or receipt_key(line.register, line.sign)


def day_of(at: int) -> dt.date:
    """Date in Kazakhstan of UTC microseconds."""
    return dt.datetime.fromtimestamp(at // US_PER_S, ZONE).date()


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
