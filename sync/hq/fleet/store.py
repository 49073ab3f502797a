"""Heartbeats as headquarters keeps them: the newest of each till, and what changed between them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from sync.heartbeat import Heartbeat, decode, encode
from sync.hq.alarms import heal, raise_alarms
from sync.hq.dispute import AlarmKind, Dispute
from sync.hq.engine import writing
from sync.hq.fleet import tables
from sync.hq.fleet.changes import Change, changes
from sync.hq.fleet.standing import Heard
from sync.hq.place import Place, locked

CHANGES_MAX = 500  # Kept of one till.
RUNS_MAX = 200  # A repeat from before so many starts would pass for a new one.
RETURNS_MAX = 1  # A request held up by the line across a restart comes once; a second machine comes every minute.


@dataclass(frozen=True, slots=True)
class KeptChange:
    at_ns: int  # Headquarters' clock.
    change: Change


@dataclass(frozen=True, slots=True)
class _Newest:
    heard: Heard
    held: int  # Last row held here when it came.


class Fleet:
    """Its tables are made by the Collector on the same engine. Methods raise SQLAlchemyError when that is silent."""

    def __init__(self, engine: Engine, now: Callable[[], int]) -> None:
        self._engine, self._now = engine, now

    def beat(self, till: str, heartbeat: Heartbeat) -> bool:
        """Take a heartbeat. False: it was heard before, and nothing changed."""
        with writing(self._engine) as db:
            place = locked(db, till)
            now_ns = self._now()
            newest = _newest(db, till)
            is_new, is_twin = _counted(db, till, heartbeat, newest, now_ns)
            if not is_new:
                return False
            _compare(db, till, heartbeat, place, newest, is_twin, now_ns)
            heard = Heard(now_ns, heartbeat.at_ns - now_ns, heartbeat)
            _keep(db, till, heard, place.number)
            _note_changes(db, till, heard, None if newest is None else newest.heard)
        return True

    def heard(self, till: str | None = None) -> Mapping[str, Heard]:
        """The newest heartbeat of each till, or of one."""
        query = select(tables.heartbeat)
        query = query if till is None else query.where(tables.heartbeat.c.till == till)
        with self._engine.connect() as db:
            return {
                row.till: Heard(row.received_ns, row.offset_ns, decode(row.body.encode())) for row in db.execute(query)
            }

    def changes(self, till: str, limit: int = CHANGES_MAX) -> Sequence[KeptChange]:
        """Newest first."""
        table = tables.change
        query = select(table).where(table.c.till == till).order_by(table.c.id.desc()).limit(limit)
        with self._engine.connect() as db:
            return [KeptChange(row.at_ns, Change(row.what, row.before, row.after)) for row in db.execute(query)]


def _newest(db: Connection, till: str) -> _Newest | None:
    table = tables.heartbeat
    row = db.execute(select(table).where(table.c.till == till)).first()
    if row is None:
        return None
    return _Newest(Heard(row.received_ns, row.offset_ns, decode(row.body.encode())), row.held)


def _counted(db: Connection, till: str, heartbeat: Heartbeat, newest: _Newest | None, now_ns: int) -> tuple[bool, bool]:
    """(it says something new, a run that was over goes on: two agents live)."""
    table = tables.run
    place = (table.c.till == till) & (table.c.run == heartbeat.run)
    known = db.execute(select(table.c.beat, table.c.returned).where(place)).first()
    if known is None:
        first = {"beat": heartbeat.count, "first_ns": now_ns, "last_ns": now_ns, "returned": 0}
        db.execute(insert(table).values(till=till, run=heartbeat.run, **first))
        _drop_old_runs(db, till)
        return True, False
    if heartbeat.count <= known.beat:
        return False, False
    is_back = newest is not None and newest.heard.heartbeat.run != heartbeat.run
    returned = known.returned + is_back
    db.execute(update(table).where(place).values(beat=heartbeat.count, last_ns=now_ns, returned=returned))
    return True, is_back and returned > RETURNS_MAX


def _drop_old_runs(db: Connection, till: str) -> None:
    table = tables.run
    kept = select(table.c.run).where(table.c.till == till).order_by(table.c.last_ns.desc()).limit(RUNS_MAX)
    db.execute(delete(table).where(table.c.till == till, table.c.run.not_in(kept)))


def _compare(
    db: Connection,
    till: str,
    heartbeat: Heartbeat,
    place: Place,
    newest: _Newest | None,
    is_twin: bool,
    now_ns: int,
) -> None:
    """What the till says of its journal against what is held of it."""
    disputes = []
    if is_twin:
        disputes.append(Dispute(AlarmKind.CLONE, place.number, place.hash, place.hash))
    if place.epoch is not None and heartbeat.epoch != place.epoch:
        # The hashes of the first rows are not told; the names of the journals stand for them.
        disputes.append(Dispute(AlarmKind.EPOCH, 1, _digest(heartbeat.epoch), _digest(place.epoch)))
    # What was held at the heartbeat before was in the journal when this one was made: no batch on its way fools us.
    is_behind = newest is not None and heartbeat.head < newest.held
    if is_behind:
        disputes.append(Dispute(AlarmKind.BEHIND, place.number, place.hash, place.hash))
    elif place.is_troubled:
        heal(db, till, AlarmKind.BEHIND, place.number, now_ns, "the till's journal is as long as ours again")
    if disputes:
        raise_alarms(db, till, disputes, now_ns)


def _keep(db: Connection, till: str, heard: Heard, held: int) -> None:
    told = heard.heartbeat
    values = {
        "run": told.run,
        "beat": told.count,
        "received_ns": heard.received_ns,
        "offset_ns": heard.offset_ns,
        "held": held,
        "body": encode(told).decode(),
    }
    dialect = postgresql if db.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(tables.heartbeat).values(till=till, **values)
    db.execute(statement.on_conflict_do_update(index_elements=["till"], set_=values))


def _note_changes(db: Connection, till: str, heard: Heard, before: Heard | None) -> None:
    found = changes(
        None if before is None else before.heartbeat,
        heard.heartbeat,
        offset_before_ns=None if before is None else before.offset_ns,
        offset_ns=heard.offset_ns,
    )
    table = tables.change
    rows = [
        {"till": till, "at_ns": heard.received_ns, "what": change.what, "before": change.before, "after": change.after}
        for change in found
    ]
    if not rows:
        return
    db.execute(insert(table), rows)
    kept = select(table.c.id).where(table.c.till == till).order_by(table.c.id.desc()).limit(CHANGES_MAX)
    db.execute(delete(table).where(table.c.till == till, table.c.id.not_in(kept)))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
