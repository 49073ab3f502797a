"""A table as a file: what was exported and by whom is in the audit trail before the first byte leaves."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from sync.hq.engine import writing
from sync.hq.exports.xlsx import write_xlsx
from sync.hq.pages import audit
from sync.hq.pages.office import Office, Visit
from sync.hq.pages.texts import text
from sync.hq.pages.visits import Refused
from sync.lists.plain import csv_pieces, json_pieces
from sync.lists.table import Column, Table
from sync.zone import ZONE

PIECE_BYTES = 64 * 1024
KEPT_BYTES = 8 * 1024 * 1024  # A workbook up to this size never touches the disk.


def sent(
    request: Request,
    here: Office,
    visit: Visit,
    name: str,
    columns: Sequence[Column],
    rows: Iterable[Mapping[Any, Any]],
) -> Response:
    """`format` of the address chooses the form; titles of columns are keys of texts, given in the reader's language."""
    form = request.query_params.get("format", "xlsx")
    if form not in FORMS:
        raise Refused("unread", 422)
    media, pieces = FORMS[form]
    titled = [replace(column, title=text(visit.language, column.title)) for column in columns]
    table = Table(name, titled, ([row[column.name] for column in columns] for row in rows))
    detail = {"format": form, "filter": request.url.query}
    with writing(here.engine) as db:
        audit.write(db, here.now(), visit.who, visit.address, "exported", name, detail)
    stamp = dt.datetime.fromtimestamp(here.now() // 10**9, ZONE)
    headers = {"content-disposition": f'attachment; filename="{name}-{stamp:%Y%m%d-%H%M%S}.{form}"'}
    return StreamingResponse(pieces(table), media_type=media, headers=headers)


def _xlsx_pieces(table: Table) -> Iterator[bytes]:
    """A workbook is whole only at its end, so it is made first."""
    with tempfile.SpooledTemporaryFile(KEPT_BYTES) as file:
        write_xlsx(table, file)
        file.seek(0)
        while piece := file.read(PIECE_BYTES):
            yield piece


FORMS: Mapping[str, tuple[str, Callable[[Table], Iterator[bytes]]]] = {
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx_pieces),
    "csv": ("text/csv; charset=utf-8", csv_pieces),
    "json": ("application/json", json_pieces),
}
