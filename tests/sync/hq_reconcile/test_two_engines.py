"""DuckDB, the Polars kernel and Spark over one planted lake: the same rows, and those that were planted.

A million lines a witness over three days; the planter counts on thirty, so which returns are overdue is left open.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from benchmarks.hq_compare import facts_of
from benchmarks.hq_documents import Shape
from benchmarks.hq_lake import build
from sync.hq.finding import Finding
from sync.hq.lake.layout import Lake
from sync.hq.reconcile.run import Result, reconcile
from sync.hq.reconcile.spark import Spark, local_session

LINES = 1_000_000
DAYS = 3
CASES = 400
RETURNS = {"return-overdue": "returned", "returned-still-withdrawn": "returned"}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, dict[str, Any]]:
    folder: Path = tmp_path_factory.mktemp("planted")
    truth = build(Shape(folder / "lake", LINES // DAYS, 15, DAYS, 7, False), CASES, 1)
    return Lake(folder / "lake"), json.loads(json.dumps(truth))


@pytest.fixture(scope="module")
def by_duckdb(planted: tuple[Lake, dict[str, Any]]) -> Result:
    lake, truth = planted
    return reconcile(lake, None, engine="duckdb", facts=facts_of(truth))


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    session = local_session(tmp_path_factory.mktemp("spark"))
    yield session
    session.stop()


def subjects(findings: list[Finding]) -> Counter[tuple[str, str]]:
    return Counter((RETURNS.get(str(one.kind), str(one.kind)), one.subject) for one in findings)


def test_duckdb_finds_what_was_planted_and_nothing_else(
    planted: tuple[Lake, dict[str, Any]], by_duckdb: Result
) -> None:
    truth = planted[1]["truth"]
    wanted = Counter((RETURNS.get(kind, kind), subject) for kind, named in truth.items() for subject in named)
    assert subjects(by_duckdb.findings) == wanted
    assert by_duckdb.rows["agent"] >= LINES - DAYS


def test_the_polars_kernel_gives_the_same_rows(planted: tuple[Lake, dict[str, Any]], by_duckdb: Result) -> None:
    lake, truth = planted
    by_polars = reconcile(lake, None, engine="polars", facts=facts_of(truth))
    assert by_polars.findings == by_duckdb.findings
    assert by_polars.looked == by_duckdb.looked


def test_spark_gives_the_same_rows_and_counts(
    planted: tuple[Lake, dict[str, Any]], by_duckdb: Result, spark: Any
) -> None:
    lake, truth = planted
    with closing(Spark(spark)) as engine:
        by_spark = reconcile(lake, None, engine=engine, facts=facts_of(truth))
    assert by_spark.findings == by_duckdb.findings
    assert by_spark.counts == by_duckdb.counts
    assert by_spark.looked == by_duckdb.looked


def test_counts_add_up_to_the_lines_of_the_journal(by_duckdb: Result) -> None:
    assert sum(one.sold + one.returned for one in by_duckdb.counts) == by_duckdb.rows["agent"]
    assert all(one.at_operator <= one.sold + one.returned for one in by_duckdb.counts)
    assert all(one.withdrawn + one.on_balance <= one.sold for one in by_duckdb.counts)
