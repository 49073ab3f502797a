"""Dates as cloud registers write them -> moments with an offset. Pure.

    15.07.2026 10:30    15.07.2026 10:30:00 +05:00    2026-07-15 10:30:00    2026-07-15T05:30:00.000Z

Local time unless the text names its offset; what stands in is the caller's.
"""

from __future__ import annotations

import datetime as dt
import re

_DOTTED = re.compile(
    r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d):(\d\d)(?::(\d\d))?(?:\.(\d{1,6})\d*)? ?([+-]\d\d:\d\d|Z)?", re.ASCII
)
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?(?:\.(\d{1,6})\d*)? ?([+-]\d\d:\d\d|Z)?", re.ASCII
)


def parse(text: str, default: dt.timedelta) -> tuple[dt.datetime, bool]:
    """A moment, and whether the text named its offset; `default` stands in. ValueError when unreadable."""
    text = text.strip()
    if found := _DOTTED.fullmatch(text):
        day, month, year, hour, minute, second, part, offset = found.groups()
    elif found := _ISO.fullmatch(text):
        year, month, day, hour, minute, second, part, offset = found.groups()
    else:
        raise ValueError("not a date and time")
    zone = dt.timezone(default if offset is None else _offset(offset))
    at = dt.datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=zone)
    return at.replace(microsecond=int((part or "").ljust(6, "0"))), offset is not None


def _offset(text: str) -> dt.timedelta:
    if text == "Z":
        return dt.timedelta(0)
    value = dt.timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return -value if text[0] == "-" else value
