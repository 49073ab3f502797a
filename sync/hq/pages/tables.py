"""Accounts, sessions and the audit trail of the pages; indexes their lists need on the shared exceptions."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Engine,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.schema import CreateIndex

from sync.hq.schema import metadata
from sync.hq.tables import exception
from sync.hq.upgrade import create

_Number = BigInteger().with_variant(Integer(), "sqlite")

user = Table(
    "hq_user",
    metadata,
    Column("name", Text, primary_key=True),  # Lower case.
    Column("full_name", Text, nullable=False),
    Column("role", Text, nullable=False),  # viewer, controller, administrator.
    Column("password", Text, nullable=False),  # scrypt$N$r$p$salt$hash, see passwords.py.
    Column("language", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("signed_in_ns", BigInteger),
)

session = Table(
    "hq_session",
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256 of the cookie; the cookie itself is kept nowhere.
    Column("name", Text, ForeignKey(user.c.name, ondelete="CASCADE"), nullable=False),
    Column("csrf", Text, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("seen_ns", BigInteger, nullable=False),
)
Index("hq_session_name", session.c.name)

audit = Table(
    "hq_audit",
    metadata,
    Column("id", _Number, Identity(), primary_key=True),
    Column("at_ns", BigInteger, nullable=False),
    Column("who", Text, nullable=False),  # Name as given at a refused sign-in.
    Column("address", Text, nullable=False),
    Column("what", Text, nullable=False),  # One of audit.ACTS.
    Column("object", Text, nullable=False),
    Column("detail", Text, nullable=False),  # JSON object.
)
Index("hq_audit_who", audit.c.who, audit.c.at_ns)
Index("hq_audit_what", audit.c.what, audit.c.at_ns)

# Each order and each usual filter of the exceptions page walks an index and stops after one page.
Index("hq_exception_newest", exception.c.state, exception.c.day.desc(), exception.c.id.desc())
Index("hq_exception_oldest", exception.c.state, exception.c.first_seen_ns, exception.c.id)
Index("hq_exception_due", exception.c.due_at, exception.c.id, postgresql_where=text("due_at > 0"))
_apart_tiyn = func.abs(exception.c.ours_tiyn - exception.c.theirs_tiyn)
Index("hq_exception_sum", exception.c.state, _apart_tiyn.desc(), exception.c.id)
Index("hq_exception_severity", exception.c.severity, exception.c.state, exception.c.day.desc())
Index("hq_exception_cause", exception.c.cause, exception.c.state, exception.c.day.desc())
Index("hq_exception_shop", exception.c.shop, exception.c.state, exception.c.day.desc())
Index("hq_exception_region", exception.c.region, exception.c.state, exception.c.day.desc())
Index("hq_exception_owner", exception.c.owner, exception.c.state, postgresql_where=text("owner <> ''"))


def create_tables(engine: Engine) -> None:
    """Everything on the shared MetaData that is not there yet, indexes added later included."""
    with engine.begin() as db:
        create(db)
        for table in metadata.tables.values():
            for index in table.indexes:
                db.execute(CreateIndex(index, if_not_exists=True))
