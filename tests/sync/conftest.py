"""A till's journal in memory, engines, and a real PostgreSQL for the tests of delivery and headquarters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hq_service import postgresql_server
from sqlalchemy import Engine, text

from sync.hq.engine import open_engine
from sync.wire import GENESIS, Row, row_hash


class TillJournal:
    """What the till remembers, as the ports describe it. It outlives the worker: that is a restart."""

    def __init__(self, till: str = "T1") -> None:
        self.till = till
        self.rows: list[Row] = []
        self.aside: dict[int, str] = {}
        self.through = (0, GENESIS)

    def add(self, kind: str = "scan_judged", **body: object) -> Row:
        number, previous = len(self.rows) + 1, self.head()[1]
        content = json.dumps(body, ensure_ascii=False, sort_keys=True)
        digest = row_hash(self.till, number, number * 1000, kind, content, previous)
        self.rows.append(Row(self.till, number, number * 1000, kind, content, previous, digest))
        return self.rows[-1]

    def head(self) -> tuple[int, bytes]:
        return (self.rows[-1].number, self.rows[-1].hash) if self.rows else (0, GENESIS)

    def rows_after(self, number: int, *, rows_max: int, bytes_max: int) -> Sequence[Row]:
        found: list[Row] = []
        size = 0
        for row in self.rows[number : number + rows_max]:
            size += len(row.body.encode())
            if found and size > bytes_max:
                break
            found.append(row)
        return found

    def keys(self, row: Row) -> frozenset[str]:
        return frozenset(json.loads(row.body).get("kis", ()))

    def delivered_through(self) -> tuple[int, bytes]:
        return self.through

    def set_delivered(self, number: int, digest: bytes) -> None:
        self.through = (number, digest)
        self.add("delivered", through=number)

    def set_aside(self, number: int, reason: str) -> None:
        self.aside[number] = reason
        self.add("set_aside", number=number, reason=reason)

    def release(self, number: int) -> None:
        self.aside.pop(number, None)
        self.add("released", number=number)

    def set_aside_rows(self) -> Sequence[tuple[int, str]]:
        return sorted(self.aside.items())


@pytest.fixture
def new_journal() -> type[TillJournal]:
    return TillJournal


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    with postgresql_server() as server:
        yield server.get_uri()


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Engine]:
    engine = open_engine(postgresql_url)
    with engine.begin() as db:
        db.execute(text("DROP SCHEMA public CASCADE"))
        db.execute(text("CREATE SCHEMA public"))
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'hq.sqlite'}")
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(request.param)
    return found
