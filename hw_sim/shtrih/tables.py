"""Settings a register keeps: tables (1Eh, 1Fh, 2Dh, 2Eh), and of the line (14h). They survive everything."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from hw_sim.shtrih import errors
from hw_sim.shtrih.errors import Refused
from hw_sim.shtrih.options import Options

PASSWORDS_TABLE, TAXES_TABLE, REGION_TABLE, STORAGE_TABLE = 2, 6, 17, 18
REQUIRES_SHIFT_FIELD = 2  # Of the regional table.
NAME_BYTES = 40

_ROWS = tomllib.loads(Path(__file__).with_name("tables.toml").read_text(encoding="utf-8"))["table"]


@dataclass(slots=True)
class LineSettings:
    """What 14h sets. `is_new`: the next byte of the host decides which layer it is."""

    speed: int = 6
    timeout: int = 100
    is_new: bool = False

    @property
    def byte_timeout_s(self) -> float:
        """How long a byte is waited for: steps of 1 ms, then of 150 ms, then of 15 s."""
        if self.timeout <= 150:
            return self.timeout / 1000
        return (self.timeout - 149) * 0.15 if self.timeout < 250 else (self.timeout - 248) * 15.0


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a table. Text is kept as it came."""

    name: str
    size: int
    least: int
    most: int
    start: int | str

    @property
    def is_text(self) -> bool:
        return isinstance(self.start, str)


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    rows: int
    columns: dict[int, Column]


TABLES: dict[int, Table] = {
    row["number"]: Table(row["name"], row.get("rows", 1), {number: Column(*rest) for number, *rest in row["fields"]})
    for row in _ROWS
}


@dataclass(slots=True)
class Settings:
    """Values by table, row and field. `code_page` is that of the register's texts."""

    code_page: str
    start: dict[tuple[int, int, int], int | str] = field(default_factory=dict)
    _values: dict[tuple[int, int, int], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.put_back()

    def put_back(self) -> None:
        """24h: everything as it left the factory, passwords too."""
        self._values.clear()
        for number, table in TABLES.items():
            for row in range(1, table.rows + 1):
                for place, column in table.columns.items():
                    value = self.start.get((number, row, place), column.start)
                    self._values[number, row, place] = self._bytes(column, value)

    def read(self, table: int, row: int, place: int) -> bytes:
        """The bytes of a field.

        Raises:
            Refused: no such table, row or field.
        """
        _column(table, row, place)
        return self._values[table, row, place]

    def write(self, table: int, row: int, place: int, value: bytes) -> None:
        """Change a field; text is cut at its NUL.

        Raises:
            Refused: no such field, wrong size or out of range.
        """
        column = _column(table, row, place)
        if column.is_text:
            self._values[table, row, place] = value[: column.size].split(b"\0")[0].ljust(column.size, b"\0")
            return
        number = int.from_bytes(value, "little")
        if len(value) != column.size or not column.least <= number <= column.most:
            raise Refused(errors.WRONG_PARAMETERS)
        self._values[table, row, place] = value

    def number(self, table: int, row: int, place: int) -> int:
        """A field that holds a number."""
        return int.from_bytes(self._values[table, row, place], "little")

    def describe_table(self, number: int) -> bytes:
        """Name, rows and fields, as 2Dh gives them.

        Raises:
            Refused: no such table.
        """
        if number not in TABLES:
            raise Refused(errors.NO_TABLE)
        table = TABLES[number]
        return self._name(table.name) + table.rows.to_bytes(2, "little") + bytes((max(table.columns),))

    def describe_field(self, number: int, place: int) -> bytes:
        """Name, type, size and range, as 2Eh gives them.

        Raises:
            Refused: no such field.
        """
        column = _column(number, 1, place)
        head = self._name(column.name) + bytes((column.is_text, column.size))
        if column.is_text:
            return head
        return head + b"".join(edge.to_bytes(column.size, "little") for edge in (column.least, column.most))

    def _name(self, text: str) -> bytes:
        return text.upper().encode(self.code_page, "replace")[:NAME_BYTES].ljust(NAME_BYTES, b"\0")

    def _bytes(self, column: Column, value: int | str) -> bytes:
        if isinstance(value, str):
            return value.encode(self.code_page, "replace")[: column.size].ljust(column.size, b"\0")
        return value.to_bytes(column.size, "little")


def _column(number: int, row: int, place: int) -> Column:
    table = TABLES.get(number)
    if table is None:
        raise Refused(errors.NO_TABLE)
    column = table.columns.get(place)
    if column is None or not 1 <= row <= table.rows:
        raise Refused(errors.WRONG_PARAMETERS)
    return column


def first_values(options: Options) -> dict[tuple[int, int, int], int | str]:
    """What the tables of a register made with these options begin with."""
    passwords: dict[tuple[int, int, int], int | str] = {
        (PASSWORDS_TABLE, row, 1): row for row in range(1, TABLES[PASSWORDS_TABLE].rows + 1)
    }
    rates = {(TAXES_TABLE, row, 1): rate for row, rate in enumerate(options.tax_rates, 1)}
    region: dict[tuple[int, int, int], int | str] = {
        (REGION_TABLE, 1, REQUIRES_SHIFT_FIELD): int(not options.auto_shift),
        (STORAGE_TABLE, 1, 1): options.identity.serial,
        (STORAGE_TABLE, 1, 2): options.identity.taxpayer_xin,
        (STORAGE_TABLE, 1, 3): options.identity.registration_number,
        (STORAGE_TABLE, 1, 4): options.storage_serial,
    }
    return {**passwords, **rates, **region}
