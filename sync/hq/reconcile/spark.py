"""Spark, all buckets at once: for a chain that has outgrown one machine. Here in local mode unless a session is given.

Spark writes its session's time zone into what it computes; it is set to UTC, although the comparison holds times as
numbers. Needs Java and the extra `spark`.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from sync.hq.reconcile.engine import Table

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",  # Its bars would stand over those of the command.
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "true",
    # Files are named one by one: looking at each in a task of its own takes longer than reading them.
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "1000000",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}


def local_session(scratch: Path, *, cores: int = 2, memory: str = "2g") -> Any:
    """A Spark of its own in this process; the caller stops it."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(f"local[{cores}]").appName("pos-hq").config("spark.driver.memory", memory)
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    return builder.config("spark.sql.warehouse.dir", str(scratch / "warehouse")).getOrCreate()


class Spark:
    name = "spark"
    reads_here = False  # Its session may be a cluster's.
    portions: Sequence[Sequence[int] | None] = (None,)

    def __init__(self, session: Any) -> None:
        """`session`: a SparkSession, left running when this is closed."""
        self._session = session
        session.conf.set("spark.sql.session.timeZone", "UTC")
        self._connection = ibis.pyspark.connect(session)
        self._names = (f"hq_{id(self):x}_{number}" for number in itertools.count())
        self._views: list[str] = []
        self._folder = tempfile.TemporaryDirectory(prefix="hq-spark-")

    def scan(self, files: Iterable[Path], *, hive: bool = True) -> Table:
        paths = [str(path) for path in files]
        reader = self._session.read
        if hive:
            reader = reader.option("basePath", str(_base(Path(paths[0]))))
        return self._view(reader.parquet(*paths))

    def keep(self, found: Table) -> Table:
        # Not cached: a cached table keeps its plan, and plans of tables kept one upon the other grow without end.
        path = Path(self._folder.name) / next(self._names)
        self.write(found, path)
        return self.scan([path], hive=False)

    def rows(self, found: Table) -> pa.Table:
        # Not toArrow(), which leaves its socket open: by way of a file, as everything else here.
        path = Path(self._folder.name) / next(self._names)
        self.write(found, path)
        return pq.read_table(path)

    def write(self, found: Table, path: Path) -> None:
        self._frame(found).write.mode("overwrite").parquet(str(path))

    def close(self) -> None:
        for view in self._views:
            self._session.catalog.dropTempView(view)
        self._folder.cleanup()

    def _frame(self, found: Table) -> Any:
        return self._session.sql(str(ibis.to_sql(found, dialect="pyspark")))

    def _view(self, frame: Any) -> Table:
        name = next(self._names)
        frame.createOrReplaceTempView(name)
        self._views.append(name)
        return self._connection.table(name)


def _base(path: Path) -> Path:
    """The folder above `day=...`, from where Spark reads the columns in a path."""
    return next((above.parent for above in path.parents if above.name.startswith("day=")), path.parent)
