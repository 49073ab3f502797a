"""Landing's side of the database: what is new of each till, what was remembered, and what is kept of a batch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sqlalchemy import Connection, Engine, Table, and_, delete, func, insert, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from sync.hq import schema, tables
from sync.hq.engine import writing
from sync.hq.journal_facts import Facts, JournalRow
from sync.hq.lake.tables import landed, landing, pending, scanned, unreadable
from sync.hq.till_state import UNDECIDED, Pending, Stage, TillState, load_state

TILLS_AT_ONCE = 50  # In one question for rows.


@dataclass(frozen=True, slots=True)
class Range:
    """Contents of one till that are landed together: arrivals `after` + 1 to `through`."""

    till: str
    after: int
    through: int


@dataclass(frozen=True, slots=True)
class Batch:
    id: int
    ranges: tuple[Range, ...]
    again: bool  # It was begun before, and broke off.

    @property
    def name(self) -> str:
        """Of its files in the lake."""
        return f"land-{self.id:010}"


_DDL_LOCK = 0x706F73  # The collector's: tables are made by one process at a time.
_OWN = (landed, landing, pending, unreadable, scanned, tables.register, schema.till, schema.row)


def prepare(engine: Engine) -> None:
    """Make what is missing of the tables that landing needs."""
    with writing(engine) as db:
        if db.dialect.name == "postgresql":
            db.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _DDL_LOCK})
        schema.metadata.create_all(db, tables=list(_OWN))


def next_batch(engine: Engine, rows_max: int, now_ns: int) -> Batch | None:
    """The batch that broke off, else the next, which is committed before this returns; None: nothing is new."""
    with writing(engine) as db:
        open_ = db.execute(select(landing.c.id, landing.c.ranges).where(landing.c.ended_ns.is_(None))).first()
        if open_ is not None:
            return Batch(open_.id, tuple(Range(*one) for one in json.loads(open_.ranges)), True)
        ranges = tuple(_new(db, rows_max))
        if not ranges:
            return None
        frozen = json.dumps([[one.till, one.after, one.through] for one in ranges])
        made = db.execute(insert(landing).values(ranges=frozen, begun_ns=now_ns).returning(landing.c.id)).scalar_one()
    return Batch(made, ranges, False)


def waiting(engine: Engine) -> int:
    """Contents that are not in the lake yet."""
    behind = schema.till.c.arrival - func.coalesce(landed.c.arrival, 0)
    with engine.connect() as db:
        found = db.scalar(select(func.sum(behind)).select_from(_TILLS))
    return int(found or 0)


_TILLS = schema.till.outerjoin(landed, landed.c.till == schema.till.c.till)


def _new(db: Connection, rows_max: int) -> Iterator[Range]:
    after = func.coalesce(landed.c.arrival, 0)
    found = db.execute(
        select(schema.till.c.till, after, schema.till.c.arrival)
        .select_from(_TILLS)
        .where(schema.till.c.arrival > after)
        .order_by(schema.till.c.till)
    )
    room = rows_max
    for till, done, arrival in found:
        if room <= 0:
            return
        through = min(arrival, done + room)
        room -= through - done
        yield Range(till, done, through)


def rows_of(engine: Engine, ranges: Sequence[Range]) -> Iterator[tuple[str, JournalRow]]:
    """Contents of a batch, till by till in the order they arrived."""
    row = schema.row
    columns = (row.c.till, row.c.number, row.c.at_ns, row.c.kind, row.c.body, row.c.reason)
    with engine.connect() as db:
        for start in range(0, len(ranges), TILLS_AT_ONCE):
            some = ranges[start : start + TILLS_AT_ONCE]
            wanted = or_(
                *(and_(row.c.till == r.till, row.c.arrival > r.after, row.c.arrival <= r.through) for r in some)
            )
            for till, *content in db.execute(select(*columns).where(wanted).order_by(row.c.till, row.c.arrival)):
                yield till, JournalRow(*content)


def remembered(engine: Engine, tills: Sequence[str]) -> dict[str, TillState]:
    states = {till: TillState() for till in tills}
    names = [field.name for field in fields(Pending)]
    with engine.connect() as db:
        for start in range(0, len(tills), TILLS_AT_ONCE):
            some = tills[start : start + TILLS_AT_ONCE]
            for till, state in db.execute(select(landed.c.till, landed.c.state).where(landed.c.till.in_(some))):
                states[till] = load_state(state)
            columns = [pending.c[name] for name in names]
            for till, *found in db.execute(select(pending.c.till, *columns).where(pending.c.till.in_(some))):
                one = Pending(**{**dict(zip(names, found, strict=True)), "stage": Stage(found[names.index("stage")])})
                states[till].pending[one.key] = one
    return states


def keep(engine: Engine, batch: Batch, states: Mapping[str, TillState], facts: Facts, now_ns: int) -> None:
    """Cursors, and all that goes with them, in one transaction: the batch is landed."""
    with writing(engine) as db:
        for one in batch.ranges:
            state = states[one.till].dump()
            _put(db, landed, {"till": one.till}, {"arrival": one.through, "state": state})
        _keep_pending(db, states)
        for scans, count in facts.scans.items():
            key = {"day": scans.day, "till": scans.till, "shift": scans.shift}
            _put(db, scanned, key, {"count": count}, {"count": scanned.c.count + count})
        for bad in facts.unreadable:
            told = {"kind": bad.kind, "reason": bad.reason, "found_ns": now_ns}
            _put(db, unreadable, {"till": bad.till, "number": bad.number}, told)
        _keep_registers(db, facts)
        db.execute(update(landing).where(landing.c.id == batch.id).values(ended_ns=now_ns))


def _keep_pending(db: Connection, states: Mapping[str, TillState]) -> None:
    tills = list(states)
    for start in range(0, len(tills), TILLS_AT_ONCE):
        db.execute(delete(pending).where(pending.c.till.in_(tills[start : start + TILLS_AT_ONCE])))
    rows = [{"till": till, **asdict(one)} for till, state in states.items() for one in state.pending.values()]
    if rows:
        db.execute(insert(pending), rows)


def _keep_registers(db: Connection, facts: Facts) -> None:
    table = tables.register
    for seen in sorted(facts.registers, key=lambda one: one.at_ns):
        values = {"rnm": seen.rnm, "till": seen.till, "first_ns": seen.at_ns, "last_ns": seen.at_ns}
        newer = table.c.last_ns <= seen.at_ns
        later: dict[str, Any] = {
            "rnm": seen.rnm or table.c.rnm,
            "till": seen.till,
            "last_ns": seen.at_ns,
        }
        _put(db, table, {"identity": seen.identity}, values, later, newer)


def _put(
    db: Connection, table: Table, key: Mapping[str, Any], new: Mapping[str, Any], known: Any = None, where: Any = None
) -> None:
    """Insert, or update what is known under the key."""
    dialect = postgresql if db.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(**key, **new)
    changed = dict(new if known is None else known)
    db.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed, where=where))


@dataclass(frozen=True, slots=True)
class OpenDoubt:
    """A receipt of which the till itself does not know whether it was made."""

    till: str
    key: str
    stage: Stage
    kind: str
    sale: str
    row: int
    since_ns: int
    total_tiyn: int
    register: str
    codes: tuple[str, ...]


def open_doubts(engine: Engine) -> list[OpenDoubt]:
    """Documents without outcome, the oldest first; also those that are merely on their way."""
    wanted = [str(stage) for stage in UNDECIDED]
    with engine.connect() as db:
        found = db.execute(select(pending).where(pending.c.stage.in_(wanted)).order_by(pending.c.since_ns)).all()
    return [
        OpenDoubt(
            one.till, one.key, Stage(one.stage), one.kind, one.sale, one.row, one.since_ns, one.total_tiyn,
            one.register, tuple(mark["ki"] for line in json.loads(one.order)["lines"] for mark in line["marks"]),
        )
        for one in found
    ]  # fmt: skip
