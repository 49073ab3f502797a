"""Headquarters' collector: every till's journal, each row exactly once, in an unbroken chain. Knows nothing of HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from sync.batch import Batch, BatchError, BatchErrorKind, Cursor, decode
from sync.hq import schema
from sync.hq.engine import DatabaseUnfit, writing
from sync.hq.judge import Dispute, Held, Plan, Refusal, RefusalKind, RowCheck, acceptable, judged
from sync.wire import GENESIS, Row

MISSING_MAX = 10_000  # Tombstones named in a cursor; the till asks again when these are settled.
_DDL_LOCK = 0x706F73  # Any number that all collectors share.


@dataclass(frozen=True, slots=True)
class Ack:
    """The batch is committed; `number` and `hash` are of its last row, as stored."""

    till: str
    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class StoredRow:
    number: int
    previous: bytes
    hash: bytes
    at_ns: int | None  # This, kind and body are None for a tombstone.
    kind: str | None
    body: str | None
    reason: str | None
    arrival: int | None  # 1, 2, 3... in the order contents came; a late row comes late here.
    received_ns: int


@dataclass(frozen=True, slots=True)
class Alarm:
    number: int
    kind: str
    received: bytes
    stored: bytes
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class TillState:
    till: str
    number: int
    hash: bytes
    heard_ns: int | None
    missing: int  # Tombstones without content.
    alarms: tuple[Alarm, ...]


class Collector:
    """Any number of collectors may share one database; per till the database lets one batch in at a time.

    `check` gives a reason to refuse a row's content. `accept` raises sqlalchemy.exc.SQLAlchemyError when the database
    does not answer: nothing is acknowledged then.
    """

    def __init__(self, engine: Engine, now: Callable[[], int], *, check: RowCheck = acceptable) -> None:
        self._engine = engine
        self._now = now
        self._check = check
        with writing(engine) as db:  # All of the schema or none of it.
            _create(db)

    def accept(self, till: str, batch_bytes: bytes) -> Ack | Refusal:
        """Take a packed batch of this till. The same rows again, in any division, are acknowledged and kept once."""
        try:
            batch = decode(batch_bytes)
        except BatchError as error:
            kind = RefusalKind.TOO_LARGE if error.kind is BatchErrorKind.TOO_LARGE else RefusalKind.MALFORMED
            return Refusal(kind, str(error))
        if batch.till != till:
            return Refusal(RefusalKind.WRONG_TILL, f"the token is of till {till!r}, the batch is of {batch.till!r}")
        with writing(self._engine) as db:
            number, digest, arrival = _lock(db, till)
            decision = judged(batch, number, digest, _held(db, batch, number), self._check)
            if isinstance(decision, Plan):
                self._write(db, till, decision, arrival)
            elif decision.dispute is not None:
                self._raise_alarm(db, till, decision.kind, decision.dispute)
        if isinstance(decision, Refusal):
            return decision
        return Ack(till, batch.entries[-1].number, batch.entries[-1].hash)

    def _write(self, db: Connection, till: str, plan: Plan, arrival: int) -> None:
        now, row = self._now(), schema.row
        for content in plan.contents:
            arrival += 1
            db.execute(
                update(row)
                .where(row.c.till == till, row.c.number == content.number)
                .values(at_ns=content.at_ns, kind=content.kind, body=content.body, arrival=arrival, received_ns=now)
            )
        added = []
        for entry in plan.added:
            values = {
                "till": till,
                "number": entry.number,
                "previous": entry.previous,
                "hash": entry.hash,
                "at_ns": None,
                "kind": None,
                "body": None,
                "reason": None,
                "arrival": None,
                "received_ns": now,
            }
            if isinstance(entry, Row):
                arrival += 1
                values |= {"at_ns": entry.at_ns, "kind": entry.kind, "body": entry.body, "arrival": arrival}
            else:
                values |= {"reason": entry.reason}
            added.append(values)
        if added:
            db.execute(insert(row), added)
        last = {"number": plan.added[-1].number, "hash": plan.added[-1].hash} if plan.added else {}
        db.execute(update(schema.till).where(schema.till.c.till == till).values(arrival=arrival, heard_ns=now, **last))

    def _raise_alarm(self, db: Connection, till: str, kind: RefusalKind, dispute: Dispute) -> None:
        now, alarm = self._now(), schema.alarm
        place = (
            (alarm.c.till == till)
            & (alarm.c.number == dispute.number)
            & (alarm.c.kind == str(kind))
            & (alarm.c.received == dispute.received)
        )
        if db.execute(update(alarm).where(place).values(last_ns=now)).rowcount:
            return
        values = {"till": till, "number": dispute.number, "kind": str(kind), "received": dispute.received}
        db.execute(insert(alarm).values(**values, stored=dispute.stored, first_ns=now, last_ns=now))

    # --- what it holds ---

    def cursor(self, till: str) -> Cursor:
        """Where this till stands: (0, GENESIS) before its first batch."""
        row = schema.row
        with self._engine.connect() as db:
            found = db.execute(
                select(schema.till.c.number, schema.till.c.hash).where(schema.till.c.till == till)
            ).first()
            missing = db.scalars(
                select(row.c.number)
                .where(row.c.till == till, row.c.arrival.is_(None))
                .order_by(row.c.number)
                .limit(MISSING_MAX)
            ).all()
        if found is None:
            return Cursor(till, 0, GENESIS)
        return Cursor(till, found.number, bytes(found.hash), tuple(missing))

    def rows(self, till: str, *, after: int = 0, limit: int | None = None) -> tuple[StoredRow, ...]:
        """Rows in the till's own order."""
        row = schema.row
        columns = [row.c[name] for name in StoredRow.__dataclass_fields__]
        query = select(*columns).where(row.c.till == till, row.c.number > after).order_by(row.c.number).limit(limit)
        with self._engine.connect() as db:
            return tuple(
                StoredRow(found[0], bytes(found[1]), bytes(found[2]), *found[3:]) for found in db.execute(query)
            )

    def tills(self) -> Iterator[TillState]:
        """Every till that ever spoke, by name."""
        row, alarm = schema.row, schema.alarm
        with self._engine.connect() as db:
            tills = db.execute(select(schema.till).order_by(schema.till.c.till)).all()
            counted = select(row.c.till, func.count()).where(row.c.arrival.is_(None)).group_by(row.c.till)
            missing: dict[str, int] = {found[0]: found[1] for found in db.execute(counted)}
            alarms = db.execute(select(alarm).order_by(alarm.c.till, alarm.c.first_ns, alarm.c.number)).all()
        for found in tills:
            own = tuple(
                Alarm(a.number, a.kind, bytes(a.received), bytes(a.stored), a.first_ns, a.last_ns)
                for a in alarms
                if a.till == found.till
            )
            yield TillState(
                found.till, found.number, bytes(found.hash), found.heard_ns, missing.get(found.till, 0), own
            )

    def now(self) -> int:
        """The clock rows are stamped with, UTC nanoseconds."""
        return self._now()

    def ping(self) -> None:
        """Raises SQLAlchemyError when the database does not answer."""
        with self._engine.connect() as db:
            db.execute(select(schema.version.c.version)).first()


def _create(db: Connection) -> None:
    if db.dialect.name == "postgresql":
        # Two collectors may start at once on an empty database.
        db.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _DDL_LOCK})
    schema.metadata.create_all(db)
    found = db.execute(select(schema.version.c.version)).scalar()
    if found is None:
        db.execute(insert(schema.version).values(version=schema.SCHEMA_VERSION))
    elif found > schema.SCHEMA_VERSION:
        raise DatabaseUnfit(f"the database was written by a newer collector (schema {found}): update this one")


def _lock(db: Connection, till: str) -> tuple[int, bytes, int]:
    """(last number, its hash, last arrival). From here to the commit no other batch of this till is looked at."""
    new = {"till": till, "number": 0, "hash": GENESIS, "arrival": 0, "heard_ns": None}
    dialect = postgresql if db.dialect.name == "postgresql" else sqlite
    db.execute(dialect.insert(schema.till).values(**new).on_conflict_do_nothing())
    table = schema.till
    found = db.execute(
        select(table.c.number, table.c.hash, table.c.arrival).where(table.c.till == till).with_for_update()
    ).one()
    return found.number, bytes(found.hash), found.arrival


def _held(db: Connection, batch: Batch, number: int) -> dict[int, Held]:
    row, first, last = schema.row, batch.entries[0].number, batch.entries[-1].number
    if first > number:
        return {}
    query = select(row.c.number, row.c.previous, row.c.hash, row.c.arrival).where(
        row.c.till == batch.till, row.c.number.between(first, last)
    )
    return {
        found.number: Held(bytes(found.previous), bytes(found.hash), found.arrival is not None)
        for found in db.execute(query)
    }
