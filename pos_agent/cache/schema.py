"""The cache's own SQLite file. It holds nothing that cannot be imported again, so it is kept apart from the journal.

WAL, synchronous NORMAL: a power cut may lose the last import, never the file's order. Reads go on while an import
writes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
)
from sqlalchemy.exc import DatabaseError

from sync.sqlite_version import has_wal_reset_bug

APPLICATION_ID = 0x504F5343  # "POSC": a journal or a stranger's database is never taken for a cache.
SCHEMA_VERSION = 1
BUSY_TIMEOUT_MS = 10_000  # An import's publishing step holds the write lock for a second or two per million rows.

metadata = MetaData()

product = Table(
    "product",
    metadata,
    Column("key", String, primary_key=True),  # GTIN-14, or "N" and the NTIN for goods without a GTIN.
    Column("gtin", String(14)),
    Column("ntin", String),
    Column("ntin_key", String),  # The NTIN padded to 14 digits: scanned with and without leading zeros.
    Column("name_ru", String, nullable=False),
    Column("name_kk", String, nullable=False),
    Column("unit_code", Integer, nullable=False),
    Column("vat_class", String, nullable=False),
    Column("group_key", String),
    Column("price_tiyn", BigInteger, nullable=False),
    Column("templates", String, nullable=False),  # As imported, space between ids.
    Column("learned", String, nullable=False, server_default=""),  # Seen in confirmed answers; imports leave it.
    Column("at_ns", BigInteger, nullable=False),  # UTC nanoseconds of the import.
    Index("product_by_ntin", "ntin_key"),
    sqlite_with_rowid=False,
)

# All that a registry says of a code but its key and time. The units of one delivery share it (GTIN, expiry, owner,
# layout), so a million codes hold some thousand rows of it, and a code costs 45 bytes. Rows never change.
facts = Table(
    "facts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("body", String, nullable=False, unique=True),  # JSON list in the order of store.FACTS.
)

code_status = Table(
    "code_status",
    metadata,
    Column("ki", String, primary_key=True),
    Column("at_ns", BigInteger, nullable=False),  # UTC nanoseconds of the registry's answer.
    Column("facts_id", Integer, nullable=False),
    sqlite_with_rowid=False,
)


class CacheError(Exception):
    """The cache file cannot be used; the text says what to do. Nothing in it is irreplaceable."""


def open_engine(path: Path) -> Engine:
    """An engine over pysqlite3 with the schema in place. Raises CacheError."""
    if has_wal_reset_bug(pysqlite3.sqlite_version_info):
        raise CacheError(
            f"SQLite {pysqlite3.sqlite_version} can damage a file that several connections use (WAL-reset bug, "
            "fixed in 3.51.3): install the agent's own pysqlite3 package again"
        )
    engine = create_engine(
        # Built, not written as text: SQLAlchemy would undo the quoting that a `#` or `?` in a folder's name needs.
        URL.create("sqlite", database=path.absolute().as_uri(), query={"uri": "true"}),
        module=pysqlite3,
        pool_size=1,
        max_overflow=2,
        connect_args={"check_same_thread": False, "isolation_level": None, "timeout": BUSY_TIMEOUT_MS / 1000},
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    try:
        with engine.begin() as connection:
            _create(connection, path)
    except DatabaseError as error:
        engine.dispose()
        raise unusable(path, error.orig or error) from error
    except CacheError:
        engine.dispose()
        raise
    return engine


def open_reader(path: Path) -> Any:
    """A bare driver connection for the two hot look-ups; its statements stay prepared."""
    reader = pysqlite3.connect(str(path), isolation_level=None, check_same_thread=False, timeout=BUSY_TIMEOUT_MS / 1000)
    reader.execute("PRAGMA query_only=1")
    # Mapped pages cost no read call and no memory of their own: 8 us a look-up instead of 10 in one measurement.
    reader.execute("PRAGMA mmap_size=268435456")
    return reader


def unusable(path: Path, error: BaseException) -> CacheError:
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith("SQLITE_FULL"):
        return CacheError(f"{path}: no space left on the disk; nothing was changed")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return CacheError(f"{path}: another import is writing; nothing was changed, try again when it has ended")
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return CacheError(f"{path}: damaged or not a cache ({error}); delete it and import the files again")
    return CacheError(f"{path}: {error} ({name})")


def _configure(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA journal_size_limit=67108864")  # A large import must not leave its WAL on a small disk.


def _begin(connection: Connection) -> None:
    # Deferred: filling a temporary table must not hold the lock that the till's own answers need.
    connection.exec_driver_sql("BEGIN")


def _create(connection: Connection, path: Path) -> None:
    found = connection.exec_driver_sql("PRAGMA application_id").scalar()
    version = connection.exec_driver_sql("PRAGMA user_version").scalar()
    tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar()
    if found == APPLICATION_ID:
        if version != SCHEMA_VERSION:
            raise CacheError(
                f"{path} has cache layout {version}, this agent uses {SCHEMA_VERSION}: delete it and import again"
            )
        return
    if found or tables:
        raise CacheError(f"{path} is a database of something else, not a cache: name another file")
    metadata.create_all(connection)
    connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
    connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
