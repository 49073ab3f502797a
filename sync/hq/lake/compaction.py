"""Keeping the lake in few files: a day's small ones become one for each bucket, and what counts no longer goes.

compact   after the day, and again when late tills have added to it
sweep     some time later: files that no reader can be in any more
drop      a whole day, when its term is over
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sync.hq.lake.durable import PARTIAL, sync_folder
from sync.hq.lake.layout import SCHEMAS, Lake
from sync.hq.lake.parts import CURRENT, alone_in, counting, current
from sync.hq.lake.whole import join, numbers_of

GRACE_NS = 3_600 * 10**9  # No comparison reads on from one list of files for longer.
FILES_MAX = 8  # In a folder, before its day is compacted.
DROPPED = ".dropped-"

Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Compacted:
    before: int  # Files that counted.
    after: int


def compact(lake: Lake, table: str, day: dt.date, progress: Progress | None = None) -> Compacted:
    """Make one file of each partition of a day. Writers of a partition wait meanwhile, readers see each row once."""
    before = after = 0
    folders = list(lake.folders(table, {day}))
    for number, folder in enumerate(folders, 1):
        with alone_in(folder):
            files = counting(folder)
            before += len(files)
            if len(files) > 1:
                whole = current(folder).whole
                join(folder, files[1:] if whole else files)
            after += min(1, len(files))
        if progress is not None:
            progress(number, len(folders))
    return Compacted(before, after)


def sweep(lake: Lake, table: str, day: dt.date, now_ns: int, grace_ns: int = GRACE_NS) -> int:
    """Delete files of a day that stopped to count, or broke off while they were written, `grace_ns` ago; how many."""
    return sum(_swept(folder, now_ns - grace_ns) for folder in list(lake.folders(table, {day})))


def tidy(lake: Lake, now_ns: int, days: Iterable[dt.date] | None = None, *, files_max: int = FILES_MAX) -> int:
    """Compact every day (of `days`) that has a folder of more than `files_max` files, and sweep; days compacted."""
    wanted = None if days is None else frozenset(days)
    done = 0
    for table in SCHEMAS:
        for day in lake.days(table):
            if wanted is not None and day not in wanted:
                continue
            if any(len(counting(folder)) > files_max for folder in lake.folders(table, {day})):
                compact(lake, table, day)
                done += 1
            sweep(lake, table, day, now_ns)
    return done


def drop(lake: Lake, table: str, day: dt.date) -> None:
    """Delete a day of a table: gone at once for readers, then from the disk."""
    home = lake.root / table
    folder, aside = home / f"day={day}", home / f"{DROPPED}{day}"
    if folder.is_dir():
        folder.rename(aside)
        sync_folder(home)
    shutil.rmtree(aside, ignore_errors=True)


def _swept(folder: Path, before_ns: int) -> int:
    with alone_in(folder):
        known, gone = current(folder), []
        gone += [path for path in folder.glob(f".*{PARTIAL}") if path.stat().st_mtime_ns < before_ns]
        if known.whole and (folder / CURRENT).stat().st_mtime_ns < before_ns:
            counts = set(counting(folder))
            gone += [
                path for path in folder.glob("*.parquet") if path not in counts and not path.name.startswith("whole-")
            ]
            gone += [path for path, number in numbers_of(folder) if number != known.whole]
        for path in gone:
            path.unlink(missing_ok=True)
    return len(gone)
