"""Where a till stands, under the lock that lets one writer at a time speak of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from sync.hq import schema
from sync.hq.run import Run
from sync.wire import GENESIS

_TILL = schema.till.c
_ADVANCE = (
    update(schema.till)
    .where(_TILL.till == bindparam("of"), _TILL.number == bindparam("after"), _TILL.hash == bindparam("previous"))
    .values(
        number=bindparam("last"),
        hash=bindparam("last_hash"),
        arrival=_TILL.arrival + bindparam("rows"),
        heard_ns=bindparam("now_ns"),
        grown_ns=bindparam("now_ns"),
    )
    .returning(_TILL.number, _TILL.hash, _TILL.arrival, _TILL.epoch, _TILL.troubled_ns)
)


@dataclass(frozen=True, slots=True)
class Place:
    """Of one till. The last row held, 0 before the first, and the last arrival given out."""

    number: int
    hash: bytes
    arrival: int
    epoch: str | None
    is_troubled: bool


def locked(db: Connection, till: str) -> Place:
    """Where the till stands. From here to the commit no other batch or heartbeat of this till is looked at."""
    table = schema.till
    query = (
        select(table.c.number, table.c.hash, table.c.arrival, table.c.epoch, table.c.troubled_ns)
        .where(table.c.till == till)
        .with_for_update()
    )
    found = db.execute(query).first()
    if found is None:
        new = {"till": till, "number": 0, "hash": GENESIS, "arrival": 0}
        dialect = postgresql if db.dialect.name == "postgresql" else sqlite
        db.execute(dialect.insert(table).values(**new).on_conflict_do_nothing())
        found = db.execute(query).one()
    return _place(found)


def advanced(db: Connection, run: Run, now_ns: int) -> Place | None:
    """The till moved on to the end of a run that follows its last row: looked at, locked and written in one statement.

    Where it stands now; None: the run does not follow, and nothing was changed. As after `locked`, no other batch of
    this till is looked at until the commit.
    """
    values = {"of": run.till, "after": run.first - 1, "previous": run.previous, "now_ns": now_ns}
    values |= {"last": run.last, "last_hash": run.hashes[-1], "rows": len(run.hashes)}
    found = db.execute(_ADVANCE, values).first()
    return None if found is None else _place(found)


def _place(found: Any) -> Place:
    return Place(found.number, bytes(found.hash), found.arrival, found.epoch, found.troubled_ns is not None)
