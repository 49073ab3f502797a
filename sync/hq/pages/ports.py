"""What the pages need from the other rooms of headquarters. A port that is None has a page that says so.

Times `_ns` are UTC nanoseconds, `at` UTC microseconds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LifeEvent:
    at: int
    witness: str  # agent, ofd, registry.
    what: str  # Kind of the journal row, sale or return of a receipt, neutral status of the registry.
    till: str = ""
    who: str = ""
    facts: tuple[tuple[str, str], ...] = ()  # (name, value) as they stand in the source.
    source: str = ""  # journal, or the import.
    source_row: int = 0


class Lives(Protocol):
    def events(self, ki: str) -> Sequence[LifeEvent]:
        """In order of time."""


@dataclass(frozen=True, slots=True)
class ImportRun:
    id: int
    name: str  # Of the file, or of the service asked.
    kind: str
    state: str  # running, stopped, open, done: as sync.hq.imports has it.
    started_ns: int
    ended_ns: int | None
    rows: int
    taken: int
    repeated: int  # Known already.
    refused: int
    trouble: str = ""
    done_share: int = 1000  # Thousandths.


@dataclass(frozen=True, slots=True)
class Refusal:
    row: int  # Of the file, from 1.
    reason: str  # A code; its words are import_reason.CODE.
    content: str
    taken: bool = False  # A remark on a row that was taken all the same.
    column: str = ""
    detail: str = ""

    @property
    def told(self) -> str:
        """Column, code and detail in one, as exports have it."""
        return ": ".join(part for part in (self.column, self.reason, self.detail) if part)


class Imports(Protocol):
    def runs(self, limit: int) -> Sequence[ImportRun]: ...

    def run(self, number: int) -> ImportRun | None: ...

    def refusals(self, number: int, limit: int | None = None) -> Iterable[Refusal]: ...


@dataclass(frozen=True, slots=True)
class DocumentCode:
    ki: str
    state: str
    error: str = ""
    exception: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    id: int
    kind: str  # withdrawal, return-to-turnover.
    state: str
    prepared_by: str
    prepared_ns: int
    approved_by: str
    approved_ns: int | None
    number: str  # At IS MPT; "" none yet.
    error: str
    codes: int
    failed: int
    due_at: int = 0  # End of the legal term of its first code.


class DocumentRefused(Exception):
    """It cannot be prepared, approved or cancelled; the arguments say why: words of refusal.toml, or sentences."""


class Documents(Protocol):
    def listed(self, limit: int) -> Sequence[Document]: ...

    def one(self, number: int) -> Document | None: ...

    def codes(self, number: int, limit: int) -> Sequence[DocumentCode]: ...

    def prepare(self, exceptions: Sequence[int], who: str) -> Sequence[int]:
        """Numbers of the documents made: one for each kind and place. Raises DocumentRefused."""

    def approve(self, number: int, who: str, why: str) -> None:
        """Raises DocumentRefused."""

    def cancel(self, number: int, who: str, why: str) -> None:
        """Raises DocumentRefused."""

    def decide(self, number: int, document_id: str | None, who: str, why: str) -> None:
        """Of an unknown result: the registry has it under this id, or (None) not at all. Raises DocumentRefused."""


@dataclass(frozen=True, slots=True)
class CacheShare:
    """Units that needed a status in these days, and how many the code cache decided."""

    till: str
    asked: int
    known: int


class Coverage(Protocol):
    def shares(self, first: dt.date, last: dt.date) -> Sequence[CacheShare]: ...


@dataclass(frozen=True, slots=True)
class Ports:
    lives: Lives | None = None
    imports: Imports | None = None
    documents: Documents | None = None
    coverage: Coverage | None = None
