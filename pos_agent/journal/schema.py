"""Tables of the till's database. `journal` is the truth; every other table is a projection that can be rebuilt from it.

Kept in SQLAlchemy Core so that headquarters can hold the same shapes in PostgreSQL.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    literal_column,
)

SCHEMA_VERSION = 1  # PRAGMA user_version; a migration raises it in the transaction that makes the change.

metadata = MetaData()

journal = Table(
    "journal",
    metadata,
    Column("number", Integer, primary_key=True),  # From 1, without gaps.
    Column("at_ns", BigInteger, nullable=False),  # UTC.
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),  # JSON; hashed as it stands.
    Column("previous", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)

till = Table(
    "till",
    metadata,
    Column("till", Text, primary_key=True),
    Column("epoch", Text, nullable=False),  # Random name of this journal; part of every key given to a register.
)

sale = Table(
    "sale",
    metadata,
    Column("sale", Text, primary_key=True),
    Column("operation", Text, nullable=False),  # fiscal.register.Operation
    Column("original", Text),  # The sale of this till that a return takes back.
    Column("state", Text, nullable=False),  # pos_agent.sale.SaleState
    Column("opened_row", Integer, nullable=False),
    Column("intent_row", Integer),
    Column("outcome_row", Integer),
    Column("attempts", Integer, nullable=False),  # Intents written so far; the key's revision counts changed ones.
    Column("total_tiyn", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Partial, as most sales are no returns and most documents are decided: an index that stays small costs no page a sale.
Index("returns_by_original", sale.c.original, sqlite_where=sale.c.original.is_not(None))

sale_line = Table(
    "sale_line",
    metadata,
    Column("sale", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("ki", Text),
    Column("row", Integer, nullable=False),  # Journal row that holds the line itself: kept once, not twice.
    sqlite_with_rowid=False,
)

# Units in hand: those of open, undecided and unsettled sales and returns. Few at any time, so that holding ten of them
# touches one page, while ten random serial numbers in the table of all units touch ten.
held = Table(
    "held",
    metadata,
    Column("ki", Text, primary_key=True),
    Column("sale", Text, nullable=False),
    sqlite_with_rowid=False,
)

unit = Table(
    "unit",
    metadata,
    Column("ki", Text, primary_key=True),
    Column("state", Text, nullable=False),  # SOLD, RETURNED: what the last fiscal document of this till did with it.
    Column("sale", Text, nullable=False),  # The sale or return that did.
    sqlite_with_rowid=False,
)

withdrawal = Table(
    "withdrawal",
    metadata,
    Column("ki", Text, primary_key=True),
    Column("sale", Text, nullable=False),
    Column("decided_ns", BigInteger, nullable=False),  # When the receipt became fiscal: the legal clock starts here.
    Column("purpose", Text, nullable=False),  # "sale": must become withdrawn; "sale_return": back in circulation.
    Column("checks", Integer, nullable=False),
    Column("checked_ns", BigInteger),
    Column("due_ns", BigInteger, nullable=False),  # Next look; before the first one the configured delay comes on top.
    Column("outcome", Text, nullable=False),  # pending, withdrawn, on_balance, reintroduced
    sqlite_with_rowid=False,
)
Index("withdrawal_due", withdrawal.c.outcome, withdrawal.c.due_ns)

document = Table(
    "document",
    metadata,
    Column("key", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # sale, sale_return, cash_in, cash_out, shift_close
    Column("state", Text, nullable=False),  # pos_agent.sale.DocumentState
    Column("sale", Text),
    Column("content", LargeBinary(32), nullable=False),  # SHA-256 of the order: one key never names two contents.
    Column("intent_row", Integer, nullable=False),
    Column("outcome_row", Integer),
    Column("printed", Text, nullable=False),  # "", "ok", or why not
    sqlite_with_rowid=False,
)
UNDECIDED: ColumnElement[bool] = document.c.state.in_([literal_column("'INTENDED'"), literal_column("'IN_DOUBT'")])
Index("document_undecided", document.c.intent_row, sqlite_where=UNDECIDED)

shift = Table(
    "shift",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("opened_ns", BigInteger, nullable=False),
    Column("opened_row", Integer, nullable=False),
    Column("closed_row", Integer),
)

delivery = Table(
    "delivery",
    metadata,
    Column("destination", Text, primary_key=True),
    Column("through", Integer, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    sqlite_with_rowid=False,
)

set_aside = Table(
    "set_aside",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("reason", Text, nullable=False),
)

# Beside answers to clients, under names that no client can have: requests of ATOL's web server that are carried out
# later, and events that a webhook's receiver never took.
answer = Table(
    "answer",
    metadata,
    Column("client", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),  # SHA-256 of method, path and body: a reused key is told apart.
    Column("status", Integer),  # NULL while the register has not decided.
    Column("body", Text),
    Column("document", Text),  # Key of the document the call intended: a repeat asks for that one, never for another.
    sqlite_with_rowid=False,
)

PROJECTIONS = tuple(table for table in metadata.sorted_tables if table.name not in ("journal", "till"))

# Made at a start where they are missing: an agent that does not know them works on the same file, as after a rollback.
# The paper of a buyer, and of a register in doubt, names a receipt by its sign. A damaged row must stay one bad row:
# without the last condition nothing could be opened or repaired around it.
LATER_INDEXES = (
    "CREATE INDEX IF NOT EXISTS receipt_by_sign ON journal (body ->> '$.document.fiscal_sign') "
    "WHERE kind = 'document_made' AND json_valid(body)",
)

# The database itself refuses to change history; only the retention command may drop these triggers.
GUARDS = (
    "CREATE TRIGGER journal_keeps BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END",
    "CREATE TRIGGER journal_stays BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END",
    # INSERT OR REPLACE deletes without firing the trigger above.
    "CREATE TRIGGER journal_grows BEFORE INSERT ON journal "
    "WHEN EXISTS (SELECT 1 FROM journal WHERE number = NEW.number) "
    "BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END",
)
