"""The database of headquarters, opened so that what is acknowledged survives a power cut."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pysqlite3
from sqlalchemy import Connection, Engine, create_engine, event, make_url

from sync.sqlite_version import has_wal_reset_bug

BUSY_TIMEOUT_S = 30.0


class DatabaseUnfit(Exception):
    """This database cannot keep what headquarters promises; the text says what to do."""


def open_engine(url: str) -> Engine:
    """`sqlite:///file`, through pysqlite3, or `postgresql://...`, through psycopg. Raises DatabaseUnfit."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        options = {"options": "-c synchronous_commit=on"}
        return create_engine(parsed.set(drivername="postgresql+psycopg"), connect_args=options, pool_pre_ping=True)
    if parsed.get_backend_name() != "sqlite":
        raise DatabaseUnfit(f"{parsed.get_backend_name()}: headquarters keeps its rows in PostgreSQL or SQLite")
    if has_wal_reset_bug(pysqlite3.sqlite_version_info):
        raise DatabaseUnfit(f"SQLite {pysqlite3.sqlite_version} can lose committed rows: install pysqlite3 again")
    engine = create_engine(
        parsed, module=pysqlite3, connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_S}
    )

    @event.listens_for(engine, "connect")
    def _durable(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction; committed when the block ends without an exception, otherwise nothing of it is kept."""
    if engine.dialect.name != "sqlite":
        with engine.begin() as db:
            yield db
        return
    # Python's driver begins only at the first change; two writers that both looked before could then not both write.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield db
            db.exec_driver_sql("COMMIT")
        except BaseException:
            if getattr(db.connection.driver_connection, "in_transaction", False):
                db.exec_driver_sql("ROLLBACK")
            raise
