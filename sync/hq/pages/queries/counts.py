"""Counts of units by level: chain, region, shop, till, day, shift; and the open cases behind each line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from sync.hq.tables import count, exception, place

UNITS = ("scanned", "sold", "returned", "fiscalised", "at_operator", "withdrawn", "on_balance")
LEVELS = ("region", "shop", "till", "day", "shift")
ROWS_MAX = 1000


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the chain; each field narrows the ones before it."""

    first: dt.date
    last: dt.date
    region: str = ""
    shop: str = ""
    till: str = ""
    day: dt.date | None = None

    @property
    def level(self) -> str:
        """What the lines of the table are: the first thing not chosen yet."""
        for name in ("region", "shop", "till", "day"):
            if not getattr(self, name):
                return name
        return "shift"


@dataclass(frozen=True, slots=True)
class Level:
    key: Any  # Region, shop, till, day or shift.
    name: str
    units: Mapping[str, int]
    sum_tiyn: int
    cases: int  # Open exceptions.


def _where(scope: Scope) -> list[ColumnElement[bool]]:
    days = (scope.day, scope.day) if scope.day else (scope.first, scope.last)
    found: list[ColumnElement[bool]] = [count.c.day.between(*days)]
    if scope.till:
        return [*found, count.c.till == scope.till]
    tills = select(place.c.till)
    if scope.shop:
        return [*found, count.c.till.in_(tills.where(place.c.shop == scope.shop))]
    return [*found, count.c.till.in_(tills.where(place.c.region == scope.region))] if scope.region else found


def _sums() -> list[ColumnElement[Any]]:
    return [func.coalesce(func.sum(count.c[name]), 0).label(name) for name in (*UNITS, "sum_tiyn")]


_KEYS: Mapping[str, ColumnElement[Any]] = {
    "region": func.coalesce(place.c.region, ""),
    "shop": func.coalesce(place.c.shop, ""),
    "till": count.c.till,
    "day": count.c.day,
    "shift": count.c.shift,
}


def levels(db: Connection, scope: Scope) -> list[Level]:
    """Lines of the next level down, at most ROWS_MAX."""
    key = _KEYS[scope.level]
    query = select(key.label("key"), *_sums()).select_from(count.outerjoin(place, place.c.till == count.c.till))
    rows = db.execute(query.where(*_where(scope)).group_by(key).order_by(key).limit(ROWS_MAX)).mappings().all()
    cases = _cases(db, scope)
    names: Mapping[Any, str] = {}
    if scope.level == "shop":
        named = select(place.c.shop, func.min(place.c.shop_name)).group_by(place.c.shop)
        names = {row[0]: row[1] for row in db.execute(named)}
    return [_level(row, names, cases) for row in rows]


def _level(row: Mapping[Any, Any], names: Mapping[Any, str], cases: Mapping[Any, int]) -> Level:
    key = row["key"]
    units = {name: int(row[name]) for name in UNITS}
    return Level(key, names.get(key, str(key)), units, int(row["sum_tiyn"]), cases.get(key, 0))


def _cases(db: Connection, scope: Scope) -> Mapping[Any, int]:
    column = exception.c[scope.level]
    days = (scope.day, scope.day) if scope.day else (scope.first, scope.last)
    query = select(column, func.count()).where(exception.c.state == "open", exception.c.day.between(*days))
    for name in ("region", "shop", "till"):
        if getattr(scope, name):
            query = query.where(exception.c[name] == getattr(scope, name))
    return {row[0]: row[1] for row in db.execute(query.group_by(column))}


def trend(db: Connection, scope: Scope) -> Sequence[tuple[dt.date, Mapping[str, int] | None]]:
    """Each day of the range; None where nothing was counted."""
    query = select(count.c.day, *_sums()).where(*_where(scope)).group_by(count.c.day)
    found = {row["day"]: {name: int(row[name]) for name in UNITS} for row in db.execute(query).mappings()}
    first, last = (scope.day, scope.day) if scope.day else (scope.first, scope.last)
    span = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    return [(day, found.get(day)) for day in span]


def last_day(db: Connection) -> dt.date | None:
    found: dt.date | None = db.scalar(select(func.max(count.c.day)))
    return found


def path(db: Connection, scope: Scope) -> Mapping[str, str]:
    """Name of the shop chosen, and its region where only the shop or the till was named."""
    query = select(place.c.region, place.c.shop, place.c.shop_name)
    if scope.till:
        query = query.where(place.c.till == scope.till)
    elif scope.shop:
        query = query.where(place.c.shop == scope.shop)
    else:
        return {"region": scope.region, "shop": "", "shop_name": ""}
    found = db.execute(query.limit(1)).mappings().first()
    return dict(found) if found else {"region": scope.region, "shop": scope.shop, "shop_name": scope.shop}


def places(db: Connection) -> tuple[list[str], list[tuple[str, str, str]]]:
    """Regions, and shops as (id, name, region): what the filters offer."""
    query = select(place.c.shop, func.min(place.c.shop_name), func.min(place.c.region)).group_by(place.c.shop)
    shops = [(row[0], row[1], row[2]) for row in db.execute(query.order_by(place.c.shop))]
    return sorted({region for _, _, region in shops}), shops
