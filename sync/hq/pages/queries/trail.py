"""The audit trail, newest first, one page at a time by the number of its last row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, select

from sync.hq.pages.tables import audit

PAGE_ROWS = 100


def listed(db: Connection, who: str, what: str, before: int | None) -> Sequence[Mapping[Any, Any]]:
    query = select(audit).order_by(audit.c.id.desc()).limit(PAGE_ROWS)
    if who:
        query = query.where(audit.c.who == who)
    if what:
        query = query.where(audit.c.what == what)
    if before is not None:
        query = query.where(audit.c.id < before)
    return db.execute(query).mappings().all()


def every(engine: Engine, who: str, what: str) -> Iterator[Mapping[Any, Any]]:
    """The whole trail for an export, newest first, a page at a time."""
    before: int | None = None
    while True:
        with engine.connect() as db:
            rows = listed(db, who, what, before)
        yield from rows
        if len(rows) < PAGE_ROWS:
            return
        before = rows[-1]["id"]
