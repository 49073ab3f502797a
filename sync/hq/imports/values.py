"""One cell of an operator's file: money, count, moment, operation. Pure; every refusal is a `Trouble`.

Cells come as text from CSV, and as text, number, truth value or date from XLSX. Forms that can be read in two ways are
refused: a sum that may be a thousand times another is worse than none.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from sync.hq.witness import US_PER_S
from sync.zone import ZONE

Cell = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | None

SURROGATES = re.compile("[\ud800-\udfff]")  # A byte that was no text stands as one of these.
_BLANKS = re.compile(r"[\s\u00a0\u2000-\u200b\u202f\u205f\u3000\ufeff]+")  # GS is no blank here: see `cleaned`.
_CURRENCY = re.compile(r"(?:тенге|теңге|тнг|тг|kzt|₸)\.?$", re.IGNORECASE)
_GROUPED_COMMA = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_GROUPED_DOT = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?")
_PLAIN = re.compile(r"\d{1,15}(?:[.,]\d{1,9})?")
_TINY = Decimal("0.000001")  # What a binary fraction adds to a decimal one.
_MONEY_MAX = 10**15  # Tiyn; above it something else was read as money.
_COUNT_MAX = 2**53
_SERIAL_MAX = 2_958_466  # Excel's day 31.12.9999 and one more.
_EPOCH_1900, _EPOCH_1904 = dt.date(1899, 12, 30), dt.date(1904, 1, 1)
_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})(?:\s*г\.?|\s*ж\.?)?")
_YEAR_FIRST = re.compile(r"(\d{4})[./-](\d{1,2})[./-](\d{1,2})")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_WORDED = re.compile(r"(\d{1,2})\s+([^\W\d_]+)\.?\s+(\d{4})(?:\s*(?:года|жылы|жыл|г|ж)\.?)?")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?")
_CLOCK_COMPACT = re.compile(r"(\d{2})(\d{2})(\d{2})")
_OFFSET = re.compile(r"(Z|[+-]\d{2}:?\d{2})$")

# Stems, so that every case of the word is met: "ноябрь", "ноября", "нояб."; "қараша", "қар.".
_MONTHS = (
    ("янв", "қаң"), ("фев", "ақп"), ("мар", "нау"), ("апр", "сәу"), ("май", "мам"), ("июн", "мау"),
    ("июл", "шіл"), ("авг", "там"), ("сен", "қыр"), ("окт", "қаз"), ("ноя", "қар"), ("дек", "жел"),
)  # fmt: skip
_MAY = "мая"  # The one genitive that does not begin with its stem.


@dataclass(frozen=True, slots=True)
class Place:
    """A cell: the row counts from 1 as a spreadsheet shows it, the column is named as in the header."""

    row: int
    column: str = ""  # "" the row as a whole.


class Trouble(ValueError):
    """A cell or row that is not taken: a stable reason, where it stands, and its text."""

    def __init__(self, reason: str, text: str, column: str = "", value: object = "") -> None:
        super().__init__(f"{reason}: {text}")
        self.reason = reason
        self.text = text
        self.column = column
        self.value = value


def cleaned(cell: Cell) -> str:
    """A cell as text without blanks around it. GS (1Dh) stays: Python counts it among the blanks, a code needs it."""
    if isinstance(cell, str):
        return cell.strip(" \t\r\n\v\f\u00a0\u202f\ufeff")
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _COUNT_MAX:
        return str(int(cell))  # A factory number or a code typed into a spreadsheet comes back as 1.0.
    return str(cell)


def number(cell: Cell, column: str) -> Decimal:
    """A number as it is, or as text."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        raise Trouble("number", "is no number", column, cell)
    if isinstance(cell, str):
        return _number_of(cell, column)
    if not math.isfinite(cell) or abs(cell) >= _MONEY_MAX:
        raise Trouble("number", "is no number of this size", column, cell)
    return Decimal(repr(cell))


@lru_cache(maxsize=4096)  # Prices repeat.
def _number_of(cell: str, column: str) -> Decimal:
    """A decimal number: "1 234,56", "1 234.56 тг", "-5", 12.5. Trouble for "1,234": it has two readings."""
    text = _CURRENCY.sub("", _BLANKS.sub("", cell).replace("'", "").replace("’", ""))
    sign, text = (-1, text[1:]) if text[:1] in ("-", "−") else (1, text)
    if _PLAIN.fullmatch(text):
        whole, _, part = text.replace(",", ".").partition(".")
        if len(part) == 3 and whole != "0" and len(whole) <= 3:
            raise Trouble("number-two-readings", "thousands or a fraction?", column, cell)
        text = f"{whole}.{part}" if part else whole
    elif _GROUPED_COMMA.fullmatch(text):
        text = text.replace(",", "")
    elif _GROUPED_DOT.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    else:
        raise Trouble("number", "is no number", column, cell)
    try:
        return sign * Decimal(text)
    except InvalidOperation:
        raise Trouble("number", "is no number", column, cell) from None


def money(cell: Cell, column: str) -> int:
    """Tiyn. Trouble for a third digit after the comma, unless it is the dust of a binary fraction."""
    scaled = number(cell, column) * 100
    rounded = scaled.to_integral_value()
    if abs(scaled - rounded) > _TINY or abs(rounded) >= _MONEY_MAX:
        raise Trouble("money", "is no sum in tenge and tiyn", column, cell)
    return int(rounded)


def thousandths(cell: Cell, column: str, *, below_zero: bool = False) -> int:
    """A quantity. A comma with three digits is one here: goods by weight are written so.

    `below_zero`: it may have a sign, which is taken off, as the sums of a return may.
    """
    sign = "-?" if below_zero else ""
    if isinstance(cell, str) and re.fullmatch(rf"{sign}\d{{1,9}}[.,]\d{{3}}", text := _BLANKS.sub("", cell)):
        return abs(int(text.replace(",", "").replace(".", "")))
    scaled = number(cell, column) * 1000
    rounded = scaled.to_integral_value()
    if below_zero:
        scaled, rounded = abs(scaled), abs(rounded)
    if abs(scaled - rounded) > _TINY or not 0 <= rounded < _MONEY_MAX:
        raise Trouble("quantity", "is no quantity", column, cell)
    return int(rounded)


def count(cell: Cell, column: str) -> int:
    """A shift or a receipt's number: whole, from 0; blanks and leading zeros are allowed, letters are not."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = _BLANKS.sub("", cleaned(cell)).lstrip("№#")
    if isinstance(cell, bool) or not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise Trouble("whole-number", "is no whole number", column, cell)
    return int(text)


def moment(cell: Cell, clock: Cell, column: str, *, date1904: bool = False) -> int:
    """UTC microseconds of a date and time in one cell or two; in the time of Kazakhstan where no offset is told."""
    try:
        found = _moment(cell, clock, column, date1904)
        aware = found if found.tzinfo else found.replace(tzinfo=ZONE)
        if not 2000 <= aware.year <= 2100:
            raise Trouble("date", "is a date of no receipt", column, cell)
        return round(aware.timestamp()) * US_PER_S
    except (ValueError, OverflowError) as error:
        if isinstance(error, Trouble):
            raise
        raise Trouble("date", "is no date and time", column, cell) from None


def _moment(cell: Cell, clock: Cell, column: str, date1904: bool) -> dt.datetime:
    day, own_clock, offset = _date_of(cell, column, date1904)
    at = own_clock if clock is None or cleaned(clock) == "" else _clock_of(clock, column)
    if at is None:
        raise Trouble("date-without-time", "is a date without its time", column, cell)
    return dt.datetime.combine(day, dt.time(), offset) + at


def _date_of(cell: Cell, column: str, date1904: bool) -> tuple[dt.date, dt.timedelta | None, dt.tzinfo | None]:
    """The day, the time of day when the cell has one, the offset when it has one."""
    if isinstance(cell, bool) or cell is None or isinstance(cell, dt.time | dt.timedelta):
        raise Trouble("date", "is no date", column, cell)
    if isinstance(cell, dt.datetime):
        return cell.date(), _since_midnight(cell) or None, cell.tzinfo  # A workbook gives a day alone as its midnight.
    if isinstance(cell, dt.date):
        return cell, None, None
    text = cleaned(cell)
    if isinstance(cell, int | float) or re.fullmatch(r"\d{5}(?:[.,]\d+)?", text):
        return _of_serial(float(cell if isinstance(cell, int | float) else text.replace(",", ".")), column, date1904)
    return _of_text(text, column)


def _of_serial(serial: float, column: str, date1904: bool) -> tuple[dt.date, dt.timedelta | None, None]:
    """Excel's days since its epoch. Source: ECMA-376 part 1, 18.17.4."""
    if not 0 < serial < _SERIAL_MAX:
        raise Trouble("date", "is no date", column, serial)
    days, seconds = divmod(round(serial * 86_400), 86_400)
    day = (_EPOCH_1904 if date1904 else _EPOCH_1900) + dt.timedelta(days=days)
    return day, dt.timedelta(seconds=seconds) if serial != int(serial) else None, None


def _of_text(text: str, column: str) -> tuple[dt.date, dt.timedelta | None, dt.tzinfo | None]:
    forms = ((_YEAR_FIRST, "ymd"), (_DAY_FIRST, "dmy"), (_WORDED, "dwy"), (_COMPACT, "ymd"))
    found, order = next(((match, order) for form, order in forms if (match := form.match(text))), (None, ""))
    if found is None:
        raise Trouble("date", "is no date", column, text)
    year, month, day = (found[order.index("y") + 1], found[2], found[order.index("d") + 1])
    number_of_month = _month(month, column) if order == "dwy" else int(month)
    date = dt.date(int(year) + (2000 if len(year) == 2 else 0), number_of_month, int(day))
    rest = text[found.end() :].lstrip("T ,\u00a0")
    if not rest:
        return date, None, None
    offset = _OFFSET.search(rest)
    zone = None if offset is None else dt.datetime.strptime(offset[1], "%z").tzinfo
    return date, _clock_of(rest[: offset.start()] if offset else rest, column), zone


def _month(word: str, column: str) -> int:
    folded = word.lower()
    for index, stems in enumerate(_MONTHS, 1):
        if folded.startswith(stems):
            return index
    if folded == _MAY:
        return 5
    raise Trouble("date", "has no month", column, word)


def _clock_of(cell: Cell, column: str) -> dt.timedelta:
    if isinstance(cell, dt.datetime):
        return _since_midnight(cell)
    if isinstance(cell, dt.time):
        return dt.timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second)
    if isinstance(cell, dt.timedelta):
        at = dt.timedelta(seconds=round(cell.total_seconds()))
    elif isinstance(cell, int | float) and not isinstance(cell, bool):
        at = dt.timedelta(seconds=round(cell * 86_400))
    else:
        text = cleaned(cell)
        found = _CLOCK.fullmatch(text) or _CLOCK_COMPACT.fullmatch(text)
        if found is None or int(found[2]) > 59 or int(found[3] or 0) > 59:
            raise Trouble("time", "is no time of day", column, cell)
        at = dt.timedelta(hours=int(found[1]), minutes=int(found[2]), seconds=int(found[3] or 0))
    if not dt.timedelta(0) <= at < dt.timedelta(days=1):
        raise Trouble("time", "is no time of day", column, cell)
    return at


def _since_midnight(at: dt.datetime) -> dt.timedelta:
    return dt.timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)
