"""The fiscal memory of a register in software: one SQLite file, one connection, every change one fsynced transaction.

The token and the number of the next request, the counters and the document they belong to change together or not at
all: an operator that answered with a new token has forgotten the old one.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pysqlite3

from fiscal.ofd.state import Doc, Kkm, Stage

VERSION = 1
_COLUMNS = tuple(field.name for field in fields(Doc) if field.name != "number")
_JSON = ("body", "counts")
_SCHEMA = (
    "CREATE TABLE kkm (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, device INTEGER NOT NULL, "
    "serial TEXT NOT NULL, state TEXT NOT NULL) STRICT",
    "CREATE TABLE doc (number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, kind TEXT NOT NULL, "
    "stage TEXT NOT NULL, command INTEGER NOT NULL, body TEXT NOT NULL, total_tiyn INTEGER NOT NULL, "
    "shift INTEGER NOT NULL, place INTEGER NOT NULL, at_ns INTEGER NOT NULL, counts TEXT NOT NULL, reqnum INTEGER, "
    "token INTEGER, "
    "offline_number INTEGER, sign TEXT NOT NULL, qr TEXT NOT NULL, answer TEXT NOT NULL, note TEXT NOT NULL, "
    "held INTEGER NOT NULL) STRICT",
    "CREATE INDEX doc_key ON doc (key)",
    "CREATE INDEX doc_open ON doc (stage) WHERE stage IN ('sending', 'queued', 'doubt')",
)


class StoreBroken(Exception):
    """The file cannot be used, or a write failed: nothing is tried again, the text says what to do."""


class Store:
    """Opens the file, or makes it with the operator's first `token`; None: it must be there already.

    Raises StoreBroken for a file that is missing, in use, of another device, or no such file at all.
    """

    def __init__(self, path: Path, device: int, serial: str, token: int | None) -> None:
        if token is None and not path.exists():
            raise StoreBroken(f"{path}: there is no such file; the register makes it at its first start")
        self._path = path
        self._lock = threading.RLock()
        self._broken = ""
        try:
            self._db = pysqlite3.connect(str(path), isolation_level=None, check_same_thread=False)
            try:
                self._prepare(device, serial, token)
            except BaseException:
                self._db.close()
                raise
        except pysqlite3.Error as error:
            raise StoreBroken(f"{path}: {error}; a second agent on it, or no permission?") from error

    def _prepare(self, device: int, serial: str, token: int | None) -> None:
        # Exclusive for as long as it is open: two registers with one token would answer each other's requests.
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL", "cell_size_check = ON"):
            self._db.execute(f"PRAGMA {pragma}")
        with self._transaction():
            found = self._db.execute("SELECT name FROM sqlite_master WHERE name = 'kkm'").fetchone()
            if found is None and token is not None:
                for statement in _SCHEMA:
                    self._db.execute(statement)
                state = json.dumps(asdict(Kkm(token=token, given_token=token)))
                self._db.execute("INSERT INTO kkm VALUES (1, ?, ?, ?, ?)", (VERSION, device, serial, state))
        version, owner, number = self._db.execute("SELECT version, device, serial FROM kkm").fetchone()
        if version != VERSION:
            raise StoreBroken(f"{self._path}: written by another version of the agent ({version})")
        if (owner, number) != (device, serial):
            text = f"{self._path} is the memory of register {number} with ID {owner}, not of {serial} with ID {device}"
            raise StoreBroken(text)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._broken:
            raise StoreBroken(self._broken)
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield
                self._db.execute("COMMIT")
            except pysqlite3.Error as error:
                raise StoreBroken(self._fail(error)) from error
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def _fail(self, error: Exception) -> str:
        """After a failure nobody can say what the disk holds: a restart reads what is really there."""
        self._broken = f"{self._path}: {error}: stop selling, restart the agent, look at the disk"
        return self._broken

    # Reading

    def kkm(self) -> Kkm:
        (row,) = self._rows("SELECT state FROM kkm", ())
        return Kkm(**json.loads(row[0]))

    def by_key(self, key: str) -> Doc | None:
        """The newest document under a key; one that was refused may have been tried again."""
        return self._one("key = ? ORDER BY number DESC", key)

    def by_number(self, number: int) -> Doc | None:
        return self._one("number = ?", number)

    def newest(self) -> Doc | None:
        """The newest document that exists."""
        return self._one("stage IN ('done', 'queued') ORDER BY number DESC")

    def sending(self) -> Doc | None:
        """The one whose request may have left without an answer; there is at most one."""
        return self._one("stage = 'sending'")

    def waiting(self) -> Sequence[Doc]:
        """Everything that is not over, oldest first."""
        return self._many("stage IN ('sending', 'queued', 'doubt') ORDER BY number")

    def queue(self) -> Sequence[Doc]:
        """What waits for the operator, oldest first."""
        return self._many("stage = 'queued' ORDER BY number")

    def after(self, number: int, rows: int) -> Sequence[Doc]:
        """Documents of any stage, for looking."""
        return self._many("number > ? ORDER BY number LIMIT ?", number, rows)

    def _one(self, where: str, *values: Any) -> Doc | None:
        found = self._many(f"{where} LIMIT 1", *values)
        return found[0] if found else None

    def _many(self, where: str, *values: Any) -> list[Doc]:
        statement = f"SELECT number, {', '.join(_COLUMNS)} FROM doc WHERE {where}"  # noqa: S608 - our own words
        return [_doc(row) for row in self._rows(statement, values)]

    def _rows(self, statement: str, values: Sequence[Any]) -> list[Sequence[Any]]:
        with self._lock:
            if self._broken:
                raise StoreBroken(self._broken)
            try:
                return list(self._db.execute(statement, values))
            except pysqlite3.Error as error:
                raise StoreBroken(self._fail(error)) from error

    # Writing: each call is one transaction

    def keep(self, kkm: Kkm) -> None:
        """A new state of the register alone."""
        with self._transaction():
            self._put(kkm)

    def add(self, kkm: Kkm, doc: Doc) -> Doc:
        """A new document, and the state that goes with it. Returns it with its number."""
        row = _row(doc)
        holes = ", ".join("?" * len(row))
        with self._transaction():
            self._put(kkm)
            made = self._db.execute(f"INSERT INTO doc ({', '.join(_COLUMNS)}) VALUES ({holes})", row)  # noqa: S608
            return replace(doc, number=made.lastrowid)

    def change(self, kkm: Kkm, doc: Doc) -> None:
        """A document in its new form, and the state that goes with it."""
        holes = ", ".join(f"{name} = ?" for name in _COLUMNS)
        with self._transaction():
            self._put(kkm)
            self._db.execute(f"UPDATE doc SET {holes} WHERE number = ?", (*_row(doc), doc.number))  # noqa: S608

    def _put(self, kkm: Kkm) -> None:
        self._db.execute("UPDATE kkm SET state = ?", (json.dumps(asdict(kkm), ensure_ascii=False),))


def _row(doc: Doc) -> tuple[Any, ...]:
    values = {name: getattr(doc, name) for name in _COLUMNS}
    texts = {name: json.dumps(values[name], ensure_ascii=False) for name in _JSON}
    return tuple({**values, "stage": str(doc.stage), **texts}.values())


def _doc(row: Sequence[Any]) -> Doc:
    number, *values = row
    named = dict(zip(_COLUMNS, values, strict=True))
    told = {name: json.loads(named[name]) for name in _JSON}
    return Doc(number=number, **{**named, "stage": Stage(named["stage"]), "held": bool(named["held"]), **told})
