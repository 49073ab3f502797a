"""New rows into hq_row: by COPY on PostgreSQL, in the transaction that is open; by INSERT elsewhere.

COPY in its binary form takes a tenth of the time of an INSERT for each row, and knows no conflict: a row that is there
already breaks it. The collector holds the till's lock and has left out what is held, so none is.

COPY's binary form has each field as the chain hashes it, its length in four bytes and then itself: of a run, what was
hashed is what is sent. Source: PostgreSQL's documentation of COPY, "Binary Format".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from struct import Struct
from typing import Any

import psycopg
from sqlalchemy import Connection, insert
from sqlalchemy.exc import OperationalError

from sync.batch import Entry
from sync.hq import schema
from sync.hq.run import Run
from sync.wire import Row, field

COLUMNS = {
    "till": "text",
    "number": "int8",
    "previous": "bytea",
    "hash": "bytea",
    "at_ns": "int8",
    "kind": "text",
    "body": "text",
    "reason": "text",
    "arrival": "int8",
    "received_ns": "int8",
}
_COPY = f"COPY hq_row ({', '.join(COLUMNS)}) FROM STDIN (FORMAT BINARY)"
_COPY_RUN = (
    "COPY hq_row (till, kind, body, previous, hash, number, at_ns, arrival, received_ns) FROM STDIN (FORMAT BINARY)"
)
_FIELDS = (9).to_bytes(2, "big")  # Before each row of a run.
_BEGIN, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_HASH_TO_RECEIVED = Struct(">i32siqiqiqiq").pack  # The last five columns of _COPY_RUN.


def add_rows(db: Connection, till: str, entries: Sequence[Entry], arrival: int, now_ns: int) -> int:
    """Add rows that are not there; contents get the arrivals after `arrival`. The last arrival given out.

    Raises sqlalchemy.exc.SQLAlchemyError when the database does not take them.
    """
    rows = list(_values(till, entries, arrival, now_ns))
    if not rows:
        return arrival
    if db.dialect.name == "postgresql":
        _copy(db, rows)
    else:
        db.execute(insert(schema.row), [dict(zip(COLUMNS, row, strict=True)) for row in rows])
    return arrival + sum(isinstance(entry, Row) for entry in entries)


def add_run(db: Connection, run: Run, arrival: int, now_ns: int) -> None:
    """Add the rows of a run, none of which is there, with the arrivals after `arrival`. Raises SQLAlchemyError."""
    if db.dialect.name == "postgresql":
        _copy_run(db, run, arrival, now_ns)
        return
    places = zip(run.at_ns, run.kinds, run.bodies, run.hashes, (run.previous, *run.hashes), strict=False)
    values = [
        {"till": run.till, "number": run.first + at, "at_ns": at_ns, "kind": kind, "body": body, "hash": digest}
        | {"previous": previous, "arrival": arrival + 1 + at, "received_ns": now_ns}
        for at, (at_ns, kind, body, digest, previous) in enumerate(places)
    ]
    db.execute(insert(schema.row), values)


def _values(till: str, entries: Sequence[Entry], arrival: int, now_ns: int) -> Iterator[tuple[Any, ...]]:
    for entry in entries:
        place = (till, entry.number, entry.previous, entry.hash)
        if isinstance(entry, Row):
            arrival += 1
            yield *place, entry.at_ns, entry.kind, entry.body, None, arrival, now_ns
        else:
            yield *place, None, None, None, entry.reason, None, now_ns


def _copy(db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    with _copying(db, _COPY) as copy:
        copy.set_types(list(COLUMNS.values()))
        for row in rows:
            copy.write_row(row)


def _copy_run(db: Connection, run: Run, arrival: int, now_ns: int) -> None:
    head, parts = _FIELDS + field(run.till.encode()), [_BEGIN]
    for number, (at_ns, content, digest) in enumerate(zip(run.at_ns, run.contents, run.hashes, strict=True), run.first):
        arrival += 1
        parts += head, content, _HASH_TO_RECEIVED(32, digest, 8, number, 8, at_ns, 8, arrival, 8, now_ns)
    parts.append(_END)
    with _copying(db, _COPY_RUN) as copy:
        copy.write(b"".join(parts))


@contextmanager
def _copying(db: Connection, statement: str) -> Iterator[psycopg.Copy]:
    connection: psycopg.Connection[Any] = db.connection.driver_connection  # type: ignore[assignment]  # psycopg's own, under SQLAlchemy's
    try:
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            yield copy
    except psycopg.Error as error:  # Past SQLAlchemy, which would have said it in its own words.
        raise OperationalError(statement, None, error) from error
