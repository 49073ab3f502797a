"""What the comparison asks of an engine, and what an expression is written with on all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import ibis
import pyarrow as pa

Table = Any  # ibis.expr.types.Table: Ibis gives its columns no types that mypy could use.
Value = Any

DAY_US = 86_400_000_000
LOCAL_MIDNIGHT_US = 19 * 3_600_000_000  # Midnight in Kazakhstan, five hours before that of UTC.


class Engine(Protocol):
    """Tables in, tables out. Names are the caller's; an engine belongs to one run and is closed with it."""

    name: str
    portions: Sequence[Sequence[int] | None]
    """Buckets that are worked on at once, one after the other; None is all of them."""
    reads_here: bool
    """Whether it reads the files of this machine. Rows are then gathered from them without it (sync.hq.lake.lookup)."""

    def scan(self, files: Iterable[Path], *, hive: bool = True) -> Table:
        """Rows of Parquet files of one schema; `hive`: day and bucket come from the path."""

    def keep(self, found: Table) -> Table:
        """The same rows, computed once."""

    def rows(self, found: Table) -> pa.Table: ...

    def write(self, found: Table, path: Path) -> None:
        """Into a Parquet file, or a folder of them, that `scan` reads as `path`."""

    def close(self) -> None: ...


def only_date(at: Value) -> Value:
    """Whether a time is a bare date: midnight of UTC or of Kazakhstan."""
    rest = at % DAY_US
    return (rest == 0) | (rest == LOCAL_MIDNIGHT_US)


def text(value: str) -> Value:
    return ibis.literal(value, type="string")


def number(value: int) -> Value:
    return ibis.literal(value, type="int64")
