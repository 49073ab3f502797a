"""Headquarters' tables, in Core: the same on SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, Table, Text

SCHEMA_VERSION = 2

metadata = MetaData()

version = Table("hq_version", metadata, Column("version", BigInteger, primary_key=True, autoincrement=False))

till = Table(
    "hq_till",
    metadata,
    Column("till", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),  # Last row held; 0 before the first.
    Column("hash", LargeBinary(32), nullable=False),
    Column("arrival", BigInteger, nullable=False),  # Last arrival given out.
    Column("heard_ns", BigInteger),  # When a batch was last accepted.
    Column("grown_ns", BigInteger),  # When a batch last brought new rows.
    Column("troubled_ns", BigInteger),  # Newest case of an open alarm; NULL: none is open.
    Column("epoch", Text),  # Of the journal held, as its first row names it.
)

row = Table(
    "hq_row",
    metadata,
    Column("till", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("previous", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    # Of a tombstone these are NULL until its content arrives.
    Column("at_ns", BigInteger),
    Column("kind", Text),
    Column("body", Text),
    Column("reason", Text),  # Why the till set it aside; kept when the content arrives.
    # Order in which contents came, per till: whoever reads on from here misses no late row.
    Column("arrival", BigInteger),
    Column("received_ns", BigInteger, nullable=False),
)
Index("hq_row_arrival", row.c.till, row.c.arrival, unique=True)
_without_content = row.c.arrival.is_(None)
Index("hq_row_missing", row.c.till, row.c.number, postgresql_where=_without_content, sqlite_where=_without_content)

alarm = Table(
    "hq_alarm",
    metadata,
    Column("till", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),  # sync.hq.alarms.AlarmKind
    Column("received", LargeBinary(32), primary_key=True),  # Hash of the row that was refused.
    Column("stored", LargeBinary(32), nullable=False),  # Hash we hold, or that it had to follow.
    Column("first_ns", BigInteger, nullable=False),
    Column("last_ns", BigInteger, nullable=False),
    # The last word about it; it is open again when the case came once more after that.
    Column("cleared_ns", BigInteger),
    Column("cleared_by", Text),  # "": it healed by itself.
    Column("cleared_why", Text),
)
