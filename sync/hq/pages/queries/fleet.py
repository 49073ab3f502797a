"""Every till: of the list of places, and every one that ever spoke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, select

from sync.hq import schema
from sync.hq.pages.health import TillFacts
from sync.hq.pages.ports import Heartbeat
from sync.hq.tables import place, register


def tills(db: Connection, beats: Mapping[str, Heartbeat]) -> list[TillFacts]:
    alarms = {
        row[0]: row[1] for row in db.execute(select(schema.alarm.c.till, func.count()).group_by(schema.alarm.c.till))
    }
    heard = {row[0]: row[1] for row in db.execute(select(schema.till.c.till, schema.till.c.heard_ns))}
    places = {row["till"]: row for row in db.execute(select(place)).mappings()}
    return [
        _facts(name, places.get(name), heard.get(name), alarms.get(name, 0), beats.get(name))
        for name in heard.keys() | places.keys() | beats.keys()
    ]


def _facts(
    till: str, where: Mapping[Any, Any] | None, heard_ns: int | None, alarms: int, beat: Heartbeat | None
) -> TillFacts:
    times = [at for at in (heard_ns, beat.at_ns if beat else None) if at is not None]
    shop, shop_name, region = (where["shop"], where["shop_name"], where["region"]) if where else ("", "", "")
    return TillFacts(till, shop, shop_name, region, max(times, default=None), alarms, beat)


def alarms(db: Connection, till: str) -> Sequence[Mapping[Any, Any]]:
    table = schema.alarm
    found = select(table).where(table.c.till == till).order_by(table.c.last_ns.desc(), table.c.number)
    return db.execute(found).mappings().all()


def clear_alarm(db: Connection, till: str, number: int, kind: str, received: bytes) -> int:
    table = schema.alarm
    this = (table.c.till == till) & (table.c.number == number) & (table.c.kind == kind) & (table.c.received == received)
    return db.execute(delete(table).where(this)).rowcount


def registers(db: Connection, till: str) -> Sequence[Mapping[Any, Any]]:
    return (
        db.execute(select(register).where(register.c.till == till).order_by(register.c.last_ns.desc())).mappings().all()
    )
