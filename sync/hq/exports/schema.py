"""Tables of webhooks. Times are UTC nanoseconds of headquarters' clock."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from sync.hq.schema import metadata
from sync.hq.tables import Number

webhook = Table(
    "hq_webhook",
    metadata,
    Column("id", Number, Identity(), primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),  # A reference: env:NAME, file:PATH, credential:NAME.
    Column("events", Text, nullable=False),  # JSON list of event names.
    Column("active", Boolean, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    # What had happened before it was there is not told.
    Column("after_exception", BigInteger, nullable=False),
    Column("after_document", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),  # In a row.
    Column("next_ns", BigInteger, nullable=False),
)

delivery = Table(
    "hq_webhook_delivery",
    metadata,
    Column("id", Number, Identity(), primary_key=True),
    Column("webhook", BigInteger, ForeignKey(webhook.c.id), nullable=False),
    Column("source", Text, nullable=False),  # exception, document.
    Column("event", BigInteger, nullable=False),  # Row of hq_exception_event or hq_document_event.
    Column("name", Text, nullable=False),
    Column("body", Text, nullable=False),  # The same bytes at every attempt.
    Column("state", Text, nullable=False),  # waiting, delivered, given-up.
    Column("attempts", Integer, nullable=False),
    Column("status", Integer),  # HTTP status of the last answer.
    Column("error", Text, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("settled_ns", BigInteger),
    UniqueConstraint("webhook", "source", "event"),
)
Index(
    "hq_webhook_delivery_waiting",
    delivery.c.webhook,
    delivery.c.id,
    postgresql_where=text("state = 'waiting'"),
    sqlite_where=text("state = 'waiting'"),
)

source = Table(
    "hq_webhook_source",
    metadata,
    Column("source", Text, primary_key=True),
    Column("through", BigInteger, nullable=False),  # Every event up to here has its deliveries.
)
