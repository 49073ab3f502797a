"""Message types, parsed once from the tables of text in hw_sim.ofd203.messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from hw_sim.ofd203 import messages

SCALARS = ("uint32", "uint64", "int32", "bool", "string", "bytes")
LENGTH_TYPES = ("string", "bytes")


class Label(Enum):
    OPTIONAL = ""
    REQUIRED = "!"
    REPEATED = "*"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `type` is a scalar, an enumeration or a message by name."""

    number: int
    name: str
    type: str
    label: Label

    @property
    def is_message(self) -> bool:
        return self.type in MESSAGES

    @property
    def is_enum(self) -> bool:
        return self.type in ENUMS

    @property
    def has_length(self) -> bool:
        """Whether its value is bytes with a length before them; otherwise it is a varint."""
        return self.is_message or self.type in LENGTH_TYPES


def _rows(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each entry of a table: its name and its cells; a line that begins with a blank continues the entry."""
    joined = text.strip().replace("\n ", " ")
    for line in joined.splitlines():
        name, *cells = (cell.strip() for cell in line.split("|"))
        yield name, cells


def _field(cell: str) -> Field:
    number, name, kind = cell.split()
    bare = kind.rstrip("!*")
    return Field(int(number), name, bare, Label(kind[len(bare) :]))


def _enum(cells: list[str]) -> Mapping[int, str]:
    pairs = (cell.split() for cell in cells)
    return {int(number): name for number, name in pairs}


_TABLES = (messages.COMMON, messages.TICKET, messages.REPORTS, messages.SERVICE, messages.NOMENCLATURE)

ENUMS: Mapping[str, Mapping[int, str]] = {name: _enum(cells) for name, cells in _rows(messages.ENUMS)}
MESSAGES: Mapping[str, Mapping[int, Field]] = {
    name: {field.number: field for field in map(_field, cells)} for table in _TABLES for name, cells in _rows(table)
}
"""Fields by number, in ascending order, by message name."""
