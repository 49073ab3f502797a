"""What landing remembers in the database: cursors, what waits, what could not be read, and counts of scans."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Identity, Table, Text

from sync.hq.schema import metadata
from sync.hq.tables import Number

landed = Table(
    "hq_landed",
    metadata,
    Column("till", Text, primary_key=True),
    Column("arrival", BigInteger, nullable=False),  # Last arrival that is in the lake.
    Column("state", Text, nullable=False),  # JSON of sync.hq.till_state.
)

landing = Table(
    "hq_landing",
    metadata,
    Column("id", Number, Identity(), primary_key=True),
    # JSON, [[till, after, through], ...]. Fixed before the first file is written: after a crash the very same is done.
    Column("ranges", Text, nullable=False),
    Column("begun_ns", BigInteger, nullable=False),
    Column("ended_ns", BigInteger),
)

pending = Table(
    "hq_pending",
    metadata,
    Column("till", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("stage", Text, nullable=False),  # sync.hq.till_state.Stage
    Column("kind", Text, nullable=False),
    Column("sale", Text, nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("since_ns", BigInteger, nullable=False),  # The till's clock.
    Column("total_tiyn", BigInteger, nullable=False),
    Column("register", Text, nullable=False),
    Column("order", Text, nullable=False),
    Column("made", Text, nullable=False),
)

unreadable = Table(
    "hq_unreadable",
    metadata,
    Column("till", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("found_ns", BigInteger, nullable=False),
)

scanned = Table(
    "hq_scanned",
    metadata,
    Column("day", Date, primary_key=True),
    Column("till", Text, primary_key=True),
    Column("shift", BigInteger, primary_key=True, autoincrement=False),
    Column("count", BigInteger, nullable=False),  # Units asked for a sale, whatever the verdict.
)
