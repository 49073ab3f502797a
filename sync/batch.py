"""A batch of journal rows on its way to headquarters, and where headquarters stands. Pure.

    batch   gzip over {"protocol": 1, "till": "T1", "first": 7, "last": 8, "rows": [...]}
    cursor  {"till": "T1", "through": 8, "hash": "...", "missing": [5]}

A row travels whole (number, at_ns, kind, body, previous, hash), or as a tombstone (number, previous, hash, reason) when
it was set aside: the chain stays verifiable without its content. Rows are consecutive. The content of a tombstone that
was released travels later as a batch of its own. `missing` names the tombstones headquarters has no content for.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic_core import from_json

from sync.wire import Row

PROTOCOL = 1
PACKED_BYTES_MAX = 1 << 20
UNPACKED_BYTES_MAX = 16 << 20  # What a small packed batch may grow to: a decompression bomb ends here.
ROWS_MAX = 10_000
TILL_LENGTH_MAX = 100
KIND_LENGTH_MAX = 100
REASON_LENGTH_MAX = 300
INTEGER_MAX = 2**63 - 1  # What the database's column holds.

_GZIP = 16 + zlib.MAX_WBITS
HASH = re.compile(r"[0-9a-f]{64}")


class BatchErrorKind(StrEnum):
    TOO_LARGE = "too_large"
    COMPRESSION = "compression"
    JSON = "json"
    PROTOCOL = "protocol"
    FIELD = "field"
    ORDER = "order"


class BatchError(Exception):
    """A batch that cannot be read; `place` is a path into it such as rows[3].hash."""

    def __init__(self, kind: BatchErrorKind, place: str, text: str) -> None:
        super().__init__(f"{place}: {text}" if place else text)
        self.kind = kind
        self.place = place
        self.text = text


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A row without its content: its place in the chain, and why the content is not here."""

    number: int
    previous: bytes
    hash: bytes
    reason: str


Entry = Row | Tombstone


def tombstone(row: Row, reason: str) -> Tombstone:
    return Tombstone(row.number, row.previous, row.hash, reason[:REASON_LENGTH_MAX] or "no reason given")


@dataclass(frozen=True, slots=True)
class Batch:
    """`entries` in order, without gaps, at least one."""

    till: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """What headquarters holds of one till: everything through this row, contents of `missing` excepted."""

    till: str
    through: int
    hash: bytes
    missing: tuple[int, ...] = ()


def encode(batch: Batch) -> bytes:
    entries = batch.entries
    content = {
        "protocol": PROTOCOL,
        "till": batch.till,
        "first": entries[0].number,
        "last": entries[-1].number,
        "rows": [_row_out(entry) for entry in entries],
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return gzip.compress(text.encode(), compresslevel=6, mtime=0)


def _row_out(row: Entry) -> dict[str, Any]:
    place = {"number": row.number, "previous": row.previous.hex(), "hash": row.hash.hex()}
    if isinstance(row, Tombstone):
        return {**place, "reason": row.reason}
    return {**place, "at_ns": row.at_ns, "kind": row.kind, "body": row.body}


def decode(
    data: bytes, *, packed_bytes_max: int = PACKED_BYTES_MAX, unpacked_bytes_max: int = UNPACKED_BYTES_MAX
) -> Batch:
    """Raises BatchError, and nothing else, for any bytes. Hashes are not verified here."""
    return batch_in(unpack(data, packed_bytes_max=packed_bytes_max, unpacked_bytes_max=unpacked_bytes_max))


def unpack(
    data: bytes, *, packed_bytes_max: int = PACKED_BYTES_MAX, unpacked_bytes_max: int = UNPACKED_BYTES_MAX
) -> Mapping[str, Any]:
    """The JSON object that was packed, its fields not looked at. Raises BatchError, and nothing else, for any bytes."""
    if len(data) > packed_bytes_max:
        raise BatchError(BatchErrorKind.TOO_LARGE, "", f"{len(data)} bytes packed, at most {packed_bytes_max}")
    return _json(_unpacked(data, unpacked_bytes_max))


def batch_in(content: Mapping[str, Any]) -> Batch:
    """What `unpack` found, looked at field by field. Raises BatchError."""
    if content.get("protocol") != PROTOCOL or isinstance(content.get("protocol"), bool):
        found = repr(content.get("protocol"))[:20]
        raise BatchError(BatchErrorKind.PROTOCOL, "protocol", f"this end speaks {PROTOCOL}, the batch says {found}")
    till = _text(content, "till", "", TILL_LENGTH_MAX)
    items = content.get("rows")
    if not isinstance(items, list) or not items:
        raise BatchError(BatchErrorKind.FIELD, "rows", "a list of at least one row is needed")
    if len(items) > ROWS_MAX:
        raise BatchError(BatchErrorKind.TOO_LARGE, "rows", f"{len(items)} rows, at most {ROWS_MAX}")
    entries = _rows_in(till, items)
    for name, entry in (("first", entries[0]), ("last", entries[-1])):
        if _integer(content, name, "", 1) != entry.number:
            raise BatchError(BatchErrorKind.ORDER, name, "does not fit the rows")
    for at in range(1, len(entries)):
        if entries[at].number != entries[at - 1].number + 1:
            raise BatchError(BatchErrorKind.ORDER, f"rows[{at}].number", "rows are consecutive")
    return Batch(till, entries)


def cursor_to_json(cursor: Cursor) -> bytes:
    content = {
        "till": cursor.till,
        "through": cursor.through,
        "hash": cursor.hash.hex(),
        "missing": list(cursor.missing),
    }
    return json.dumps(content, ensure_ascii=False).encode()


def cursor_from_json(data: bytes) -> Cursor:
    """Raises BatchError, and nothing else, for any bytes."""
    content = _json(data)
    missing = content.get("missing", [])
    if not isinstance(missing, list) or any(type(number) is not int or number < 1 for number in missing):
        raise BatchError(BatchErrorKind.FIELD, "missing", "a list of row numbers is needed")
    return Cursor(
        _text(content, "till", "", TILL_LENGTH_MAX),
        _integer(content, "through", "", 0),
        _digest(content, "hash", ""),
        tuple(missing),
    )


def _unpacked(data: bytes, bytes_max: int) -> bytes:
    stream = zlib.decompressobj(_GZIP)
    try:
        plain = stream.decompress(data, bytes_max + 1)
    except zlib.error as error:
        raise BatchError(BatchErrorKind.COMPRESSION, "", f"not gzip: {error}") from error
    if len(plain) > bytes_max:
        raise BatchError(BatchErrorKind.TOO_LARGE, "", f"more than {bytes_max} bytes unpacked")
    if not stream.eof:
        raise BatchError(BatchErrorKind.COMPRESSION, "", "the gzip stream is cut short")
    if stream.unused_data:
        raise BatchError(BatchErrorKind.COMPRESSION, "", "bytes follow the gzip stream")
    return plain


def _json(plain: bytes) -> Mapping[str, Any]:
    try:
        content = _parsed(plain)
    except RecursionError as error:
        raise BatchError(BatchErrorKind.JSON, "", "nested too deeply") from error
    except ValueError as error:  # Not UTF-8, not JSON, or a number of thousands of digits.
        raise BatchError(BatchErrorKind.JSON, "", f"not JSON: {error}") from error
    if not isinstance(content, dict):
        raise BatchError(BatchErrorKind.FIELD, "", "a JSON object is needed")
    return content


def _parsed(plain: bytes) -> object:
    """Twice as fast as json alone, which has the last word on what is no JSON: half a surrogate pair passes there."""
    try:
        return from_json(plain, cache_strings="keys")
    except ValueError:
        return json.loads(plain.decode())


def _rows_in(till: str, items: list[Any]) -> tuple[Entry, ...]:
    return tuple(_row_in(till, item, f"rows[{at}]") for at, item in enumerate(items))


def _row_in(till: str, item: object, place: str) -> Entry:
    if not isinstance(item, dict):
        raise BatchError(BatchErrorKind.FIELD, place, "a row is a JSON object")
    number = _integer(item, "number", place, 1)
    previous, digest = _digest(item, "previous", place), _digest(item, "hash", place)
    if "body" not in item:
        return Tombstone(number, previous, digest, _text(item, "reason", place, REASON_LENGTH_MAX))
    at_ns, kind = _integer(item, "at_ns", place, 0), _text(item, "kind", place, KIND_LENGTH_MAX)
    return Row(till, number, at_ns, kind, _text(item, "body", place, None), previous, digest)


def _integer(content: Mapping[str, Any], name: str, place: str, least: int) -> int:
    value = content.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= INTEGER_MAX:
        raise BatchError(BatchErrorKind.FIELD, _at(place, name), f"an integer from {least} to 2^63 - 1 is needed")
    return value


def _text(content: Mapping[str, Any], name: str, place: str, length_max: int | None) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise BatchError(BatchErrorKind.FIELD, _at(place, name), "a text is needed")
    if length_max is not None and len(value) > length_max:
        raise BatchError(BatchErrorKind.FIELD, _at(place, name), f"at most {length_max} characters")
    if not _is_storable(value):
        raise BatchError(BatchErrorKind.FIELD, _at(place, name), "holds NUL or half a surrogate pair")
    return value


def _is_storable(text: str) -> bool:
    """Half a surrogate pair has no UTF-8 form to hash; PostgreSQL keeps no NUL in a text."""
    try:
        text.encode()  # Many times faster than to search for the halves.
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _digest(content: Mapping[str, Any], name: str, place: str) -> bytes:
    value = content.get(name)
    if not isinstance(value, str) or not HASH.fullmatch(value):
        raise BatchError(BatchErrorKind.FIELD, _at(place, name), "64 lowercase hexadecimal digits are needed")
    return bytes.fromhex(value)


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
