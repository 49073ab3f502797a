"""Which files of a partition count.

A partition is a folder of files `NAME.parquet`. Compaction makes one file of many, `whole-N.parquet`, and says so in
`current.json`, which is replaced in one step:

    {"whole": 3, "names": ["land-0000000007", ...]}

The names in it count no longer, whether their files are still there or not: a reader sees every row once, before the
step and after it. Files that no longer count stay for a while, because a reader may have listed them before
(`sync.hq.lake.compaction.sweep`).
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from sync.hq.lake.durable import sync_folder, write_whole

SUFFIX = ".parquet"
WHOLE = "whole-"
CURRENT = "current.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,149}")


class LakeError(ValueError):
    """A table, name or column that has no place in the lake; the text names it."""


@dataclass(frozen=True, slots=True)
class Current:
    """What compaction has made of a partition. `whole` 0: nothing yet."""

    whole: int = 0
    names: tuple[str, ...] = ()  # What stands in the whole file, in the order its rows are told apart by.


def checked_name(name: str) -> str:
    """A name that is a file's on any system and no path. Raises LakeError."""
    if not _NAME.fullmatch(name) or name.startswith(WHOLE) or name.endswith(SUFFIX):
        raise LakeError(f"not a name for a file of the lake: {name!r}")
    return name


def current(folder: Path) -> Current:
    try:
        found = json.loads((folder / CURRENT).read_bytes())
    except FileNotFoundError:
        return Current()
    return Current(found["whole"], tuple(found["names"]))


def whole_file(folder: Path, number: int) -> Path:
    return folder / f"{WHOLE}{number}{SUFFIX}"


def counting(folder: Path) -> list[Path]:
    """Files that count now, by name; the compacted one first."""
    while True:
        known = current(folder)
        try:
            found = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(SUFFIX))
        except FileNotFoundError:
            return []
        if current(folder) == known:  # Else a compaction came between: look again.
            break
    gone = frozenset(known.names)
    loose = [folder / name for name in found if not name.startswith(WHOLE) and name.removesuffix(SUFFIX) not in gone]
    return ([whole_file(folder, known.whole)] if known.whole else []) + loose


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """One writer or compaction at a time, also among processes. The system frees the lock of one that dies."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def say_current(folder: Path, now: Current) -> None:
    text = json.dumps(asdict(now)).encode()
    write_whole(folder / CURRENT, lambda file: file.write(text))
    sync_folder(folder)
