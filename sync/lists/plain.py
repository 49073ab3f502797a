"""Lists as CSV and JSON, streamed. Pure: rows in, pieces of a file out.

CSV is for the spreadsheets of our offices: UTF-8 with a byte order mark, semicolons, CRLF, decimal commas, since a
Russian or Kazakh Excel would take 12.50 for a day in December. A text that a spreadsheet would run as a formula gets an
apostrophe in front, and so does one that begins with an apostrophe: take one away and the text is as it was.
Source of the guarded characters: OWASP, CSV Injection.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from sync.lists.table import ColumnKind, Table, as_json, clean, local_time, tenge

BOM = "\ufeff"
PIECE_LENGTH = 65_536
# The full-width forms too: some spreadsheets read them as the plain ones.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")


def csv_pieces(table: Table) -> Iterator[bytes]:
    """The file, a piece at a time."""
    kept = io.StringIO()
    writer = csv.writer(kept, delimiter=";", lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    kept.write(BOM)
    writer.writerow([guarded(column.title) for column in table.columns])
    kinds = [column.kind for column in table.columns]
    for row in table.rows:
        writer.writerow([_cell(value, kind) for value, kind in zip(row, kinds, strict=True)])
        if kept.tell() >= PIECE_LENGTH:
            yield _taken(kept)
    yield _taken(kept)


def json_pieces(table: Table) -> Iterator[bytes]:
    """`{"title": …, "columns": […], "rows": [{…}, …]}`, one row a line."""
    columns = [{"name": column.name, "title": column.title, "kind": str(column.kind)} for column in table.columns]
    kept = io.StringIO()
    kept.write(f'{{"title":{_json(clean(table.title))},"columns":{_json(columns)},"rows":[')
    separator = "\n"
    for row in table.rows:
        pairs = zip(table.columns, row, strict=True)
        kept.write(separator + _json({column.name: as_json(value, column.kind) for column, value in pairs}))
        separator = ",\n"
        if kept.tell() >= PIECE_LENGTH:
            yield _taken(kept)
    kept.write("\n]}\n")
    yield _taken(kept)


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    text = clean(text)
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def _cell(value: Any, kind: ColumnKind) -> str:
    if value is None:
        return ""
    if kind is ColumnKind.MONEY:
        return tenge(value, ",")
    if kind is ColumnKind.DAY:
        return str(value.isoformat())
    if kind in (ColumnKind.MOMENT_US, ColumnKind.MOMENT_NS):
        local = local_time(value, kind)
        return "" if local is None else local.isoformat(" ", "seconds")
    if kind is ColumnKind.FLAG:
        return "1" if value else "0"
    return guarded(value) if isinstance(value, str) else str(value)


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _taken(kept: io.StringIO) -> bytes:
    text = kept.getvalue()
    kept.seek(0)
    kept.truncate()
    return text.encode()
