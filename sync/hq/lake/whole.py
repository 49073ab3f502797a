"""The one file that compaction makes of a partition, and from which a name can be taken out again.

Beside `whole-N.parquet` lies `whole-N.parts`: for each row, in the same order, the place of the name it came under in
the list of `current.json`. It is read only when a name is written again or removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from sync.hq.lake.durable import sync_folder, write_whole
from sync.hq.lake.parquet import write_parquet
from sync.hq.lake.parts import SUFFIX, Current, current, say_current, whole_file

PARTS = ".parts"
Places = npt.NDArray[np.int32]


def join(folder: Path, loose: Sequence[Path]) -> Current:
    """Make one file of the whole one and the loose ones. The caller is alone in the folder."""
    known = current(folder)
    tables, places, names = [], [], list(known.names)
    if known.whole:
        tables.append(_read(whole_file(folder, known.whole)))
        places.append(_places(folder, known.whole))
    for path in loose:
        tables.append(_read(path))
        places.append(np.full(tables[-1].num_rows, len(names), np.int32))
        names.append(path.name.removesuffix(SUFFIX))
    return _say(folder, known, tables, places, names)


def without(folder: Path, name: str) -> Current:
    """Take the rows of one name out. A file of that name counts again, in the same step. The caller is alone."""
    known = current(folder)
    taken = known.names.index(name)
    places = _places(folder, known.whole)
    kept = places != taken
    rows = _read(whole_file(folder, known.whole)).filter(pa.array(kept))
    left = places[kept]
    names = [one for one in known.names if one != name]
    return _say(folder, known, [rows], [np.where(left > taken, left - 1, left).astype(np.int32)], names)


def numbers_of(folder: Path) -> Iterable[tuple[Path, int]]:
    """Whole files and their parts, with the number each is of."""
    for path in folder.glob("whole-*"):
        digits = path.name.removeprefix("whole-").split(".")[0]
        if digits.isdecimal():
            yield path, int(digits)


def _say(
    folder: Path, known: Current, tables: Sequence[pa.Table], places: Sequence[Places], names: Sequence[str]
) -> Current:
    number = max((used for _, used in numbers_of(folder)), default=0) + 1
    rows, of = pa.concat_tables(tables), np.concatenate(places)
    order = np.argsort(rows[0].to_numpy(), kind="stable")
    now = Current(number, tuple(names))
    parts = pa.table({"part": of[order]})
    write_whole(folder / f"whole-{number}{PARTS}", lambda file: pq.write_table(parts, file, compression="zstd"))
    write_whole(whole_file(folder, number), lambda file: write_parquet(rows.take(pa.array(order)), file))
    sync_folder(folder)
    say_current(folder, now)
    return now


def _read(path: Path) -> pa.Table:
    return pq.read_table(path, partitioning=None)


def _places(folder: Path, number: int) -> Places:
    found: Places = _read(folder / f"whole-{number}{PARTS}")["part"].to_numpy().astype(np.int32)
    return found
