"""One run of the comparison from what headquarters holds: facts out of the database, findings into it."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from sqlalchemy import Engine, func, select, update

from sync.hq import schema, tables
from sync.hq.engine import writing
from sync.hq.fleet.tables import heartbeat
from sync.hq.imports.whole_exports import complete_to
from sync.hq.lake.layout import OFD_RECEIPT, Lake
from sync.hq.lake.memory import open_doubts
from sync.hq.lake.tables import scanned
from sync.hq.reconcile.duck import Duck
from sync.hq.reconcile.exceptions import record
from sync.hq.reconcile.facts import Facts, Thresholds
from sync.hq.reconcile.run import Days, Progress, Result, reconcile
from sync.hq.witness import US_PER_S
from sync.zone import ZONE

NS_PER_US = 1_000
MOVES_BACK_NS = 40 * 24 * 3600 * 1_000_000_000  # More than the days a daily run looks back.
AT_ONCE_BYTES_MAX = 64 << 20  # Some two million rows of the three tables.
LOOK_BACK_DAYS = 14  # How far back an operator's newest receipt is looked for.


@dataclass(frozen=True, slots=True)
class Compared:
    run: int  # In hq_run.
    result: Result


def compare(
    engine: Engine,
    lake: Lake,
    now_ns: int,
    *,
    days: Days | None = None,
    with_engine: str = "duckdb",
    thresholds: Thresholds | None = None,
    progress: Progress | None = None,
    clock: Callable[[], int] | None = None,
    scratch: Path | None = None,
    export_age_us: int | None = None,
) -> Compared:
    """Compare the days (None: all the lake has) and record what was found. Raises ValueError for an unknown engine.

    `with_engine`: duckdb, polars (the hand-written first pass) or spark (a session in this process, when pyspark is
    there). `clock` gives the time of the record, where the comparison takes long. `export_age_us`: files of the
    registry's codes are whole, and at most so old when they are imported; None: codes that are not in them say nothing.
    """
    facts = facts_of(engine, lake, now_ns, thresholds or Thresholds(), export_age_us)
    if with_engine == "spark":
        result = _on_spark(lake, days, facts, progress, scratch)
    elif with_engine == "duckdb" and _bytes(lake, days) <= AT_ONCE_BYTES_MAX:
        result = _at_once(lake, days, facts, progress, scratch)
    else:
        result = reconcile(lake, days, engine=with_engine, facts=facts, progress=progress, scratch=scratch)
    run = record(engine, result, now_ns if clock is None else clock(), started_ns=now_ns)
    _count_scans(engine, result)
    return Compared(run, result)


def facts_of(
    engine: Engine, lake: Lake, now_ns: int, thresholds: Thresholds, export_age_us: int | None = None
) -> Facts:
    now = now_ns // NS_PER_US
    return Facts(
        now=now,
        delivered=_delivered(engine),
        doubts=_doubts(engine),
        registers=_registers(engine),
        shops=_shops(engine),
        heartbeats=_heard(engine),
        missing_rows=_missing(engine),
        cash_moves=_cash_moves(engine, now_ns),
        operator_through=_through(lake, now),
        registry_complete_to=0 if export_age_us is None else complete_to(engine, export_age_us),
        known_since=_since(lake),
        thresholds=thresholds,
    )


def _delivered(engine: Engine) -> Mapping[str, int]:
    """Time of the newest row of each till whose content is here."""
    row = schema.row
    newest = select(row.c.till, func.max(row.c.at_ns)).where(row.c.at_ns.is_not(None)).group_by(row.c.till)
    with engine.connect() as db:
        return {till: at_ns // NS_PER_US for till, at_ns in db.execute(newest)}


def _cash_moves(engine: Engine, now_ns: int) -> tuple[tuple[str, int], ...]:
    """(till, time by the register's clock) of cash put in and taken in the days that are compared as a rule."""
    row = schema.row
    made = select(row.c.till, row.c.body).where(
        row.c.kind == "document_made",
        row.c.at_ns >= now_ns - MOVES_BACK_NS,
        row.c.body.contains('"kind":"cash_', autoescape=True),
    )
    found = []
    with engine.connect() as db:
        for till, body in db.execute(made):
            if (at := _moment_of(body)) is not None:
                found.append((till, at))
    return tuple(found)


def _moment_of(body: str) -> int | None:
    """Time of a row's document; None for a body the lander keeps among the unreadable."""
    try:
        moment = dt.datetime.fromisoformat(json.loads(body)["document"]["at"])
    except (ValueError, LookupError, TypeError):
        return None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).timestamp() * US_PER_S)


def _doubts(engine: Engine) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for doubt in open_doubts(engine):
        since = doubt.since_ns // NS_PER_US
        found[doubt.till] = min(since, found.get(doubt.till, since))
    return found


def _registers(engine: Engine) -> Mapping[str, str]:
    with engine.connect() as db:
        return {row.identity: row.till for row in db.execute(select(tables.register)) if row.till}


def _shops(engine: Engine) -> Mapping[str, str]:
    with engine.connect() as db:
        return {row.till: row.shop for row in db.execute(select(tables.place))}


def _heard(engine: Engine) -> Mapping[str, int]:
    """When each till was last heard: by a heartbeat, or by rows where it sends none."""
    with engine.connect() as db:
        found = {till: at for till, at in db.execute(select(schema.till.c.till, schema.till.c.heard_ns)) if at}
        for till, at in db.execute(select(heartbeat.c.till, heartbeat.c.received_ns)):
            found[till] = max(at, found.get(till, 0))
    return {till: at // NS_PER_US for till, at in found.items()}


def _missing(engine: Engine) -> Mapping[str, tuple[tuple[int, int], ...]]:
    """Runs of rows of which only their place in the chain is here."""
    row = schema.row
    query = select(row.c.till, row.c.number).where(row.c.kind.is_(None)).order_by(row.c.till, row.c.number)
    found: dict[str, list[tuple[int, int]]] = {}
    with engine.connect() as db:
        for till, number in db.execute(query):
            runs = found.setdefault(till, [])
            if runs and runs[-1][1] == number - 1:
                runs[-1] = (runs[-1][0], number)
            else:
                runs.append((number, number))
    return {till: tuple(runs) for till, runs in found.items()}


def _through(lake: Lake, now: int) -> Mapping[str, int]:
    """Newest receipt the operator has of each register: what is older and missing is not merely on its way."""
    first = dt.datetime.fromtimestamp(now // US_PER_S, ZONE).date() - dt.timedelta(days=LOOK_BACK_DAYS)
    found: dict[str, int] = {}
    for path in lake.files(OFD_RECEIPT, [day for day in lake.days(OFD_RECEIPT) if day >= first]):
        table = pq.read_table(path, columns=["register", "at"], partitioning=None)
        newest = table.group_by("register").aggregate([("at", "max")])
        for register, at in zip(newest["register"].to_pylist(), newest["at_max"].to_pylist(), strict=True):
            found[register] = max(at, found.get(register, 0))
    return found


def _since(lake: Lake) -> int:
    """Begin of the first day any till told of: what the registry withdrew before is nobody's fault here."""
    days = lake.days("agent")
    if not days:
        return 0
    return int(dt.datetime.combine(days[0], dt.time(), ZONE).timestamp()) * US_PER_S


def _count_scans(engine: Engine, result: Result) -> None:
    """Landing counts what was asked for; the comparison counts the rest. The pages show both in one row."""
    here = scanned.c.day.between(result.first, result.last)
    with writing(engine) as db:
        known = db.execute(select(scanned).where(here)).all()
        for row in known:
            place = (tables.count.c.day == row.day) & (tables.count.c.till == row.till)
            place &= tables.count.c.shift == row.shift
            db.execute(update(tables.count).where(place).values(scanned=row.count))


def _bytes(lake: Lake, days: Days | None) -> int:
    chosen = None if days is None else [day for day in lake.days("agent") if days[0] <= day <= days[1]]
    return sum(path.stat().st_size for table in ("agent", "ofd", "registry") for path in lake.files(table, chosen))


def _at_once(lake: Lake, days: Days | None, facts: Facts, progress: Progress | None, scratch: Path | None) -> Result:
    """All buckets in one go: of little data the questions cost more than the rows."""
    with tempfile.TemporaryDirectory(prefix="hq-duckdb-", dir=scratch) as folder:
        duck = Duck(Path(folder))
        duck.portions = (None,)
        try:
            return reconcile(lake, days, engine=duck, facts=facts, progress=progress, scratch=scratch)
        finally:
            duck.close()


def _on_spark(lake: Lake, days: Days | None, facts: Facts, progress: Progress | None, scratch: Path | None) -> Result:
    from sync.hq.reconcile.spark import Spark, local_session

    folder = scratch or lake.root
    session = local_session(folder)
    try:
        return reconcile(lake, days, engine=Spark(session), facts=facts, progress=progress, scratch=scratch)
    finally:
        session.stop()


def fill_places(engine: Engine, places: Iterable[Mapping[str, object]]) -> None:
    """Bring hq_place to what the configuration says; a till that left it keeps its place."""
    with writing(engine) as db:
        for one in places:
            changed = db.execute(update(tables.place).where(tables.place.c.till == one["till"]).values(**one))
            if not changed.rowcount:
                db.execute(tables.place.insert().values(**one))


__all__ = ["Compared", "compare", "facts_of", "fill_places"]
