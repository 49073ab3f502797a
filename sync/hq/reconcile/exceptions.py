"""Findings as cases with a history: opened, changed, healed, reopened; what a person resolved stays resolved.

    not known                   -> open       opened
    open, other facts           -> open       changed
    open, compared, not found   -> healed     healed
    healed, found again         -> open       reopened
    resolved, other facts       -> open       reopened

A case was compared when its day lies in the run's range, when its code was judged (a late return heals the case of
another day), or when it is about a till and not about a day. Everything of one run is one transaction; the same result
recorded again changes no case.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, insert, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from sync.hq import tables
from sync.hq.engine import writing
from sync.hq.finding import COLUMNS, Finding
from sync.hq.kinds import KINDS, Kind
from sync.hq.reconcile.counts import BY, NUMBERS
from sync.hq.reconcile.run import Result

OPEN, HEALED, RESOLVED = "open", "healed", "resolved"
CHUNK = 400  # Rows a statement names: below the limit of variables of every SQLite.
ALWAYS_COMPARED = ((Kind.TILL_SILENT, None), (Kind.NUMBER_GAP, "journal-rows"))
FACTS = tuple(name for name in COLUMNS if name != "kind")

_case = tables.exception
_KEPT = ("region", "shop", *FACTS)


def record(engine: Engine, result: Result, now_ns: int, *, started_ns: int | None = None) -> int:
    """Bring the cases to what a run found; the run's id in hq_run. `now_ns`: when it changes, UTC nanoseconds."""
    with writing(engine) as db:
        _alone(db)
        run = _run(db, result, now_ns, now_ns if started_ns is None else started_ns)
        found = _placed(db, result.findings)
        known = {(row.kind, row.subject): row for row in _known(db, found)}
        new = [key for key in found if key not in known]
        seen = [key for key in found if key in known]
        _open(db, {key: found[key] for key in new}, run, now_ns)
        _see(db, [(known[key], found[key]) for key in seen], run, now_ns)
        _heal(db, result, found, now_ns)
        _count(db, result)
    return run


def _alone(db: Connection) -> None:
    """Two runs at once would open a case twice; readers go on. SQLite has one writer anyway."""
    if db.dialect.name == "postgresql":
        db.execute(text("LOCK TABLE hq_exception IN SHARE ROW EXCLUSIVE MODE"))


def _run(db: Connection, result: Result, now_ns: int, started_ns: int) -> int:
    found: dict[str, int] = {}
    for one in result.findings:
        found[str(one.kind)] = found.get(str(one.kind), 0) + 1
    made = db.execute(
        insert(tables.run).values(
            engine=result.engine,
            first_day=result.first,
            last_day=result.last,
            started_ns=started_ns,
            ended_ns=now_ns,
            rows=json.dumps(dict(result.rows), sort_keys=True),
            found=json.dumps(found, sort_keys=True),
        )
    )
    (key,) = made.inserted_primary_key or (0,)
    return int(key)


def _placed(db: Connection, findings: Iterable[Finding]) -> dict[tuple[str, str], dict[str, Any]]:
    """Values of each case by kind and subject, shop and region from the till's place."""
    places = {row.till: (row.region, row.shop) for row in db.execute(select(tables.place))}
    found = {}
    for one in findings:
        region, shop = places.get(one.till, ("", ""))
        values = asdict(one) | {"region": region, "shop": shop, "subject": one.subject, "kind": str(one.kind)}
        found[str(one.kind), one.subject] = values
    return found


def _known(db: Connection, found: Iterable[tuple[str, str]]) -> Iterator[Any]:
    subjects: dict[str, list[str]] = {}
    for kind, subject in found:
        subjects.setdefault(kind, []).append(subject)
    for kind, named in subjects.items():
        for chunk in _chunks(named):
            yield from db.execute(select(_case).where(_case.c.kind == kind, _case.c.subject.in_(chunk)))


def _open(db: Connection, found: dict[tuple[str, str], dict[str, Any]], run: int, now_ns: int) -> None:
    if not found:
        return
    rows = [
        values
        | {
            "state": OPEN,
            "severity": str(KINDS[Kind(values["kind"])].severity),
            "owner": "",
            "first_seen_ns": now_ns,
            "last_seen_ns": now_ns,
            "run": run,
        }
        for values in found.values()
    ]
    made = db.execute(insert(_case).returning(_case.c.id, _case.c.kind, _case.c.subject), rows)
    _tell(db, [(row.id, "opened", _facts(found[row.kind, row.subject])) for row in made], now_ns)


def _see(db: Connection, pairs: Sequence[tuple[Any, dict[str, Any]]], run: int, now_ns: int) -> None:
    """Cases that are known: those found as they were are only seen again."""
    events, same, changed = [], [], []
    for row, values in pairs:
        differ = {
            name: [_plain(getattr(row, name)), _plain(values[name])]
            for name in FACTS
            if getattr(row, name) != values[name]
        }
        back = row.state == HEALED or (row.state == RESOLVED and differ)
        if back:
            events.append((row.id, "reopened", differ))
        elif differ:
            events.append((row.id, "changed", differ))
        moved = differ or (row.region, row.shop) != (values["region"], values["shop"])
        if back or moved:
            changed.append({"case": row.id, **{f"new_{name}": values[name] for name in _KEPT}})
        else:
            same.append(row.id)
    for chunk in _chunks(same):
        db.execute(update(_case).where(_case.c.id.in_(chunk)).values(last_seen_ns=now_ns, run=run))
    if changed:
        new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _KEPT}
        statement = update(_case).where(_case.c.id == bindparam("case"))
        db.execute(statement.values(state=OPEN, closed_ns=None, last_seen_ns=now_ns, run=run, **new), changed)
    _tell(db, events, now_ns)


def _heal(db: Connection, result: Result, found: Iterable[tuple[str, str]], now_ns: int) -> None:
    here = set(found)
    always = or_(
        *(
            and_(_case.c.kind == str(kind), *([] if cause is None else [_case.c.cause == cause]))
            for kind, cause in ALWAYS_COMPARED
        )
    )
    in_range = and_(_case.c.day >= result.first, _case.c.day <= result.last)
    still = select(_case.c.id, _case.c.kind, _case.c.subject, _case.c.ki, or_(always, in_range).label("compared"))
    gone = [
        row.id
        for row in db.execute(still.where(_case.c.state == OPEN))
        if (row.compared or row.ki in result.looked) and (row.kind, row.subject) not in here
    ]
    for chunk in _chunks(gone):
        db.execute(update(_case).where(_case.c.id.in_(chunk)).values(state=HEALED, closed_ns=now_ns))
    _tell(db, [(case, "healed", {}) for case in gone], now_ns)


def _tell(db: Connection, events: Iterable[tuple[int, str, dict[str, Any]]], now_ns: int) -> None:
    rows = [
        {"exception": case, "at_ns": now_ns, "who": "", "what": what,
         "detail": json.dumps(detail, ensure_ascii=False, sort_keys=True)}
        for case, what, detail in sorted(events, key=lambda event: event[0])
    ]  # fmt: skip
    if rows:
        db.execute(insert(tables.exception_event), rows)


def _count(db: Connection, result: Result) -> None:
    """Counts of these days as the run has them; `scanned` is not the comparison's and stays."""
    rows = [asdict(one) | {"scanned": 0} for one in result.counts]
    if not rows:
        return
    make = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    statement = make(tables.count)
    replaced = {name: statement.excluded[name] for name in NUMBERS}
    db.execute(statement.on_conflict_do_update(index_elements=list(BY), set_=replaced), rows)


def _facts(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(values[name]) for name in FACTS if values[name]}


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | str) else str(value)


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
