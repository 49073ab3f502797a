"""One unit's whole life: what each witness says of it, in order, with who and when.

Only the code's bucket is looked at, in each day; in a file, which is sorted by fingerprint, only the row groups that
may hold it, and of those first the fingerprints alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Engine, inspect, select

from sync.hq import tables
from sync.hq.lake.columns import AGENT, AGENT_RECEIPT, EVENT, OFD, OFD_RECEIPT, REGISTRY, SCHEMAS, to_rows
from sync.hq.lake.layout import Lake
from sync.hq.witness import Line, Mention, Receipt, Standing, Witness, bucket, fingerprint, receipt_key

READERS = 4  # Files looked at together.


@dataclass(frozen=True, slots=True)
class Place:
    till: str
    shop: str
    shop_name: str
    region: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing in the life of a unit. `row` is what the witness said."""

    at: int
    witness: Witness
    row: Mention | Line | Standing


@dataclass(frozen=True, slots=True)
class Life:
    ki: str
    moments: tuple[Moment, ...]  # In order of time; what a till says at the same time in the order of its journal.
    receipts: Mapping[str, Receipt]  # By receipt_key: as the agent tells them.
    ofd_receipts: Mapping[str, Receipt]  # As the operator does.
    unmarked: tuple[Line, ...]  # Lines without a mark that the operator has in those receipts.
    places: Mapping[str, Place]  # By till.
    cases: tuple[Mapping[str, Any], ...]  # Exceptions about this unit, rows of hq_exception.

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(moment.row for moment in self.moments if isinstance(moment.row, Line))

    @property
    def gtin(self) -> str:
        """As most witnesses have it; "" when nobody says."""
        said = [one.row.gtin for one in self.moments if isinstance(one.row, Line | Standing) and one.row.gtin]
        return max(said, key=said.count) if said else ""


def life(lake: Lake, engine: Engine, ki: str) -> Life:
    """Everything headquarters holds of one unit; nothing at all gives a life without moments."""
    found = _found(lake, ki)
    moments = [
        *(Moment(row.at, Witness.AGENT, row) for row in to_rows(Mention, found[EVENT])),
        *(Moment(row.at, Witness.AGENT, row) for row in to_rows(Line, found[AGENT])),
        *(Moment(row.at, Witness.OFD, row) for row in to_rows(Line, found[OFD])),
        *(Moment(row.observed_at, Witness.REGISTRY, row) for row in to_rows(Standing, found[REGISTRY])),
    ]
    lines = [moment.row for moment in moments if isinstance(moment.row, Line)]
    keys = {receipt_key(line.register, line.sign): line.day for line in lines}
    tills = {line.till for line in lines} | {one.row.till for one in moments if isinstance(one.row, Mention)}
    return Life(
        ki=ki,
        moments=tuple(sorted(moments, key=_order)),
        receipts=_receipts(lake, AGENT_RECEIPT, keys),
        ofd_receipts=_receipts(lake, OFD_RECEIPT, keys),
        unmarked=_unmarked(lake, keys),
        places=_places(engine, tills),
        cases=_cases(engine, ki),
    )


def _order(moment: Moment) -> tuple[int, int]:
    return moment.at, moment.row.number if isinstance(moment.row, Mention) else 0


def _found(lake: Lake, ki: str) -> dict[str, pa.Table]:
    names = (EVENT, AGENT, OFD, REGISTRY)
    wanted = {name: lake.files(name, None, [bucket(ki)]) for name in names}
    looked = _looked(wanted, fingerprint(ki), lambda rows: rows.filter(pc.equal(rows["ki"], ki)))
    return {name: looked[name] for name in names}


def _receipts(lake: Lake, table: str, keys: Mapping[str, dt.date]) -> dict[str, Receipt]:
    receipts = {}
    for key, day in keys.items():
        rows = _looked({table: lake.files(table, [day])}, fingerprint(key), lambda rows: rows)[table]
        for receipt in to_rows(Receipt, rows):
            if receipt_key(receipt.register, receipt.sign) == key:
                receipts[key] = receipt
    return receipts


def _unmarked(lake: Lake, keys: Mapping[str, dt.date]) -> tuple[Line, ...]:
    found: list[Line] = []
    for key, day in keys.items():
        rows = _looked({OFD: lake.files(OFD, [day], [bucket(key)])}, fingerprint(key), lambda rows: rows)[OFD]
        found += [line for line in to_rows(Line, rows) if not line.ki and receipt_key(line.register, line.sign) == key]
    return tuple(found)


def _looked(wanted: Mapping[str, Sequence[Path]], fp: int, same: Callable[[pa.Table], pa.Table]) -> dict[str, pa.Table]:
    """Rows of each table whose first column is `fp`, with their day."""
    tasks = [(table, path) for table, paths in wanted.items() for path in paths]
    with ThreadPoolExecutor(READERS) as pool:
        parts = list(pool.map(lambda task: _in_file(task[1], fp), tasks))
    found: dict[str, list[pa.Table]] = {table: [] for table in wanted}
    for (table, path), part in zip(tasks, parts, strict=True):
        if part is not None:
            day = pa.scalar(_day_of(path), pa.date32())
            found[table].append(same(part).append_column("day", pa.repeat(day, same(part).num_rows)))
    return {table: _joined(table, some) for table, some in found.items()}


def _in_file(path: Path, fp: int) -> pa.Table | None:
    with pq.ParquetFile(path) as file:
        parts = []
        for number in range(file.metadata.num_row_groups):
            range_ = file.metadata.row_group(number).column(0).statistics
            if range_ is not None and not range_.min <= fp <= range_.max:
                continue
            name = file.metadata.row_group(number).column(0).path_in_schema
            keys = file.read_row_group(number, columns=[name], use_threads=False)[0].to_numpy()
            first, last = np.searchsorted(keys, fp, "left"), np.searchsorted(keys, fp, "right")
            if last > first:
                rows = file.read_row_group(number, use_threads=False)
                parts.append(rows.slice(int(first), int(last - first)))
    return pa.concat_tables(parts) if parts else None


def _joined(table: str, some: Iterable[pa.Table]) -> pa.Table:
    found = list(some)
    if found:
        return pa.concat_tables(found)
    return pa.schema([*SCHEMAS[table], pa.field("day", pa.date32())]).empty_table()


def _day_of(path: Path) -> dt.date:
    day = next(part for part in reversed(path.parts) if part.startswith("day="))
    return dt.date.fromisoformat(day.removeprefix("day="))


def _places(engine: Engine, tills: Iterable[str]) -> dict[str, Place]:
    table = tables.place
    columns = [table.c[field.name] for field in fields(Place)]
    if not inspect(engine).has_table(table.name):
        return {}
    with engine.connect() as db:
        rows = db.execute(select(*columns).where(table.c.till.in_(sorted(tills)))).all()
    return {row[0]: Place(*row) for row in rows}


def _cases(engine: Engine, ki: str) -> tuple[Mapping[str, Any], ...]:
    table = tables.exception
    if not inspect(engine).has_table(table.name):
        return ()
    with engine.connect() as db:
        rows = db.execute(select(table).where(table.c.ki == ki).order_by(table.c.first_seen_ns, table.c.id)).mappings()
        return tuple(dict(row) for row in rows)
