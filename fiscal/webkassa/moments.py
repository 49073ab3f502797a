"""Dates of Webkassa <-> ISO 8601 with offset. Pure.

Answers carry `DateTime` = "15.07.2026 10:30:00", local, and `DateTimeUTC` = "15.07.2026 10:30:00 +05:00", which in the
captures is local time with its offset in spite of its name. History calls the same two RegistratedOn, RegistratedOnUTC.
"""

from __future__ import annotations

import datetime as dt

from fiscal.https.fields import AnswerMalformed, Fields
from fiscal.https.moments import parse
from fiscal.webkassa.settings import BasisTime


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
