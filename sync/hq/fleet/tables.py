"""Tables of the fleet: the newest heartbeat of each till, what changed in them, and the starts of its agent."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, Table, Text

from sync.hq.schema import metadata

heartbeat = Table(
    "hq_heartbeat",
    metadata,
    Column("till", Text, primary_key=True),
    Column("run", Text, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("received_ns", BigInteger, nullable=False),
    Column("offset_ns", BigInteger, nullable=False),  # The till's clock less ours; above zero it is fast.
    Column("held", BigInteger, nullable=False),  # Last row held here when it came.
    Column("body", Text, nullable=False),  # As sync.heartbeat writes it.
)

change = Table(
    "hq_heartbeat_change",
    metadata,
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), Identity(), primary_key=True),
    Column("till", Text, nullable=False),
    Column("at_ns", BigInteger, nullable=False),  # Our clock.
    Column("what", Text, nullable=False),  # sync.hq.fleet.changes names them.
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
)
Index("hq_heartbeat_changes", change.c.till, change.c.id)

run = Table(
    "hq_heartbeat_run",
    metadata,
    Column("till", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("beat", BigInteger, nullable=False),  # Highest count heard.
    Column("first_ns", BigInteger, nullable=False),
    Column("last_ns", BigInteger, nullable=False),
    Column("returned", BigInteger, nullable=False),  # Times it went on after another run had been heard.
)
