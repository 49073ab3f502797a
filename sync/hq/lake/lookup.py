"""Rows of many codes out of many files. Where they are is told by fingerprints alone; then they are unpacked."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from sync.hq.lake.columns import DAY
from sync.hq.lake.keys import Fingerprints, fingerprints_of

_BITS_MIN, _BITS_MAX = 16, 22  # Of the table below: a megabyte for each two bits more, and it should stay in a cache.
_SPARE_BITS = 5  # One false alarm for 32 numbers that are not wanted.
_NONE: Fingerprints = np.empty(0, np.int64)
_READERS = max(1, min(4, os.cpu_count() or 1))


class Wanted:
    """Fingerprints that are looked for. Fit for some millions: those of one bucket."""

    def __init__(self, fps: Iterable[Fingerprints]) -> None:
        every = np.concatenate([_NONE, *fps])
        every.sort(kind="stable")  # Which merges what is in order already: a file is.
        self.fps: Fingerprints = every[np.diff(every, prepend=~every[:1]) != 0]
        bits = min(_BITS_MAX, max(_BITS_MIN, len(self.fps).bit_length() + _SPARE_BITS))
        self._shift, self._half = 64 - bits, 1 << (bits - 1)
        self._begin: npt.NDArray[np.bool_] = np.zeros(1 << bits, np.bool_)
        self._begin[(self.fps >> self._shift) + self._half] = True

    def among(self, keys: Fingerprints) -> Fingerprints:
        """Those of `keys` that are wanted, as often as they are there. Most are told apart by how they begin."""
        likely: Fingerprints = keys[self._begin[(keys >> self._shift) + self._half]]
        if not len(self.fps) or not len(likely):
            return likely[:0]
        place = np.searchsorted(self.fps, likely)
        place[place == len(self.fps)] = 0
        found: Fingerprints = likely[self.fps[place] == likely]
        return found


def codes(files: Iterable[Path]) -> Wanted:
    """All fingerprints of some files."""
    return Wanted(keys for path in files for keys in fingerprints_of(path))


@dataclass(frozen=True, slots=True)
class Located:
    """Files that hold some of the wanted, and those they hold."""

    files: tuple[Path, ...]
    fps: Fingerprints


def locate(files: Sequence[Path], wanted: Wanted) -> Located:
    with ThreadPoolExecutor(_READERS) as pool:
        found = list(pool.map(lambda path: _among(path, wanted), files))
    holding = tuple(path for path, fps in zip(files, found, strict=True) if len(fps))
    return Located(holding, np.concatenate([_NONE, *found]))


def rows(located: Iterable[Located], schema: pa.Schema) -> pl.DataFrame:
    """The rows located: the columns of `schema`, of which `fp` is one, and `day` out of the path.

    Beginning to read costs as much as three files do, so give all at once what may be in memory together.
    """
    every = list(located)
    files = [path for one in every for path in one.files]
    if not files:
        return pl.DataFrame(pl.from_arrow(schema.append(pa.field(DAY, pa.date32())).empty_table()))
    fps = pl.Series("fp", np.concatenate([one.fps for one in every])).unique()
    scanned = pl.scan_parquet(files, hive_partitioning=True, glob=False, parallel="prefiltered")
    return scanned.filter(pl.col("fp").is_in(fps.implode())).select(*schema.names, DAY).collect()


def _among(path: Path, wanted: Wanted) -> Fingerprints:
    return np.concatenate([_NONE, *(wanted.among(keys) for keys in fingerprints_of(path))])
