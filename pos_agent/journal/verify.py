"""Is the journal what was written? Chain first, then each projection against a rebuild. Repairs nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import bindparam, select

from pos_agent.journal.database import create_statements, reading
from pos_agent.journal.projection import PROJECTORS, sql
from pos_agent.journal.schema import PROJECTIONS, journal, till
from sync.wire import GENESIS, Row

ALL_ROWS = sql(select(journal).where(journal.c.number > bindparam("after")).order_by(journal.c.number))
TILL = sql(select(till.c.till))

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`row` is the first bad journal row; None while `problem` is set means that a projection differs."""

    rows: int
    head: str  # Hex hash of the last good row.
    problem: str | None = None
    row: int | None = None
    table: str | None = None

    @property
    def good(self) -> bool:
        return self.problem is None


def verify(path: Path, progress: Progress = lambda _rows: None) -> Verdict:
    """Check numbers, hashes and links of every row, then rebuild the projections in memory and compare."""
    with reading(path) as db:
        db.execute("BEGIN")  # One snapshot, so that a running agent cannot look like a difference.
        rebuilt = pysqlite3.connect(":memory:", isolation_level=None)
        try:
            for statement in create_statements():
                rebuilt.execute(statement)
            verdict = _check_rows(rows_of(db), rebuilt, progress)
            return verdict if not verdict.good else _compare(db, rebuilt, verdict)
        finally:
            rebuilt.close()


def rows_of(db: Any, after: int = 0) -> Iterator[Row]:
    """Rows of a journal opened with `reading`, in order."""
    name = db.execute(TILL).fetchone()
    for number, at_ns, kind, body, previous, digest in db.execute(ALL_ROWS, {"after": after}):
        yield Row(name[0] if name else "", number, at_ns, kind, body, bytes(previous), bytes(digest))


def _check_rows(rows: Iterator[Row], rebuilt: Any, progress: Progress) -> Verdict:
    count, head = 0, GENESIS
    for row in rows:
        problem = _row_problem(row, count + 1, head) or _replay(row, rebuilt)
        if problem is not None:
            return Verdict(count, head.hex(), problem, row.number)
        count, head = row.number, row.hash
        if count % 1_000 == 0:
            progress(count)
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
        return f"row {row.number} ({row.kind}) cannot be replayed: {error}"
    return None


def _compare(db: Any, rebuilt: Any, verdict: Verdict) -> Verdict:
    for table in PROJECTIONS:
        keys = ", ".join(column.name for column in table.primary_key)
        query = f"SELECT * FROM {table.name} ORDER BY {keys}"  # noqa: S608 - names come from our own schema
        stored, expected = db.execute(query), rebuilt.execute(query)
        while True:
            left, right = stored.fetchone(), expected.fetchone()
            if left != right:
                text = f"table {table.name} differs from the journal: holds {left!r}, the journal says {right!r}"
                return Verdict(verdict.rows, verdict.head, text, table=table.name)
            if left is None:
                break
    return verdict
