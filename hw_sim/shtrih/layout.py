"""Parameters of a command as a line of text, and their values read by it. Numbers are little-endian.

    password:4 quantity:5k payments:5*4m taxes:1*4 percent:2s text:40b name:0-128b

`*4` four numbers, `s` signed, `b` bytes: so many, or from least to most when it is the last. For a person `m` has two
decimals, `k` three and `u` six.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_FIELD = re.compile(r"(?P<name>\w+):(?P<least>\d+)(-(?P<most>\d+))?(\*(?P<count>\d+))?(?P<kind>[sbmku]?)")
_DECIMALS = {"m": 2, "k": 3, "u": 6}


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter: `least` bytes wide, raw ones up to `most`; `count` numbers in a row."""

    name: str
    least: int
    most: int
    count: int = 1
    signed: bool = False
    raw: bool = False
    decimals: int = 0

    def shown(self, value: int) -> str:
        """A number for a person; all ones ask the register to compute it."""
        if self.least > 1 and value == (1 << 8 * self.least) - 1:
            return "computed"
        return f"{value / 10**self.decimals:.{self.decimals}f}" if self.decimals else str(value)


@dataclass(frozen=True, slots=True)
class Values:
    """Parameters of one command."""

    single: Mapping[str, int]
    several: Mapping[str, tuple[int, ...]]
    raw: Mapping[str, bytes]

    def __getitem__(self, name: str) -> int:
        return self.single[name]


def words(fields: tuple[Field, ...], values: Values) -> str:
    """Parameters for a person: every one but the password and what is empty."""
    parts = []
    for field in fields:
        if field.raw:
            told = _text(values.raw[field.name])
        elif field.count > 1:
            numbers = values.several[field.name]
            used = max((place for place, number in enumerate(numbers, 1) if number), default=0)
            told = " ".join(map(field.shown, numbers[:used]))
        else:
            told = field.shown(values[field.name])
        if told and field.name != "password":
            parts.append(f"{field.name} {told}")
    return ", ".join(parts)


def layout(text: str) -> tuple[Field, ...]:
    """The parameters a line of text describes.

    Raises:
        ValueError: it does not read as a layout.
    """
    fields = []
    for word in text.split():
        met = _FIELD.fullmatch(word)
        if met is None:
            raise ValueError(f"no field: {word!r}")
        least = int(met["least"])
        most, count = int(met["most"] or least), int(met["count"] or 1)
        kind = met["kind"]
        fields.append(Field(met["name"], least, most, count, kind == "s", kind == "b", _DECIMALS.get(kind, 0)))
    return tuple(fields)


def fits(fields: tuple[Field, ...], size: int) -> bool:
    """Whether parameters of this length can be read."""
    least = sum(field.least * field.count for field in fields)
    return least <= size <= sum(field.most * field.count for field in fields)


def read(fields: tuple[Field, ...], data: bytes) -> Values:
    """Read parameters of a length that fits."""
    single: dict[str, int] = {}
    several: dict[str, tuple[int, ...]] = {}
    raw: dict[str, bytes] = {}
    at = 0
    for field in fields:
        if field.raw:
            raw[field.name] = data[at : at + field.most]
            at += len(raw[field.name])
            continue
        numbers = []
        for _ in range(field.count):
            numbers.append(int.from_bytes(data[at : at + field.least], "little", signed=field.signed))
            at += field.least
        if field.count == 1:
            single[field.name] = numbers[0]
        else:
            several[field.name] = tuple(numbers)
    return Values(single, several, raw)


def _text(data: bytes) -> str:
    text = data.rstrip(b"\0").decode("cp1251", errors="replace").replace("\x1d", "<GS>")
    return "" if not text else repr(text) if text.isprintable() else data.hex(" ").upper()
