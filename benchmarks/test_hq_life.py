"""All that headquarters holds of one unit, out of the lake: ours against DuckDB on the same files, in one run.

Small by default. Over a lake of any size, made with `python -m benchmarks.hq_lake --events`:

    HQ_LAKE=DIR pytest benchmarks/test_hq_life.py
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from sqlalchemy import Engine

from benchmarks.hq_lake import build, shape_of
from sync.hq.engine import open_engine
from sync.hq.lake.columns import AGENT, EVENT, OFD, REGISTRY
from sync.hq.lake.layout import Lake
from sync.hq.lake.life import life
from sync.hq.witness import bucket, fingerprint

ROWS = 30_000
UNITS = 40


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    if folder := os.environ.get("HQ_LAKE"):
        return Lake(Path(folder) / "lake")
    shape = shape_of(ROWS, tmp_path_factory.mktemp("lake"), 1, events=True, days=3)
    build(shape, 0, 1)
    return Lake(shape.root)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = open_engine(f"sqlite:///{tmp_path_factory.mktemp('db') / 'hq.sqlite'}")
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def next_unit(lake: Lake) -> Callable[[], str]:
    """Units from all over the lake, each looked at once: nothing is remembered from the time before."""
    files = lake.files(AGENT)
    some = files[:: max(1, len(files) // UNITS)]
    codes = [str(pq.read_table(path, columns=["ki"], partitioning=None)["ki"][7]) for path in some]
    turn = itertools.cycle(codes)
    return lambda: next(turn)


@pytest.mark.benchmark(group="life of one unit")
def test_life(benchmark: BenchmarkFixture, lake: Lake, engine: Engine, next_unit: Callable[[], str]) -> None:
    found = benchmark.pedantic(lambda: life(lake, engine, next_unit()), rounds=UNITS)
    assert {str(moment.witness) for moment in found.moments} == {"agent", "ofd", "registry"}


@pytest.mark.benchmark(group="life of one unit")
def test_duckdb(benchmark: BenchmarkFixture, lake: Lake, next_unit: Callable[[], str]) -> None:
    db = duckdb.connect()

    def look() -> int:
        ki = next_unit()
        rows = 0
        for table in (EVENT, AGENT, OFD, REGISTRY):
            files = [str(path) for path in lake.files(table, None, [bucket(ki)])]
            query = "SELECT * FROM read_parquet($files, filename = true) WHERE fp = $fp AND ki = $ki"
            rows += len(db.execute(query, {"files": files, "fp": fingerprint(ki), "ki": ki}).fetchall())
        return rows

    assert benchmark.pedantic(look, rounds=UNITS) > 0
