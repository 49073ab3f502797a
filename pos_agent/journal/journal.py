"""Append-only, numbered, hash-chained. One append = one transaction = one fsync, projections included."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Text, bindparam, cast, func, insert, select

from pos_agent.journal.ballast import Ballast
from pos_agent.journal.database import Database, DiskFull, JournalBusy, JournalUnusable
from pos_agent.journal.projection import PROJECTORS
from pos_agent.journal.rows import DamagedRow, as_row
from pos_agent.journal.schema import journal, till
from pos_agent.journal.statements import positional, sql
from pos_agent.journal.text import utf8_of
from sync.wire import GENESIS, Row, row_hash

log = logging.getLogger(__name__)

ROWS_MAX = 1_000  # One append; far above any receipt, far below what could stall a till.

# The body goes in as the bytes that were hashed: making UTF-8 of a text with Kazakh letters once more costs as much as
# storing it.
_GIVEN: dict[str, Any] = {column.name: bindparam(column.name) for column in journal.c}
APPEND = positional(insert(journal).values({**_GIVEN, "body": cast(_GIVEN["body"], Text)}))
HEAD = sql(select(journal).where(journal.c.number == select(func.max(journal.c.number)).scalar_subquery()))
AFTER = sql(select(journal).where(journal.c.number > bindparam("after")).order_by(journal.c.number)) + " LIMIT :rows"
ONE = sql(select(journal).where(journal.c.number == bindparam("n")))
TILL = sql(select(till.c.till, till.c.epoch))
NAME_TILL = sql(insert(till))


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, before it has a number."""

    kind: str
    body: Mapping[str, Any]


Listener = Callable[[Sequence[Row]], None]


class Journal:
    """The single writer of one till's journal.

    `append` raises DiskFull when there is no space and JournalBusy when another program holds the file: nothing was
    kept and a later append may succeed. Any other JournalUnusable means that the disk failed: after it every further
    append raises too, because a failed fsync says nothing about what is on the disk.
    """

    def __init__(
        self,
        path: Path,
        *,
        till_name: str,
        now: Callable[[], int],
        new_epoch: Callable[[], str],
        ballast: Ballast | None = None,
    ) -> None:
        self._now = now
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        self._broken: str | None = None
        self._ballast = ballast
        self._reserve_spent = False
        self._number, self._hash, self._last_ns = 0, GENESIS, 0
        self.database = Database(path)
        with ExitStack() as opened:
            opened.callback(self.database.close)
            self.till, self.epoch = self._identity(till_name, new_epoch)
            self._read_head()
            if self._number == 0:
                self.append(Event("journal_created", {"till": self.till, "epoch": self.epoch, "version": 1}))
            opened.pop_all()

    def _identity(self, name: str, new_epoch: Callable[[], str]) -> tuple[str, str]:
        found = self.database.read(TILL, {})
        if not found:
            epoch = new_epoch()
            with self.database.transaction() as db:
                db.execute(NAME_TILL, {"till": name, "epoch": epoch})
            return name, epoch
        if found[0][0] != name:
            raise JournalUnusable(
                f"{self.database.path} belongs to till {found[0][0]!r}, the configuration says {name!r}: "
                "give each till its own data folder"
            )
        return str(found[0][0]), str(found[0][1])

    def _read_head(self) -> None:
        """Take up the chain where it ends. The whole of it is `journal verify`'s business; its end must be sound."""
        found = self.database.read(HEAD, {})
        if not found:
            return
        row = as_row(self.till, found[0])
        if not row.is_intact():
            raise DamagedRow(row.number, f"row {row.number} ({row.kind}) was changed after it was written")
        self._number, self._hash, self._last_ns = row.number, row.hash, row.at_ns

    def head(self) -> tuple[int, bytes]:
        """Number and hash of the newest row; (0, GENESIS) when empty."""
        with self._lock:
            return self._number, self._hash

    def append(self, *events: Event, last_space: bool = False) -> tuple[Row, ...]:
        """Commit the events as consecutive rows. `last_space` may use the ballast: an outcome must find room.

        Whatever the projectors refuse (TransitionError, UnitTakenError, ...) comes out as it is, and nothing was kept.
        """
        if not 0 < len(events) <= ROWS_MAX:
            raise ValueError(f"an append takes 1 to {ROWS_MAX} events, not {len(events)}")
        with self._lock:
            if self._broken is not None:
                raise JournalUnusable(self._broken)
            self._spare_the_reserve(last_space)
            texts = [utf8_of(event.body) for event in events]
            rows = self._chained(events, texts)
            try:
                self._write_somehow(rows, texts, [event.body for event in events], last_space)
            except (DiskFull, JournalBusy):
                raise
            except JournalUnusable as error:
                self._broken = str(error)
                raise
            self._number, self._hash, self._last_ns = rows[-1].number, rows[-1].hash, rows[-1].at_ns
            listeners = tuple(self._listeners)
        for listener in listeners:
            self._tell(listener, rows)
        return rows

    def _tell(self, listener: Listener, rows: Sequence[Row]) -> None:
        try:
            listener(rows)
        except Exception:  # The rows are committed: no listener may make that look like a failure.
            log.exception("a listener of the journal failed and is told nothing more")
            self._leave(listener)

    def _spare_the_reserve(self, last_space: bool) -> None:
        """Once the ballast is gone, what is left belongs to outcomes: nothing new starts until it is back."""
        if self._reserve_spent and self._ballast is not None and not last_space:
            if not self._ballast.fill():
                raise DiskFull(f"no space left for {self.database.path}: the reserve is in use, free the disk")
            self._reserve_spent = False

    def _write_somehow(
        self, rows: Sequence[Row], texts: Sequence[bytes], bodies: Sequence[Mapping[str, Any]], last_space: bool
    ) -> None:
        try:
            self._write(rows, texts, bodies)
        except DiskFull:
            if not (last_space and self._ballast is not None and self._ballast.release()):
                raise
            self._reserve_spent = True
            self._write(rows, texts, bodies)

    def _chained(self, events: Sequence[Event], texts: Sequence[bytes]) -> tuple[Row, ...]:
        # Rows never step back in time, whatever the clock does; the jump itself is visible as equal times.
        at_ns = max(self._now(), self._last_ns)
        rows: list[Row] = []
        number, previous = self._number, self._hash
        for event, text in zip(events, texts, strict=True):
            number += 1
            body, kind = text.decode(), str(event.kind)
            digest = row_hash(self.till, number, at_ns, kind, body, previous)
            rows.append(Row(self.till, number, at_ns, kind, body, previous, digest))
            previous = digest
        return tuple(rows)

    def _write(self, rows: Sequence[Row], texts: Sequence[bytes], bodies: Sequence[Mapping[str, Any]]) -> None:
        with self.database.transaction() as db:
            for row, text, body in zip(rows, texts, bodies, strict=True):
                db.execute(APPEND, (row.number, row.at_ns, row.kind, text, row.previous, row.hash))
                # The caller's body, not the text read back: a projector asks for names and plain values, which both
                # give alike. `verify` replays the text, and the tests hold every projector to it.
                PROJECTORS[row.kind](db, row.number, row.at_ns, body)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each committed batch of rows; returns the way out."""
        with self._lock:
            self._listeners.append(listener)

        return lambda: self._leave(listener)

    def _leave(self, listener: Listener) -> None:
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)

    def query(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Read projections, in step with the last append."""
        with self._lock:
            return self.database.read(statement, parameters or {})

    def rows_after(self, number: int, limit: int) -> tuple[Row, ...]:
        return tuple(as_row(self.till, found) for found in self.query(AFTER, {"after": number, "rows": limit}))

    def row(self, number: int) -> Row:
        """One row; raises KeyError when there is none."""
        found = self.query(ONE, {"n": number})
        if not found:
            raise KeyError(number)
        return as_row(self.till, found[0])

    def now(self) -> int:
        """The clock rows are stamped with."""
        return self._now()

    @property
    def is_broken(self) -> bool:
        return self._broken is not None

    def close(self) -> None:
        with self._lock:
            self.database.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def exported(rows: Sequence[Row]) -> Iterator[str]:
    """Rows as JSON lines, the body as an object, hashes in hex."""
    for row in rows:
        yield json.dumps(
            {
                "till": row.till,
                "number": row.number,
                "at_ns": row.at_ns,
                "kind": row.kind,
                "body": json.loads(row.body),
                "previous": row.previous.hex(),
                "hash": row.hash.hex(),
            },
            ensure_ascii=False,
        )
