"""A sheet of an XLSX workbook as rows of cells, read as a stream; merged cells hold their value all over.

A workbook is a ZIP of XML and may be a few kilobytes that unfold to gigabytes: sizes and ratio are looked at before
anything is unpacked, and a document type, which no spreadsheet program writes, is refused.
Source of the format: ECMA-376 part 1, 18.3.1.55 (mergeCells), 18.17.4 (dates).
"""

from __future__ import annotations

import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

import openpyxl
from openpyxl.utils.cell import range_boundaries

from sync.hq.imports.csv_rows import FileRefused
from sync.hq.imports.row_facts import RawRow
from sync.hq.imports.values import Cell

UNPACKED_BYTES_MAX = 4 * 1024**3
STRINGS_BYTES_MAX = 256 * 1024**2  # The table of texts is held in memory while the sheet is read.
RATIO_MAX = 200  # Real sheets pack 10 to 40 times.
RATIO_FROM_BYTES = 64 * 1024**2
ENTRIES_MAX = 2000
MERGES_MAX = 200_000
COLUMNS_MAX = 2000
_BLOCK = 256 * 1024
# What openpyxl and zlib raise for a damaged workbook is no closed list; each means the same to a person.
_DAMAGE = (
    ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError, OverflowError, SyntaxError,
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, NotImplementedError, RuntimeError,
    expat.ExpatError,
)  # fmt: skip


@dataclass(slots=True)
class Merge:
    top: int
    left: int
    bottom: int
    right: int
    value: Cell = None


@dataclass(frozen=True, slots=True)
class XlsxForm:
    sheet: str
    date1904: bool
    rows: int  # As the sheet says; 0 unknown.
    merges: tuple[tuple[int, int, int, int], ...] = field(default=(), repr=False)


def check_archive(path: Path) -> None:
    """Raises FileRefused for what is no workbook, and for one that unfolds beyond reason."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            if any(entry.flag_bits & 1 for entry in entries):
                raise FileRefused("the archive has a password: save the workbook without one")
            if not any(name.lower() == "xl/workbook.xml" for name in names):
                raise FileRefused("a ZIP archive without a workbook in it: unpack it and import what is inside")
            unpacked = sum(entry.file_size for entry in entries)
            packed = max(1, sum(entry.compress_size for entry in entries))
            if len(entries) > ENTRIES_MAX or unpacked > UNPACKED_BYTES_MAX:
                raise FileRefused(f"the workbook unfolds to {unpacked} bytes in {len(entries)} parts: too much")
            if unpacked > RATIO_FROM_BYTES and unpacked > packed * RATIO_MAX:
                raise FileRefused(f"the workbook unfolds {unpacked // packed} times: an archive bomb, not a report")
            texts = sum(entry.file_size for entry in entries if entry.filename.lower().endswith("sharedstrings.xml"))
            if texts > STRINGS_BYTES_MAX:
                raise FileRefused(f"the workbook has {texts} bytes of texts: save it as CSV")
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError) as error:
        raise FileRefused(f"the workbook is damaged: {error}") from error


def xlsx_form(path: Path, sheet: str = "") -> XlsxForm:
    """Which sheet is read and what is merged in it. Raises FileRefused."""
    check_archive(path)
    with _opened(path) as book, _named():
        found = _sheet_of(book, sheet)
        part = _part_of(found)
        rows = int(found.max_row or 0)
        with zipfile.ZipFile(path) as archive:
            _check_texts(archive)
            merges = _merges(archive, part)
        return XlsxForm(found.title, book.epoch.year == 1904, rows, merges)


def xlsx_rows(path: Path, form: XlsxForm, *, after: int = 0) -> Iterator[RawRow]:
    """Rows behind number `after`. Raises FileRefused, OSError."""
    waiting = sorted((Merge(*area) for area in form.merges), key=lambda merge: merge.top, reverse=True)
    active: list[Merge] = []
    with _opened(path) as book, _named():
        sheet = book[form.sheet]
        sheet.reset_dimensions()  # What a sheet says of its own size may be wrong, and would cut columns off.
        for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            row: list[Cell] = list(cells[:COLUMNS_MAX])
            while waiting and waiting[-1].top == number:
                merge = waiting.pop()
                merge.value = row[merge.left - 1] if merge.left <= len(row) else None
                active.append(merge)
            if active:
                _spread(row, active)
                active = [merge for merge in active if merge.bottom > number]
            if number > after:
                yield RawRow(number, row, number)


def _spread(row: list[Cell], active: list[Merge]) -> None:
    for merge in active:
        right = min(merge.right, COLUMNS_MAX)
        row += [None] * (right - len(row))
        row[merge.left - 1 : right] = [merge.value] * (right - merge.left + 1)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    # The file is ours: of one that it cannot read openpyxl leaves the handle open.
    with path.open("rb") as file:
        with _named(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # Styles and extensions openpyxl leaves out.
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        try:
            yield book
        finally:
            book.close()


@contextmanager
def _named() -> Iterator[None]:
    """Whatever a damaged workbook makes its readers raise becomes FileRefused."""
    try:
        yield
    except FileRefused:
        raise
    except _DAMAGE as error:
        raise FileRefused(f"the workbook is damaged: {type(error).__name__}: {error}"[:300]) from error


def _sheet_of(book: Any, name: str) -> Any:
    sheets = list(book.worksheets)
    if name:
        found = next((sheet for sheet in sheets if sheet.title == name), None)
        if found is None:
            there = ", ".join(repr(sheet.title) for sheet in sheets)
            raise FileRefused(f"the workbook has no sheet {name!r}; it has {there}")
        return found
    for sheet in sheets:
        first = next(iter(sheet.iter_rows(max_row=50, max_col=50, values_only=True)), None)
        if first is not None:
            return sheet
    raise FileRefused("the workbook has no sheet with rows")


def _part_of(sheet: Any) -> str:
    path = str(sheet._worksheet_path)  # openpyxl tells the part of a read-only sheet nowhere else.
    return path.lstrip("/")


def _check_texts(archive: zipfile.ZipFile) -> None:
    for entry in archive.infolist():
        if entry.filename.lower().endswith("sharedstrings.xml"):
            with archive.open(entry) as part:
                head = part.read(_BLOCK)
            if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                raise FileRefused("the workbook defines XML entities, which no spreadsheet program does")


def _merges(archive: zipfile.ZipFile, part: str) -> tuple[tuple[int, int, int, int], ...]:
    """Merged ranges (top, left, bottom, right). They stand behind the rows, so the part is gone through once."""
    if not _mentions(archive, part, b"mergeCell", b"<!DOCTYPE"):
        return ()
    found: list[tuple[int, int, int, int]] = []
    parser = expat.ParserCreate(namespace_separator=" ")

    def started(tag: str, attributes: dict[str, str]) -> None:
        if tag.endswith(" mergeCell") or tag == "mergeCell":
            left, top, right, bottom = range_boundaries(attributes.get("ref", ""))
            if None in (left, top, right, bottom) or len(found) >= MERGES_MAX:
                raise FileRefused(f"merged cells {attributes.get('ref')!r}: more than {MERGES_MAX}, or of whole rows")
            found.append((int(top or 0), int(left or 0), int(bottom or 0), int(right or 0)))

    def refuse(*_: object) -> None:
        raise FileRefused("the workbook defines XML entities, which no spreadsheet program does")

    parser.StartElementHandler = started
    parser.StartDoctypeDeclHandler = refuse
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            parser.Parse(block, False)
        parser.Parse(b"", True)
    return tuple(found)


def _mentions(archive: zipfile.ZipFile, part: str, *words: bytes) -> bool:
    """Unpacking alone is several times faster than parsing, and most sheets have nothing merged."""
    held = b""
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            held = held[-16:] + block
            if any(word in held for word in words):
                return True
    return False
