"""Journal rows put into headquarters' database as the collector does, what the lake then holds, and faults between."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pyarrow.dataset as ds
import pytest
from sqlalchemy import Engine, event, insert, select, update

from sync.hq import schema, tables
from sync.hq.lake.columns import AGENT, AGENT_RECEIPT, EVENT, REGISTRY
from sync.hq.lake.layout import Lake
from sync.hq.lake.tables import landed, pending, scanned
from sync.hq.store import Collector

AT_NS = 1_795_410_000_000_000_000
TABLES = (AGENT, AGENT_RECEIPT, EVENT, REGISTRY)


class PowerCut(Exception):
    """Here the machine died."""


class Rows:
    """Puts contents into the collector's tables as it does: numbers of the till, arrivals in the order they come."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        Collector(engine, lambda: 1)

    def add(self, till: str, *rows: tuple[int, str, dict[str, Any]], reason: str | None = None) -> None:
        with self._engine.begin() as db:
            table = schema.till
            found = db.execute(select(table.c.arrival).where(table.c.till == till)).scalar()
            if found is None:
                db.execute(insert(table).values(till=till, number=0, hash=b"0" * 32, arrival=0))
            arrival = found or 0
            for number, kind, body in rows:
                arrival += 1
                values = {"at_ns": AT_NS + number * 10**9, "kind": kind, "body": json.dumps(body), "arrival": arrival}
                hashes = {"previous": b"0" * 32, "hash": b"1" * 32, "received_ns": 1, "reason": reason}
                db.execute(insert(schema.row).values(till=till, number=number, **values, **hashes))
            db.execute(update(table).where(table.c.till == till).values(arrival=arrival))


def sale(first: int, ki: str, sign: str) -> list[tuple[int, str, dict[str, Any]]]:
    key = f"k{first}"
    line = {"gtin": "04870000000104", "price_tiyn": 500, "quantity_milli": 1000, "marks": [{"ki": ki, "full": ki}]}
    intent = {
        "key": key, "kind": "sale", "sale": f"s{first}", "order": {"lines": [line], "cashier": "A"},
        "prepared": {"total_tiyn": 500}, "baseline": {"identity": "R1"},
    }  # fmt: skip
    document = {
        "type": "receipt", "fiscal_sign": sign, "at": "2026-11-23T10:00:01+05:00", "number": first, "shift": 1,
        "offline": False, "total_tiyn": 500, "identity": "R1", "registration_number": "0101",
    }  # fmt: skip
    made = {"key": key, "kind": "sale", "sale": f"s{first}", "recovered": False, "document": document}
    scan = {"sale": f"s{first}", "ki": ki, "decision": "allow"}
    opened = {"sale": f"s{first}", "operation": "sale", "cashier": "A"}
    return [
        (first, "sale_opened", opened), (first + 1, "scan_judged", scan), (first + 2, "document_intended", intent),
        (first + 3, "document_made", made),
    ]  # fmt: skip


def rechecked(number: int, *codes: str) -> tuple[int, str, dict[str, Any]]:
    units = [{"ki": ki, "purpose": "sale", "decided_ns": AT_NS, "status": "WITHDRAWN"} for ki in codes]
    return (number, "units_rechecked", {"at_ns": AT_NS + number * 10**9, "units": units})


def content(lake: Lake) -> dict[str, list[str]]:
    """All rows of all tables, wherever they lie."""
    return {
        table: sorted(
            f"{path.parent.relative_to(lake.root)} {row}"
            for path in lake.files(table)
            for row in ds.dataset(path, partitioning=None).to_table().to_pylist()
        )
        for table in TABLES
    }


def memory(engine: Engine) -> dict[str, list[Any]]:
    kept = (landed, pending, scanned, tables.register)
    with engine.connect() as db:
        return {table.name: sorted(map(tuple, db.execute(select(table)).all()), key=str) for table in kept}


def fill(engine: Engine) -> None:
    rows = Rows(engine)
    rows.add("T1", (1, "shift_opened", {"shift": 1, "by": "x"}), *sale(2, "K1", "S1"), rechecked(6, "K1", "K9"))
    rows.add("T2", *sale(1, "K2", "S2")[:3], (4, "document_made", {"key": "k9"}))
    rows.add("T3", *sale(1, "K3", "S3"), *sale(5, "K4", "S4"))


def failing_disk(monkeypatch: pytest.MonkeyPatch, at: int) -> Iterator[list[int]]:
    calls, sync = [0], os.fsync

    def maybe(handle: int) -> None:
        calls[0] += 1
        if calls[0] == at:
            raise PowerCut
        sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", maybe)
        yield calls


def failing_database(engine: Engine, at: int) -> Iterator[list[int]]:
    calls = [0]

    def maybe(*_about: object) -> None:
        calls[0] += 1
        if calls[0] == at:
            raise PowerCut

    event.listen(engine, "before_cursor_execute", maybe)
    event.listen(engine, "commit", maybe)
    try:
        yield calls
    finally:
        event.remove(engine, "before_cursor_execute", maybe)
        event.remove(engine, "commit", maybe)
