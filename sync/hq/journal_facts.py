"""Rows of a till's journal, and what they say once they are understood. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

from sync.hq.witness import Line, Mention, Receipt, Standing


@dataclass(frozen=True, slots=True)
class JournalRow:
    number: int
    at_ns: int
    kind: str
    body: str
    reason: str | None = None  # Why the till had set it aside; it came late.


@dataclass(frozen=True, slots=True)
class SeenRegister:
    """A register as a document names it."""

    identity: str
    rnm: str  # "" when the document does not tell.
    till: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    till: str
    number: int
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Scans:
    """Units asked for a sale, whatever the verdict: a count for each day and shift."""

    day: dt.date
    till: str
    shift: int


@dataclass(slots=True)
class Facts:
    lines: list[Line] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    registers: list[SeenRegister] = field(default_factory=list)
    scans: Counter[Scans] = field(default_factory=Counter)
    unreadable: list[Unreadable] = field(default_factory=list)

    def add(self, other: Facts) -> None:
        self.lines += other.lines
        self.receipts += other.receipts
        self.mentions += other.mentions
        self.standings += other.standings
        self.registers += other.registers
        self.scans.update(other.scans)
        self.unreadable += other.unreadable
