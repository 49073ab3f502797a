"""Open exceptions become prepared documents. Nothing here leaves the house: a person approves first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select, text

from sync.hq.actions.documents import WITHDRAWAL, Batch, Terms, Unit, batches, due_after
from sync.hq.actions.outbox import note
from sync.hq.actions.schema import code, document
from sync.hq.actions.states import CodeState, DocumentState
from sync.hq.engine import writing
from sync.hq.kinds import KINDS, Kind
from sync.hq.tables import exception, exception_event, place
from sync.hq.witness import day_of

WITH_DOCUMENT = {kind: about.document for kind, about in KINDS.items() if about.document}
PREPARING_LOCK = 7_316_001  # Advisory lock of PostgreSQL: two who prepare at once would meet at the unique index.
ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Skipped:
    exception: int
    reason: str  # no-code, no-business-place, in-document, decided.
    document: int = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    documents: tuple[int, ...]
    skipped: tuple[Skipped, ...]


def no_group(_gtin: str) -> str:
    return ""


def prepare(
    engine: Engine,
    now_ns: int,
    *,
    terms: Terms | None = None,
    group_of: Callable[[str], str] = no_group,
    exceptions: Collection[int] | None = None,
    who: str = "",
) -> Prepared:
    """Prepare documents for every open exception that wants one and is in none.

    Args:
        group_of: product group of a GTIN, "" unknown.
        exceptions: these alone, asked for by a person: then an earlier document that failed or was cancelled, or that
            succeeded and changed nothing, does not stand in the way.
    """
    with writing(engine) as db:
        if db.dialect.name == "postgresql":
            db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": PREPARING_LOCK})
        units, skipped = _units(db, group_of, exceptions)
        found = batches(units, terms or Terms())
        numbers = [insert(db, batch, now_ns, terms or Terms(), who=who) for batch in found]
    return Prepared(tuple(numbers), tuple(skipped))


def insert(
    db: Connection, batch: Batch, now_ns: int, terms: Terms, *, who: str = "", follows: int | None = None
) -> int:
    """A prepared document with its codes."""
    first = batch.first
    ours = first.kind == WITHDRAWAL
    number: int = db.execute(
        document.insert()
        .values(
            kind=first.kind,
            state=str(DocumentState.PREPARED),
            product_group=first.group,
            place=first.place,
            day=first.day,
            at=batch.at,
            paper_type=terms.act_type if ours else terms.receipt_type,
            paper_date=(day_of(now_ns // 1000) if ours else first.day).isoformat(),
            paper_number="" if ours else first.receipt,
            due_at=batch.due_at,
            follows=follows,
            prepared_by=who,
            prepared_ns=now_ns,
            approved_by="",
            approved_why="",
            attempts=0,
            registry_status="",
            looks=0,
            absences=0,
            next_ns=0,
            reason="",
        )
        .returning(document.c.id)
    ).scalar_one()
    if ours:
        # Its own number makes every body unlike any other: a search can tell them apart.
        named = terms.act_prefix + str(number)
        db.execute(document.update().where(document.c.id == number).values(paper_number=named))
    rows = [
        {
            "document": number,
            "exception": unit.exception,
            "ki": unit.ki,
            "gtin": unit.gtin,
            "state": str(CodeState.WAITING),
            "error": "",
        }
        for unit in batch.units
    ]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        db.execute(code.insert(), rows[start : start + ROWS_AT_ONCE])
    detail = "" if follows is None else f"follows {follows}"
    note(db, number, now_ns, str(DocumentState.PREPARED), who=who, detail=detail)
    return number


def unit_of(row: Row[Any], group: str, business_place: int) -> Unit:
    """A row of hq_exception as a unit of a document."""
    return Unit(
        exception=row.id,
        kind=WITH_DOCUMENT[Kind(row.kind)],
        ki=row.ki,
        gtin=row.gtin,
        group=group,
        place=business_place,
        day=row.day,
        at=row.at or _noon(row.day),
        receipt=f"{row.shift}-{row.number}",
        due_at=row.due_at or due_after(row.day),
    )


def _units(
    db: Connection, group_of: Callable[[str], str], wanted: Collection[int] | None
) -> tuple[list[Unit], list[Skipped]]:
    rows = db.execute(select(code.c.ki, code.c.document).where(code.c.state == str(CodeState.WAITING)))
    waiting: dict[str, int] = dict(rows.all())
    decided = {} if wanted is not None else _decided(db)
    units: list[Unit] = []
    skipped: list[Skipped] = []
    for row in _open(db, wanted):
        if not row.ki:
            skipped.append(Skipped(row.id, "no-code"))
        elif row.ki in waiting:
            skipped.append(Skipped(row.id, "in-document", waiting[row.ki]))
        elif row.id in decided:
            skipped.append(Skipped(row.id, "decided", decided[row.id]))
        elif row.business_place_id is None:
            skipped.append(Skipped(row.id, "no-business-place"))
        else:
            units.append(unit_of(row, group_of(row.gtin), row.business_place_id))
    return units, skipped


def _open(db: Connection, wanted: Collection[int] | None) -> Sequence[Row[Any]]:
    chosen = [exception.c.state == "open", exception.c.kind.in_([str(kind) for kind in WITH_DOCUMENT])]
    if wanted is not None:
        chosen.append(exception.c.id.in_(list(wanted)))
    listed = exception.outerjoin(place, place.c.till == exception.c.till)
    return db.execute(
        select(exception, place.c.business_place_id).select_from(listed).where(*chosen).order_by(exception.c.id)
    ).all()


def _decided(db: Connection) -> dict[int, int]:
    """Exceptions that a document has dealt with and that were not opened anew since: exception -> document."""
    newest = (
        select(func.max(code.c.id)).where(code.c.state != str(CodeState.HEALED)).group_by(code.c.exception)
    ).scalar_subquery()
    reopened = (
        select(func.max(exception_event.c.at_ns))
        .where(exception_event.c.exception == code.c.exception, exception_event.c.what == "reopened")
        .scalar_subquery()
    )
    rows = db.execute(
        select(code.c.exception, code.c.document, code.c.settled_ns, reopened.label("reopened_ns")).where(
            code.c.id.in_(newest), code.c.state != str(CodeState.WAITING)
        )
    )
    return {row.exception: row.document for row in rows if (row.reopened_ns or 0) <= (row.settled_ns or 0)}


def _noon(day: dt.date) -> int:
    return int(dt.datetime.combine(day, dt.time(12), dt.UTC).timestamp()) * 1_000_000
