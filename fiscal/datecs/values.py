"""Numbers, sums and dates as Datecs printers write and read them. Pure.

Sums go out as tenge with a point and two places, always: protocol P takes a comma for the beginning of a percentage.
They come back with a point, or without one, and then their unit depends on the printer's settings (`Bare`).
Sources: Datecs "Fiscal printer programming interface 1.00BG", "Programmer's manual 2.02" (github erpnet/ErpNet.FP).
"""

from __future__ import annotations

import datetime as dt
import re
from enum import StrEnum

_SUM = re.compile(r"\s*([+-]?)(\d{1,15})(?:\.(\d{1,2}))?\s*", re.ASCII)
_COUNT = re.compile(r"\s*\d{1,15}\s*", re.ASCII)
_MOMENT = re.compile(r"(\d\d)-(\d\d)-(\d\d|\d{4}) (\d\d):(\d\d):(\d\d)(?: DST)?", re.ASCII)
_RATE = re.compile(r"(\d{1,2})(?:\.(\d{1,2}))?%?", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,9}", re.ASCII)
_CENTURY = 2000


class AnswerBroken(ValueError):
    """An answer of another shape than its command has."""


class Bare(StrEnum):
    """What a sum without a decimal point counts."""

    TIYN = "tiyn"
    TENGE = "tenge"


def tenge(tiyn: int) -> str:
    """90000 -> "900.00"."""
    sign, tiyn = ("-", -tiyn) if tiyn < 0 else ("", tiyn)
    return f"{sign}{tiyn // 100}.{tiyn % 100:02}"


def units(milli: int) -> str:
    """1500 -> "1.500"."""
    return f"{milli // 1000}.{milli % 1000:03}"


def tiyn(text: str, bare: Bare) -> int:
    """A sum in tiyn. AnswerBroken for anything else than one."""
    found = _SUM.fullmatch(text)
    if found is None:
        raise AnswerBroken(f"{text!r} is not a sum")
    sign, whole, part = found.groups()
    if part is None:
        amount = int(whole) * (100 if bare is Bare.TENGE else 1)
    else:
        amount = int(whole) * 100 + int(part.ljust(2, "0"))
    return -amount if sign == "-" else amount


def count(text: str) -> int:
    """A whole number that is not negative. AnswerBroken for anything else."""
    if not _COUNT.fullmatch(text):
        raise AnswerBroken(f"{text!r} is not a number")
    return int(text)


def number(text: str) -> int | None:
    """A whole number of either sign; None for anything else."""
    return int(text) if _NUMBER.fullmatch(text.strip(" ")) else None


def rate(text: str) -> int | None:
    """A tax rate in hundredths of a percent; None for a word, or for 100 % and more, which switch a group off."""
    found = _RATE.fullmatch(text.strip(" "))
    return None if found is None else int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def moment(text: str, offset: dt.timedelta) -> str:
    """`15-07-26 10:30:00` or `15-07-2026 10:30:00`, with or without " DST", as ISO 8601. AnswerBroken for others."""
    found = _MOMENT.fullmatch(text.strip(" "))
    if found is None:
        raise AnswerBroken(f"{text!r} is not a time")
    day, month, year, hour, minute, second = map(int, found.groups())
    year += _CENTURY if year < 100 else 0
    try:
        at = dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.timezone(offset))
    except ValueError as wrong:
        raise AnswerBroken(f"{text!r} is not a time: {wrong}") from None
    return at.isoformat()


def local(iso: str, offset: dt.timedelta) -> dt.datetime:
    """A moment with offset on the printer's own clock, to the second."""
    return dt.datetime.fromisoformat(iso).astimezone(dt.timezone(offset))


def dated(iso: str, offset: dt.timedelta) -> str:
    """ISO 8601 as `DD-MM-YY hh:mm:ss`."""
    return local(iso, offset).strftime("%d-%m-%y %H:%M:%S")


def stamped(iso: str, offset: dt.timedelta) -> str:
    """ISO 8601 as `DDMMYYhhmmss`."""
    return local(iso, offset).strftime("%d%m%y%H%M%S")
