"""One unit's whole life: what each witness says of it, in order, with who and when.

Only the code's bucket is looked at, in each day; in a file, which is sorted by fingerprint, only the row groups that
may hold it, and of those first the fingerprints alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Engine, inspect, select

from sync.hq import tables
from sync.hq.lake.columns import AGENT, AGENT_RECEIPT, DAY, EVENT, OFD, OFD_RECEIPT, REGISTRY, SCHEMAS, to_rows
from sync.hq.lake.keys import find
from sync.hq.lake.layout import Lake
from sync.hq.witness import Line, Mention, Receipt, Standing, Witness, bucket, fingerprint, receipt_key

READERS = 4  # Files looked at together.
BY_CODE = (EVENT, AGENT, OFD, REGISTRY)


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
    with ThreadPoolExecutor(READERS) as pool:
        fp, among = fingerprint(ki), [bucket(ki)]
        rows = _rows(pool, [_Look(name, path, fp) for name in BY_CODE for path in lake.files(name, None, among)])
        said = {name: rows[name].filter(pc.equal(rows[name]["ki"], ki)) for name in BY_CODE}
        moments = _moments(said)
        lines = [moment.row for moment in moments if isinstance(moment.row, Line)]
        keys = {receipt_key(line.register, line.sign): line.day for line in lines}
        around = _rows(pool, [look for key, day in keys.items() for look in _around(lake, key, day)])
    bare = [line for line in to_rows(Line, around[OFD]) if not line.ki]
    tills = {line.till for line in lines} | {one.row.till for one in moments if isinstance(one.row, Mention)}
    return Life(
        ki=ki,
        moments=tuple(moments),
        receipts=_by_key(to_rows(Receipt, around[AGENT_RECEIPT]), keys),
        ofd_receipts=_by_key(to_rows(Receipt, around[OFD_RECEIPT]), keys),
        unmarked=tuple(line for line in bare if receipt_key(line.register, line.sign) in keys),
        places=_places(engine, tills),
        cases=_cases(engine, ki),
    )


def _moments(said: Mapping[str, pa.Table]) -> list[Moment]:
    found = [
        *(Moment(row.at, Witness.AGENT, row) for row in to_rows(Mention, said[EVENT])),
        *(Moment(row.at, Witness.AGENT, row) for row in to_rows(Line, said[AGENT])),
        *(Moment(row.at, Witness.OFD, row) for row in to_rows(Line, said[OFD])),
        *(Moment(row.observed_at, Witness.REGISTRY, row) for row in to_rows(Standing, said[REGISTRY])),
    ]
    return sorted(found, key=lambda one: (one.at, one.row.number if isinstance(one.row, Mention) else 0))


def _around(lake: Lake, key: str, day: dt.date) -> Iterable[_Look]:
    """Where a receipt may lie, and lines that the operator has in it without a mark."""
    for table, among in ((AGENT_RECEIPT, None), (OFD_RECEIPT, None), (OFD, [bucket(key)])):
        for path in lake.files(table, [day], among):
            yield _Look(table, path, fingerprint(key))


def _by_key(receipts: Iterable[Receipt], keys: Collection[str]) -> dict[str, Receipt]:
    """A fingerprint may be another receipt's too."""
    named = {receipt_key(one.register, one.sign): one for one in receipts}
    return {key: receipt for key, receipt in named.items() if key in keys}


@dataclass(frozen=True, slots=True)
class _Look:
    """Rows of a file whose first column is `fp`."""

    table: str
    path: Path
    fp: int


def _rows(pool: ThreadPoolExecutor, looks: Sequence[_Look]) -> dict[str, pa.Table]:
    """What was found of each table, with its day."""
    found = {name: [_with_day(name).empty_table()] for name in SCHEMAS}
    for look, part in zip(looks, pool.map(_in_file, looks), strict=True):
        if part is not None:
            day = pa.repeat(pa.scalar(_day_of(look.path), pa.date32()), part.num_rows)
            found[look.table].append(part.append_column(pa.field(DAY, pa.date32()), day))
    return {name: pa.concat_tables(some) for name, some in found.items()}


def _with_day(table: str) -> pa.Schema:
    return pa.schema([*SCHEMAS[table], pa.field(DAY, pa.date32())])


def _in_file(look: _Look) -> pa.Table | None:
    spans = find(look.path, look.fp)
    if not spans:
        return None
    # Polars unpacks the pages of these rows alone; Arrow would unpack 65 536 rows for one of them.
    rows = pl.scan_parquet(look.path, glob=False, hive_partitioning=False)
    parts = [rows.slice(first, count) for first, count in spans]
    return pl.concat(parts).collect().to_arrow().cast(SCHEMAS[look.table])


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
