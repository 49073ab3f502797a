"""Columns of the lake's tables, rows to columns and back, and fingerprints of many codes at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sync.hq.witness import BUCKETS, Line, Mention, Operation, Receipt, Standing, UnitStatus

AGENT, OFD, REGISTRY, EVENT = "agent", "ofd", "registry", "event"
AGENT_RECEIPT, OFD_RECEIPT = "agent_receipt", "ofd_receipt"
ROW_OF: Mapping[str, type] = {
    AGENT: Line,
    OFD: Line,
    REGISTRY: Standing,
    EVENT: Mention,
    AGENT_RECEIPT: Receipt,
    OFD_RECEIPT: Receipt,
}
DAY, BUCKET = "day", "bucket"  # In the path; columns only on the way to `Lake.write`.
SIGN_OF = {Operation.SALE: 1, Operation.RETURN: -1}  # `operation` in Parquet.
_SEPARATOR = "\x1f"  # Of sync.hq.witness.receipt_key.

_TYPES: Mapping[str, pa.DataType] = {
    "str": pa.string(),
    "UnitStatus": pa.string(),
    "int": pa.int64(),
    "bool": pa.bool_(),
    "Operation": pa.int8(),
}
_KEYS: Mapping[type, tuple[str, ...]] = {
    Line: ("fp", "rfp"),
    Receipt: ("rfp",),
    Standing: ("fp",),
    Mention: ("fp",),
}
_DIGEST_BYTES = 16
_DIGEST = np.dtype([("fp", ">i8"), ("middle", "V7"), ("last", "u1")])


def _schema(row: type) -> pa.Schema:
    keys = [pa.field(name, pa.int64(), nullable=False) for name in _KEYS[row]]
    # The modules of rows postpone their annotations, so a type is its name here.
    facts = [pa.field(f.name, _TYPES[str(f.type)], nullable=False) for f in fields(row) if f.name != DAY]
    return pa.schema(keys + facts)


SCHEMAS: Mapping[str, pa.Schema] = {table: _schema(row) for table, row in ROW_OF.items()}
"""Columns of each table's files; `day` and `bucket` are in the path."""

BUCKETED = frozenset(table for table, row in ROW_OF.items() if row is not Receipt)

Row = TypeVar("Row", Line, Receipt, Standing, Mention)


def fingerprints(texts: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int8]]:
    """`fingerprint` and `bucket` of sync.hq.witness for many texts: about a million a second on one core."""
    blake2b = hashlib.blake2b
    # One buffer for all digests; numpy then cuts it without a step of Python for each.
    raw = b"".join([blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest() for text in texts])
    digests = np.frombuffer(raw, _DIGEST)
    return digests["fp"].astype(np.int64), (digests["last"] % BUCKETS).astype(np.int8)


def to_arrow(rows: Iterable[Line | Receipt | Standing | Mention]) -> pa.Table:
    """Rows of one kind as `Lake.write` takes them: all columns, `day`, and `bucket` where the table has buckets.

    No rows give a table without columns, which `write` takes for nothing.
    """
    found = list(rows)
    if not found:
        return pa.table({})
    kind = type(found[0])
    if any(type(row) is not kind for row in found):
        raise TypeError(f"rows of several kinds, the first a {kind.__name__}")
    columns: dict[str, Any] = {}
    for field in fields(kind):
        values = [getattr(row, field.name) for row in found]
        if field.name == DAY:
            columns[DAY] = pa.array(values, pa.date32())
        elif field.name == "operation":
            columns[field.name] = pa.array([SIGN_OF[value] for value in values], pa.int8())
        else:
            columns[field.name] = pa.array(values, _TYPES[str(field.type)])
    return filed(kind, pa.table(columns))


def filed(row: type, facts: pa.Table) -> pa.Table:
    """Columns of one kind of row (fields of the dataclass, `operation` as a number) with fp, rfp and bucket added."""
    added = facts
    if row in (Line, Receipt):
        keys = _receipt_keys(facts)
        rfp, buckets = _of_distinct(keys)
        added = added.append_column("rfp", pa.array(rfp))
    if row is not Receipt:
        under = facts[_KI]
        fp, where = fingerprints(under.to_pylist())
        if row is Line:
            without = np.asarray(pc.equal(under, ""))
            fp, where = np.where(without, rfp, fp), np.where(without, buckets, where)
        added = added.append_column("fp", pa.array(fp)).append_column(BUCKET, pa.array(where, pa.int8()))
    return added


_KI = "ki"


def _receipt_keys(facts: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(facts["register"], facts["sign"], _SEPARATOR)


def _of_distinct(texts: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int8]]:
    """Fingerprints of texts that repeat, such as the receipt of many lines: each is digested once."""
    encoded = texts.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    fp, buckets = fingerprints(encoded.dictionary.to_pylist())
    places = encoded.indices.to_numpy(zero_copy_only=False)
    return fp[places], buckets[places]


def to_rows(row: type[Row], found: pa.Table) -> list[Row]:
    """Rows again, from a table that has `day` beside the columns of its schema."""
    operations = {sign: operation for operation, sign in SIGN_OF.items()}
    names = [field.name for field in fields(row)]
    columns = {name: found[name].to_pylist() for name in names}
    if "operation" in columns:
        columns["operation"] = [operations[value] for value in columns["operation"]]
    if "status" in columns:
        columns["status"] = [UnitStatus(value) for value in columns["status"]]
    return [row(*values) for values in zip(*(columns[name] for name in names), strict=True)]
