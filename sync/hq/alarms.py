"""What the collector refused or noticed of a till, until a person has spoken: one row of hq_alarm for each case.

An alarm stands open until it is cleared. The same case again, after that, opens it again: a word about yesterday
settles nothing about today. What repairs itself (a gap, a journal that was behind) is cleared without a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, insert, or_, select, update

from sync.hq import schema
from sync.hq.dispute import Alarm, AlarmKind, Dispute
from sync.hq.engine import writing

PER_KIND_MAX = 100  # Of one till. What comes beyond only renews the newest: a till may try for years.
OTHER_JOURNAL = (AlarmKind.FORK, AlarmKind.CHAIN, AlarmKind.EPOCH)


def raise_alarms(db: Connection, till: str, disputes: Iterable[Dispute], now_ns: int) -> None:
    """Record each case, once however often it comes, in the transaction of the caller."""
    for dispute in disputes:
        if dispute.kind in OTHER_JOURNAL and _has_grown_since(db, till):
            clone = Dispute(AlarmKind.CLONE, dispute.number, dispute.received, dispute.stored)
            _raise(db, till, clone, now_ns)
        _raise(db, till, dispute, now_ns)
    db.execute(update(schema.till).where(schema.till.c.till == till).values(troubled_ns=now_ns))


def _raise(db: Connection, till: str, dispute: Dispute, now_ns: int) -> None:
    alarm = schema.alarm
    of_kind = and_(alarm.c.till == till, alarm.c.kind == str(dispute.kind))
    same = and_(of_kind, alarm.c.number == dispute.number, alarm.c.received == dispute.received)
    if db.execute(update(alarm).where(same).values(last_ns=now_ns)).rowcount:
        return
    if db.execute(select(func.count()).where(of_kind)).scalar_one() >= PER_KIND_MAX:
        newest = select(func.max(alarm.c.first_ns)).where(of_kind).scalar_subquery()
        db.execute(update(alarm).where(of_kind, alarm.c.first_ns == newest).values(last_ns=now_ns))
        return
    values = {"till": till, "number": dispute.number, "kind": str(dispute.kind), "received": dispute.received}
    db.execute(insert(alarm).values(**values, stored=dispute.stored, first_ns=now_ns, last_ns=now_ns))


def _has_grown_since(db: Connection, till: str) -> bool:
    """Rows were added to the journal held here after another journal of this till had been refused."""
    alarm = schema.alarm
    seen_ns = db.execute(
        select(func.max(alarm.c.last_ns)).where(alarm.c.till == till, alarm.c.kind.in_(map(str, OTHER_JOURNAL)))
    ).scalar()
    grown_ns = db.execute(select(schema.till.c.grown_ns).where(schema.till.c.till == till)).scalar()
    return seen_ns is not None and grown_ns is not None and grown_ns > seen_ns


def heal(db: Connection, till: str, kind: AlarmKind, through: int, now_ns: int, why: str) -> None:
    """Clear the open alarms of this kind up to this row, without a name; then note whether any are left."""
    alarm = schema.alarm
    place = and_(alarm.c.till == till, alarm.c.kind == str(kind), alarm.c.number <= through, _open())
    db.execute(update(alarm).where(place).values(cleared_ns=now_ns, cleared_by="", cleared_why=why))
    _note_trouble(db, till)


def clear(
    engine: Engine, till: str, *, who: str, why: str, now_ns: int, kind: str | None = None, number: int | None = None
) -> int:
    """A person's word: the open alarms of this till, of one kind or one row if given, are settled. How many were.

    Raises ValueError when nobody or no reason is named: a word without them is none.
    """
    if not who.strip() or not why.strip():
        raise ValueError("who clears an alarm, and why, must be said")
    alarm = schema.alarm
    place = [alarm.c.till == till, _open()]
    place += [] if kind is None else [alarm.c.kind == kind]
    place += [] if number is None else [alarm.c.number == number]
    with writing(engine) as db:
        word = {"cleared_ns": now_ns, "cleared_by": who.strip(), "cleared_why": why.strip()}
        cleared = db.execute(update(alarm).where(*place).values(**word)).rowcount
        _note_trouble(db, till)
    return cleared


def alarms(db: Connection, till: str | None = None) -> Mapping[str, Sequence[Alarm]]:
    """till -> its alarms, oldest first, the cleared ones too."""
    alarm = schema.alarm
    query = select(*(alarm.c[name] for name in Alarm.__dataclass_fields__))
    query = query if till is None else query.where(alarm.c.till == till)
    found: dict[str, list[Alarm]] = {}
    for row in db.execute(query.order_by(alarm.c.till, alarm.c.first_ns, alarm.c.number, alarm.c.kind)):
        values = {**row._mapping, "received": bytes(row.received), "stored": bytes(row.stored)}
        found.setdefault(row.till, []).append(Alarm(**values))
    return found


def _open() -> ColumnElement[bool]:
    alarm = schema.alarm
    return or_(alarm.c.cleared_ns.is_(None), alarm.c.last_ns > alarm.c.cleared_ns)


def _note_trouble(db: Connection, till: str) -> None:
    alarm = schema.alarm
    newest = select(func.max(alarm.c.last_ns)).where(alarm.c.till == till, _open()).scalar_subquery()
    db.execute(update(schema.till).where(schema.till.c.till == till).values(troubled_ns=newest))
