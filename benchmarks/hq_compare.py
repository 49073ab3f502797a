"""One comparison, or only the reading of its columns, in a process of its own: seconds, CPU and peak memory as JSON.

    python -m benchmarks.hq_compare FOLDER --what duckdb|polars|spark|read|read-hot [--day N] [--counting]

`FOLDER` is what benchmarks.hq_lake wrote. `read` reads every column the comparison reads, bucket by bucket with Polars;
`read-hot` those of its first pass alone. Planted cases that are missing or too many are in the answer.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl

from sync.hq.lake.layout import SCHEMAS, Lake
from sync.hq.reconcile.facts import Facts
from sync.hq.reconcile.hot import LINE_COLUMNS, STANDING_COLUMNS
from sync.hq.reconcile.run import WITNESSES, Days, Result, reconcile
from sync.hq.witness import BUCKETS

HOT = {"agent": LINE_COLUMNS, "ofd": LINE_COLUMNS, "registry": STANDING_COLUMNS}


def facts_of(truth: dict[str, Any]) -> Facts:
    now = int(truth["now_us"])
    return Facts(
        now, delivered=dict.fromkeys(truth["places"], now), registers=truth["registers"], shops=truth["places"]
    )


def read(lake: Lake, days: Days | None, *, hot: bool) -> int:
    """Rows whose columns came into memory, a bucket at a time."""
    among = None if days is None else [days[0]]
    rows = 0
    for bucket in range(BUCKETS):
        for witness in WITNESSES:
            columns = HOT[witness] if hot else SCHEMAS[witness].names
            files = lake.files(witness, among, [bucket])
            if files:
                found = pl.scan_parquet(files, hive_partitioning=False, glob=False).select(columns).collect()
                rows += found.height
    return rows


def differing(truth: dict[str, Any], result: Result) -> dict[str, list[str]]:
    """Subjects that are missing or too many, per kind; nothing where the planted truth was found to the case."""
    found: dict[str, Counter[str]] = {}
    for one in result.findings:
        found.setdefault(str(one.kind), Counter())[one.subject] += 1
    wrong = {}
    for kind in {*found, *truth["truth"]}:
        have, want = found.get(kind, Counter()), Counter(truth["truth"].get(kind, []))
        if have != want:
            wrong[kind] = sorted(map(str, ((have - want) + (want - have))))
    return wrong


def run(folder: Path, what: str, day: int | None, *, counting: bool) -> dict[str, Any]:
    truth = json.loads((folder / "truth.json").read_text())
    lake = Lake(folder / "lake")
    date = dt.date.fromisoformat(truth["first_day"]) + dt.timedelta(days=day or 0)
    days = None if day is None else (date, date)
    started, busy = time.perf_counter(), time.process_time()
    answer: dict[str, Any] = {"what": what, "day": day}
    if what in ("read", "read-hot"):
        answer["rows"] = read(lake, days, hot=what == "read-hot")
    else:
        result = compared(lake, days, what, facts_of(truth), counting=counting)
        answer |= {"rows": dict(result.rows), "found": len(result.findings)}
        if days is None:
            answer["differing"] = differing(truth, result)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return answer | {
        "seconds": round(time.perf_counter() - started, 2),
        "cpu_s": round(time.process_time() - busy, 2),
        "peak_mb": usage.ru_maxrss // 1024,
    }


def compared(lake: Lake, days: Days | None, engine: str, facts: Facts, *, counting: bool) -> Result:
    if engine != "spark":
        return reconcile(lake, days, engine=engine, facts=facts, counting=counting)
    from sync.hq.reconcile.spark import Spark, local_session

    with tempfile.TemporaryDirectory() as scratch:
        session = local_session(Path(scratch))
        try:
            with closing(Spark(session)) as chosen:
                return reconcile(lake, days, engine=chosen, facts=facts, counting=counting)
        finally:
            session.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--what", choices=["duckdb", "polars", "spark", "read", "read-hot"], default="duckdb")
    parser.add_argument("--day", type=int)
    parser.add_argument("--counting", action="store_true")
    given = parser.parse_args()
    print(json.dumps(run(given.folder, given.what, given.day, counting=given.counting)))


if __name__ == "__main__":
    main()
