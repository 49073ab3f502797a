"""From the histories of exceptions and documents to deliveries, each event once for each webhook that wants it.

Nobody who writes an event knows of webhooks: the histories are read past a cursor. In PostgreSQL a number given out
early may be committed late, so the cursor follows only when every transaction that ran at the time is over; what stands
behind it is looked through again, and the unique key of a delivery keeps it single.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from sync.hq.actions.schema import document, document_event
from sync.hq.actions.states import DocumentState
from sync.hq.engine import writing
from sync.hq.exports.schema import delivery, source, webhook
from sync.hq.kinds import Kind
from sync.hq.tables import exception, exception_event

OPENED, HEALED, RESOLVED = "exception.opened", "exception.healed", "exception.resolved"
SILENT, DOCUMENT = "till.silent", "document.state"
NAMES = (OPENED, HEALED, RESOLVED, SILENT, DOCUMENT)
ROWS_AT_ONCE = 500
SETTLING_NS = 60_000_000_000  # A number may be given out a moment before its transaction shows.
FROM_EXCEPTION = ("kind", "subject", "severity", "cause", "state", "ki", "gtin", "region", "shop", "till", "register")
FROM_DOCUMENT = ("kind", "product_group", "place", "document_id", "registry_status", "reason", "follows")


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the events went at some moment, and the transactions that ran then."""

    event: int
    running_below: int
    at_ns: int


class Gatherer:
    """Not safe for threads; several processes may each have one."""

    def __init__(self, engine: Engine, now: Callable[[], int]) -> None:
        self._engine = engine
        self._now = now
        self._marks: dict[str, Mark] = {}

    def gather(self) -> int:
        """Make the deliveries that are missing; how many."""
        made = 0
        for name in ("exception", "document"):
            with writing(self._engine) as db:
                through = self._through(db, name)
                settled = self._settled(db, name)
                # One that is switched off too: it hears later what it missed.
                for hook in db.execute(select(webhook).order_by(webhook.c.id)).all():
                    made += _deliveries(db, hook, name, through, self._now())
                if settled > through:
                    db.execute(update(source).where(source.c.source == name).values(through=settled))
        return made

    def _through(self, db: Connection, name: str) -> int:
        found = db.execute(
            select(source.c.through).where(source.c.source == name).with_for_update()
        ).scalar_one_or_none()
        if found is None:
            _insert_once(db, source, [{"source": name, "through": 0}])
        return found or 0

    def _settled(self, db: Connection, name: str) -> int:
        """The last event behind which no new one can appear; 0 not known yet. Asked before the events are read."""
        events = exception_event if name == "exception" else document_event
        newest: int = db.execute(select(func.coalesce(func.max(events.c.id), 0))).scalar_one()
        if db.dialect.name != "postgresql":
            return newest  # One writer at a time.
        oldest, following = db.execute(
            text(
                "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,"
                " pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
            )
        ).one()
        mark = self._marks.get(name)
        if mark is None:
            self._marks[name] = Mark(newest, following, self._now())
            return 0
        if oldest < mark.running_below or self._now() - mark.at_ns < SETTLING_NS:
            return 0
        self._marks[name] = Mark(newest, following, self._now())
        return mark.event


def _deliveries(db: Connection, hook: Row[Any], name: str, through: int, now_ns: int) -> int:
    wanted = set(json.loads(hook.events))
    made = 0
    while True:
        rows = _exceptions(db, hook, wanted, through) if name == "exception" else _documents(db, hook, wanted, through)
        if not rows:
            return made
        _insert_once(
            db,
            delivery,
            [
                {
                    "webhook": hook.id,
                    "source": name,
                    "event": event,
                    "name": called,
                    "body": body,
                    "state": "waiting",
                    "attempts": 0,
                    "error": "",
                    "created_ns": now_ns,
                }
                for event, called, body in rows
            ],
        )
        made += len(rows)


def _exceptions(db: Connection, hook: Row[Any], wanted: set[str], through: int) -> Sequence[tuple[int, str, str]]:
    silent = exception.c.kind == str(Kind.TILL_SILENT)
    opening = exception_event.c.what.in_(["opened", "reopened"])
    choices = {
        OPENED: and_(opening, ~silent),
        SILENT: and_(opening, silent),
        HEALED: exception_event.c.what == "healed",
        RESOLVED: exception_event.c.what == "resolved",
    }
    chosen = [condition for called, condition in choices.items() if called in wanted]
    if not chosen:
        return []
    rows = db.execute(
        select(exception, exception_event.c.id.label("event"), exception_event.c.at_ns, exception_event.c.what)
        .join(exception_event, exception_event.c.exception == exception.c.id)
        .where(or_(*chosen), *_new(exception_event, hook, "exception", through, hook.after_exception))
        .order_by(exception_event.c.id)
        .limit(ROWS_AT_ONCE)
    )
    return [_told(row.event, _name_of(row), row.at_ns, _exception_data(row)) for row in rows]


def _documents(db: Connection, hook: Row[Any], wanted: set[str], through: int) -> Sequence[tuple[int, str, str]]:
    if DOCUMENT not in wanted:
        return []
    rows = db.execute(
        select(document, document_event.c.id.label("event"), document_event.c.at_ns, document_event.c.what)
        .join(document_event, document_event.c.document == document.c.id)
        .where(
            document_event.c.what.in_([str(state) for state in DocumentState]),
            *_new(document_event, hook, "document", through, hook.after_document),
        )
        .order_by(document_event.c.id)
        .limit(ROWS_AT_ONCE)
    )
    return [_told(row.event, DOCUMENT, row.at_ns, _document_data(row)) for row in rows]


def _new(events: Any, hook: Row[Any], name: str, through: int, after: int) -> list[Any]:
    there = (
        select(delivery.c.id)
        .where(delivery.c.webhook == hook.id, delivery.c.source == name, delivery.c.event == events.c.id)
        .exists()
    )
    return [events.c.id > max(through, after), ~there]


def _name_of(row: Row[Any]) -> str:
    if row.what in ("opened", "reopened"):
        return SILENT if row.kind == Kind.TILL_SILENT else OPENED
    return {"healed": HEALED, "resolved": RESOLVED}[row.what]


def _told(event: int, called: str, at_ns: int, data: dict[str, Any]) -> tuple[int, str, str]:
    content = {"event": called, "at": _instant(at_ns), "data": data}
    return event, called, json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _exception_data(row: Row[Any]) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in FROM_EXCEPTION}
    return {
        "exception": row.id,
        "what": row.what,
        **told,
        "day": row.day.isoformat(),
        "receipt": {"shift": row.shift, "number": row.number, "sign": row.sign},
        "due_at": _instant(row.due_at * 1000) if row.due_at else None,
    }


def _document_data(row: Row[Any]) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in FROM_DOCUMENT}
    return {"document": row.id, "state": row.what, **told, "due_at": _instant(row.due_at * 1000)}


def _instant(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _insert_once(db: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    """Rows that are there already stay as they are."""
    made: Any = postgresql.insert(table) if db.dialect.name == "postgresql" else sqlite.insert(table)
    db.execute(made.on_conflict_do_nothing(), rows)
