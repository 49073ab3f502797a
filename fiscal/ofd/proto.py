"""Messages of protocol 2.0.3 to proto2 bytes and back, by the table in messages.toml. Pure.

A message is a dict of the published field names: Money is `{"bills": 900, "coins": 0}`, an enum its number, a
repeated field a list. Out: fields in ascending order of their numbers, as every published frame has them. In: unknown
fields, and known ones with another wire type, are passed over, as proto2 wants and a published answer needs; a
missing required field is an error.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

DEPTH_MAX = 16
UINT32_MAX, UINT64_MAX = 2**31 - 1, 2**63 - 1  # The protocol's own limits.
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
VARINT_BYTES_MAX = 10
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

Fields = Mapping[str, Any]


class ProtoError(ValueError):
    """`place` is the path of the field: `ticket.items[2].commodity.price`."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(f"{place or 'message'}: {text}")
        self.place = place
        self.text = text


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    number: int
    kind: str  # uint32, uint64, int32, bool, enum, string, bytes, or the name of a message.
    required: bool
    repeated: bool

    @property
    def wire(self) -> int:
        return VARINT if self.kind in _INTEGERS else BYTES


_INTEGERS: Mapping[str, tuple[int, int]] = {
    "uint32": (0, UINT32_MAX),
    "uint64": (0, UINT64_MAX),
    "int32": (INT32_MIN, INT32_MAX),
    "enum": (0, UINT32_MAX),
    "bool": (0, 1),
}


@cache
def schema() -> Mapping[str, tuple[Field, ...]]:
    """Every message, its fields in ascending order of their numbers."""
    table = tomllib.loads((files(__package__) / "messages.toml").read_text("utf-8"))
    return {message: tuple(sorted(_rows(rows), key=lambda field: field.number)) for message, rows in table.items()}


@cache
def _by_number(message: str) -> Mapping[int, Field]:
    return {field.number: field for field in schema()[message]}


def _rows(rows: Mapping[str, tuple[int, str, str]]) -> Iterator[Field]:
    for name, (number, kind, presence) in rows.items():
        yield Field(name, number, kind, presence == "R", presence == "*")


def encode(message: str, fields: Fields, place: str = "") -> bytes:
    """Raises ProtoError for an unknown name, a missing required field, a value of another type or out of range."""
    known = schema()[message]
    strange = sorted(set(fields) - {field.name for field in known})
    if strange:
        raise ProtoError(place, f"{message} has no field {', '.join(strange)}")
    out = bytearray()
    for field in known:
        here = f"{place}.{field.name}" if place else field.name
        value = fields.get(field.name)
        if value is None:
            if field.required:
                raise ProtoError(here, "is required")
            continue
        if field.repeated:
            for index, one in enumerate(value):
                _put(out, field, one, f"{here}[{index}]")
        else:
            _put(out, field, value, here)
    return bytes(out)


def _put(out: bytearray, field: Field, value: Any, place: str) -> None:
    _varint(out, field.number << 3 | field.wire)
    if field.wire == VARINT:
        least, most = _INTEGERS[field.kind]
        if not isinstance(value, int) or (isinstance(value, bool) != (field.kind == "bool")):
            raise ProtoError(place, f"is no {field.kind}")
        if not least <= value <= most:
            raise ProtoError(place, f"{value} does not fit {field.kind}")
        _varint(out, value if value >= 0 else value + 2**64)
        return
    data = _bytes_of(field, value, place)
    _varint(out, len(data))
    out += data


def _bytes_of(field: Field, value: Any, place: str) -> bytes:
    if field.kind == "string":
        if not isinstance(value, str):
            raise ProtoError(place, "is no text")
        try:
            return value.encode()
        except UnicodeEncodeError:
            raise ProtoError(place, "holds half of a surrogate pair") from None
    if field.kind == "bytes":
        if not isinstance(value, bytes):
            raise ProtoError(place, "is no bytes")
        return value
    if not isinstance(value, Mapping):
        raise ProtoError(place, "is no message")
    return encode(field.kind, value, place)


def _varint(out: bytearray, value: int) -> None:
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def decode(message: str, data: bytes, place: str = "", depth: int = DEPTH_MAX) -> dict[str, Any]:
    """Raises ProtoError for bytes that are no proto2 message, and for one that lacks a required field."""
    if depth == 0:
        raise ProtoError(place, f"is nested deeper than {DEPTH_MAX}")
    known = _by_number(message)
    found: dict[str, Any] = {}
    for number, wire, value in _fields(data, place):
        field = known.get(number)
        if field is None or field.wire != wire:
            continue
        here = f"{place}.{field.name}" if place else field.name
        read = _read(field, value, here, depth)
        if field.repeated:
            found.setdefault(field.name, []).append(read)
        else:
            found[field.name] = read  # The last one stands, as proto2 says.
    for field in known.values():
        if field.required and field.name not in found:
            raise ProtoError(f"{place}.{field.name}" if place else field.name, "is missing")
    return found


def _read(field: Field, value: int | bytes, place: str, depth: int) -> Any:
    if isinstance(value, int):
        return _READERS[field.kind](value)
    if field.kind == "bytes":
        return value
    if field.kind == "string":
        return value.decode("utf-8", "replace")  # A name with a broken letter is no reason to lose a fiscal sign.
    return decode(field.kind, value, place, depth - 1)


def _signed(value: int) -> int:
    value &= 0xFFFFFFFF
    return value - 2**32 if value >= 2**31 else value


_READERS: Mapping[str, Callable[[int], int | bool]] = {
    "uint32": lambda value: value & 0xFFFFFFFF,
    "uint64": lambda value: value & 0xFFFFFFFFFFFFFFFF,
    "int32": _signed,
    "enum": _signed,
    "bool": bool,
}


def _fields(data: bytes, place: str) -> Iterator[tuple[int, int, int | bytes]]:
    """(number, wire type, value): a varint as an int, anything else as its bytes."""
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at, place)
        number, wire = key >> 3, key & 7
        if number == 0:
            raise ProtoError(place, f"byte {at}: field number 0")
        if wire == VARINT:
            value, at = _read_varint(data, at, place)
            yield number, wire, value
            continue
        if wire == BYTES:
            size, at = _read_varint(data, at, place)
        elif wire in (FIXED64, FIXED32):
            size = 8 if wire == FIXED64 else 4
        else:
            raise ProtoError(place, f"byte {at}: wire type {wire}")
        if size > len(data) - at:
            raise ProtoError(place, f"byte {at}: {size} bytes announced, {len(data) - at} there")
        yield number, wire, data[at : at + size]
        at += size


def _read_varint(data: bytes, at: int, place: str) -> tuple[int, int]:
    if at < len(data) and data[at] < 0x80:
        return data[at], at + 1  # Nearly all of them are one byte.
    value = 0
    for index in range(VARINT_BYTES_MAX):
        if at + index >= len(data):
            raise ProtoError(place, f"byte {at}: a number without an end")
        byte = data[at + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, at + index + 1
    raise ProtoError(place, f"byte {at}: a number of more than {VARINT_BYTES_MAX} bytes")
