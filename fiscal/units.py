"""Units of measure: OKEI codes, their names on paper, and the numbers single register families use instead.

Codes are data (fiscal/data/units.toml), their names words (catalogue `units`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from fiscal.data import read
from marking.words import catalogue

PIECE = 796


class UnitUnknown(LookupError):
    """No such unit code in the table."""


@dataclass(frozen=True, slots=True)
class Unit:
    code: int  # OKEI family.
    ru: str
    kk: str
    en: str


@dataclass(frozen=True, slots=True)
class UnitTable:
    units: Mapping[int, Unit]
    overrides: Mapping[str, Mapping[int, int]]  # Register family -> our code -> its code.

    def unit(self, code: int) -> Unit:
        try:
            return self.units[code]
        except KeyError:
            raise UnitUnknown(f"unit code {code} is not in the table") from None

    def code_for(self, family: str, code: int) -> int:
        """The number this register family wants for a unit. UnitUnknown for a code outside the table."""
        return self.overrides.get(family, {}).get(self.unit(code).code, code)


def parse(text: str, named: Callable[[int], Mapping[str, str]]) -> UnitTable:
    """Read the table; `named` gives the names of a code by language.

    ValueError for a code given twice or an override of a code that is not there.
    """
    data = tomllib.loads(text)
    units: dict[int, Unit] = {}
    for code in data["codes"]:
        if code in units:
            raise ValueError(f"unit code {code} is given twice")
        units[code] = Unit(code, **named(code))
    overrides = {name: {int(ours): theirs for ours, theirs in m.items()} for name, m in data.get("driver", {}).items()}
    for name, mapping in overrides.items():
        if missing := sorted(set(mapping) - set(units)):
            raise ValueError(f"driver {name}: unit codes {missing} are not in the table")
    return UnitTable(units, overrides)


@cache
def okei() -> UnitTable:
    """The table that ships with the package."""
    return parse(read("units.toml"), _names)


def _names(code: int) -> Mapping[str, str]:
    return catalogue("fiscal", "units").texts(str(code))
