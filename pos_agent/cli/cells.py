"""Rows as cells: for eyes, for a spreadsheet, for programs. Pure.

A spreadsheet of this country reads UTF-8 only with its mark, splits at semicolons and has a comma in its numbers.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from fiscal.escpos.compose import moment, money, percent, quantity
from pos_agent.cli.devices_lines import visible

BOM = b"\xef\xbb\xbf"
T = TypeVar("T")


class Money(int):
    """Tiyn."""


class Quantity(int):
    """Thousandths."""


class Rate(int):
    """Hundredths of a percent."""


class Moment(str):
    """ISO 8601 with offset."""


class Many(tuple[str, ...]):
    """Texts: their number for eyes, all of them in a spreadsheet."""


Cell = str | int | bool | tuple[str, ...] | None


@dataclasses.dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    name: str
    value: Callable[[T], Cell]
    on_screen: bool = True


def shown(cell: Cell) -> str:
    """A cell for eyes."""
    match cell:
        case None | "" | False | ():
            return ""
        case True:
            return "yes"
        case Money():
            return money(cell)
        case Quantity():
            return quantity(cell)
        case Rate():
            return percent(cell)
        case Moment():
            return moment(cell)
        case Many():
            return str(len(cell))
        case tuple():
            return _visible(", ".join(cell))
    return _visible(str(cell))


def exported(cell: Cell) -> str:
    """A cell of a spreadsheet: whole, numbers without blanks, and nothing that it would take for a formula."""
    match cell:
        case Money() | Quantity():
            return shown(cell).replace(" ", "")
        case Many():
            return harmless(" ".join(cell))
        case str() if not isinstance(cell, Moment):
            return harmless(cell)
        case tuple():
            return harmless(", ".join(cell))
    return shown(cell)


def _visible(text: str) -> str:
    """Names and keys come from outside: none of them may steer the terminal."""
    return visible(text.encode("utf-8", "replace"))


def harmless(text: str) -> str:
    """A text that begins like a formula gets an apostrophe: names of goods and keys come from outside."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def table(columns: Sequence[Column[T]], rows: Iterable[T]) -> list[list[str]]:
    """Head and cells of what is shown on a terminal."""
    seen = [column for column in columns if column.on_screen]
    return [[column.name for column in seen], *([shown(column.value(row)) for column in seen] for row in rows)]


def spreadsheet(columns: Sequence[Column[T]], rows: Iterable[T]) -> bytes:
    """CSV with the byte order mark, semicolons and CRLF."""
    out = io.StringIO(newline="")
    write = csv.writer(out, delimiter=";", lineterminator="\r\n")
    write.writerow([column.name for column in columns])
    write.writerows([exported(column.value(row)) for column in columns] for row in rows)
    return BOM + out.getvalue().encode("utf-8", "replace")


def plain(row: Any) -> Any:
    """A row as JSON data: every field of it, and its raw answer."""
    return dataclasses.asdict(row)


def aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    """Cells under each other, two blanks apart, for a file or another program."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
