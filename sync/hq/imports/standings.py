"""What the registry said, into the lake: under the day of the sale it concerns; statuses that went back are told."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow.parquet as pq

from sync.hq.imports.records import went_back
from sync.hq.imports.remarks import Remark
from sync.hq.lake.layout import REGISTRY, Lake, to_arrow
from sync.hq.lake.placing import place
from sync.hq.witness import Standing, UnitStatus, bucket

_COLUMNS = ["ki", "status", "observed_at", "source"]


def land_standings(lake: Lake, standings: Sequence[Standing], name: str) -> list[Remark]:
    """Write them under this name; the same name again replaces. Remarks of codes whose status went back.

    All that the registry ever said is kept; the newest counts. Raises LakeError, OSError.
    """
    rows = place(lake, standings)
    remarks = _gone_back(lake, rows)
    if rows:
        lake.write(REGISTRY, to_arrow(rows), name)
    return remarks


def _gone_back(lake: Lake, rows: Sequence[Standing]) -> list[Remark]:
    """Compared with what lies under the same day: a code keeps its day while its newest sale is the same."""
    wanted = {row.ki: row for row in rows}
    newest: dict[str, tuple[int, UnitStatus]] = {}
    days, buckets = {row.day for row in rows}, {bucket(row.ki) for row in rows}
    for path in lake.files(REGISTRY, days, buckets):
        table = pq.read_table(path, columns=_COLUMNS, partitioning=None)
        for ki, status, at, source in zip(*(table[name].to_pylist() for name in _COLUMNS), strict=True):
            row = wanted.get(ki)
            if row is not None and source != row.source and newest.get(ki, (0, None))[0] < at <= row.observed_at:
                newest[ki] = (at, UnitStatus(status))
    return [
        Remark(row.source_row, "status-went-back", f"{newest[row.ki][1]} -> {row.status}", "status", row.ki, taken=True)
        for row in rows
        if row.ki in newest and went_back(newest[row.ki][1], row.status)
    ]
