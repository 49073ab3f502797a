"""The comparison of three witnesses against only reading their columns, each in a process of its own.

Small in the test run, where it has to find what is planted and nothing else. By hand, over a lake of any size:

    python -m benchmarks.hq_lake --rows 50000000 --out DIR
    HQ_LAKE=DIR python -m pytest benchmarks/test_hq_reconcile.py -s
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.hq_lake import build, shape_of

ROWS = 20_000
CASES = 200
PEAK_MB_MAX = 2_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    given = os.environ.get("HQ_LAKE")
    if given:
        return Path(given)
    made: Path = tmp_path_factory.mktemp("lake")
    truth = build(shape_of(ROWS, made, 1, events=False), CASES, 1)
    (made / "truth.json").write_text(json.dumps(truth))
    return made


def measured(folder: Path, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.hq_compare", str(folder), *options]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_every_planted_case_is_found_and_none_invented_within_memory(folder: Path) -> None:
    read = measured(folder, "--what", "read")
    whole = {engine: measured(folder, "--what", engine) for engine in ("polars", "duckdb")}
    day = measured(folder, "--what", "polars", "--day", "20")
    for answer in (read, *whole.values(), day):
        ratio = answer["cpu_s"] / max(0.01, read["cpu_s"])
        print(f"\n{answer['what']:8} day {answer['day']}: {answer['seconds']} s, CPU {answer['cpu_s']} s", end="")
        print(f" ({ratio:.1f} of reading), peak {answer['peak_mb']} MB", end="")
    for answer in whole.values():
        assert answer["differing"] == {}
        assert answer["peak_mb"] < PEAK_MB_MAX
    assert day["found"] > 0
