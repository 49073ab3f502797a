"""How batches get into the database: rows that follow in one look, all others one by one, and what each costs."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event, select

from sync.batch import Batch, Entry, encode
from sync.hq import schema
from sync.hq.store import Ack, Collector

# What a batch waits for: the connection looked at, begin, the till moved on, COPY opened and closed, commit.
WAITS = ["EmptyQueryResponse", "BEGIN", "UPDATE 1", "CopyInResponse", "COPY 9", "COMMIT"]


def _now() -> int:
    return 1_000_000_000_000


def _packed(*entries: Entry) -> bytes:
    return encode(Batch("T1", entries))


def _stored(engine: Engine) -> list[tuple[Any, ...]]:
    with engine.connect() as db:
        return [tuple(row) for row in db.execute(select(schema.row).order_by(schema.row.c.number))]


def test_rows_taken_in_one_look_are_kept_as_rows_taken_one_by_one(engine: Engine, new_journal: Any) -> None:
    journal = new_journal()
    rows = [journal.add("чек", n=2**40 + at, name="Сүт \\ \t\n" + "ү" * at) for at in range(12)]
    collector = Collector(engine, _now)
    for first, last in ((0, 1), (0, 4), (3, 8), (7, 12)):  # Each but the first overlaps what is held: one by one.
        collector.accept("T1", _packed(*rows[first:last]))
    wanted = _stored(engine)
    with engine.begin() as db:
        db.execute(schema.row.delete())
        db.execute(schema.till.delete())
    for first, last in ((0, 1), (1, 2), (2, 8), (8, 12)):
        assert collector.accept("T1", _packed(*rows[first:last])) == Ack("T1", last, rows[last - 1].hash)
    assert _stored(engine) == wanted
    assert len(wanted) == 12


def test_a_batch_of_rows_that_follow_waits_for_the_database_six_times(postgresql: Engine, new_journal: Any) -> None:
    journal = new_journal()
    rows = [journal.add(n=at) for at in range(30)]
    collector = Collector(postgresql, _now)
    for first in (0, 3, 12):  # The driver prepares a statement only after it has come again.
        collector.accept("T1", _packed(*rows[first : first + (3 if first == 0 else 9)]))
    with _waits(postgresql) as told:
        collector.accept("T1", _packed(*rows[21:30]))
    assert told == WAITS


@contextmanager
def _waits(engine: Engine) -> Iterator[list[str]]:
    """What the server had said each time it was waited for; libpq itself writes down what goes over the line."""
    told: list[str] = []
    with tempfile.TemporaryFile("w+b") as file:

        @event.listens_for(engine, "checkout")
        def _traced(connection: Any, *_: object) -> None:
            connection.pgconn.trace(file.fileno())

        with engine.connect():
            pass
        begun = os.fstat(file.fileno()).st_size
        yield told
        event.remove(engine, "checkout", _traced)
        engine.dispose()
        file.seek(begun)
        said = ""
        for line in file.read().decode(errors="replace").splitlines():
            _, side, _, kind, *rest = line.split("\t")
            if side == "B" and kind in ("CommandComplete", "EmptyQueryResponse", "CopyInResponse"):
                said = rest[0].strip(' "') if kind == "CommandComplete" else kind
            if side == "B" and kind in ("ReadyForQuery", "CopyInResponse"):
                told.append(said)
