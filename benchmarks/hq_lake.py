"""A lake as large as wanted, with planted cases: what headquarters' comparison is measured on.

    python -m benchmarks.hq_lake --rows 50000000 --out DIR --planted 0.001 --seed 1

Writes about `--rows` lines of each witness over 30 days to DIR/lake, and DIR/truth.json: for each kind the subjects
that have to be found (`truth`), the shop of each till (`places`), the moment of looking (`now_us`), and the rows.

An ordinary unit is sold once; one in a hundred comes back after some days and is on balance again, and every third of
those is sold anew. The registry is asked once after each document, and of some units before the withdrawal arrived.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.hq_day import Day
from benchmarks.hq_documents import FIRST, RESOLD_PPM, RETURNED_PPM, Shape, register_of, shop_of, till_of
from benchmarks.hq_planted import DAY_US, HOUR_US, TILLS_PER_SHOP, Planted, Planter

DAYS = 30
LINES_PER_TILL = 50_000  # In the whole time.


def shape_of(rows: int, out: Path, seed: int, *, events: bool, days: int = DAYS) -> Shape:
    """Fewer `days` than 16 are for lakes without planted cases: a return has to be overdue in some."""
    of_a_unit = 1 + (RETURNED_PPM + RESOLD_PPM) / 1_000_000
    shops = max(3, rows // LINES_PER_TILL // TILLS_PER_SHOP)
    return Shape(out / "lake", max(100, round(rows / days / of_a_unit)), shops * TILLS_PER_SHOP, days, seed, events)


def plant(shape: Shape, cases: int) -> Planted:
    return Planter(shape.days, shape.tills, random.Random(shape.seed), register_of).plant(cases)


def write_day(task: tuple[Shape, int, Planted]) -> Counter[str]:
    return Counter(Day(*task).write())


def build(shape: Shape, cases: int, workers: int, say: Any = lambda _text: None) -> dict[str, Any]:
    """Write the lake; the truth about it."""
    planted = plant(shape, cases)
    tasks = [(shape, day, planted) for day in range(shape.days)]
    rows: Counter[str] = Counter()
    with contextlib.ExitStack() as stack:
        written: Iterable[Counter[str]] = map(write_day, tasks)
        if workers > 1:
            pool = stack.enter_context(multiprocessing.get_context("spawn").Pool(workers))
            written = pool.imap_unordered(write_day, tasks)
        for number, of_day in enumerate(written, 1):
            rows += of_day
            say(f"{number} of {shape.days} days, {sum(rows.values()):,} rows")
    tills = range(shape.tills)
    return {
        "first_day": str(FIRST),
        "days": shape.days,
        "seed": shape.seed,
        "now_us": shape.midnight_us + shape.days * DAY_US + 5 * HOUR_US,
        "rows": dict(rows),
        "places": {till_of(till): shop_of(till) for till in tills},
        "registers": {register_of(till): till_of(till) for till in tills},
        "causes": planted.causes,
        "truth": planted.truth,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--planted", type=float, default=0.001, help="cases for each line of a witness")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--events", action="store_true", help="mentions too, two of each line")
    given = parser.parse_args()
    started = time.monotonic()
    shape = shape_of(given.rows, given.out, given.seed, events=given.events)
    truth = build(
        shape,
        round(given.rows * given.planted),
        given.workers,
        lambda text: print(f"{time.monotonic() - started:6.0f} s  {text}", file=sys.stderr),
    )
    (given.out / "truth.json").write_text(json.dumps(truth, indent=1))
    print(json.dumps({"rows": truth["rows"], "seconds": round(time.monotonic() - started, 1)}))


if __name__ == "__main__":
    main()
