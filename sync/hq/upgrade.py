"""The tables of headquarters made, or brought up to what this version reads: all of it in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, insert, select, text, update

from sync.hq import schema
from sync.hq.engine import DatabaseUnfit

_DDL_LOCK = 0x706F73  # Any number that all collectors share.

# Version reached -> (table, column, type), the same words on both databases.
ADDED: Mapping[int, Sequence[tuple[str, str, str]]] = {
    2: (
        ("hq_till", "grown_ns", "BIGINT"),
        ("hq_till", "troubled_ns", "BIGINT"),
        ("hq_till", "epoch", "TEXT"),
        ("hq_alarm", "cleared_ns", "BIGINT"),
        ("hq_alarm", "cleared_by", "TEXT"),
        ("hq_alarm", "cleared_why", "TEXT"),
    ),
}
# Statements that follow. An alarm of version 1 is open until somebody says otherwise.
FILLED: Mapping[int, Sequence[str]] = {
    2: (
        "UPDATE hq_till SET troubled_ns = (SELECT max(last_ns) FROM hq_alarm WHERE hq_alarm.till = hq_till.till)",
        "CREATE INDEX hq_row_missing ON hq_row (till, number) WHERE arrival IS NULL",
    ),
}


def create(db: Connection) -> None:
    """Raises DatabaseUnfit for a database that a newer collector wrote."""
    if db.dialect.name == "postgresql":
        # Two collectors may start at once on an empty database.
        db.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _DDL_LOCK})
    schema.metadata.create_all(db)
    found = db.execute(select(schema.version.c.version)).scalar()
    if found is None:
        db.execute(insert(schema.version).values(version=schema.SCHEMA_VERSION))
        return
    if found > schema.SCHEMA_VERSION:
        raise DatabaseUnfit(f"the database was written by a newer collector (schema {found}): update this one")
    for version in range(found + 1, schema.SCHEMA_VERSION + 1):
        for table, column, kind in ADDED[version]:
            db.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
        for statement in FILLED[version]:
            db.exec_driver_sql(statement)
        db.execute(update(schema.version).values(version=version))
