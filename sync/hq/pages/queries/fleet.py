"""Every till: of the list of places, and every one that ever spoke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from sync.hq import schema
from sync.hq.alarms import alarms
from sync.hq.fleet.standing import Heard, Thresholds, standing
from sync.hq.fleet.store import Fleet
from sync.hq.pages.health import TillHealth
from sync.hq.tables import place, register


def tills(engine: Engine, now_ns: int, thresholds: Thresholds, till: str | None = None) -> list[TillHealth]:
    """All of them, or one."""
    heard = Fleet(engine, lambda: now_ns).heard(till)
    with engine.connect() as db:
        disputes = alarms(db, till)
        spoke = {row[0]: row[1] for row in db.execute(_of(select(schema.till.c.till, schema.till.c.heard_ns), till))}
        places = {row["till"]: row for row in db.execute(_of(select(place), till)).mappings()}
        missing = _missing(db, till)
    found = []
    for name in sorted(spoke.keys() | places.keys() | heard.keys()):
        own = disputes.get(name, ())
        result = standing(
            now_ns,
            heard.get(name),
            rows_heard_ns=spoke.get(name),
            missing=missing.get(name, 0),
            alarms=own,
            thresholds=thresholds,
        )
        times = [at for at in (spoke.get(name), _received(heard.get(name))) if at is not None]
        where = places.get(name) or {"shop": "", "shop_name": "", "region": ""}
        found.append(
            TillHealth(
                name,
                where["shop"],
                where["shop_name"],
                where["region"],
                max(times, default=None),
                heard.get(name),
                result,
                sum(alarm.is_open for alarm in own),
            )
        )
    return found


def _of(query: Any, till: str | None) -> Any:
    return query if till is None else query.where(query.selected_columns.till == till)


def _received(heard: Heard | None) -> int | None:
    return None if heard is None else heard.received_ns


def _missing(db: Connection, till: str | None) -> Mapping[str, int]:
    row = schema.row
    query = select(row.c.till, func.count()).where(row.c.arrival.is_(None)).group_by(row.c.till)
    query = query if till is None else query.where(row.c.till == till)
    return {found[0]: found[1] for found in db.execute(query)}


def registers(db: Connection, till: str) -> Sequence[Mapping[Any, Any]]:
    found = select(register).where(register.c.till == till).order_by(register.c.last_ns.desc())
    return db.execute(found).mappings().all()
