"""preview: how a file would be read, before anything is imported; what stands in the way has its row and column."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from sync.hq.imports import guess
from sync.hq.imports.csv_rows import FileRefused
from sync.hq.imports.mapping import Mapping, MappingError, Meaning, fits, to_toml
from sync.hq.imports.receipts import Document, read_chunk
from sync.hq.imports.remarks import Remark
from sync.hq.imports.row_facts import RawRow, Reader, is_blank
from sync.hq.imports.sheet import Sheet, open_sheet, placed
from sync.hq.imports.values import cleaned

ROWS_MAX = 200
GUESSED = "operator"


@dataclass(frozen=True, slots=True)
class Preview:
    """`trouble` "": the file can be imported with this mapping."""

    path: Path
    form: MappingType[str, Any] = field(default_factory=dict)  # Kind, encoding and delimiter, or sheet.
    header_row: int = 0
    header: tuple[str, ...] = ()
    mapping: Mapping | None = None
    guessed: bool = False
    columns: MappingType[str, str] = field(default_factory=dict)  # Meaning -> header.
    unused: tuple[str, ...] = ()  # Columns that mean nothing to headquarters.
    first_rows: tuple[tuple[str, ...], ...] = ()  # As they stand in the file.
    documents: tuple[Document, ...] = ()  # As they would be read.
    remarks: tuple[Remark, ...] = ()  # Each trouble: row, column, value.
    rows_looked: int = 0
    trouble: str = ""

    @property
    def toml(self) -> str:
        """The mapping as text, to begin a mapping file with."""
        return to_toml(self.mapping) if self.mapping is not None else ""


def preview(
    path: Path,
    mapping: Mapping | None = None,
    *,
    known: MappingType[str, Mapping] | None = None,
    registers: MappingType[str, str] | None = None,
    rows: int = ROWS_MAX,
) -> Preview:
    """Look at the beginning of a file and change nothing. Raises OSError.

    Without a mapping the first of `known` that fits is taken, else one is guessed from the header.
    """
    try:
        sheet = open_sheet(path, mapping)
        if not sheet.header_row:
            head = list(islice(sheet.data(), 20))
            text = "no row looks like a header: name `header_row` and columns by number"
            return Preview(path, sheet.described(), first_rows=_texts(head), mapping=mapping, trouble=text)
        data = list(_some(sheet.data(), rows))
        chosen, guessed = _chosen(sheet, mapping, known or {}, data)
        seen = Preview(
            path,
            sheet.described(),
            sheet.header_row,
            sheet.header,
            chosen,
            guessed,
            first_rows=_texts(data[:20]),
            rows_looked=len(data),
        )
        return _read(seen, sheet, data, registers or {})
    except FileRefused as error:
        return Preview(path, mapping=mapping, trouble=str(error))


def _chosen(
    sheet: Sheet, mapping: Mapping | None, known: MappingType[str, Mapping], data: list[RawRow]
) -> tuple[Mapping, bool]:
    if mapping is not None:
        return mapping, False
    fitting = next((one for one in known.values() if fits(one, sheet.header)), None)
    if fitting is not None:
        return fitting, False
    return guess.guessed(GUESSED, sheet.header, [row.cells for row in data]), True


def _read(seen: Preview, sheet: Sheet, data: list[RawRow], registers: MappingType[str, str]) -> Preview:
    mapping = seen.mapping
    if mapping is None:
        return seen
    if seen.guessed and (lacks := guess.missing(mapping)):
        return replace(seen, trouble=f"no column was recognised for {', '.join(lacks)}: name it in a mapping")
    try:
        where = placed(sheet, mapping)
    except MappingError as error:
        return replace(seen, trouble=str(error))
    read = read_chunk(data, Reader(mapping, where, registers, sheet.date1904, "preview"))
    used = frozenset(where.at.values())
    if not data:
        trouble = f"nothing below the header in row {seen.header_row}: the file is empty, or its rows are out of order"
    else:
        trouble = "" if read.documents else "no row can be read: see the remarks"
    return replace(
        seen,
        columns={meaning.value: where.names[meaning] for meaning in Meaning if meaning in where.at},
        unused=tuple(name for index, name in enumerate(sheet.header) if name and index not in used),
        documents=tuple(read.documents),
        remarks=tuple(sorted(read.remarks, key=lambda remark: remark.row)),
        trouble=trouble,
    )


def _some(rows: Iterator[RawRow], most: int) -> Iterator[RawRow]:
    return islice((row for row in rows if not is_blank(row)), most)


def _texts(rows: list[RawRow]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(cleaned(cell) for cell in row.cells) for row in rows)
