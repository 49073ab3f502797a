"""The lake's files: where they lie, and how they are written and found.

    LAKE/{table}/day=YYYY-MM-DD/bucket=NN/{name}.parquet      agent, ofd, registry, event
    LAKE/{table}/day=YYYY-MM-DD/{name}.parquet                agent_receipt, ofd_receipt

Rows of a file are sorted by their first column, so that one code is found in one row group. A reader takes the paths
that `files` gives and nothing else: not every file of a folder counts (sync.hq.lake.parts).
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from sync.hq.lake.columns import (
    AGENT,
    AGENT_RECEIPT,
    BUCKET,
    BUCKETED,
    DAY,
    EVENT,
    OFD,
    OFD_RECEIPT,
    REGISTRY,
    SCHEMAS,
    filed,
    fingerprints,
    to_arrow,
    to_rows,
)
from sync.hq.lake.durable import make_folder, sync_folder, write_whole
from sync.hq.lake.parquet import write_parquet
from sync.hq.lake.parts import SUFFIX, LakeError, alone_in, checked_name, counting, current
from sync.hq.lake.whole import without
from sync.hq.witness import BUCKETS

__all__ = [
    "AGENT", "AGENT_RECEIPT", "BUCKET", "BUCKETED", "DAY", "EVENT", "OFD", "OFD_RECEIPT", "REGISTRY", "SCHEMAS",
    "Lake", "LakeError", "filed", "fingerprints", "to_arrow", "to_rows",
]  # fmt: skip

_DAY = re.compile(r"day=(\d{4}-\d\d-\d\d)")


class Lake:
    """A folder of tables. Any number of processes may read and write it on one machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, table: str, rows: pa.Table, name: str) -> int:
        """Add rows under a name, one file in each partition they belong to; the number of rows.

        `rows`: the columns of the schema, `day`, and `bucket` in tables that have buckets; no rows are nothing.
        A file of the same name is replaced, so that writing the same again changes nothing. Each file appears whole or
        not at all; several of one call appear one after the other: write again after a crash. Raises LakeError.
        """
        checked_name(name)
        keys = _partition_keys(table)
        if not rows.num_rows:
            return 0
        ready = _in_schema(table, rows)
        for folder, part in _partitions(self.root / table, ready, keys):
            make_folder(folder)
            with alone_in(folder):
                self._put(folder, part, name)
        return int(rows.num_rows)

    def remove(self, table: str, name: str, days: Iterable[dt.date] | None = None) -> None:
        """Take back what was written under a name, wherever its rows lie, compacted or not."""
        checked_name(name)
        for folder in list(self.folders(table, None if days is None else frozenset(days))):
            with alone_in(folder):
                path = folder / f"{name}{SUFFIX}"
                if path.exists():
                    path.unlink()
                    sync_folder(folder)
                if name in current(folder).names:
                    without(folder, name)

    def files(
        self, table: str, days: Iterable[dt.date] | None = None, buckets: Iterable[int] | None = None
    ) -> list[Path]:
        """Files that hold a table now, by day and bucket. `buckets` says nothing of tables without."""
        wanted = None if days is None else frozenset(days)
        among = None if buckets is None else frozenset(buckets)
        return [path for folder in self.folders(table, wanted, among) for path in counting(folder)]

    def folders(
        self, table: str, days: Collection[dt.date] | None = None, buckets: Collection[int] | None = None
    ) -> Iterator[Path]:
        """Partitions of a table that exist."""
        keys = _partition_keys(table)
        for day in self.days(table) if days is None else sorted(days):
            folder = self.root / table / f"day={day}"
            if BUCKET not in keys:
                yield from [folder] if folder.is_dir() else []
                continue
            for bucket in range(BUCKETS) if buckets is None else sorted(buckets):
                inner = folder / f"bucket={bucket:02}"
                if inner.is_dir():
                    yield inner

    def days(self, table: str) -> list[dt.date]:
        """Days a table has anything of, in order."""
        _partition_keys(table)
        try:
            names = [entry.name for entry in os.scandir(self.root / table)]
        except FileNotFoundError:
            return []
        return sorted(dt.date.fromisoformat(found[1]) for name in names if (found := _DAY.fullmatch(name)))

    def _put(self, folder: Path, part: pa.Table, name: str) -> None:
        path = folder / f"{name}{SUFFIX}"
        write_whole(path, lambda file: write_parquet(part, file))
        sync_folder(folder)
        if name in current(folder).names:  # Compacted meanwhile: what was made of it gives way to what came now.
            without(folder, name)


def _partition_keys(table: str) -> tuple[str, ...]:
    if table not in SCHEMAS:
        raise LakeError(f"the lake has no table {table!r}")
    return (DAY, BUCKET) if table in BUCKETED else (DAY,)


def _in_schema(table: str, rows: pa.Table) -> pa.Table:
    """The columns in their order and types. Raises LakeError for one too many, too few, or of another kind."""
    schema, keys = SCHEMAS[table], _partition_keys(table)
    types = {DAY: pa.date32(), BUCKET: pa.int8()}
    whole = pa.schema([*schema, *(pa.field(key, types[key], nullable=False) for key in keys)])
    unknown, missing = set(rows.column_names) - set(whole.names), set(whole.names) - set(rows.column_names)
    if unknown or missing:
        raise LakeError(f"{table}: unknown columns {sorted(unknown)}, missing {sorted(missing)}")
    try:
        return rows.select(whole.names).cast(whole)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
        raise LakeError(f"{table}: {error}") from error


def _partitions(root: Path, rows: pa.Table, keys: tuple[str, ...]) -> Iterator[tuple[Path, pa.Table]]:
    first = rows.column_names[0]
    ordered = rows.sort_by([*((key, "ascending") for key in keys), (first, "ascending")])
    codes = np.asarray(ordered[DAY].cast(pa.int32())).astype(np.int64) * BUCKETS
    if BUCKET in keys:
        buckets = np.asarray(ordered[BUCKET])
        if buckets.min() < 0 or buckets.max() >= BUCKETS:
            raise LakeError(f"a bucket outside of 0 to {BUCKETS - 1}")
        codes = codes + buckets
    starts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    for start, end in itertools.pairwise(starts):
        part = ordered.slice(start, end - start)
        folder = root / f"day={part[DAY][0].as_py()}"
        if BUCKET in keys:
            folder /= f"bucket={part[BUCKET][0].as_py():02}"
        yield folder, part.drop_columns(list(keys))
