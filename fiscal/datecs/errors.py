"""Error numbers of Datecs printers and what kind of failure each is; the table is data (errors.toml). Pure."""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fiscal.failures import FailureKind

WRONG_PASSWORD = frozenset({104, 102002})  # In either protocol: never tried again by itself.


@dataclass(frozen=True, slots=True)
class Meaning:
    kind: FailureKind
    text: str


UNKNOWN = Meaning(FailureKind.REFUSED, "not in the table of errors")


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """Rows of numbers, ascending, without overlap."""

    rows: tuple[tuple[int, int, Meaning], ...]

    def meaning(self, number: int) -> Meaning:
        """What a number means; its sign does not count. A number nobody has listed is a plain refusal."""
        number = abs(number)
        at = bisect_right(self.rows, number, key=lambda row: row[0]) - 1
        if at < 0 or number > self.rows[at][1]:
            return UNKNOWN
        return self.rows[at][2]


def parse(text: str) -> dict[str, ErrorTable]:
    """The tables by protocol. ValueError for rows out of order, overlapping, or of an unknown kind."""
    tables = {}
    for protocol, rows in tomllib.loads(text).items():
        ends = 0
        for first, last, _kind, _text in rows:
            if not ends < first <= last:
                raise ValueError(f"protocol {protocol}: row {first} is out of order")
            ends = last
        meanings = ((first, last, Meaning(FailureKind(kind), words)) for first, last, kind, words in rows)
        tables[protocol] = ErrorTable(tuple(meanings))
    return tables


@cache
def shipped() -> dict[str, ErrorTable]:
    """The tables that ship with the package."""
    return parse((files("fiscal.datecs") / "errors.toml").read_text(encoding="utf-8"))
