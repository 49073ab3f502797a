"""Composing lines of a fixed number of cells: wrapping, label and value, money and quantities as text. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from .labels import Language, labels
from .lines import Align, Font, Paper, PrintLine, Rule, Text
from .text import TENGE, clean

KAZAKHSTAN = dt.timezone(dt.timedelta(hours=5))  # One zone for the whole country since 01.03.2024.


def money(tiyn: int) -> str:
    """`123456` -> `1 234,56`."""
    whole, part = divmod(abs(tiyn), 100)
    return f"{'-' if tiyn < 0 else ''}{whole:,}".replace(",", " ") + f",{part:02d}"


def quantity(milli: int) -> str:
    """`1000` -> `1`, `1500` -> `1,5`."""
    whole, part = divmod(milli, 1000)
    return f"{whole},{part:03d}".rstrip("0") if part else str(whole)


def percent(bp: int) -> str:
    """`1600` -> `16%`, `1250` -> `12,5%`."""
    whole, part = divmod(bp, 100)
    return (f"{whole},{part:02d}".rstrip("0") if part else str(whole)) + "%"


def xin_label(xin: str) -> str:
    """Label key for a taxpayer number: a company's BIN has 4, 5 or 6 in fifth place, where an IIN has a day's tens."""
    return "bin" if xin[4:5] in {"4", "5", "6"} else "iin"


def moment(at: str, zone: dt.tzinfo = KAZAKHSTAN) -> str:
    """ISO 8601 with offset -> `14.09.2026 16:55:37` in the zone of the shop.

    A text that is no such moment is printed as it came: paper must not fail over a register's date format.
    """
    try:
        parsed = dt.datetime.fromisoformat(at)
        local = parsed.astimezone(zone) if parsed.tzinfo else parsed
    except (ValueError, OverflowError):  # Overflow: a year the zone pushes out of the calendar.
        return at
    return local.strftime("%d.%m.%Y %H:%M:%S")


def wrap(text: str, columns: int) -> list[str]:
    """Break at spaces, then hard: nothing is ever cut off. At least one line, each at most `columns` cells."""
    out: list[str] = []
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) <= columns:
            line += " " + word
            continue
        if line:
            out.append(line)
        *full, line = chunks(word, columns)
        out += full
    return [*out, line] if line or not out else out


def chunks(text: str, columns: int) -> list[str]:
    """Cut into pieces of exactly `columns` cells; for codes, where a space would be a lie."""
    return [text[i : i + columns] for i in range(0, len(text), columns)] or [""]


class Composer:
    """Makes lines for one paper and one language mode."""

    def __init__(self, paper: Paper, language: Language, *, tenge: str = TENGE) -> None:
        self.paper = paper
        self.language = language
        self.tenge = tenge

    def clean(self, text: str) -> str:
        return clean(text, self.tenge)

    def rule(self) -> PrintLine:
        return Rule()

    def label(self, key: str, **values: str) -> tuple[str, ...]:
        return labels()[key].parts(self.language, **values)

    def words(self, key: str, **values: str) -> str:
        return " / ".join(self.label(key, **values))

    def text(self, text: str, *, align: Align = Align.LEFT, bold: bool = False, font: Font = Font.A) -> Iterator[Text]:
        """Free text, wrapped."""
        for piece in wrap(self.clean(text), self.paper.columns(font)):
            yield Text(piece, align, bold, font=font)

    def heading(self, key: str, *, big: bool = False) -> Iterator[Text]:
        """A label in the middle: both languages on one line when they fit, else one under the other."""
        columns = self.paper.columns(wide=big)
        parts = self.label(key)
        joined = " / ".join(parts)
        for part in (joined,) if len(joined) <= columns else parts:
            for piece in wrap(part, columns):
                yield Text(piece, Align.CENTER, bold=True, wide=big, tall=big)

    def pair(self, key: str, value: str, *, bold: bool = False, tall: bool = False, **values: str) -> Iterator[Text]:
        """Label left, value right. What does not fit goes to further lines: languages first, then words, then hard."""
        return self.row(self.label(key, **values), value, bold=bold, tall=tall)

    def row(self, parts: tuple[str, ...], value: str, *, bold: bool = False, tall: bool = False) -> Iterator[Text]:
        columns = self.paper.columns()
        value = self.clean(value)
        joined = " / ".join(parts)
        if len(joined) + 1 + len(value) <= columns:
            yield Text(_justify(joined, value, columns), bold=bold, tall=tall)
            return
        # A slash at the end of the first language says that the next line says the same.
        written = [piece for part in parts[:-1] for piece in wrap(f"{part} /", columns)]
        written += wrap(parts[-1], columns)
        if len(written[-1]) + 1 + len(value) <= columns:
            written[-1] = _justify(written[-1], value, columns)
        else:
            written += [piece.rjust(columns) for piece in wrap(value, columns)]
        for line in written:
            yield Text(line, bold=bold, tall=tall)

    def caption(self, key: str) -> Iterator[Text]:
        """A label over what follows, in the small font."""
        yield from self.text(f"{self.words(key)}:", font=Font.B)

    def code(self, key: str, code: str) -> Iterator[Text]:
        """A marking code: whole, in the small font, hard-wrapped. It is never shortened."""
        yield from self.caption(key)
        for piece in chunks(code, self.paper.columns(Font.B)):
            yield Text(piece, font=Font.B)


def _justify(left: str, right: str, columns: int) -> str:
    return left + right.rjust(columns - len(left))
