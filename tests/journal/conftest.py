"""A till's journal on disk, the rows a till writes into it, and the second hand that tampers with the file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pysqlite3
import pytest

from pos_agent.journal.journal import Event, Journal
from sync.wire import Row

NS = 1_000_000_000
NINE_OCLOCK_NS = 1_784_088_000 * NS  # 15.07.2026 09:00:00 in Almaty.


class Clock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.at_ns = NINE_OCLOCK_NS

    def __call__(self) -> int:
        return self.at_ns


class Rows:
    """Events as the till writes them, with the least each kind must say."""

    def opened(self, sale: str, operation: str = "sale", **more: Any) -> Event:
        return Event("sale_opened", {"sale": sale, "operation": operation, "cashier": "Айгүл", **more})

    def line(self, sale: str, number: int, ki: str | None = None, name: str = "Шоколад") -> Event:
        return Event("line_added", {"sale": sale, "line": self.line_body(number, ki, name)})

    def line_body(self, number: int, ki: str | None = None, name: str = "Шоколад") -> dict[str, Any]:
        return {"number": number, "name": name, "price_tiyn": 50_000, "quantity_milli": 1_000, "ki": ki}

    def removed(self, sale: str, number: int) -> Event:
        return Event("line_removed", {"sale": sale, "number": number})

    def cancelled(self, sale: str) -> Event:
        return Event("sale_cancelled", {"sale": sale, "why": "customer left"})

    def intended(
        self, key: str, sale: str | None = None, kind: str = "sale", content: str = "one content", **more: Any
    ) -> Event:
        body = {
            "key": key,
            "kind": kind,
            "order": {"type": "receipt", "key": key},
            "content": hashlib.sha256(content.encode()).hexdigest(),
            "prepared": {"total_tiyn": 50_000},
            "baseline": {},
            **more,
        }
        return Event("document_intended", body if sale is None else {**body, "sale": sale})

    def decided(self, event: str, key: str, sale: str | None = None, kind: str = "sale", **more: Any) -> Event:
        body = {"key": key, "kind": kind, **more}
        return Event(f"document_{event}", body if sale is None else {**body, "sale": sale})

    def sold(self, sale: str, *kis: str, operation: str = "sale") -> list[list[Event]]:
        """A whole sale, append by append."""
        key = f"{sale}-k"
        return [
            [self.opened(sale, operation)],
            *([self.line(sale, number, ki)] for number, ki in enumerate(kis, 1)),
            [self.intended(key, sale, operation)],
            [self.decided("made", key, sale, operation, recovered=False, document={"shift": 1})],
        ]

    def day(self) -> list[list[Event]]:
        """At least one row of every kind and one row in every projection."""
        request = {"client": "pos", "key": "idem-1", "fingerprint": "ab" * 32}
        lines = [self.line_body(1, "KI-one-shot")]
        recheck = {
            "ki": "KI-sold",
            "purpose": "sale",
            "decided_ns": NINE_OCLOCK_NS,
            "outcome": "on_balance",
            "due_ns": NINE_OCLOCK_NS + 600 * NS,
        }
        return [
            [Event("agent_started", {"undecided": []})],
            [Event("shift_opened", {"shift": 1, "by": "Айгүл"})],
            *self.sold("S1", "KI-sold", "KI-returned"),
            [self.opened("R1", "sale_return", original="S1"), self.line("R1", 1, "KI-returned")],
            [self.intended("R1-k", "R1", "sale_return")],
            [self.decided("in_doubt", "R1-k", "R1", "sale_return", failure={})],
            [self.decided("made", "R1-k", "R1", "sale_return", recovered=True, document={"shift": 1})],
            [self.intended("O1-k", "O1", lines=lines, request=request)],
            [self.decided("refused", "O1-k", "O1", failure={}, sent=True)],
            [self.intended("O1-k", "O1")],
            [self.decided("in_doubt", "O1-k", "O1", failure={})],
            [self.decided("handed_over", "O1-k", "O1", failure={}, ours={}, register=None, register_silent="silent")],
            [self.decided("absent", "O1-k", "O1", evidence="asked")],
            [self.opened("H1"), self.line("H1", 1, "KI-held"), self.line("H1", 2)],
            [self.removed("H1", 2)],
            [self.opened("C1"), self.line("C1", 1, "KI-free"), self.cancelled("C1")],
            [Event("printed", {"key": "S1-k", "outcome": "paper_out", "detail": ""})],
            [Event("units_rechecked", {"at_ns": NINE_OCLOCK_NS, "units": [recheck]})],
            [Event("delivered", {"destination": "hq", "through": 3, "hash": "cd" * 32})],
            [Event("set_aside", {"number": 2, "reason": "poison"})],
            [Event("set_aside", {"number": 4, "reason": "poison"}), Event("released", {"number": 4})],
            [Event("answered", {"request": {**request, "key": "idem-2"}, "status": 200, "body": '{"sale":"S1"}'})],
            [Event("request_taken", {"request": {**request, "key": "uuid-1"}, "body": '{"uuid":"uuid-1"}'})],
            [
                Event(
                    "hook_set_aside",
                    {"hook": "erp", "id": "e-5", "row": 5, "event": "unit.refused", "reason": "HTTP 400"},
                )
            ],
            [Event("scan_judged", {"ki": "KI-held"}), Event("scan_dropped", {}), Event("clock_jumped", {})],
            [Event("scan_test_started", {"by": "IT", "lasts_s": 120})],
            [Event("scan_test_ended", {"by": "IT", "why": "time"})],
            [Event("shift_closed", {"shift": 1, "automatic": False, "report": None})],
            [Event("shift_opened", {"shift": 2, "by": "document"})],
        ]


class Vandal:
    """A second connection to the same file, without the till's manners."""

    def __init__(self, path: Path) -> None:
        self._db = pysqlite3.connect(str(path), isolation_level=None)
        self._guards = [sql for (sql,) in self._db.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'")]

    def run(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """With the triggers out of the way, and put back as they were, as a thief would."""
        names = [name for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for name in names:
            self._db.execute(f"DROP TRIGGER {name}")
        found = self._db.execute(statement, parameters).fetchall()
        for sql in self._guards:
            self._db.execute(sql)
        return list(found)

    def change(self, table: str, column: str, value: Any, number: int) -> None:
        """One value of one journal row (or of the table's `number`)."""
        self.run(f"UPDATE {table} SET {column} = ? WHERE number = ?", (value, number))  # noqa: S608

    def spoil(self, table: str, column: str) -> None:
        """Every value of a column becomes another one."""
        self.run(f"UPDATE {table} SET {column} = coalesce({column} || 'x', 'x')")  # noqa: S608

    def lose(self, table: str, key: str) -> None:
        """The first row of a table."""
        self.run(f"DELETE FROM {table} WHERE {key} = (SELECT min({key}) FROM {table})")  # noqa: S608

    def count(self, table: str) -> int:
        return int(self.honestly(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608

    def honestly(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """As anyone with the file could, the triggers standing."""
        return list(self._db.execute(statement, parameters).fetchall())

    def close(self) -> None:
        self._db.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def open_journal(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Journal]]:
    """Opens journals in the test's own folder and closes those the test left open."""
    opened: list[Journal] = []

    def open_one(name: str = "journal.sqlite", till: str = "till-1", epoch: str = "k3x9aw", **more: Any) -> Journal:
        journal = Journal(tmp_path / name, till_name=till, now=clock, new_epoch=lambda: epoch, **more)
        opened.append(journal)
        return journal

    yield open_one
    for journal in opened:
        journal.close()


@pytest.fixture
def day(open_journal: Callable[..., Journal], rows: Rows) -> Path:
    """The closed journal file of a till that has seen everything."""
    journal = open_journal()
    for events in rows.day():
        journal.append(*events)
    path = journal.database.path
    journal.close()
    return path


@pytest.fixture
def hand_on() -> Iterator[Callable[[Path], Vandal]]:
    hands: list[Vandal] = []

    def lay(path: Path) -> Vandal:
        hands.append(Vandal(path))
        return hands[-1]

    yield lay
    for hand in hands:
        hand.close()


@pytest.fixture
def vandal(day: Path, hand_on: Callable[[Path], Vandal]) -> Vandal:
    return hand_on(day)


@pytest.fixture
def by_hand() -> Callable[[Row], bytes]:
    """The hash of a row from the documented layout alone: length and bytes of each field, SHA-256 over all."""

    def digest(row: Row) -> bytes:
        fields = [row.till.encode(), str(row.number).encode(), str(row.at_ns).encode()]
        fields += [row.kind.encode(), row.body.encode(), row.previous]
        return hashlib.sha256(b"".join(len(field).to_bytes(4, "big") + field for field in fields)).digest()

    return digest


@pytest.fixture
def as_json() -> Callable[[str], Any]:
    return json.loads
