"""A list as columns and rows, and how each kind of column is written down. Pure.

One description serves every list of headquarters: a page shows it, a file takes it. The files are made in
sync.hq.exports.xlsx and sync.lists.plain.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sync.zone import ZONE

Value = str | int | bool | dt.date | None
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class ColumnKind(StrEnum):
    TEXT = "text"
    COUNT = "count"  # A whole number.
    MONEY = "money"  # An integer of tiyn; shown in tenge.
    DAY = "day"  # A date.
    MOMENT_US = "moment"  # UTC microseconds, 0 unknown; shown as Kazakhstan's time.
    MOMENT_NS = "moment_ns"  # The same from nanoseconds, as headquarters' own times are kept.
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    name: str  # Key in JSON, the same in every language.
    title: str  # Over the column, in the reader's language.
    kind: ColumnKind = ColumnKind.TEXT


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` may be a generator: nothing here holds more than a few of them."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Value]]


def tenge(tiyn: int, point: str = ".") -> str:
    """Exact however large: "-12.05"."""
    whole, rest = divmod(abs(tiyn), 100)
    return f"{'-' if tiyn < 0 else ''}{whole}{point}{rest:02d}"


def local_time(value: int, kind: ColumnKind) -> dt.datetime | None:
    """A moment as the clocks of Kazakhstan show it, without a zone, to the microsecond; None: unknown."""
    if value == 0:
        return None
    microseconds = value // 1000 if kind is ColumnKind.MOMENT_NS else value
    return (EPOCH + dt.timedelta(microseconds=microseconds)).astimezone(ZONE).replace(tzinfo=None)


def as_json(value: Any, kind: ColumnKind) -> Any:
    """For programs: tiyn stay tiyn, moments are ISO 8601 in UTC."""
    if value is None:
        return None
    if kind is ColumnKind.DAY:
        return value.isoformat()
    if kind in (ColumnKind.MOMENT_US, ColumnKind.MOMENT_NS):
        local = local_time(value, kind)
        return (
            None if local is None else local.replace(tzinfo=ZONE).astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
        )
    return clean(value) if isinstance(value, str) else value


def clean(text: str) -> str:
    """Without half characters, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
