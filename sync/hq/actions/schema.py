"""Tables of prepared documents. Times `_ns` are UTC nanoseconds of headquarters' clock, `at` and `due_at` microseconds.

That nothing is filed without a person is a rule of the database too: a row in any state but PREPARED and CANCELLED
must carry a name, a reason and a time.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from sync.hq.actions.states import UNAPPROVED
from sync.hq.schema import metadata
from sync.hq.tables import Number, exception

_UNAPPROVED = ", ".join(f"'{state}'" for state in sorted(UNAPPROVED))

document = Table(
    "hq_document",
    metadata,
    Column("id", Number, Identity(), primary_key=True),
    Column("kind", Text, nullable=False),  # withdrawal, return-to-turnover: the path at the registry.
    Column("state", Text, nullable=False),
    Column("product_group", Text, nullable=False),
    Column("place", Integer, nullable=False),  # Place of business at IS MPT.
    Column("day", Date, nullable=False),  # Of the receipts.
    Column("at", BigInteger, nullable=False),
    Column("paper_type", Text, nullable=False),
    Column("paper_date", Text, nullable=False),
    Column("paper_number", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("follows", BigInteger, ForeignKey("hq_document.id")),  # The document whose refused codes these are.
    Column("prepared_by", Text, nullable=False),  # "" the comparison.
    Column("prepared_ns", BigInteger, nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("approved_why", Text, nullable=False),
    Column("approved_ns", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("sent_ns", BigInteger),  # Last attempt.
    Column("accepted", Integer),  # The attempt that the registry has.
    Column("document_id", Text),  # At the registry.
    Column("registry_status", Text, nullable=False),
    Column("looks", Integer, nullable=False),  # Questions asked since the last change of state.
    Column("absences", Integer, nullable=False),  # Of those, whole searches that did not find it.
    Column("next_ns", BigInteger, nullable=False),  # When the worker has something to do with it.
    Column("reason", Text, nullable=False),  # Last trouble, for people.
    Column("settled_ns", BigInteger),
    CheckConstraint(
        f"state IN ({_UNAPPROVED}) OR (approved_by <> '' AND approved_why <> '' AND approved_ns IS NOT NULL)",
        name="hq_document_approved",
    ),
)
Index("hq_document_due", document.c.state, document.c.next_ns)

code = Table(
    "hq_document_code",
    metadata,
    Column("id", Number, Identity(), primary_key=True),
    Column("document", BigInteger, ForeignKey(document.c.id), nullable=False),
    Column("exception", BigInteger, ForeignKey(exception.c.id), nullable=False),
    Column("ki", Text, nullable=False),
    Column("gtin", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("settled_ns", BigInteger),
    UniqueConstraint("document", "ki"),
)
# A unit is in one document under way at most, whatever the number of its exceptions and of those who prepare.
Index(
    "hq_document_code_waiting",
    code.c.ki,
    unique=True,
    postgresql_where=text("state = 'WAITING'"),
    sqlite_where=text("state = 'WAITING'"),
)
Index("hq_document_code_exception", code.c.exception)

attempt = Table(
    "hq_document_attempt",
    metadata,
    Column("document", BigInteger, ForeignKey(document.c.id), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at_ns", BigInteger, nullable=False),  # When the intent was committed, before the first byte.
    Column("body", LargeBinary, nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("outcome", Text, nullable=False),  # "" unknown yet; sent, refused, not-sent, unanswered, absent.
)

document_event = Table(
    "hq_document_event",
    metadata,
    Column("id", Number, Identity(), primary_key=True),
    Column("document", BigInteger, ForeignKey(document.c.id), nullable=False),
    Column("at_ns", BigInteger, nullable=False),
    Column("who", Text, nullable=False),  # "" headquarters itself.
    Column("what", Text, nullable=False),  # The state it came to.
    Column("detail", Text, nullable=False),
)
Index("hq_document_history", document_event.c.document, document_event.c.id)
