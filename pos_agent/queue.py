"""What leaves the till: the journal as a source of rows, the cursor behind which everything is delivered, and the sold
units whose withdrawal must still be seen. The workers in sync/ know nothing of SQLite; this is their memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, literal_column, select

from marking.statuses import CodeStatus, Status
from pos_agent.clock import NS_PER_S
from pos_agent.journal.database import JournalUnusable
from pos_agent.journal.journal import Event, Journal
from pos_agent.journal.schema import delivery, journal, set_aside, withdrawal
from pos_agent.journal.statements import sql
from sync.ports import QueueUnavailable
from sync.wire import GENESIS, Row

HEADQUARTERS = "hq"
DAY_S = 86_400
PAGE_ROWS = 200

CURSOR = sql(select(delivery.c.through, delivery.c.hash).where(delivery.c.destination == bindparam("destination")))
ASIDE = sql(select(set_aside.c.number, set_aside.c.reason).order_by(set_aside.c.number))
OPEN = [withdrawal.c.outcome == bindparam("a"), withdrawal.c.outcome == bindparam("b")]
DUE = (
    sql(
        select(withdrawal.c.ki, withdrawal.c.purpose, withdrawal.c.checks, withdrawal.c.decided_ns)
        .where(OPEN[0] | OPEN[1])
        .where(
            ((withdrawal.c.checks == bindparam("none")) & (withdrawal.c.due_ns <= bindparam("first")))
            | ((withdrawal.c.checks > bindparam("none")) & (withdrawal.c.due_ns <= bindparam("now")))
        )
        .order_by(withdrawal.c.due_ns, withdrawal.c.ki)
    )
    + " LIMIT :rows"
)


CHANGES_UNITS = frozenset(
    {"line_added", "line_removed", "sale_cancelled", "document_intended", "document_made", "document_absent"}
)
BOOKKEEPING = ("delivered", "set_aside", "released")
UNSENT = sql(
    select(func.count(), func.min(journal.c.at_ns)).where(
        journal.c.number > bindparam("after"),
        *(journal.c.kind != literal_column(f"'{kind}'") for kind in BOOKKEEPING),
    )
)


class JournalQueue:
    """The journal as delivery sees it. Its cursor is itself a journal row, and never a reason to send by itself."""

    def __init__(self, journal: Journal, destination: str = HEADQUARTERS) -> None:
        self._journal = journal
        self._destination = destination

    def head(self) -> tuple[int, bytes]:
        return self._journal.head()

    def rows_after(self, number: int, *, rows_max: int, bytes_max: int) -> Sequence[Row]:
        """Rows in order, at least one when there is any, otherwise within both limits."""
        rows: list[Row] = []
        size = 0
        while len(rows) < rows_max:
            with _available():
                page = self._journal.rows_after(number, min(PAGE_ROWS, rows_max - len(rows)))
            for row in page:
                size += len(row.body.encode())
                if rows and size > bytes_max:
                    return rows
                rows.append(row)
                number = row.number
            if not page:
                break
        return rows

    def keys(self, row: Row) -> frozenset[str]:
        """Codes whose story a row changes: when it is set aside, later rows of the same code wait for it.

        Rows that only look at codes (a judgement, a re-check of a hundred units) hold nothing back.
        """
        if row.kind not in CHANGES_UNITS:
            return frozenset()
        body = json.loads(row.body)
        # The outcome of a receipt names its sale and not its codes, and must not overtake the intent that does.
        receipt = {f"sale {body['sale']}"} if body.get("sale") else set()
        return frozenset(_kis(body)) | receipt

    def unsent(self) -> tuple[int, int | None]:
        """How many rows wait for headquarters, and when the oldest was written (UTC nanoseconds).

        The bookkeeping of delivery itself travels with the next batch and is not counted: it would never reach zero.
        """
        through, _ = self.delivered_through()
        count, oldest_ns = self._journal.query(UNSENT, {"after": through})[0]
        return count, oldest_ns

    def delivered_through(self) -> tuple[int, bytes]:
        with _available():
            found = self._journal.query(CURSOR, {"destination": self._destination})
        return (found[0][0], bytes(found[0][1])) if found else (0, GENESIS)

    def set_delivered(self, number: int, digest: bytes) -> None:
        self._keep("delivered", {"destination": self._destination, "through": number, "hash": digest.hex()})

    def set_aside(self, number: int, reason: str) -> None:
        self._keep("set_aside", {"number": number, "reason": reason})

    def release(self, number: int) -> None:
        self._keep("released", {"number": number})

    def set_aside_rows(self) -> Sequence[tuple[int, str]]:
        with _available():
            return [(number, reason) for number, reason in self._journal.query(ASIDE)]

    def _keep(self, kind: str, body: Mapping[str, Any]) -> None:
        with _available():
            self._journal.append(Event(kind, body))


@contextmanager
def _available() -> Iterator[None]:
    """A full or failing disk in the words of the port: delivery waits, the till has its own alarm."""
    try:
        yield
    except JournalUnusable as error:
        raise QueueUnavailable(str(error)) from error


def _kis(value: object) -> Iterable[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "ki" and isinstance(inner, str):
                yield inner
            else:
                yield from _kis(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _kis(inner)


@dataclass(frozen=True, slots=True)
class DueUnit:
    """A unit whose fate at the traceability system must be looked at."""

    ki: str
    purpose: str  # "sale": must become withdrawn; "sale_return": must be in circulation again.
    checks: int
    decided_ns: int


class WithdrawalWatch:
    """Sold and returned units whose registry status has not followed yet."""

    def __init__(self, journal: Journal, after_s: Sequence[float], days_max: int) -> None:
        self._journal = journal
        self._after_s = tuple(after_s)
        self._days_max = days_max

    def due(self, now_ns: int, limit: int) -> Sequence[DueUnit]:
        first_ns = round((self._after_s[0] if self._after_s else 0) * NS_PER_S)
        where = {"a": "pending", "b": "on_balance", "none": 0, "first": now_ns - first_ns, "now": now_ns, "rows": limit}
        return [DueUnit(*found) for found in self._journal.query(DUE, where)]

    def record(self, results: Sequence[tuple[DueUnit, CodeStatus]], at_ns: int) -> None:
        """Keep what the registry said of each unit, and when to look again."""
        units = [
            {
                "ki": unit.ki,
                "purpose": unit.purpose,
                "decided_ns": unit.decided_ns,  # Which decision was looked at: the unit may have been returned since.
                "status": str(status.status),
                "raw_status": status.raw_status,
                "outcome": outcome_of(unit, status),
                "due_ns": self._next_ns(unit, at_ns),
            }
            for unit, status in results
        ]
        if units:
            self._journal.append(Event("units_rechecked", {"at_ns": at_ns, "units": units}))

    def _next_ns(self, unit: DueUnit, at_ns: int) -> int:
        planned = (unit.decided_ns + round(after_s * NS_PER_S) for after_s in self._after_s)
        ahead = [due_ns for due_ns in planned if due_ns > at_ns]  # What passed while the till was off is not made up.
        if ahead:
            return min(ahead)
        if at_ns - unit.decided_ns > self._days_max * DAY_S * NS_PER_S:
            return _NEVER_NS  # Still on balance after so many days: a person's business, shown at headquarters.
        return at_ns + DAY_S * NS_PER_S


_NEVER_NS = 2**62

COUNTED = frozenset({Status.ISSUED, Status.APPLIED, Status.IN_CIRCULATION})
CAME_BACK = frozenset({Status.IN_CIRCULATION})
LEFT = frozenset({Status.WITHDRAWN, Status.WRITTEN_OFF})


def outcome_of(unit: DueUnit, status: CodeStatus) -> str:
    """withdrawn, reintroduced, on_balance (the registry still counts it) or pending (not seen, or said unclearly)."""
    if unit.purpose == "sale":
        if status.status in LEFT:
            return "withdrawn"
        return "on_balance" if status.status in COUNTED else "pending"
    return "reintroduced" if status.status in CAME_BACK else "pending"
