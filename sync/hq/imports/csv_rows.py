"""A CSV file as rows of cells, from any byte on, in bounded memory.

A quote that is never closed would swallow the rest of the file: a record of more than RECORD_LINES_MAX lines or
RECORD_CHARS_MAX characters, or one that swallowed a line as wide as the table, is refused as its first line alone, and
reading goes on with the next.
"""

from __future__ import annotations

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sync.hq.imports.row_facts import RawRow
from sync.hq.imports.values import SURROGATES

SAMPLE_BYTES = 1024 * 1024
LINE_BYTES_MAX = 4 * 1024 * 1024
RECORD_LINES_MAX = 200
RECORD_CHARS_MAX = 1024 * 1024
DELIMITERS = (";", ",", "\t", "|")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_WIDE_SHARE = 0.3  # Of bytes that are zero on one side: text in UTF-16 without its mark.


class FileRefused(ValueError):
    """The file cannot be read at all; the text says why and what to do."""


class _EndlessRecord(Exception):
    pass


@dataclass(frozen=True, slots=True)
class CsvForm:
    encoding: str
    delimiter: str
    start: int  # Bytes of a byte order mark.


def csv_form(sample: bytes, *, encoding: str = "", delimiter: str = "", utf8: bool | None = None) -> CsvForm:
    """How a file is written, from its beginning. `utf8`: whether the whole of it is, when somebody has looked."""
    found, start = encoding, 0
    for bom, name in _BOMS:
        if sample.startswith(bom):
            found, start = name, len(bom)
            break
    else:
        if found in ("", "utf-16"):
            found = _wide(sample) or found
        if found == "utf-16":
            found = "utf-16-le"
        if not found:
            found = "utf-8" if (_is_utf8(sample) if utf8 is None else utf8) else "cp1251"
    text = sample[start:].decode(found, "replace")
    if not delimiter:
        delimiter = _delimiter(text)
    return CsvForm(found, delimiter, start)


def _wide(sample: bytes) -> str:
    half = max(1, len(sample) // 2)
    if sample[1::2].count(0) > half * _WIDE_SHARE:
        return "utf-16-le"
    return "utf-16-be" if sample[0::2].count(0) > half * _WIDE_SHARE else ""


def _is_utf8(sample: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)  # A letter cut off at the end is no error.
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(text: str) -> str:
    """The one that cuts most lines into equally many cells, each line by itself: one open quote must not hide them."""
    lines = text.splitlines()[:50]

    def weight(delimiter: str) -> int:
        widths = [_width(line, delimiter) for line in lines]
        return max(widths.count(width) * (width - 1) for width in set(widths) | {1})

    return max(DELIMITERS, key=weight)


def _width(line: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error:
        return line.count(delimiter) + 1


def csv_rows(path: Path, form: CsvForm, *, start: int = 0, number: int = 1, width: int = 0) -> Iterator[RawRow]:
    """Records from byte `start` on, the first of them numbered `number`. Raises FileRefused, OSError.

    `width`: columns of the table, where they are known.
    """
    with path.open("rb") as file:
        file.seek(max(start, form.start))
        feed = _Feed(_lines(file, form.encoding), file.tell())
        reader = csv.reader(feed, delimiter=form.delimiter)
        while True:
            begins = feed.position
            record = _record(reader, feed, form.delimiter, width)
            if record is None:
                return
            yield RawRow(number, record[0], begins, record[1], feed.is_spoilt())
            number += 1


def _record(reader: Iterator[list[str]], feed: _Feed, delimiter: str, width: int) -> tuple[list[str], str] | None:
    """Cells of the next record, or its first line and what is wrong with it; None at the end."""
    feed.begin()
    try:
        cells = next(reader, None)
    except (csv.Error, _EndlessRecord):
        cells = []
        endless = True
    else:
        endless = cells is not None and feed.has_swallowed(cells, delimiter, width)
    if cells is None:
        return None
    if endless:
        return [feed.give_back().rstrip("\r\n")[:1000]], "a quote is opened and not closed, or the line is no row"
    return cells, ""


class _Feed:
    """Lines for csv.reader, counted in bytes, and given back when their record is none."""

    def __init__(self, lines: Iterator[tuple[str, int]], position: int) -> None:
        self._lines = lines
        self._again: deque[tuple[str, int]] = deque()
        self._record: list[tuple[str, int]] = []
        self.position = position

    def begin(self) -> None:
        self._record.clear()

    def is_spoilt(self) -> bool:
        return any(SURROGATES.search(text) for text, _ in self._record if not text.isascii())

    def has_swallowed(self, cells: list[str], delimiter: str, width: int) -> bool:
        """Did this record take in what is a row of its own, or more than any row has?"""
        if len(self._record) == 1:
            return self._record[0][1] > RECORD_CHARS_MAX
        if all(text.count(delimiter) < max(2, width - 1) for text, _ in self._record[1:]):
            return False
        # Behind a line break in one of the first cells, or in a header, most of the row follows on the last line.
        # A quote left open took a delimiter into its cell, or the quote that closed it.
        broken = [cell for cell in cells if "\n" in cell]
        return any(delimiter in cell or '"' in cell for cell in broken) or 0 < width < len(cells)

    def give_back(self) -> str:
        """All lines of this record but its first, which is the answer."""
        first, _ = self._record[0]
        rest = self._record[1:]
        self.position -= sum(length for _, length in rest)
        self._again.extendleft(reversed(rest))
        return first

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if len(self._record) >= RECORD_LINES_MAX:
            raise _EndlessRecord
        text, size = self._again.popleft() if self._again else next(self._lines)
        self._record.append((text, size))
        self.position += size
        return text


def _lines(file: BinaryIO, encoding: str) -> Iterator[tuple[str, int]]:
    """Each line with its length in bytes. Bytes that are no text come as half surrogates, for the row to tell of."""
    if encoding.startswith("utf-16"):
        yield from _wide_lines(file, encoding)
        return
    while line := file.readline(LINE_BYTES_MAX):
        if len(line) == LINE_BYTES_MAX:
            raise FileRefused(f"a line is longer than {LINE_BYTES_MAX} bytes: this is no CSV")
        try:
            yield line.decode(encoding), len(line)
        except UnicodeDecodeError:
            yield line.decode(encoding, "surrogateescape"), len(line)


def _wide_lines(file: BinaryIO, encoding: str) -> Iterator[tuple[str, int]]:
    feed = "\n".encode(encoding)
    held = b""
    while True:
        data = file.read(SAMPLE_BYTES)
        held += data
        begin, place = 0, held.find(feed)
        while place >= 0:
            if (place - begin) % 2 == 0:
                line = held[begin : place + 2]
                yield _wide_text(line, encoding), len(line)
                begin = place + 2
                place = held.find(feed, begin)
            else:
                place = held.find(feed, place + 1)  # The halves of two other letters.
        held = held[begin:]
        if not data:
            break
        if len(held) > LINE_BYTES_MAX:
            raise FileRefused(f"a line is longer than {LINE_BYTES_MAX} bytes: this is no CSV")
    if held:
        yield _wide_text(held, encoding), len(held)


def _wide_text(line: bytes, encoding: str) -> str:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return line.decode(encoding, "surrogatepass") if len(line) % 2 == 0 else line[:-1].decode(encoding, "replace")
