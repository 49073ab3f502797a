"""Does the lake fit the database it was landed from, and if not: landing all over again.

A database restored from an old copy knows fewer batches than the lake holds. Going on would give the name of a batch
that is in the lake to other rows, and file some rows twice. So the lake keeps the number of the last batch begun, in
`landed.json`, and a database that is behind it is refused until a person has the journal's rows landed anew. That
needs nothing but the database: tills send again what it lacks.

    1  `anew` is there                          from here on, whoever lands finishes this first
    2  what was landed is taken out of the lake, file by file; imports stay
    3  cursors and what was remembered          deleted together
    4  `landed.json` and `anew` are gone
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Engine, delete

from sync.hq.engine import writing
from sync.hq.lake.durable import sync_folder, write_whole
from sync.hq.lake.layout import AGENT, AGENT_RECEIPT, EVENT, REGISTRY, Lake
from sync.hq.lake.parts import SUFFIX, LakeError, current
from sync.hq.lake.tables import landed, landing, pending, scanned, unreadable

LAST = "landed.json"
ANEW = "anew"
BATCH_NAME = re.compile(r"land-[0-9]{10}")
_TABLES = (AGENT, AGENT_RECEIPT, EVENT, REGISTRY)

Progress = Callable[[int, int], object]


class LakeAhead(LakeError):
    """The lake holds more than the database ever landed. The text says what to do."""


def check(lake: Lake, batch: int, *, again: bool) -> None:
    """Note that a batch is begun. Raises LakeAhead when the lake knows its number, or a later one, already."""
    last = _last(lake.root)
    if batch < last or (batch == last and not again):
        raise LakeAhead(
            f"the lake {lake.root} holds batch {last} of the journals and the database is only at {batch}: it was "
            "restored from an older copy, or it is another one. If it is the right database, run "
            "`pos-hq reconcile --anew` once the tills have sent what it lacks"
        )
    if batch != last:
        _say(lake.root / LAST, json.dumps({"batch": batch}).encode())


def begin(lake: Lake) -> None:
    """Have everything landed again, by whoever lands next."""
    _say(lake.root / ANEW, b"")


def finish(engine: Engine, lake: Lake, progress: Progress | None = None) -> None:
    """Take out what was landed, where `begin` asked for it. The caller is alone in the lake."""
    asked = lake.root / ANEW
    if not asked.exists():
        return
    names = [(table, name) for table in _TABLES for name in sorted(set(_names(lake, table)))]
    for done, (table, name) in enumerate(names, start=1):
        lake.remove(table, name)
        if progress is not None:
            progress(done, len(names))
    with writing(engine) as db:
        for kept in (landed, landing, pending, unreadable, scanned):
            db.execute(delete(kept))
    (lake.root / LAST).unlink(missing_ok=True)
    sync_folder(lake.root)  # Before the wish goes: a number left behind would refuse the first new batch.
    asked.unlink()
    sync_folder(lake.root)


def _names(lake: Lake, table: str) -> Iterator[str]:
    """Names of batches in a table, in files of their own and in compacted ones."""
    for folder in lake.folders(table):
        loose = (path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}"))
        yield from (name for name in (*loose, *current(folder).names) if BATCH_NAME.fullmatch(name))


def _last(root: Path) -> int:
    try:
        return int(json.loads((root / LAST).read_bytes())["batch"])
    except FileNotFoundError:
        return 0
    except (ValueError, KeyError, TypeError) as error:
        raise LakeError(f"{root / LAST} cannot be read: {error}; `pos-hq reconcile --anew` makes it new") from error


def _say(path: Path, content: bytes) -> None:
    write_whole(path, lambda file: file.write(content))
    sync_folder(path.parent)
