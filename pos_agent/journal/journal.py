"""Append-only, numbered, hash-chained. One append = one transaction = one fsync, projections included."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, func, insert, select

from pos_agent.journal.ballast import Ballast
from pos_agent.journal.database import Database, DiskFull, JournalUnusable
from pos_agent.journal.projection import PROJECTORS, sql
from pos_agent.journal.schema import journal, till
from sync.wire import GENESIS, Row, canonical_json, row_hash

ROWS_MAX = 1_000  # One append; far above any receipt, far below what could stall a till.

APPEND = sql(insert(journal))
HEAD = sql(
    select(journal.c.number, journal.c.hash).where(
        journal.c.number == select(func.max(journal.c.number)).scalar_subquery()
    )
)
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

    `append` raises DiskFull when there is no space (nothing was kept), JournalUnusable when the disk failed: after that
    every further append raises too, because a failed fsync says nothing about what is on the disk.
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
        self.database = Database(path)
        self._now = now
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        self._broken: JournalUnusable | None = None
        self._ballast = ballast
        self.till, self.epoch = self._identity(till_name, new_epoch)
        self._number, self._hash = self._read_head()
        self._last_ns = self._row(self._number).at_ns if self._number else 0
        if self._number == 0:
            self.append(Event("journal_created", {"till": self.till, "epoch": self.epoch, "version": 1}))

    def _identity(self, name: str, new_epoch: Callable[[], str]) -> tuple[str, str]:
        found = self.database.connection.execute(TILL).fetchone()
        if found is None:
            epoch = new_epoch()
            with self.database.transaction() as db:
                db.execute(NAME_TILL, {"till": name, "epoch": epoch})
            return name, epoch
        if found[0] != name:
            raise JournalUnusable(
                f"{self.database.path} belongs to till {found[0]!r}, the configuration says {name!r}: "
                "give each till its own data folder"
            )
        return str(found[0]), str(found[1])

    def _read_head(self) -> tuple[int, bytes]:
        found = self.database.connection.execute(HEAD).fetchone()
        return (found[0], bytes(found[1])) if found else (0, GENESIS)

    def head(self) -> tuple[int, bytes]:
        """Number and hash of the newest row; (0, GENESIS) when empty."""
        with self._lock:
            return self._number, self._hash

    def append(self, *events: Event, last_space: bool = False) -> tuple[Row, ...]:
        """Commit the events as consecutive rows. `last_space` may use the ballast: an outcome must find room."""
        if not 0 < len(events) <= ROWS_MAX:
            raise ValueError(f"an append takes 1 to {ROWS_MAX} events, not {len(events)}")
        with self._lock:
            if self._broken is not None:
                raise self._broken
            rows = self._chained(events)
            try:
                self._write(rows)
            except DiskFull:
                if not (last_space and self._ballast is not None and self._ballast.release()):
                    raise
                self._write(rows)
            except JournalUnusable as error:
                self._broken = error
                raise
            self._number, self._hash, self._last_ns = rows[-1].number, rows[-1].hash, rows[-1].at_ns
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(rows)
        return rows

    def _chained(self, events: Sequence[Event]) -> tuple[Row, ...]:
        # Rows never step back in time, whatever the clock does; the jump itself is visible as equal times.
        at_ns = max(self._now(), self._last_ns)
        rows: list[Row] = []
        number, previous = self._number, self._hash
        for event in events:
            number += 1
            body = canonical_json(event.body)
            digest = row_hash(self.till, number, at_ns, event.kind, body, previous)
            rows.append(Row(self.till, number, at_ns, event.kind, body, previous, digest))
            previous = digest
        return tuple(rows)

    def _write(self, rows: Sequence[Row]) -> None:
        with self.database.transaction() as db:
            for row in rows:
                db.execute(
                    APPEND,
                    {
                        "number": row.number,
                        "at_ns": row.at_ns,
                        "kind": row.kind,
                        "body": row.body,
                        "previous": row.previous,
                        "hash": row.hash,
                    },
                )
                # Projectors read the body as it will be replayed, not the caller's objects.
                PROJECTORS[row.kind](db, row.number, row.at_ns, json.loads(row.body))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each committed batch of rows; returns the way out."""
        with self._lock:
            self._listeners.append(listener)

        def leave() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return leave

    def query(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Read projections, in step with the last append."""
        with self._lock:
            return list(self.database.connection.execute(statement, parameters or {}).fetchall())

    def rows_after(self, number: int, limit: int) -> tuple[Row, ...]:
        return tuple(self._as_row(found) for found in self.query(AFTER, {"after": number, "rows": limit}))

    def row(self, number: int) -> Row:
        """One row; raises KeyError when there is none."""
        with self._lock:
            return self._row(number)

    def _row(self, number: int) -> Row:
        found = self.query(ONE, {"n": number})
        if not found:
            raise KeyError(number)
        return self._as_row(found[0])

    def _as_row(self, found: Sequence[Any]) -> Row:
        return Row(self.till, found[0], found[1], found[2], found[3], bytes(found[4]), bytes(found[5]))

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
