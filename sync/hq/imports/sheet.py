"""A file of an operator as rows of cells, whatever it is, from any place on."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sync.hq.imports import guess
from sync.hq.imports.csv_rows import SAMPLE_BYTES, CsvForm, FileRefused, csv_form, csv_rows
from sync.hq.imports.mapping import Mapping, MappingError, Placed, fits, place
from sync.hq.imports.row_facts import RawRow, is_blank
from sync.hq.imports.values import cleaned
from sync.hq.imports.xlsx_rows import XlsxForm, xlsx_form, xlsx_rows

HEADER_ROWS_MAX = 60  # Title rows above a header.
_BLOCK = 1024 * 1024
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls), or a workbook with a password: save it as XLSX or CSV"),
    (b"%PDF", "a PDF: ask the cabinet for CSV or XLSX"),
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"{\\rtf", "a text document: ask the cabinet for CSV or XLSX"),
)


@dataclass(frozen=True, slots=True)
class Looked:
    """A file gone through once."""

    sha256: str
    size: int
    utf8: bool  # All of it is UTF-8.


@dataclass(frozen=True, slots=True)
class Sheet:
    """An opened file: rows from any place on. `header_row` 0: no header was found."""

    path: Path
    form: CsvForm | XlsxForm
    size: int  # Of the measure in which rows have their `start`.
    header_row: int
    header: tuple[str, ...]
    data_start: int  # `start` of the first row behind the header.

    @property
    def date1904(self) -> bool:
        return isinstance(self.form, XlsxForm) and self.form.date1904

    def rows(self, start: int, number: int) -> Iterator[RawRow]:
        """Rows from place `start` on, whose first has this number. Raises FileRefused, OSError."""
        if isinstance(self.form, CsvForm):
            return csv_rows(self.path, self.form, start=start, number=number, width=len(self.header))
        return xlsx_rows(self.path, self.form, after=number - 1)

    def data(self) -> Iterator[RawRow]:
        return self.rows(self.data_start, self.header_row + 1)

    def described(self) -> dict[str, Any]:
        if isinstance(self.form, CsvForm):
            return {"kind": "csv", "encoding": self.form.encoding, "delimiter": self.form.delimiter}
        return {"kind": "xlsx", "sheet": self.form.sheet, "merged": len(self.form.merges)}


def look(path: Path) -> Looked:
    """Raises OSError."""
    digest, decoder, size, utf8 = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), 0, True
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
            if utf8:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    utf8 = False
    return Looked(digest.hexdigest(), size, utf8)


def open_sheet(path: Path, mapping: Mapping | None = None, *, utf8: bool | None = None) -> Sheet:
    """Find out what the file is and where its header stands. Raises FileRefused, OSError."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    _refuse_foreign(sample)
    form: CsvForm | XlsxForm
    if sample.startswith(b"PK\x03\x04"):
        form = xlsx_form(path, mapping.sheet if mapping else "")
        size, begin = form.rows, 0
    else:
        encoding, delimiter = (mapping.encoding, mapping.delimiter) if mapping else ("", "")
        form = csv_form(sample, encoding=encoding, delimiter=delimiter, utf8=utf8)
        size, begin = path.stat().st_size, form.start
    sheet = Sheet(path, form, size, 0, (), begin)
    head = list(islice(sheet.rows(begin, 1), HEADER_ROWS_MAX + 1))
    at = _header_at(head, mapping)
    if at is None:
        return sheet
    header = tuple(cleaned(cell) for cell in head[at].cells)
    after = head[at + 1].start if at + 1 < len(head) else size
    return Sheet(path, form, size, head[at].number, header, after)


def placed(sheet: Sheet, mapping: Mapping) -> Placed:
    """The mapping on the header that was found. Raises MappingError."""
    if not sheet.header_row:
        raise MappingError(f"{mapping.name}: no row of the first {HEADER_ROWS_MAX} has the named columns")
    return place(mapping, sheet.header)


def _header_at(head: Sequence[RawRow], mapping: Mapping | None) -> int | None:
    """Index of the header among the first rows: the named one, one that fits, else the one most like a header."""
    if mapping is not None and mapping.header_row:
        return next((index for index, row in enumerate(head) if row.number == mapping.header_row), None)
    texts = [[cleaned(cell) for cell in row.cells] for row in head[:HEADER_ROWS_MAX]]
    if mapping is not None and not _numbers_alone(mapping):
        fitting = [index for index, row in enumerate(texts) if fits(mapping, row)]
        if fitting:
            return fitting[0]
    likely = [(guess.score(row), -index) for index, row in enumerate(texts) if not is_blank(head[index])]
    best = max(likely, default=(0, 0))
    return -best[1] if best[0] >= 2 else None


def _numbers_alone(mapping: Mapping) -> bool:
    """Columns named by number fit any row: they say nothing of where the header is."""
    return all(isinstance(name, int) for names in mapping.columns.values() for name in names)


def _refuse_foreign(sample: bytes) -> None:
    if not sample:
        raise FileRefused("the file is empty")
    for magic, text in _FOREIGN:
        if sample.startswith(magic):
            raise FileRefused(text)
    head = sample[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html", b"<table", b"<?xml", b"<head", b"<meta")):
        raise FileRefused("a web page or XML, whatever its name says: open it in a spreadsheet and save it as XLSX")
    if sample.count(0) and not sample.startswith((b"PK\x03\x04", b"\xff\xfe", b"\xfe\xff")):
        half = max(1, len(sample) // 2)
        if max(sample[::2].count(0), sample[1::2].count(0)) < half * 0.3:
            raise FileRefused("no text and no workbook: ask the cabinet for CSV or XLSX")
