"""A table as a file: what was exported, by whom and how much, is in the audit trail before the first byte leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from sync.hq.engine import writing
from sync.hq.pages import audit
from sync.hq.pages.office import Office, Visit
from sync.hq.pages.ports import Column
from sync.hq.pages.texts import text
from sync.hq.pages.visits import Refused
from sync.hq.witness import ZONE

FORMS: Mapping[str, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


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
    titled = [replace(column, title=text(visit.language, column.title)) for column in columns]
    detail = {"format": form, "filter": request.url.query}
    with writing(here.engine) as db:
        audit.write(db, here.now(), visit.who, visit.address, "exported", name, detail)
    stamp = dt.datetime.fromtimestamp(here.now() // 10**9, ZONE)
    headers = {"content-disposition": f'attachment; filename="{name}-{stamp:%Y%m%d-%H%M%S}.{form}"'}
    pieces = here.ports.exports.write(form, name, titled, rows)
    return StreamingResponse(pieces, media_type=FORMS[form], headers=headers)
