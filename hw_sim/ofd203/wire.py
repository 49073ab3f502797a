"""Proto2 messages to and from bytes, driven by the tables of hw_sim.ofd203.schema. Written for this server alone.

Read as the published runtime reads: unknown fields and known numbers with another wire type are passed over, an unknown
number of an enumeration leaves its field absent, of two values of one single field the last wins and two messages
merge. Beyond it, the protocol's own limits hold: uint32 up to 2^31 - 1, uint64 up to 2^63 - 1, strings in UTF-8.
Source: protobuf.dev, encoding; protocol 2.0.2, section 1 (limits).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hw_sim.ofd203.schema import ENUMS, MESSAGES, Field, Label

VARINT, FIXED64, LENGTH, GROUP, END_GROUP, FIXED32 = range(6)
FIXED_BYTES: Mapping[int, int] = {FIXED64: 8, FIXED32: 4}
VARINT_BYTES_MAX = 10
GROUPS_DEEP_MAX = 32
LIMITS: Mapping[str, int] = {"uint32": 2**31 - 1, "uint64": 2**63 - 1}


class WireError(ValueError):
    """Bytes that are no such message. `place` is the dotted name of the field."""

    def __init__(self, what: str, place: str = "") -> None:
        super().__init__(f"{place}: {what}" if place else what)
        self.what = what
        self.place = place

    def under(self, name: str) -> WireError:
        """The same error seen from the message around."""
        return WireError(self.what, f"{name}.{self.place}" if self.place else name)


@dataclass(frozen=True, slots=True)
class Stranger:
    """A field that is not in the tables: where it stands, and how many bytes it takes with its tag."""

    place: str
    number: int
    wire: int
    size: int


def read(name: str, data: bytes, strangers: list[Stranger] | None = None, place: str = "") -> dict[str, Any]:
    """Read the message `name`; absent fields are absent from the result. Fields nobody knows go to `strangers`.

    Raises:
        WireError: the bytes break off or make no sense, a required field is missing, a number is out of range.
    """
    table = MESSAGES[name]
    found: dict[int, list[Any]] = {}
    for number, wire, value, size in _fields(data):
        field = table.get(number)
        taken = field is not None and _take(field, wire, value, found.setdefault(number, []))
        if not taken and strangers is not None:
            strangers.append(Stranger(place, number, wire, size))
    result: dict[str, Any] = {}
    for number, field in table.items():
        values = found.get(number)
        if values:
            result[field.name] = _value(field, values, strangers, f"{place}.{field.name}" if place else field.name)
        elif field.label is Label.REQUIRED:
            raise WireError("a required field is missing", field.name)
    return result


def write(name: str, values: Mapping[str, Any]) -> bytes:
    """Write the message `name`, fields in ascending order.

    Raises:
        WireError: a required field is missing, or a name is not in the table.
    """
    table = MESSAGES[name]
    left = set(values)
    out = bytearray()
    for field in table.values():
        if field.name in values:
            left.discard(field.name)
            out += _written(field, values[field.name])
        elif field.label is Label.REQUIRED:
            raise WireError("a required field is missing", f"{name}.{field.name}")
    if left:
        raise WireError("no such field", f"{name}.{min(left)}")
    return bytes(out)


def _fields(data: bytes) -> Iterator[tuple[int, int, Any, int]]:
    """Number, wire type, value and size of each field at this level."""
    at = 0
    while at < len(data):
        begin = at
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if not 0 < number < 2**29:
            raise WireError(f"field number {number}")
        value, at = _payload(data, at, number, wire, 0)
        yield number, wire, value, at - begin


def _payload(data: bytes, at: int, number: int, wire: int, deep: int) -> tuple[Any, int]:
    if wire == VARINT:
        return _varint(data, at)
    if wire == GROUP:
        return None, _after_group(data, at, number, deep + 1)
    size = FIXED_BYTES.get(wire)
    if wire == LENGTH:
        size, at = _varint(data, at)
    if size is None:
        raise WireError(f"wire type {wire} of field {number}")
    if at + size > len(data):
        raise WireError(f"field {number} is longer than the message")
    return data[at : at + size], at + size


def _after_group(data: bytes, at: int, number: int, deep: int) -> int:
    """Where the group ends. Groups are long deprecated; whoever sends one must still be passed over."""
    if deep > GROUPS_DEEP_MAX:
        raise WireError("groups too deep")
    while True:
        key, at = _varint(data, at)
        if key & 7 == END_GROUP:
            if key >> 3 != number:
                raise WireError(f"group {number} ends as {key >> 3}")
            return at
        _, at = _payload(data, at, key >> 3, key & 7, deep)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(VARINT_BYTES_MAX):
        if at + index >= len(data):
            raise WireError("a number breaks off")
        byte = data[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value & (2**64 - 1), at + index + 1
    raise WireError("a number of more than ten bytes")


def _take(field: Field, wire: int, value: Any, into: list[Any]) -> bool:
    """Keep the raw values of one occurrence; False: it is no value of this field."""
    if wire == (LENGTH if field.has_length else VARINT):
        if field.is_enum and value not in ENUMS[field.type]:
            return False
        into.append(value)
        return True
    # A repeated number may come packed, whatever the definition says.
    if wire == LENGTH and field.label is Label.REPEATED and not field.has_length:
        at = 0
        while at < len(value):
            number, at = _varint(value, at)
            _take(field, VARINT, number, into)
        return True
    return False


def _value(field: Field, values: list[Any], strangers: list[Stranger] | None, place: str) -> Any:
    try:
        if field.label is Label.REPEATED:
            return [_single(field, [value], strangers, place) for value in values]
        return _single(field, values, strangers, place)
    except WireError as error:
        raise error.under(field.name) from None


def _single(field: Field, values: list[Any], strangers: list[Stranger] | None, place: str) -> Any:
    if field.is_message:
        return read(field.type, b"".join(values), strangers, place)
    value = values[-1]
    if field.type == "string":
        try:
            return bytes(value).decode("utf-8")
        except UnicodeDecodeError:
            raise WireError("text that is not UTF-8") from None
    if field.type == "bool":
        return bool(value)
    if field.type == "int32":
        low = value & (2**32 - 1)
        return low - 2**32 if low >= 2**31 else low
    if field.type in LIMITS and value > LIMITS[field.type]:
        raise WireError(f"{value} is beyond the limit of {field.type}")
    return value


def _written(field: Field, value: Any) -> bytes:
    if field.label is Label.REPEATED:
        return b"".join(_tagged(field, item) for item in value)
    return _tagged(field, value)


def _tagged(field: Field, value: Any) -> bytes:
    if not field.has_length:
        # A number below zero is sent as 64 bits: ten bytes.
        return _number(field.number << 3 | VARINT) + _number(int(value) & (2**64 - 1))
    if field.is_message:
        body = write(field.type, value)
    else:
        body = value.encode("utf-8") if field.type == "string" else bytes(value)
    return _number(field.number << 3 | LENGTH) + _number(len(body)) + body


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
