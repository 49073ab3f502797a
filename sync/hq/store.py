"""Headquarters' collector: every till's journal, each row exactly once, in an unbroken chain. Knows nothing of HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, Engine, func, select, update

from sync.batch import Batch, BatchError, BatchErrorKind, Cursor, batch_in, unpack
from sync.hq import schema
from sync.hq.alarms import alarms, heal, raise_alarms
from sync.hq.dispute import AlarmKind, Dispute
from sync.hq.engine import writing
from sync.hq.fleet.store import Fleet
from sync.hq.held import Ack, StoredRow, TillState
from sync.hq.ingest import add_rows, add_run
from sync.hq.judge import Held, Plan, Refusal, RefusalKind, RowCheck, acceptable, epoch_of, judged
from sync.hq.place import Place, advanced, locked
from sync.hq.run import Run, run_in
from sync.hq.upgrade import create
from sync.wire import GENESIS

__all__ = ["Ack", "Collector", "StoredRow", "TillState"]

MISSING_MAX = 10_000  # Tombstones named in a cursor; the till asks again when these are settled.


class Collector:
    """Any number of collectors may share one database; per till the database lets one batch in at a time.

    `check` gives a reason to refuse a row's content. `accept` raises sqlalchemy.exc.SQLAlchemyError when the database
    does not answer: nothing is acknowledged then.
    """

    def __init__(self, engine: Engine, now: Callable[[], int], *, check: RowCheck = acceptable) -> None:
        self._engine = engine
        self._now = now
        self._check = check
        self.fleet = Fleet(engine, now)
        with writing(engine) as db:  # All of the schema or none of it.
            create(db)

    def accept(self, till: str, batch_bytes: bytes) -> Ack | Refusal:
        """Take a packed batch of this till. The same rows again, in any division, are acknowledged and kept once."""
        try:
            content = unpack(batch_bytes)
            run = run_in(till, content, self._check)
            if run is not None and self._followed(run):
                return Ack(till, run.last, run.hashes[-1])
            batch = batch_in(content)
        except BatchError as error:
            kind = RefusalKind.TOO_LARGE if error.kind is BatchErrorKind.TOO_LARGE else RefusalKind.MALFORMED
            return Refusal(kind, str(error))
        if batch.till != till:
            return self._of_another_till(till, batch)
        with writing(self._engine) as db:
            place = locked(db, till)
            decision = judged(batch, place.number, place.hash, _held(db, batch, place.number), self._check, place.epoch)
            if isinstance(decision, Plan):
                self._write(db, till, decision, place)
            elif decision.disputes:
                raise_alarms(db, till, decision.disputes, self._now())
        if isinstance(decision, Refusal):
            return decision
        return Ack(till, batch.entries[-1].number, batch.entries[-1].hash)

    def _followed(self, run: Run) -> bool:
        """Take a run that follows the last row held. One that does not is left to be judged row by row."""
        now = self._now()
        with writing(self._engine) as db:
            place = advanced(db, run, now)
            if place is None:
                return False
            add_run(db, run, place.arrival - len(run.hashes), now)
            if place.is_troubled:
                self._heal_gap(db, run.till, run.last, now)
        return True

    def _of_another_till(self, till: str, batch: Batch) -> Refusal:
        last = batch.entries[-1]
        dispute = Dispute(AlarmKind.WRONG_TILL, last.number, last.hash, GENESIS)
        with writing(self._engine) as db:
            locked(db, till)
            raise_alarms(db, till, (dispute,), self._now())
        text = f"the token or key is of till {till!r}, the batch is of {batch.till!r}"
        return Refusal(RefusalKind.WRONG_TILL, text, disputes=(dispute,))

    def _write(self, db: Connection, till: str, plan: Plan, place: Place) -> None:
        now, row, arrival = self._now(), schema.row, place.arrival
        for content in plan.contents:
            arrival += 1
            db.execute(
                update(row)
                .where(row.c.till == till, row.c.number == content.number)
                .values(at_ns=content.at_ns, kind=content.kind, body=content.body, arrival=arrival, received_ns=now)
            )
        arrival = add_rows(db, till, plan.added, arrival, now)
        values: dict[str, Any] = {"arrival": arrival, "heard_ns": now}
        if plan.added:
            values |= {"number": plan.added[-1].number, "hash": plan.added[-1].hash, "grown_ns": now}
        epoch = next((found for row in (*plan.contents, *plan.added[:1]) if (found := epoch_of(row))), None)
        if epoch is not None:
            values |= {"epoch": epoch}
        db.execute(update(schema.till).where(schema.till.c.till == till).values(**values))
        if plan.added and place.is_troubled:
            self._heal_gap(db, till, plan.added[-1].number, now)

    def _heal_gap(self, db: Connection, till: str, through: int, now_ns: int) -> None:
        heal(db, till, AlarmKind.GAP, through, now_ns, "the missing rows arrived")

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
        row = schema.row
        with self._engine.connect() as db:
            tills = db.execute(select(schema.till).order_by(schema.till.c.till)).all()
            counted = select(row.c.till, func.count()).where(row.c.arrival.is_(None)).group_by(row.c.till)
            missing: dict[str, int] = {found[0]: found[1] for found in db.execute(counted)}
            own = alarms(db)
        for found in tills:
            yield TillState(
                found.till,
                found.number,
                bytes(found.hash),
                found.heard_ns,
                missing.get(found.till, 0),
                tuple(own.get(found.till, ())),
            )

    def now(self) -> int:
        """The clock rows are stamped with, UTC nanoseconds."""
        return self._now()

    def ping(self) -> None:
        """Raises SQLAlchemyError when the database does not answer."""
        with self._engine.connect() as db:
            db.execute(select(schema.version.c.version)).first()


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
