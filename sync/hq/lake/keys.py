"""Fingerprints of a file, searched where they lie.

The first column of a file is sorted, and `sync.hq.lake.parquet` writes it plain, unpacked and as one page of each row
group. So it is its own index: nothing beside the file has to be kept in step with it, and nothing of it is copied or
unpacked to be searched. A file that was written otherwise is read by the library, slower and with the same answer.
Pages and their headers: apache/parquet-format, parquet.thrift, PageHeader, in Thrift's compact protocol.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Fingerprints = npt.NDArray[np.int64]
Span = tuple[int, int]  # First row in its file, number of rows.

_BYTES = 8
_PLAIN = frozenset({"PLAIN", "RLE"})  # RLE is that of levels; a column without nulls has none.
_NEAR_ROWS = 1_024  # To each side: nine times the deviation of where one of 65 536 random numbers stands.
_DATA_PAGE = b"\x15\x00\x15"  # Field 1, type 0; field 2, its size unpacked, follows.


def fingerprints_of(path: Path) -> Iterator[Fingerprints]:
    """The first column, one array for each row group; in place where it can be, so it may not be aligned."""
    with pa.memory_map(str(path)) as source, pq.ParquetFile(source) as file:
        for number in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(number)
            column = group.column(0)
            end = column.data_page_offset + column.total_compressed_size
            if _in_one_piece(column, source.read_at(16, column.data_page_offset), group.num_rows):
                raw = source.read_buffer
                source.seek(end - _BYTES * group.num_rows)
                yield np.frombuffer(raw(_BYTES * group.num_rows), "<i8")
            else:
                yield _unpacked(file, number)


def find(path: Path, fp: int) -> list[Span]:
    """Rows of a file whose first column is `fp`. Reads the end of the file and a few kilobytes where they should be."""
    before, spans = 0, []
    with path.open("rb") as source, pq.ParquetFile(source) as file:
        for number in range(file.metadata.num_row_groups):
            group = file.metadata.row_group(number)
            known = group.column(0).statistics
            if known is None or known.min <= fp <= known.max:
                first, count = _find_in(file, number, source.fileno(), fp)
                spans += [(before + first, count)] if count else []
            before += group.num_rows
    return spans


def _find_in(file: pq.ParquetFile, number: int, handle: int, fp: int) -> Span:
    group = file.metadata.row_group(number)
    column, rows = group.column(0), group.num_rows
    start, end = column.data_page_offset, column.data_page_offset + column.total_compressed_size
    known = column.statistics
    if known is not None and known.max > known.min and _in_one_piece(column, os.pread(handle, 16, start), rows):
        # Fingerprints are digests, so they stand where their share of the range says, give or take some hundred rows.
        guess = (fp - known.min) * (rows - 1) // (known.max - known.min)
        low, high = max(0, guess - _NEAR_ROWS), min(rows, guess + _NEAR_ROWS)
        keys = np.frombuffer(os.pread(handle, _BYTES * (high - low), end - _BYTES * (rows - low)), "<i8")
        first, last = (int(np.searchsorted(keys, fp, side)) for side in ("left", "right"))
        if (first > 0 or low == 0) and (last < len(keys) or high == rows):
            return low + first, last - first
    keys = _unpacked(file, number)
    first, last = (int(np.searchsorted(keys, fp, side)) for side in ("left", "right"))
    return first, last - first


def _in_one_piece(column: pq.ColumnChunkMetaData, header: bytes, rows: int) -> bool:
    """Whether the chunk is a page header and then the numbers themselves, to its end."""
    plain = column.compression == "UNCOMPRESSED" and column.physical_type == "INT64"
    if not plain or column.has_dictionary_page or not _PLAIN.issuperset(column.encodings):
        return False
    size = _BYTES * rows
    return header.startswith(_DATA_PAGE + _varint(2 * size)) and column.total_compressed_size > size


def _varint(value: int) -> bytes:
    """Thrift's: seven bits a byte, the low ones first. The caller has doubled the value, as zigzag does."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _unpacked(file: pq.ParquetFile, number: int) -> Fingerprints:
    name = file.schema_arrow.names[0]
    found: Fingerprints = file.read_row_group(number, columns=[name], use_threads=False)[name].to_numpy()
    return found
