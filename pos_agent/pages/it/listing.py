"""A list on a page, and the same list as a file: one description of its columns serves both.

Files are those of headquarters (sync/hq/exports): CSV for the spreadsheets of our offices, JSON for programs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi.responses import StreamingResponse
from starlette.responses import Response

from pos_agent.agent import Agent
from pos_agent.clock import NS_PER_S
from pos_agent.pages.it.formats import Formats
from sync.lists.plain import csv_pieces, json_pieces
from sync.lists.table import Column, ColumnKind, Table

TEXT, COUNT, MONEY, MOMENT = ColumnKind.TEXT, ColumnKind.COUNT, ColumnKind.MONEY, ColumnKind.MOMENT_NS
SHOWN_MAX: Final = 200  # Rows on a page; a file has up to ROWS_MAX.
ROWS_MAX: Final = 10_000

FORMS: Final[Mapping[str, tuple[str, Callable[[Table], Iterator[bytes]]]]] = {
    "csv": ("text/csv; charset=utf-8", csv_pieces),
    "json": ("application/json", json_pieces),
}


@dataclass(frozen=True, slots=True)
class Col:
    """`look`: how a page shows it: "word", "badge", "code", "span" (seconds as a span of time); "" as it is."""

    name: str  # Key in JSON; its title is `col.NAME` of the catalogue.
    kind: ColumnKind = TEXT
    look: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    name: str  # Of the files, and of its address under /it/export.
    columns: tuple[Col, ...]
    rows: Sequence[Sequence[Any]]
    query: str = ""  # Filters, as they stand in the address.
    shown_max: int = SHOWN_MAX

    @property
    def shown(self) -> Sequence[Sequence[Any]]:
        return self.rows[: self.shown_max]

    @property
    def filled(self) -> Sequence[int]:
        """Places of the columns a page shows: the first, and those in which any row says something."""
        places = range(len(self.columns))
        return [place for place in places if place == 0 or any(row[place] not in (None, "") for row in self.shown)]


Query = Mapping[str, str]
Lister = Callable[[Agent, Query], Listing]


def as_file(listing: Listing, form: str, formats: Formats, now_ns: int) -> Response:
    """Raises KeyError for a form there is not."""
    media, pieces = FORMS[form]
    columns = [Column(col.name, formats.text(f"col.{col.name}"), col.kind) for col in listing.columns]
    table = Table(listing.name, columns, listing.rows)
    stamp = dt.datetime.fromtimestamp(now_ns // NS_PER_S, formats.zone)
    name = f"{listing.name}-{stamp:%Y%m%d-%H%M%S}.{form}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces(table), media_type=media, headers=headers)
