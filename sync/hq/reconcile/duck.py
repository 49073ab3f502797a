"""DuckDB, some buckets at a time: a year fits in memory one bucket after the other."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

import ibis
import pyarrow as pa

from sync.hq.reconcile.engine import Table
from sync.hq.witness import BUCKETS


class Duck:
    name = "duckdb"
    reads_here = True

    def __init__(self, scratch: Path, *, at_once: int = 1, memory: str = "1GB", threads: int | None = None) -> None:
        """`scratch`: folder for what does not fit; `memory`: DuckDB's own limit, the process needs some more."""
        buckets = range(BUCKETS)
        self.portions: Sequence[Sequence[int] | None] = (
            (None,)
            if at_once >= BUCKETS
            else [buckets[start : start + at_once] for start in range(0, BUCKETS, at_once)]
        )
        self._connection = ibis.duckdb.connect(
            memory_limit=memory, temp_directory=str(scratch / "spill"), preserve_insertion_order=False
        )
        self._connection.raw_sql("SET parquet_metadata_cache = true")  # Every file is read more than once.
        if threads is not None:
            self._connection.raw_sql(f"SET threads = {threads:d}")
        self._names = (f"t{number}" for number in itertools.count())

    def scan(self, files: Iterable[Path], *, hive: bool = True) -> Table:
        paths = list(files)
        listed = ", ".join(_quoted(str(path)) for path in paths)
        buckets = ", 'bucket': INTEGER" if hive and paths[0].parent.name.startswith("bucket=") else ""
        types = f", hive_types = {{'day': DATE{buckets}}}" if hive else ""
        name = next(self._names)
        self._connection.raw_sql(
            f"CREATE TEMP VIEW {name} AS FROM read_parquet([{listed}], hive_partitioning = {str(hive).lower()}{types})"
        )
        return self._connection.table(name)

    def keep(self, found: Table) -> Table:
        name = next(self._names)
        self._connection.raw_sql(f"CREATE TEMP TABLE {name} AS {ibis.to_sql(found, dialect='duckdb')}")
        return self._connection.table(name)

    def rows(self, found: Table) -> pa.Table:
        return self._connection.to_pyarrow(found)

    def write(self, found: Table, path: Path) -> None:
        self._connection.raw_sql(
            f"COPY ({ibis.to_sql(found, dialect='duckdb')}) TO {_quoted(str(path))} (FORMAT parquet)"
        )

    def close(self) -> None:
        self._connection.disconnect()


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
