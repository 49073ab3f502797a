"""Is the journal what was written? Chain first, then each projection against a rebuild. Repairs nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import bindparam, func, select

from pos_agent.journal.database import UNREADABLE, JournalUnusable, create_statements, reading
from pos_agent.journal.projection import PROJECTORS
from pos_agent.journal.rows import DamagedRow, as_row
from pos_agent.journal.schema import PROJECTIONS, journal, till
from pos_agent.journal.statements import sql
from sync.wire import GENESIS, Row

PAGE_ROWS = 200
PAGE = sql(select(journal).where(journal.c.number > bindparam("after")).order_by(journal.c.number)) + " LIMIT :limit"
NEWEST = sql(select(func.max(journal.c.number)))
TILL = sql(select(till.c.till, till.c.epoch))
GUARDS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
CHANGED_PAGES = "PRAGMA integrity_check(1)"
SOUND = [("ok",)]

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`row` is the first bad journal row; None while `problem` is set means that something beside the rows differs."""

    rows: int
    head: str  # Hex hash of the last good row.
    problem: str | None = None
    row: int | None = None
    table: str | None = None

    @property
    def good(self) -> bool:
        return self.problem is None


def verify(path: Path, progress: Progress = lambda _rows: None) -> Verdict:
    """Check numbers, hashes and links of every row, then rebuild the projections in memory and compare.

    A damaged file gives a bad verdict as far as its rows can be read; JournalUnusable when nothing can be.
    """
    with reading(path) as db:
        db.execute("BEGIN")  # One snapshot, so that a running agent cannot look like a difference.
        rebuilt = pysqlite3.connect(":memory:", isolation_level=None)
        try:
            for statement in create_statements():
                rebuilt.execute(statement)
            rebuilt.execute("BEGIN")  # One transaction: thousands of tiny ones would only cost time.
            verdict = _check_rows(rows_of(db), rebuilt, progress)
            for beside in (_compare_till, _compare_projections, _compare_guards, _check_pages):
                if not verdict.good:
                    break
                verdict = _of_file(beside, db, rebuilt, verdict)
            return verdict
        finally:
            rebuilt.close()


def verify_tail(path: Path, rows: int) -> Verdict:
    """Check numbers, hashes and links of the newest `rows` rows only: for a look in passing, whatever the size.

    Raises JournalUnusable when nothing can be read.
    """
    with reading(path) as db:
        db.execute("BEGIN")
        newest = db.execute(NEWEST).fetchone()[0] or 0
        after = max(0, newest - rows)
        before = db.execute(PAGE, {"after": after - 1, "limit": 1}).fetchone() if after else None
        head = GENESIS if before is None else as_row("", before, after).hash
        return _check_chain(rows_of(db, after), after, head)


def _check_chain(rows: Iterator[Row], after: int, head: bytes) -> Verdict:
    number = after
    try:
        for row in rows:
            if (problem := _row_problem(row, number + 1, head)) is not None:
                return Verdict(number - after, head.hex(), problem, number + 1)
            number, head = row.number, row.hash
    except DamagedRow as error:
        return Verdict(number - after, head.hex(), error.text, number + 1)
    except UNREADABLE as error:
        return Verdict(number - after, head.hex(), f"row {number + 1} cannot be read: {error}", number + 1)
    return Verdict(number - after, head.hex())


def rows_of(db: Any, after: int = 0) -> Iterator[Row]:
    """Rows of a journal opened with `reading`, in order. Raises DamagedRow at the first that is no row at all."""
    names = db.execute(TILL).fetchall()
    if len(names) > 1:
        raise JournalUnusable("the journal names more than one till: stop selling, call support")
    till_name, limit = str(names[0][0]) if names else "", PAGE_ROWS
    while True:
        try:
            page = db.execute(PAGE, {"after": after, "limit": limit}).fetchall()
        except UNREADABLE:
            if limit == 1:
                raise
            limit = 1  # One row of the page cannot be read: up to it, one by one.
            continue
        for found in page:
            yield as_row(till_name, found, after + 1)
            after = found[0]
        if not page:
            return


def _check_rows(rows: Iterator[Row], rebuilt: Any, progress: Progress) -> Verdict:
    count, head = 0, GENESIS
    try:
        for row in rows:
            problem = _row_problem(row, count + 1, head) or _replay(row, rebuilt)
            if problem is not None:
                return Verdict(count, head.hex(), problem, count + 1)
            count, head = row.number, row.hash
            if count % 1_000 == 0:
                progress(count)
    except DamagedRow as error:
        return Verdict(count, head.hex(), error.text, count + 1)
    except UNREADABLE as error:
        return Verdict(count, head.hex(), f"row {count + 1} cannot be read: {error}", count + 1)
    progress(count)
    return Verdict(count, head.hex())


def _row_problem(row: Row, expected: int, head: bytes) -> str | None:
    if row.number != expected:
        return f"row {expected} is missing"
    if row.previous != head:
        return f"row {row.number} does not follow row {expected - 1}: its link names another hash"
    if not row.is_intact():
        return f"row {row.number} ({row.kind}) was changed after it was written"
    return None


def _replay(row: Row, rebuilt: Any) -> str | None:
    projector = PROJECTORS.get(row.kind)
    if projector is None:
        return f"row {row.number} is of kind {row.kind!r}, which this agent does not know: update the agent"
    try:
        projector(rebuilt, row.number, row.at_ns, json.loads(row.body))
    except Exception as error:  # noqa: BLE001 - any failure to replay a row is the finding, named with its row
        return f"row {row.number} ({row.kind}) cannot be replayed: {type(error).__name__}: {error}"
    return None


Finding = tuple[str, str]  # (table, what is wrong with it)
Comparison = Callable[[Any, Any, Verdict], Finding | None]


def _of_file(look: Comparison, db: Any, rebuilt: Any, verdict: Verdict) -> Verdict:
    finding = look(db, rebuilt, verdict)
    return verdict if finding is None else replace(verdict, table=finding[0], problem=finding[1])


def _compare_till(db: Any, _rebuilt: Any, verdict: Verdict) -> Finding | None:
    """The epoch is part of every key a register is given, and the chain does not cover this table."""
    named = [list(found) for found in db.execute(TILL)]
    if verdict.rows == 0:
        return None if len(named) <= 1 else ("till", "table till names more than one till")
    first = json.loads(db.execute(PAGE, {"after": 0, "limit": 1}).fetchone()[3])
    if named == [[first.get("till"), first.get("epoch")]]:
        return None
    return "till", f"table till differs from the journal: holds {named!r}, row 1 says {first!r}"


def _compare_projections(db: Any, rebuilt: Any, _verdict: Verdict) -> Finding | None:
    for table in PROJECTIONS:
        try:
            text = _difference(db, rebuilt, table)
        except UNREADABLE as error:
            text = f"table {table.name} cannot be read: {error}"
        if text is not None:
            return table.name, text
    return None


def _difference(db: Any, rebuilt: Any, table: Any) -> str | None:
    keys = ", ".join(column.name for column in table.primary_key)
    query = f"SELECT * FROM {table.name} ORDER BY {keys}"  # noqa: S608 - names come from our own schema
    stored, expected = db.execute(query), rebuilt.execute(query)
    while True:
        left, right = stored.fetchone(), expected.fetchone()
        if left != right:
            return f"table {table.name} differs from the journal: holds {left!r}, the journal says {right!r}"
        if left is None:
            return None


def _compare_guards(db: Any, rebuilt: Any, _verdict: Verdict) -> Finding | None:
    if db.execute(GUARDS).fetchall() == rebuilt.execute(GUARDS).fetchall():
        return None
    return "journal", "the triggers that keep the journal append-only were changed or dropped"


def _check_pages(db: Any, _rebuilt: Any, _verdict: Verdict) -> Finding | None:
    """An index that lost an entry hides a held unit although every table compares equal."""
    found = db.execute(CHANGED_PAGES).fetchall()
    return None if found == SOUND else ("file", f"SQLite finds the file damaged: {found[0][0]}")
