"""What of a till's journal is not in the comparison, and why: rows not understood, receipts known by half."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, func, select

from sync.hq.lake.tables import pending, unreadable

UNREADABLE = (unreadable.c.number, unreadable.c.kind, unreadable.c.reason, unreadable.c.found_ns)
# Not the order and the outcome themselves: a list needs no codes and no sums of single goods.
PENDING = (
    pending.c.row, pending.c.stage, pending.c.kind, pending.c.key, pending.c.since_ns, pending.c.total_tiyn,
    pending.c.register,
)  # fmt: skip


def unread(db: Connection, till: str, limit: int | None = None) -> Sequence[Mapping[Any, Any]]:
    found = select(*UNREADABLE).where(unreadable.c.till == till).order_by(unreadable.c.number).limit(limit)
    return db.execute(found).mappings().all()


def waiting(db: Connection, till: str, limit: int | None = None) -> Sequence[Mapping[Any, Any]]:
    """The oldest first."""
    found = select(*PENDING).where(pending.c.till == till).order_by(pending.c.since_ns, pending.c.key).limit(limit)
    return db.execute(found).mappings().all()


def counted(db: Connection, till: str) -> tuple[int, int]:
    """(rows not understood, receipts that wait)"""

    def rows(table: Table) -> int:
        return db.execute(select(func.count()).select_from(table).where(table.c.till == till)).scalar_one()

    return rows(unreadable), rows(pending)
