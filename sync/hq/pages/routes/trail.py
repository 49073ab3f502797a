"""The audit trail, for administrators."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from sync.hq.pages.audit import ACTS
from sync.hq.pages.exporting import sent
from sync.hq.pages.queries import trail as queries
from sync.hq.pages.roles import Act
from sync.hq.pages.visits import Here, Signed, allow
from sync.lists.table import Column, ColumnKind

router = APIRouter()
COLUMNS = (
    Column("at_ns", "audit.at", ColumnKind.MOMENT_NS),
    Column("who", "audit.who"),
    Column("address", "audit.address"),
    Column("what", "audit.what"),
    Column("object", "audit.object"),
    Column("detail", "audit.detail"),
)


@router.get("/audit")
def trail(request: Request, here: Here, visit: Signed) -> Response:
    allow(visit, Act.AUDIT)
    who, what = request.query_params.get("who", ""), request.query_params.get("what", "")
    with here.engine.connect() as db:
        rows = queries.listed(db, who, what, _before(request))
    older = ""
    if len(rows) == queries.PAGE_ROWS:
        older = urlencode({"who": who, "what": what, "before": rows[-1]["id"]})
    shown = [dict(row) | {"detail": json.loads(row["detail"])} for row in rows]
    return here.page(
        request, visit, "audit.html", rows=shown, who=who, what=what, acts=ACTS, older=older,
        people=[account.name for account in here.accounts.all()],
    )  # fmt: skip


@router.get("/audit/export")
def export(request: Request, here: Here, visit: Signed) -> Response:
    allow(visit, Act.AUDIT)
    who, what = request.query_params.get("who", ""), request.query_params.get("what", "")
    return sent(request, here, visit, "audit", COLUMNS, queries.every(here.engine, who, what))


def _before(request: Request) -> int | None:
    text = request.query_params.get("before", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
