"""How a file of the lake is written: order of rows is the caller's, the rest is here."""

from __future__ import annotations

from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP_ROWS = 65_536
_UNIQUE = frozenset({"fp", "rfp", "ki", "sign"})  # A dictionary of what hardly repeats costs time and saves nothing.
_RANDOM = frozenset({"fp", "rfp"})  # Nothing makes them smaller, so they are not unpacked at every look either.
_WIDE = frozenset({"ki", "sign"})  # Most of what a look at few rows unpacks: LZ4 takes half the time, and more room.
_RARE = frozenset({"brief", "total_tiyn"})  # Tables with these are looked at too seldom to pay for it with room.


def write_parquet(rows: pa.Table, file: BinaryIO) -> None:
    """A page is as long as its row group, where a megabyte allows: fingerprints then lie in one piece (`keys`)."""
    names = rows.column_names
    wide = _WIDE if _RARE.isdisjoint(names) else frozenset()
    pq.write_table(
        rows,
        file,
        row_group_size=ROW_GROUP_ROWS,
        max_rows_per_page=ROW_GROUP_ROWS,
        compression={name: _packing(name, wide) for name in names},
        use_dictionary=[name for name in names if name not in _UNIQUE],
    )


def _packing(name: str, wide: frozenset[str]) -> str:
    if name in _RANDOM:
        return "none"
    return "lz4" if name in wide else "zstd"
