"""Tables of headquarters that several rooms read: places, registers, exceptions, runs and counts.

The collector's own are in sync.hq.schema; a room's own tables stand in that room. All share one MetaData.
Times `_ns` are UTC nanoseconds of headquarters' clock; `at`, `status_at`, `due_at` are UTC microseconds as in
sync.hq.witness.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Identity, Index, Integer, Table, Text, UniqueConstraint

from sync.hq.schema import metadata

Number = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts only a plain INTEGER key by itself.

place = Table(
    "hq_place",
    metadata,
    Column("till", Text, primary_key=True),
    Column("shop", Text, nullable=False),  # Stable id, such as "almaty-03".
    Column("shop_name", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("business_place_id", Integer),  # Place of business at IS MPT; needed for documents.
)

register = Table(
    "hq_register",
    metadata,
    Column("identity", Text, primary_key=True),  # Factory number, as in our documents.
    Column("rnm", Text, nullable=False),  # Registration number at the tax service; "" unknown.
    Column("till", Text, nullable=False),  # Newest till that used it; "" unknown.
    Column("first_ns", BigInteger, nullable=False),
    Column("last_ns", BigInteger, nullable=False),
)

run = Table(
    "hq_run",
    metadata,
    Column("id", Number, Identity(), primary_key=True),
    Column("engine", Text, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("started_ns", BigInteger, nullable=False),
    Column("ended_ns", BigInteger),  # NULL while it runs or when it broke off.
    Column("rows", Text, nullable=False),  # JSON: witness -> rows read.
    Column("found", Text, nullable=False),  # JSON: kind -> cases.
)

exception = Table(
    "hq_exception",
    metadata,
    Column("id", Number, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("state", Text, nullable=False),  # open, healed, resolved.
    Column("severity", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("ki", Text, nullable=False),
    Column("gtin", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("region", Text, nullable=False),
    Column("shop", Text, nullable=False),
    Column("till", Text, nullable=False),
    Column("register", Text, nullable=False),
    Column("shift", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("sign", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("ours_tiyn", BigInteger, nullable=False),
    Column("theirs_tiyn", BigInteger, nullable=False),
    Column("other", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),  # "" nobody yet.
    Column("first_seen_ns", BigInteger, nullable=False),
    Column("last_seen_ns", BigInteger, nullable=False),
    Column("closed_ns", BigInteger),
    Column("run", BigInteger, nullable=False),  # Newest run that saw it.
    UniqueConstraint("kind", "subject"),
)
Index("hq_exception_listed", exception.c.state, exception.c.kind, exception.c.day)
Index("hq_exception_unit", exception.c.ki)
Index("hq_exception_till", exception.c.till, exception.c.day)

exception_event = Table(
    "hq_exception_event",
    metadata,
    Column("id", Number, Identity(), primary_key=True),
    Column("exception", BigInteger, ForeignKey(exception.c.id), nullable=False),
    Column("at_ns", BigInteger, nullable=False),
    Column("who", Text, nullable=False),  # "" the comparison itself.
    Column("what", Text, nullable=False),  # opened, changed, healed, reopened, owner, note, resolved.
    Column("detail", Text, nullable=False),  # JSON, or the note.
)
Index("hq_exception_history", exception_event.c.exception, exception_event.c.id)

count = Table(
    "hq_count",
    metadata,
    Column("day", Date, primary_key=True),
    Column("till", Text, primary_key=True),
    Column("shift", BigInteger, primary_key=True, autoincrement=False),
    # Units. Scanned: asked for a sale, whatever the verdict. The rest as the comparison counts them.
    Column("scanned", BigInteger, nullable=False),
    Column("sold", BigInteger, nullable=False),
    Column("returned", BigInteger, nullable=False),
    Column("fiscalised", BigInteger, nullable=False),
    Column("at_operator", BigInteger, nullable=False),
    Column("withdrawn", BigInteger, nullable=False),
    Column("on_balance", BigInteger, nullable=False),
    Column("sum_tiyn", BigInteger, nullable=False),
)
