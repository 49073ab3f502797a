"""The till's SQLite file: opened so that a committed row survives a power cut, and by one agent at a time."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.pool import NullPool

from pos_agent.journal import schema
from sync.sqlite_version import has_wal_reset_bug

log = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = 5_000

Parameters = Mapping[str, Any]


class JournalUnusable(Exception):
    """The journal cannot be written or trusted; the till must not sell. The text says what to do."""


class DiskFull(JournalUnusable):
    """The write was refused for lack of space, and nothing of it was kept."""


class AlreadyRunning(JournalUnusable):
    """Another agent holds this journal."""


class JournalBusy(JournalUnusable):
    """Another program held the file too long. Nothing was kept, nothing is wrong with the disk: try again."""


def engine_for(path: Path, *, read_only: bool = False) -> Engine:
    """An engine over pysqlite3, whose SQLite is newer than the operating system's."""
    if has_wal_reset_bug(pysqlite3.sqlite_version_info):
        raise JournalUnusable(
            f"SQLite {pysqlite3.sqlite_version} can lose committed rows (WAL-reset bug, fixed in 3.51.3): "
            "install the agent's own pysqlite3 package again"
        )
    # Built, not written as text: SQLAlchemy would undo the quoting that a `#` or `?` in a folder's name needs.
    where = {"mode": "ro" if read_only else "rwc", "uri": "true"}
    url = URL.create("sqlite", database=path.absolute().as_uri(), query=where)
    engine = create_engine(
        url,
        module=pysqlite3,
        poolclass=NullPool,
        connect_args={"check_same_thread": False, "isolation_level": None, "timeout": BUSY_TIMEOUT_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def _durable(connection: Any, _record: object) -> None:
        try:
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA cell_size_check=ON")  # A damaged page is an error, not a wrong answer.
            if not read_only:
                _write_ahead(connection, path)
        except BaseException:
            connection.close()  # The pool never gets it, so nobody else would.
            raise

    return engine


def _write_ahead(connection: Any, path: Path) -> None:
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    if mode != "wal":
        raise JournalUnusable(f"{path} cannot be written ahead (journal mode {mode!r}): move it to a local disk")


class Database:
    """One writing connection and short-lived reading ones. Statements are SQLAlchemy Core text, run on the driver.

    Raises AlreadyRunning, or JournalUnusable when the file cannot be opened or is no journal; nothing stays open then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files: dict[str, tuple[int, int] | None] = {}
        with ExitStack() as opened:
            self._guard = _hold(path)
            opened.callback(self._guard.close)
            self.engine = engine_for(path)
            opened.callback(self.engine.dispose)
            with _explaining(path):
                self._pooled = self.engine.raw_connection()
                opened.callback(self._pooled.close)
                self.connection: Any = self._pooled.driver_connection
                self._create()
                self.make_indexes()
                self._files = {name: _identity(name) for name in (str(path), f"{path}-wal")}
            opened.pop_all()  # All of it stands: from here on `close` is the way out.

    def _create(self) -> None:
        found = self.connection.execute("PRAGMA user_version").fetchone()[0]
        if found > schema.SCHEMA_VERSION:
            raise JournalUnusable(f"{self.path} was written by a newer agent (schema {found}): update the agent")
        if found == schema.SCHEMA_VERSION:
            return
        with self.transaction():  # All of the schema or none of it: half a schema after a power cut is not a schema.
            for statement in create_statements():
                self.connection.execute(statement)
            self.connection.execute(f"PRAGMA user_version={schema.SCHEMA_VERSION}")

    def make_indexes(self) -> None:
        """Those that came with a later agent, where they are missing. Without room for them it works on without."""
        try:
            with self.transaction():
                for statement in schema.LATER_INDEXES:
                    self.connection.execute(statement)
        except DiskFull as error:
            log.warning("an index waits for room on the disk, and some answers are slow until then: %s", error)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """BEGIN IMMEDIATE ... COMMIT. Raises DiskFull or JournalUnusable; after either nothing was kept."""
        self._check_files()
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            yield self.connection
            self.connection.execute("COMMIT")
        except BaseException as error:
            with _explaining(self.path):
                if self.connection.in_transaction:  # SQLite ends it by itself after some failures.
                    self.connection.execute("ROLLBACK")
                if type(error) in _OF_THE_DISK:
                    raise
            raise

    def read(self, statement: str, parameters: Parameters) -> list[tuple[Any, ...]]:
        """All rows of one query. Raises JournalUnusable when the file cannot be read."""
        with _explaining(self.path):
            return list(self.connection.execute(statement, parameters).fetchall())

    def _check_files(self) -> None:
        """SQLite goes on writing into a file that was deleted, and all of it is gone at the next start."""
        for name, identity in self._files.items():
            if _identity(name) != identity:
                raise JournalUnusable(
                    f"{name} was moved or replaced under the running agent: stop selling, put it back"
                )

    def close(self) -> None:
        self._pooled.close()
        self.engine.dispose()
        self._guard.close()


# What the disk or the file did. Integrity and programming errors are the caller's own and pass as they are. SQLite
# quotes a damaged schema in its message, and a message that is no UTF-8 comes out as an error of decoding.
_OF_THE_DISK = (pysqlite3.OperationalError, pysqlite3.DatabaseError, UnicodeDecodeError)
UNREADABLE = (pysqlite3.DatabaseError, UnicodeDecodeError)


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        if type(error) not in _OF_THE_DISK:
            raise
        raise _explained(error, path) from error


def _explained(error: Exception, path: Path) -> JournalUnusable:
    name = str(getattr(error, "sqlite_errorname", ""))
    if name.startswith("SQLITE_FULL"):
        return DiskFull(f"no space left for {path}: free the disk; nothing was sent to the register")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return JournalBusy(f"{path} is held by another program (a backup?): end it, then try again")
    return JournalUnusable(f"{path}: {error} ({name}): stop selling, run `pos-agent journal verify`")


def _identity(name: str) -> tuple[int, int] | None:
    try:
        found = os.stat(name)  # noqa: PTH116 - before every commit, and twice as fast as Path.stat
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _hold(path: Path) -> Any:
    """An exclusive transaction on a neighbour file: a lock every platform has, gone when the process dies."""
    neighbour = Path(f"{path}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JournalUnusable(f"the folder {path.parent} cannot be made: {error.strerror}") from error
    with ExitStack() as opened, _explaining(neighbour):
        guard = pysqlite3.connect(str(neighbour), isolation_level=None, timeout=0.2, check_same_thread=False)
        opened.callback(guard.close)
        try:
            guard.execute("BEGIN EXCLUSIVE")
        except pysqlite3.OperationalError as error:
            if not str(getattr(error, "sqlite_errorname", "")).startswith("SQLITE_BUSY"):
                raise
            raise AlreadyRunning(f"another agent holds {path}: stop it first (`pos-agent status` names it)") from error
        opened.pop_all()
        return guard


def create_statements() -> Sequence[str]:
    """DDL of the whole schema, guards last."""
    from sqlalchemy.dialects import sqlite
    from sqlalchemy.schema import CreateIndex, CreateTable

    dialect = sqlite.dialect()
    tables = [str(CreateTable(table).compile(dialect=dialect)) for table in schema.metadata.sorted_tables]
    indexes = [
        str(CreateIndex(index).compile(dialect=dialect))
        for table in schema.metadata.sorted_tables
        for index in sorted(table.indexes, key=lambda index: str(index.name))
    ]
    return [*tables, *indexes, *schema.GUARDS]


@contextmanager
def reading(path: Path) -> Iterator[Any]:
    """A read-only look that never disturbs the agent: for verify and export."""
    if not path.exists():
        raise JournalUnusable(f"there is no journal at {path}")
    with ExitStack() as opened:
        engine = engine_for(path, read_only=True)
        opened.callback(engine.dispose)
        try:
            pooled = engine.raw_connection()
            opened.callback(pooled.close)
            yield pooled.driver_connection
        except UNREADABLE as error:
            raise JournalUnusable(f"{path} cannot be read: {error} (docs/durability.md)") from error


def schema_of(path: Path) -> int:
    """The form a journal has (PRAGMA user_version); 0: there is none. Raises JournalUnusable when it cannot be read."""
    if not path.exists():
        return 0
    with reading(path) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def held(path: Path) -> Iterator[None]:
    """No agent works on this journal meanwhile. Raises AlreadyRunning."""
    guard = _hold(path)
    try:
        yield
    finally:
        guard.close()


def settled(path: Path) -> None:
    """Bring what is in the write-ahead log into the file and remove the log, so that one file is the whole journal.

    Only with `held`. Raises JournalUnusable when the file cannot be read, or when somebody else has it open.
    """
    if not path.exists():
        return
    engine = engine_for(path)
    with _explaining(path):
        pooled = engine.raw_connection()
        try:
            connection: Any = pooled.driver_connection
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            pooled.close()
            engine.dispose()
    if busy or _identity(f"{path}-wal") is not None:
        raise JournalBusy(f"{path} is open in another program: end it, then try again")
