"""Exceptions: a page of the list, its numbers, one case with its history, and changes to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, func, insert, select, update

from sync.hq.pages.codes import find
from sync.hq.pages.filters import ANY_STATE, NOBODY, PAGE_ROWS, Filter
from sync.hq.tables import exception, exception_event, place

COUNTED_MAX = 10_000  # Beyond this the page says "more than": counting a million to print a number helps nobody.
EXPORT_CHUNK = 2_000

Row = Mapping[Any, Any]
_e = exception.c
_ORDERS: Mapping[str, tuple[ColumnElement[Any], ...]] = {
    "newest": (_e.day.desc(), _e.id.desc()),
    "oldest": (_e.first_seen_ns, _e.id),
    "due": (_e.due_at, _e.id),
    "sum": (func.abs(_e.ours_tiyn - _e.theirs_tiyn).desc(), _e.id),
}


def conditions(chosen: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if chosen.state != ANY_STATE:
        found.append(_e.state == chosen.state)
    found += [_e[name].in_(getattr(chosen, name)) for name in ("kind", "severity") if getattr(chosen, name)]
    found += [
        _e[name] == getattr(chosen, name) for name in ("cause", "region", "shop", "till") if getattr(chosen, name)
    ]
    if chosen.shift:
        found.append(_e.shift == int(chosen.shift))
    if chosen.first:
        found.append(_e.day >= chosen.first)
    if chosen.last:
        found.append(_e.day <= chosen.last)
    if chosen.owner:
        found.append(_e.owner == ("" if chosen.owner == NOBODY else chosen.owner))
    if chosen.text:
        found.append(_named(chosen.text))
    if chosen.sort == "due":
        found.append(_e.due_at > 0)
    return found


def _named(text: str) -> ColumnElement[bool]:
    """A whole code, whatever its form, is looked up by its key; a part is searched for in every code."""
    code = find(text)
    if not code.problem and code.gtin and any(len(ki) > len(code.gtin) for ki in code.kis):
        return _e.ki.in_(code.kis)
    return _e.ki.contains(text, autoescape=True) | (_e.gtin == text) | (_e.sign == text)


def ordered(chosen: Filter) -> Select[Any]:
    """The whole list, in its order."""
    return select(exception).where(*conditions(chosen)).order_by(*_ORDERS[chosen.sort])


def listed(db: Connection, chosen: Filter) -> Sequence[Row]:
    """One page of the list, with the name of the shop."""
    page = ordered(chosen).limit(PAGE_ROWS).offset((chosen.page - 1) * PAGE_ROWS)
    return with_shops(db, db.execute(page).mappings().all())


def counted(db: Connection, chosen: Filter) -> tuple[int, bool]:
    """(cases, True when there are more than that)."""
    some = select(_e.id).where(*conditions(chosen)).limit(COUNTED_MAX + 1).subquery()
    found = db.scalar(select(func.count()).select_from(some)) or 0
    return min(found, COUNTED_MAX), found > COUNTED_MAX


def by_kind(db: Connection, region: str = "", shop: str = "") -> Mapping[str, int]:
    """Open cases of each kind."""
    query = select(_e.kind, func.count()).where(_e.state == "open").group_by(_e.kind)
    if shop:
        query = query.where(_e.shop == shop)
    elif region:
        query = query.where(_e.region == region)
    return {row[0]: row[1] for row in db.execute(query)}


def exported(engine: Engine, chosen: Filter) -> Iterator[Row]:
    """Every case of the list, in its order, read as it is written out."""
    with engine.connect().execution_options(yield_per=EXPORT_CHUNK) as db:
        for part in db.execute(ordered(chosen)).mappings().partitions():
            yield from part


def one(db: Connection, number: int) -> Row | None:
    found = db.execute(select(exception).where(_e.id == number)).mappings().first()
    return with_shops(db, [found])[0] if found is not None else None


def history(db: Connection, number: int) -> Sequence[Row]:
    """Newest first."""
    event = exception_event
    query = select(event).where(event.c.exception == number).order_by(event.c.id.desc()).limit(500)
    return db.execute(query).mappings().all()


def of_unit(db: Connection, ki: str) -> Sequence[Row]:
    return db.execute(select(exception).where(_e.ki == ki).order_by(_e.day, _e.id).limit(100)).mappings().all()


def with_shops(db: Connection, rows: Sequence[Row]) -> list[dict[str, Any]]:
    shops = {row["shop"] for row in rows}
    named = select(place.c.shop, func.min(place.c.shop_name)).where(place.c.shop.in_(shops)).group_by(place.c.shop)
    names = {row[0]: row[1] for row in db.execute(named)} if shops else {}
    return [dict(row) | {"shop_name": names.get(row["shop"], row["shop"])} for row in rows]


def give(db: Connection, numbers: Sequence[int], owner: str, who: str, now_ns: int) -> list[int]:
    """Those whose owner changed."""
    wanted = update(exception).where(_e.id.in_(numbers), _e.owner != owner).values(owner=owner)
    changed = list(db.scalars(wanted.returning(_e.id)))
    _told(db, changed, who, now_ns, "owner", owner)
    return changed


def resolve(db: Connection, numbers: Sequence[int], note: str, who: str, now_ns: int) -> list[int]:
    """Those that were open."""
    wanted = update(exception).where(_e.id.in_(numbers), _e.state == "open").values(state="resolved", closed_ns=now_ns)
    changed = list(db.scalars(wanted.returning(_e.id)))
    _told(db, changed, who, now_ns, "resolved", note)
    return changed


def reopen(db: Connection, number: int, who: str, now_ns: int) -> list[int]:
    wanted = update(exception).where(_e.id == number, _e.state == "resolved").values(state="open", closed_ns=None)
    changed = list(db.scalars(wanted.returning(_e.id)))
    _told(db, changed, who, now_ns, "reopened", "")
    return changed


def note(db: Connection, number: int, text: str, who: str, now_ns: int) -> list[int]:
    known = list(db.scalars(select(_e.id).where(_e.id == number)))
    _told(db, known, who, now_ns, "note", text)
    return known


def _told(db: Connection, numbers: Sequence[int], who: str, now_ns: int, what: str, detail: str) -> None:
    rows = [{"exception": one, "at_ns": now_ns, "who": who, "what": what, "detail": detail} for one in numbers]
    if rows:
        db.execute(insert(exception_event), rows)
