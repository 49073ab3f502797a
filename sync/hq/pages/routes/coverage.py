"""How many of the units asked for the tills' code caches knew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from sync.hq.pages import filters
from sync.hq.pages.exporting import sent
from sync.hq.pages.office import Office
from sync.hq.pages.ports import Column
from sync.hq.pages.queries import fleet as queries
from sync.hq.pages.visits import Here, Signed
from sync.hq.witness import day_of

router = APIRouter()
USUAL_DAYS = 7


@dataclass(frozen=True, slots=True)
class Covered:
    till: str
    shop: str
    shop_name: str
    region: str
    asked: int
    known: int
    cache_age_s: int | None

    @property
    def missed(self) -> float:
        """Share the cache did not know."""
        return 1 - self.known / self.asked if self.asked else 0.0


@router.get("/coverage")
def coverage(request: Request, here: Here, visit: Signed) -> Response:
    first, last = _days(request, here)
    rows = _rows(here, first, last)
    return here.page(
        request, visit, "coverage.html", rows=rows, first=first, last=last, connected=here.ports.coverage is not None,
        asked=sum(row.asked for row in rows), known=sum(row.known for row in rows),
    )  # fmt: skip


@router.get("/coverage/export")
def export(request: Request, here: Here, visit: Signed) -> Response:
    names = {"region": "text", "shop_name": "text", "till": "text", "asked": "number", "known": "number"}
    columns = [Column(name, f"coverage.x_{name}", kind) for name, kind in names.items()]
    rows = [{name: getattr(row, name) for name in names} for row in _rows(here, *_days(request, here))]
    return sent(request, here, visit, "coverage", columns, rows)


def _days(request: Request, here: Office) -> tuple[dt.date, dt.date]:
    today = day_of(here.now() // 1000)
    asked = request.query_params
    usual = (today - dt.timedelta(days=USUAL_DAYS - 1), today)
    return filters.days(asked.get("first", ""), asked.get("last", ""), usual)


def _rows(here: Office, first: dt.date, last: dt.date) -> Sequence[Covered]:
    """Worst first."""
    if here.ports.coverage is None:
        return ()
    beats = here.ports.heartbeats.latest() if here.ports.heartbeats else {}
    with here.engine.connect() as db:
        places = {one.till: one for one in queries.tills(db, beats)}
    rows = []
    for share in here.ports.coverage.shares(first, last):
        where = places.get(share.till)
        named = (where.shop, where.shop_name, where.region) if where else ("", "", "")
        age = where.beat.cache_age_s if where and where.beat else None
        rows.append(Covered(share.till, *named, share.asked, share.known, age))
    return sorted(rows, key=lambda row: (-row.missed, row.till))
