"""The JSON mapping of protobuf, both ways: requests are read as its own parser reads them, answers written alike.

Read: lowerCamelCase or original names, enum names or numbers, numbers or numeric strings, null as absence. Refused
with the parser's words: an unknown field, an unknown enum value, a required field that is missing.
Source: protobuf.dev, "ProtoJSON Format"; the parser's words as github abylalai/integration-with-reKassa quotes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hw_sim.rekassa.errors import protocol_error
from hw_sim.rekassa.messages import ENUMS, MESSAGES, Field
from hw_sim.rekassa.profile import Enums, Profile

# The protocol limits unsigned numbers to the positive half of the signed type.
_LIMITS = {"uint32": 2**31 - 1, "uint64": 2**63 - 1}
_DIGITS_MAX = 30  # Longer texts are beyond every limit; leading zeros are not worth more.
Message = dict[str, Any]


def read(content: Any, kind: str, *, unknown_refused: bool = True, hidden: frozenset[str] = frozenset()) -> Message:
    """A message in canonical form: lowerCamelCase names in the order of the table, enum names, whole numbers.

    `hidden` names fields this service does not know.

    Raises:
        Refusal: PROTOCOL_ERROR.
    """
    reader = _Reader(unknown_refused, hidden)
    message = reader.message(content, kind, "")
    if reader.missing:
        raise protocol_error(f"Message missing required fields: {', '.join(reader.missing)}")
    return message


@dataclass(slots=True)
class _Reader:
    """One parse. Missing fields are collected, as the parser complains of all of them at once."""

    unknown_refused: bool
    hidden: frozenset[str]
    missing: list[str] = field(default_factory=list)

    def message(self, content: Any, kind: str, where: str) -> Message:
        if not isinstance(content, dict):
            raise protocol_error(f"Expect message object but got: {_shown(content)}")
        fields = [entry for entry in MESSAGES[kind] if entry.name not in self.hidden]
        known = {entry.name for entry in fields} | {entry.original for entry in fields}
        strangers = [name for name in content if name not in known]
        if strangers and self.unknown_refused:
            raise protocol_error(f"Cannot find field: {strangers[0]} in message kkm.proto.{kind}")
        message: Message = {}
        for entry in fields:
            given = [content[name] for name in dict.fromkeys((entry.name, entry.original)) if name in content]
            if len(given) > 1:
                raise protocol_error(f"Field kkm.proto.{kind}.{entry.original} has already been set")
            place = f"{where}{entry.original}"
            if given and given[0] is not None:
                message[entry.name] = self._values(given[0], entry, place)
            elif entry.required:
                self.missing.append(place)
        return message

    def _values(self, value: Any, entry: Field, place: str) -> Any:
        if not entry.repeated:
            return self._value(value, entry, f"{place}.")
        if not isinstance(value, list):
            raise protocol_error(f"Expected an array for {entry.name} but found {_shown(value)}")
        return [self._value(item, entry, f"{place}[{index}].") for index, item in enumerate(value)]

    def _value(self, value: Any, entry: Field, where: str) -> Any:
        if entry.kind in MESSAGES:
            return self.message(value, entry.kind, where)
        if entry.kind in ENUMS:
            return _enum(value, entry.kind)
        if entry.kind in _LIMITS:
            return _whole(value, entry.kind)
        return _flag(value) if entry.kind == "bool" else _text(value)


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise protocol_error(f"Invalid bool value: {_shown(value)}")


def _text(value: Any) -> str:
    # A number in place of a text is taken by the parser: one public client sends sectionCode so.
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    raise protocol_error(f"Not a string value: {_shown(value)}")


def _enum(value: Any, kind: str) -> str:
    names = ENUMS[kind]
    if isinstance(value, str) and value in names:
        return value
    found = [name for name, number in names.items() if type(value) is int and number == value]
    if not found:
        raise protocol_error(f"Invalid enum value: {_shown(value)} for enum type: kkm.proto.{kind}")
    return found[0]


def _whole(value: Any, kind: str) -> int:
    digits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _DIGITS_MAX
    if not digits and type(value) is not int and not (isinstance(value, float) and value.is_integer()):
        raise protocol_error(f"Not an {kind} value: {_shown(value)}")
    number = int(value)
    if not 0 <= number <= _LIMITS[kind]:
        raise protocol_error(f"Out of range {kind} value: {_shown(value)}")
    return number


def _shown(value: Any) -> str:
    return type(value).__name__ if isinstance(value, (dict, list)) else repr(value)[:80].strip("'")


def write(message: Mapping[str, Any], kind: str, profile: Profile) -> Message:
    """A canonical message as the service prints it, by its switches. Empty lists are not printed."""
    written: Message = {}
    for entry in MESSAGES[kind]:
        value = message.get(entry.name)
        if value is None or value == [] or (entry.name == "coins" and not value and not profile.zero_coins):
            continue
        written[entry.name] = (
            [_written(item, entry, profile) for item in value] if entry.repeated else _written(value, entry, profile)
        )
    return written


def _written(value: Any, entry: Field, profile: Profile) -> Any:
    if entry.kind in MESSAGES:
        return write(value, entry.kind, profile)
    if entry.kind in ENUMS:
        return enum(value, entry.kind, profile)
    return str(value) if entry.kind == "uint64" and profile.wide_as_text else value


def enum(name: str, kind: str, profile: Profile) -> str | int:
    """An enum value as the service prints it."""
    return name if profile.enums is Enums.NAMES else ENUMS[kind][name]
