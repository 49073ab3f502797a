"""A file of records, one a line, read without ever holding more than one line: CSV (`,` or `;`) or JSON lines.

Every mistake has a place. A line over the limit is skipped in pieces, so a file without line ends cannot fill the
memory.
"""

from __future__ import annotations

import csv
import difflib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO

LINE_MAX_BYTES = 64 * 1024
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class BadRow:
    """One mistake: where, and what to do about it. Lines count from 1; `column` is None for the line as a whole."""

    line: int
    column: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    line: int
    values: dict[str, str]  # Column -> text without surrounding blanks; a column left out or empty is "".


class UnreadableFile(Exception):
    """The file as a whole cannot be read: header, encoding, form. Holds the mistake with its place."""

    def __init__(self, bad: BadRow) -> None:
        super().__init__(bad.reason)
        self.bad = bad


class RecordFile:
    """Records of an open file. `columns` are the header's names, or None for JSON lines (each line has its own)."""

    def __init__(self, source: BinaryIO, encoding: str) -> None:
        self._source = source
        self._encoding = encoding
        self._line = 0
        self.read_bytes = 0  # How far the file is read, for a progress bar.
        first = self._first()
        self.columns: tuple[str, ...] | None = None
        self._pending: str | None = None
        self._delimiter = ","
        if first.lstrip()[:1] == "{":
            self._pending = first
        elif first.lstrip()[:1] == "[":
            raise UnreadableFile(BadRow(self._line, None, "a JSON array; one object a line is wanted (JSON lines)"))
        else:
            self._header(first)

    def records(self) -> Iterator[Record | BadRow]:
        """Each record or mistake in turn; a line can have several mistakes, its values are not checked here."""
        if self._pending is not None:
            yield self._read(self._pending)
            self._pending = None
        while (line := self._next()) is not None:
            if isinstance(line, BadRow):
                yield line
            elif line.strip():
                yield self._read(line)

    def require(self, known: Sequence[str], needed: Sequence[str]) -> None:
        """Check the header of a CSV file. Raises UnreadableFile."""
        if self.columns is None:
            return
        for name in self.columns:
            if name not in known:
                raise UnreadableFile(BadRow(self._line, name, unknown_column(name, known)))
        missing = [name for name in needed if name not in self.columns]
        if missing:
            raise UnreadableFile(BadRow(self._line, missing[0], f"the header has no column {missing[0]!r}"))

    def peek(self) -> frozenset[str]:
        """Column names, of the first object where there is no header: to tell what kind of file it is."""
        if self.columns is not None:
            return frozenset(self.columns)
        first = self._json(self._pending or "{}")
        return frozenset() if isinstance(first, BadRow) else frozenset(first.values)

    def _first(self) -> str:
        line = self._next()
        while isinstance(line, str) and not line.strip():
            line = self._next()
        if line is None:
            raise UnreadableFile(BadRow(1, None, "the file is empty"))
        if isinstance(line, BadRow):
            raise UnreadableFile(line)
        return line

    def _header(self, first: str) -> None:
        # Spreadsheets write "sep=;" above the header so that they read their own file back.
        if first.lower().startswith("sep=") and len(first) == 5:
            self._delimiter = first[4]
            first = self._first()
        else:
            self._delimiter = ";" if first.count(";") > first.count(",") else ","
        if self._delimiter not in ",;":
            raise UnreadableFile(BadRow(self._line, None, f"separator {self._delimiter!r}; ',' or ';' is wanted"))
        cells = self._cells(first)
        if isinstance(cells, BadRow):
            raise UnreadableFile(cells)
        names = [cell.strip().lower() for cell in cells]
        while names and not names[-1]:
            names.pop()
        for place, name in enumerate(names):
            if name in names[:place] or not name:
                reason = f"column {place + 1} has no name" if not name else f"column {name!r} stands twice"
                raise UnreadableFile(BadRow(self._line, name or None, reason))
        self.columns = tuple(names)

    def _next(self) -> str | BadRow | None:
        raw = self._source.readline(LINE_MAX_BYTES + 1)
        if not raw:
            return None
        self._line += 1
        self.read_bytes += len(raw)
        if self._line == 1:
            if raw.startswith(_UTF16):
                raise UnreadableFile(BadRow(1, None, "the file is UTF-16; save it as UTF-8"))
            raw = raw.removeprefix(_BOM)
        if len(raw) > LINE_MAX_BYTES and not raw.endswith(b"\n"):
            return self._skip()
        raw = raw.rstrip(b"\r\n")
        if b"\x00" in raw:
            return BadRow(self._line, None, f"a NUL byte at byte {raw.index(0) + 1}; the file is damaged")
        try:
            return raw.decode(self._encoding)
        except UnicodeDecodeError as error:
            hint = "; an older Windows file? then --encoding cp1251" if self._encoding == "utf-8" else ""
            return BadRow(self._line, None, f"byte {error.start + 1} is not {self._encoding}{hint}")

    def _skip(self) -> BadRow:
        while (raw := self._source.readline(LINE_MAX_BYTES)) and not raw.endswith(b"\n"):
            self.read_bytes += len(raw)
        self.read_bytes += len(raw)
        return BadRow(self._line, None, f"the line is longer than {LINE_MAX_BYTES} bytes")

    def _read(self, line: str) -> Record | BadRow:
        if self.columns is None:
            return self._json(line)
        cells = self._cells(line)
        if isinstance(cells, BadRow):
            return cells
        width = len(self.columns)
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            del cells[width:]
        if len(cells) != width:
            return BadRow(self._line, None, f"{len(cells)} columns, the header has {width}")
        return Record(self._line, {name: cell.strip() for name, cell in zip(self.columns, cells, strict=True)})

    def _cells(self, line: str) -> list[str] | BadRow:
        try:
            return next(csv.reader([line], delimiter=self._delimiter, strict=True), [])
        except csv.Error as error:
            return BadRow(self._line, None, f"quotes do not match ({error}); a quote inside a quoted field is doubled")

    def _json(self, line: str) -> Record | BadRow:
        try:
            found = json.loads(line, object_pairs_hook=_once, parse_float=Decimal, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            return BadRow(self._line, None, f"not JSON: {error.msg} at character {error.pos + 1}")
        except (ValueError, RecursionError) as error:
            return BadRow(self._line, None, f"not usable JSON: {error}")
        if not isinstance(found, dict):
            return BadRow(self._line, None, "an object {...} is wanted on each line")
        values: dict[str, str] = {}
        for name, value in found.items():
            text = _text(value)
            if text is None:
                return BadRow(self._line, name, "text, a number, true, false, null or a list of texts is wanted")
            values[name.strip().lower()] = text
        return Record(self._line, values)


def unknown_column(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"unknown column {name!r}" + (f"; the nearest known is {near[0]!r}" if near else "")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} stands twice")
    return found


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a number")


def _text(value: Any) -> str | None:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return format(value, "f") if isinstance(value, Decimal) and abs(value.adjusted()) < 40 else str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return " ".join(value)
    return None
