"""Where a till stands, under the lock that lets one writer at a time speak of it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from sync.hq import schema
from sync.wire import GENESIS


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
    return Place(found.number, bytes(found.hash), found.arrival, found.epoch, found.troubled_ns is not None)
