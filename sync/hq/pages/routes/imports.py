"""What was imported, and every row that was refused, with its reason."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from sync.hq.pages.exporting import sent
from sync.hq.pages.office import Office
from sync.hq.pages.ports import ImportRun, Imports
from sync.hq.pages.visits import Here, Number, Refused, Signed
from sync.lists.table import Column, ColumnKind

router = APIRouter()
LISTED_MAX = 200
REFUSALS_MAX = 500


@router.get("/imports")
def imports(request: Request, here: Here, visit: Signed) -> Response:
    port = here.ports.imports
    rows = port.runs(LISTED_MAX) if port else []
    return here.page(request, visit, "imports.html", rows=rows, connected=port is not None)


@router.get("/imports/{number}")
def one(request: Request, here: Here, visit: Signed, number: Number) -> Response:
    port, run = _run(here, number)
    refusals = list(port.refusals(number, REFUSALS_MAX))
    return here.page(request, visit, "import.html", run=run, refusals=refusals, refusals_max=REFUSALS_MAX)


@router.get("/imports/{number}/export")
def export(request: Request, here: Here, visit: Signed, number: Number) -> Response:
    port, _ = _run(here, number)
    columns = [
        Column("row", "imports.row", ColumnKind.COUNT),
        Column("reason", "imports.reason"),
        Column("content", "imports.content"),
    ]
    rows = ({"row": one.row, "reason": one.told, "content": one.content} for one in port.refusals(number))
    return sent(request, here, visit, f"import-{number}-refusals", columns, rows)


def _run(here: Office, number: int) -> tuple[Imports, ImportRun]:
    port = here.ports.imports
    run = port.run(number) if port else None
    if port is None or run is None:
        raise Refused("not-found", 404)
    return port, run
