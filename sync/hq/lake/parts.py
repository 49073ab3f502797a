"""Which files of a partition count.

A partition is a folder of files `NAME.parquet`. Compaction makes one file of many, `whole-N.parquet`, and says so in
`current.json`, which is replaced in one step:

    {"whole": 3, "names": ["t-...", "i-..."], "since_ns": ...}

The names in it count no longer, whether their files are still there or not: a reader sees every row once, before the
step and after it. Files that no longer count stay for a while, because a reader may have listed them before.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

SUFFIX = ".parquet"
WHOLE = "whole-"
PARTIAL = ".part"  # Of a file that is still being written; after a crash it is rubbish.
CURRENT = "current.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,149}")


class LakeError(ValueError):
    """A table, name or column that has no place in the lake; the text names it."""


@dataclass(frozen=True, slots=True)
class Current:
    """What compaction has made of a partition. `whole` 0: nothing yet."""

    whole: int = 0
    names: tuple[str, ...] = ()
    since_ns: int = 0


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
    return Current(found["whole"], tuple(found["names"]), found["since_ns"])


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


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """All of a file or nothing of it, also after a power cut, once its folder is synced too."""
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}{PARTIAL}")
    try:
        with partial.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def say_current(folder: Path, now: Current) -> None:
    text = json.dumps(asdict(now)).encode()
    write_whole(folder / CURRENT, lambda file: file.write(text))
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """With its parents, each entered in the one above before anything lies in it."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)
