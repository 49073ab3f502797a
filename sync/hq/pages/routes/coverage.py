"""How many of the units asked for the tills' code caches knew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from fastapi import APIRouter, Request, Response

from sync.hq.pages import filters
from sync.hq.pages.exporting import sent
from sync.hq.pages.office import Office
from sync.hq.pages.queries import fleet as queries
from sync.hq.pages.visits import Here, Signed
from sync.hq.witness import day_of
from sync.lists.table import Column, ColumnKind

router = APIRouter()
USUAL_DAYS = 7
COLUMNS = (
    Column("region", "coverage.x_region"),
    Column("shop_name", "coverage.x_shop_name"),
    Column("till", "coverage.x_till"),
    Column("asked", "coverage.x_asked", ColumnKind.COUNT),
    Column("known", "coverage.x_known", ColumnKind.COUNT),
)


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
    rows = [asdict(row) for row in _rows(here, *_days(request, here))]
    return sent(request, here, visit, "coverage", COLUMNS, rows)


def _days(request: Request, here: Office) -> tuple[dt.date, dt.date]:
    today = day_of(here.now() // 1000)
    asked = request.query_params
    usual = (today - dt.timedelta(days=USUAL_DAYS - 1), today)
    return filters.days(asked.get("first", ""), asked.get("last", ""), usual)


def _rows(here: Office, first: dt.date, last: dt.date) -> Sequence[Covered]:
    """Worst first."""
    if here.ports.coverage is None:
        return ()
    tills = {one.till: one for one in queries.tills(here.engine, here.now(), here.settings.thresholds)}
    rows = []
    for share in here.ports.coverage.shares(first, last):
        one = tills.get(share.till)
        shop, shop_name, region = (one.shop, one.shop_name, one.region) if one else ("", "", "")
        age = one.heard.heartbeat.cache_age_s if one and one.heard else None
        rows.append(Covered(share.till, shop, shop_name, region, share.asked, share.known, age))
    return sorted(rows, key=lambda row: (-row.missed, row.till))
