"""Lists as XLSX: real numbers and dates, a frozen header, filters, widths; memory does not grow with the rows.

A sheet ends at 1 048 576 rows; what is more goes on in a further sheet. Excel counts with 15 digits, so that a longer
whole number is written as text. Source: Microsoft, "Excel specifications and limits".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

import xlsxwriter

from sync.lists.table import ColumnKind, Table, Value, clean, local_time, tenge

ROWS_MAX = 1_048_576  # Header included.
TEXT_LENGTH_MAX = 32_767
CUT = " … [cut]"
EXACT_MAX = 10**15
SAMPLE = 200  # Rows from which widths are taken.
WIDTH_MIN, WIDTH_MAX = 8, 60
SHEET_NAME_LENGTH_MAX = 28  # Of 31, room for a number.
FORMATS: dict[ColumnKind, str] = {
    ColumnKind.TEXT: "@",
    ColumnKind.COUNT: "0",
    ColumnKind.MONEY: "#,##0.00",
    ColumnKind.DAY: "dd.mm.yyyy",
    ColumnKind.MOMENT_US: "dd.mm.yyyy hh:mm:ss",
    ColumnKind.MOMENT_NS: "dd.mm.yyyy hh:mm:ss",
    ColumnKind.FLAG: "General",
}
WIDTHS: dict[ColumnKind, int] = {ColumnKind.DAY: 12, ColumnKind.MOMENT_US: 19, ColumnKind.MOMENT_NS: 19}


def write_xlsx(table: Table, target: Path | IO[bytes], folder: Path | None = None) -> int:
    """Write the whole list; the number of its rows. `folder` holds the temporary files of the sheets."""
    options: dict[str, Any] = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
        "default_date_format": FORMATS[ColumnKind.MOMENT_US],
    }
    if folder is not None:
        options["tmpdir"] = str(folder)
    with xlsxwriter.Workbook(str(target) if isinstance(target, Path) else target, options) as book:
        formats = {kind: book.add_format({"num_format": text}) for kind, text in FORMATS.items()}
        header = book.add_format({"bold": True, "bg_color": "#E8ECF0", "border": 1, "text_wrap": True})
        rows = iter(table.rows)
        written = sheets = 0
        while True:
            # The widths stand in front of the rows in the file, so the first rows are looked at beforehand.
            sample = list(islice(rows, SAMPLE))
            if sheets and not sample:
                return written
            sheets += 1
            sheet = book.add_worksheet(_sheet_name(table.title, sheets))
            written += _write_sheet(
                sheet, table, chain(sample, islice(rows, ROWS_MAX - 1 - len(sample))), formats, header
            )
            for number, column in enumerate(table.columns):
                sheet.set_column(number, number, _width(column.title, column.kind, [row[number] for row in sample]))


def _sheet_name(title: str, number: int) -> str:
    name = "".join(" " if char in "[]:*?/\\" else char for char in clean(title)).strip("' ")[:SHEET_NAME_LENGTH_MAX]
    return f"{name or 'Sheet'}{'' if number == 1 else f' {number}'}"


def _write_sheet(
    sheet: Any, table: Table, rows: Iterator[Sequence[Value]], formats: dict[ColumnKind, Any], header: Any
) -> int:
    for number, column in enumerate(table.columns):
        sheet.write_string(0, number, _text(column.title), header)
    sheet.freeze_panes(1, 0)
    count = 0
    for count, row in enumerate(rows, start=1):
        for number, (column, value) in enumerate(zip(table.columns, row, strict=True)):
            if value is not None and value != "":
                _write(sheet, count, number, value, column.kind, formats)
    if table.columns:
        sheet.autofilter(0, 0, max(count, 1), len(table.columns) - 1)
    return count


def _write(sheet: Any, row: int, number: int, value: Any, kind: ColumnKind, formats: dict[ColumnKind, Any]) -> None:
    if kind is ColumnKind.DAY:
        sheet.write_datetime(row, number, value, formats[kind])
    elif kind in (ColumnKind.MOMENT_US, ColumnKind.MOMENT_NS):
        local = local_time(value, kind)
        if local is not None:
            sheet.write_datetime(row, number, local, formats[kind])
    elif kind is ColumnKind.FLAG:
        sheet.write_boolean(row, number, bool(value), formats[kind])
    elif kind is ColumnKind.TEXT:
        sheet.write_string(row, number, _text(str(value)), formats[kind])
    elif abs(value) >= EXACT_MAX:
        sheet.write_string(
            row, number, tenge(value) if kind is ColumnKind.MONEY else str(value), formats[ColumnKind.TEXT]
        )
    else:
        sheet.write_number(row, number, value / 100 if kind is ColumnKind.MONEY else value, formats[kind])


def _text(text: str) -> str:
    # Excel counts its limit in UTF-16.
    text = clean(text)
    if len(text.encode("utf-16-le")) // 2 <= TEXT_LENGTH_MAX:
        return text
    room = (TEXT_LENGTH_MAX - len(CUT)) * 2
    return text.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + CUT


def _width(title: str, kind: ColumnKind, values: Sequence[Value]) -> int:
    widest = max((len(str(value)) for value in values if value is not None), default=0)
    return min(WIDTH_MAX, max(WIDTH_MIN, len(title) + 3, WIDTHS.get(kind, widest + 2)))
