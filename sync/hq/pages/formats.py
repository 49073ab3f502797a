"""Numbers, sums and times as people in Kazakhstan write them. Pure.

Thousands are parted by a no-break space, decimals by a comma, a date is 30.11.2026, the clock has 24 hours. Times are
shown in the one zone of the country.
"""

from __future__ import annotations

import datetime as dt

from sync.hq.pages.texts import text
from sync.hq.witness import US_PER_S
from sync.zone import ZONE

SPACE = "\u00a0"
MINUS = "\u2212"
NONE = "\u2014"


def number(value: int | None) -> str:
    """12 345; the minus is a true one."""
    if value is None:
        return NONE
    return (MINUS if value < 0 else "") + f"{abs(value):,}".replace(",", SPACE)


def decimal(value: float, digits: int = 1) -> str:
    whole, _, part = f"{abs(value):,.{digits}f}".partition(".")
    return (MINUS if value < 0 else "") + whole.replace(",", SPACE) + (f",{part}" if part else "")


def share(part: int, whole: int) -> str:
    return f"{decimal(100 * part / whole)}{SPACE}%" if whole else NONE


def tenge(tiyn: int) -> str:
    """1 234 567,50 ₸; tiyn are left out when there are none."""
    whole, rest = divmod(abs(tiyn), 100)
    return ("" if tiyn >= 0 else MINUS) + number(whole) + (f",{rest:02}" if rest else "") + f"{SPACE}₸"


def date(day: dt.date) -> str:
    return f"{day:%d.%m.%Y}"


def time_us(at: int) -> str:
    """Date and time of UTC microseconds; 0 is unknown."""
    return f"{dt.datetime.fromtimestamp(at // US_PER_S, ZONE):%d.%m.%Y %H:%M:%S}" if at else NONE


def time_ns(at: int | None) -> str:
    return time_us(at // 1000) if at else NONE


def iso_ns(at: int) -> str:
    """For the datetime attribute of <time>."""
    return dt.datetime.fromtimestamp(at // 10**9, ZONE).isoformat()


def duration(language: str, seconds: int) -> str:
    """The two largest parts: 3 d 4 h, 12 min, 40 s."""
    seconds = abs(seconds)
    parts = (("day", seconds // 86400), ("hour", seconds // 3600 % 24), ("minute", seconds // 60 % 60))
    shown = [text(language, f"common.n_{name}", n=number(value)) for name, value in parts if value]
    if not shown:
        return text(language, "common.n_second", n=seconds)
    return " ".join(shown[:2] if seconds >= 3600 else shown[:1])
