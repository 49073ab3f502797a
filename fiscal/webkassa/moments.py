"""Dates of Webkassa <-> ISO 8601 with offset. Pure.

Answers carry `DateTime` = "15.07.2026 10:30:00", local, and `DateTimeUTC` = "15.07.2026 10:30:00 +05:00", which in the
captures is local time with its offset in spite of its name. History calls the same two RegistratedOn, RegistratedOnUTC.
"""

from __future__ import annotations

import datetime as dt
import re

from fiscal.https.fields import AnswerMalformed, Fields
from fiscal.webkassa.settings import BasisTime

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


def from_fields(fields: Fields, default: dt.timedelta, *names: str) -> str:
    """ISO 8601 from the first of these fields, preferring its twin "<name>UTC" when that one carries an offset.

    "" when none of the fields is there; AnswerMalformed when one is and cannot be read.
    """
    for name in names:
        if twin := fields.optional_text(name + "UTC"):
            moment, named = _moment(twin, default, fields.at(name + "UTC"))
            if named:
                return moment.isoformat()
        if local := fields.text(name):
            return _moment(local, default, fields.at(name))[0].isoformat()
    return ""


def _moment(text: str, default: dt.timedelta, place: str) -> tuple[dt.datetime, bool]:
    try:
        return parse(text, default)
    except ValueError:
        raise AnswerMalformed(place, "is not a date and time") from None


def if_readable(fields: Fields, default: dt.timedelta, *names: str) -> str:
    """The same of a moment that only informs: "" also for one that cannot be read."""
    try:
        return from_fields(fields, default, *names)
    except AnswerMalformed:
        return ""


def basis_text(iso: str, form: BasisTime, offset: dt.timedelta) -> str:
    """The original's time as ReturnBasisDetails wants it. ValueError unless `iso` is ISO 8601 with an offset."""
    moment, named = parse(iso, offset)
    if not named:
        raise ValueError("has no offset from UTC")
    if form is BasisTime.UTC:
        return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{moment.microsecond // 1000:03d}Z"
    return moment.astimezone(dt.timezone(offset)).strftime("%Y-%m-%d %H:%M:%S")
