"""Scanned = sold = fiscalised = accepted by the operator = withdrawn, from the chain down to a shift."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from sync.hq.kinds import Kind
from sync.hq.pages import filters
from sync.hq.pages.exporting import sent
from sync.hq.pages.office import Office
from sync.hq.pages.queries import counts
from sync.hq.pages.queries.counts import Level, Scope
from sync.hq.pages.visits import Here, Signed
from sync.hq.witness import day_of
from sync.lists.table import Column, ColumnKind

router = APIRouter()
USUAL_DAYS = 14
DAYS_MAX = 400


@dataclass(frozen=True, slots=True)
class Step:
    """From one witness to the next; `kinds` are the exceptions that make up its difference."""

    key: str
    before: str
    after: str
    kinds: tuple[Kind, ...]


# What lies between scanned and sold is the till's everyday work: units refused, or taken out of the receipt.
STEPS = (
    Step("sold", "scanned", "sold", ()),
    Step(
        "fiscalised",
        "sold",
        "fiscalised",
        (Kind.SOLD_NOT_FISCALISED, Kind.FISCAL_WITHOUT_MARK, Kind.MARK_DIFFERS, Kind.DUPLICATE_DOCUMENT),
    ),
    Step(
        "at_operator",
        "fiscalised",
        "at_operator",
        (Kind.SOLD_NOT_FISCALISED, Kind.FISCALISED_NOT_IN_JOURNAL, Kind.NUMBER_GAP),
    ),
    Step("withdrawn", "at_operator", "withdrawn", (Kind.SOLD_NOT_WITHDRAWN, Kind.WITHDRAWN_NOT_SOLD)),
)


@router.get("/reconciliation")
def reconciliation(request: Request, here: Here, visit: Signed) -> Response:
    scope, shop_name = _scope(request, here)
    with here.engine.connect() as db:
        rows = counts.levels(db, scope)
        days = counts.trend(db, scope)
        regions, shops = counts.places(db)
    total = {name: sum(row.units[name] for row in rows) for name in counts.UNITS}
    return here.page(
        request,
        visit,
        "reconciliation.html",
        scope=scope,
        shop_name=shop_name,
        rows=rows,
        days=days,
        total=Level("", "", total, sum(row.sum_tiyn for row in rows), sum(row.cases for row in rows)),
        steps=STEPS,
        chart=_chart(days),
        regions=regions,
        shops=shops,
        link=lambda **changes: "/reconciliation?" + _query(scope, **changes),
        cases=lambda row, kinds: "/exceptions?" + _cases(scope, row, kinds),
        export_query=_query(scope),
        rows_max=counts.ROWS_MAX,
    )


def _scope(request: Request, here: Office) -> tuple[Scope, str]:
    asked = request.query_params
    with here.engine.connect() as db:
        last = counts.last_day(db) or day_of(here.now() // 1000)
        first, last = filters.days(
            asked.get("first", ""), asked.get("last", ""), (last - dt.timedelta(days=USUAL_DAYS - 1), last)
        )
        first = max(first, last - min(dt.timedelta(days=DAYS_MAX), last - dt.date.min))
        till = asked.get("till", "")
        day = filters.days(asked.get("day", ""), asked.get("day", ""), (last, last))[0] if till else None
        chosen = Scope(
            first, last, asked.get("region", ""), asked.get("shop", ""), till, day if asked.get("day") else None
        )
        named = counts.path(db, chosen)
    full = Scope(first, last, named["region"], named["shop"], till, chosen.day)
    return full, named["shop_name"]


def _query(scope: Scope, **changes: Any) -> str:
    values: dict[str, Any] = {"first": scope.first, "last": scope.last}
    values |= {"region": scope.region, "shop": scope.shop, "till": scope.till, "day": scope.day or ""}
    return urlencode([(name, value) for name, value in (values | changes).items() if value != ""])


def _cases(scope: Scope, row: Level | None, kinds: Sequence[Kind]) -> str:
    """The open exceptions behind one line of the table, or behind the whole of it."""
    values: dict[str, Any] = {"region": scope.region, "shop": scope.shop, "till": scope.till}
    values |= {"first": scope.day or scope.first, "last": scope.day or scope.last}
    if row is not None:
        values |= {"first": row.key, "last": row.key} if scope.level == "day" else {scope.level: row.key}
    pairs = [(name, value) for name, value in values.items() if value != ""]
    return urlencode([*pairs, *(("kind", kind) for kind in kinds)])


def _chart(days: Sequence[tuple[dt.date, Mapping[str, int] | None]]) -> Mapping[str, Any]:
    """What uPlot draws: seconds of each day at noon UTC, then the difference at each step, as units missing."""
    noon = [int(dt.datetime.combine(day, dt.time(12), dt.UTC).timestamp()) for day, _ in days]
    missing = [[units[step.before] - units[step.after] if units else None for _, units in days] for step in STEPS[1:]]
    return {"x": noon, "y": missing}


@router.get("/reconciliation/export")
def export(request: Request, here: Here, visit: Signed) -> Response:
    scope, _ = _scope(request, here)
    with here.engine.connect() as db:
        rows = counts.levels(db, scope)
    columns = [Column("name", f"reconciliation.{scope.level}")]
    columns += [Column(name, f"reconciliation.u_{name}", ColumnKind.COUNT) for name in counts.UNITS]
    columns += [
        Column("sum_tiyn", "reconciliation.sum", ColumnKind.MONEY),
        Column("cases", "reconciliation.cases", ColumnKind.COUNT),
    ]
    table = [{"name": row.name, **row.units, "sum_tiyn": row.sum_tiyn, "cases": row.cases} for row in rows]
    return sent(request, here, visit, "reconciliation", columns, table)
