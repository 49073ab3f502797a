"""Under which day a row of the registry lies: that of the sale it concerns, so that a day is compared by itself.

The sale is the code's newest line, of the agent or the operator, at or before the observation. Where there is none the
row lies under the day of the observation, and it stays there when a line comes later: the comparison of all days still
brings them together, since a row lies in the bucket of its code whatever its day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from sync.hq.lake.columns import AGENT, OFD
from sync.hq.lake.layout import Lake, fingerprints
from sync.hq.witness import US_PER_S, Standing
from sync.zone import ZONE

Numbers = npt.NDArray[np.int64]
_EPOCH = dt.date(1970, 1, 1).toordinal()
_OFFSET_S = int(ZONE.utcoffset(None).total_seconds())
_DAY_S = 86_400


def place(lake: Lake, standings: Iterable[Standing], *, decided: bool = False) -> list[Standing]:
    """The same rows, each with its day.

    `decided`: their days are those of the sale as the till knows it, which is looked at before any other.
    """
    found = list(standings)
    if not found:
        return []
    fp, bucket = fingerprints([one.ki for one in found])
    seen = np.array([one.observed_at for one in found], np.int64)
    hint = np.array([one.day.toordinal() - _EPOCH for one in found], np.int64) if decided else None
    days = days_of_sales(lake, fp, bucket, seen, hint)
    return [replace(one, day=_date(day)) for one, day in zip(found, days.tolist(), strict=True)]


def placed(lake: Lake, rows: pa.Table) -> pa.Table:
    """The same for many at once: a table of the registry's columns, `fp` and `bucket` among them, with `day` put in."""
    numbers = {name: rows[name].to_numpy().astype(np.int64) for name in ("fp", "bucket", "observed_at")}
    days = days_of_sales(lake, numbers["fp"], numbers["bucket"], numbers["observed_at"])
    dates = pa.array(days.astype(np.int32)).cast(pa.date32())
    others = rows.drop_columns(["day"]) if "day" in rows.column_names else rows
    return others.append_column("day", dates)


def days_of_sales(
    lake: Lake, fp: Numbers, bucket: npt.NDArray[np.integer], seen: Numbers, hint: Numbers | None = None
) -> Numbers:
    """Day of each row, counted from 1 January 1970. A fingerprint is taken for its code: what it decides is a place."""
    days = (seen // US_PER_S + _OFFSET_S) // _DAY_S
    known = sorted({day.toordinal() - _EPOCH for table in (AGENT, OFD) for day in lake.days(table)}, reverse=True)
    for number in np.unique(bucket).tolist():
        left = np.flatnonzero(bucket == number)
        left = left[np.argsort(fp[left], kind="stable")]
        if hint is not None:
            for day in np.unique(hint[left]).tolist():
                mine = left[hint[left] == day]
                left = np.setdiff1d(left, _settle(lake, day, number, mine, fp, seen, days), assume_unique=True)
                left = left[np.argsort(fp[left], kind="stable")]
        for day in known:
            if not len(left):
                break
            mine = left[days[left] >= day]
            done = _settle(lake, day, number, mine, fp, seen, days)
            left = left[~np.isin(left, done)]
    return days


def _settle(
    lake: Lake, day: int, bucket: int, rows: npt.NDArray[np.intp], fp: Numbers, seen: Numbers, days: Numbers
) -> npt.NDArray[np.intp]:
    """Those of `rows`, sorted by fp, that have a line on this day at or before they were seen; their day is set."""
    if not len(rows):
        return rows
    earliest = np.full(len(rows), np.iinfo(np.int64).max)
    for path in _files(lake, day, bucket):
        lines = pq.read_table(path, columns=["fp", "at"], partitioning=None)
        line_fp, line_at = lines["fp"].to_numpy(), lines["at"].to_numpy()
        first, last = np.searchsorted(line_fp, fp[rows], "left"), np.searchsorted(line_fp, fp[rows], "right")
        some = np.flatnonzero(last > first)
        if len(some):
            spans = np.stack([first[some], last[some]], axis=1).ravel()
            padded = np.append(line_at, np.iinfo(np.int64).max)  # A span may end where the file does.
            earliest[some] = np.minimum(earliest[some], np.minimum.reduceat(padded, spans)[::2])
    found = rows[earliest <= seen[rows]]
    days[found] = day
    return found


def _files(lake: Lake, day: int, bucket: int) -> Sequence[Path]:
    return [path for table in (AGENT, OFD) for path in lake.files(table, [_date(day)], [bucket])]


def _date(day: int) -> dt.date:
    return dt.date.fromordinal(day + _EPOCH)
