"""VAT rate of a class of goods on a day. The table is data: fiscal/data/vat_kz.toml.

The day is that of the turnover: of the sale for a sale, and of the *original* sale for its return.
"0 %" and "without VAT" print and report differently, so they are 0 and None and never meet.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from fiscal.data import read
from fiscal.money import RATE_BP_MAX


class VatClass(StrEnum):
    BASE = "base"
    MEDICINE = "medicine"  # Medicines and medical goods of the government's list.
    PERIODICAL = "periodical"  # Domestic newspapers and magazines.
    ZERO = "zero"  # Taxed at 0 %.
    NONE = "none"  # Seller is not a payer, or the turnover is exempt.


class VatUnknown(LookupError):
    """The table has no rate of this class for this day."""


@dataclass(frozen=True, slots=True)
class VatRow:
    since: dt.date  # First day; date.min when the table names none.
    rate_bp: int  # Hundredths of a percent.


@dataclass(frozen=True, slots=True)
class VatTable:
    rows: dict[VatClass, tuple[VatRow, ...]]  # By day, ascending. No rows: without VAT.
    untaxed: frozenset[VatClass]

    def rate_bp(self, vat_class: VatClass, on: dt.date) -> int | None:
        """Rate on that day in hundredths of a percent; None = without VAT. VatUnknown when no row covers the day."""
        if vat_class in self.untaxed:
            return None
        rates = [row.rate_bp for row in self.rows[vat_class] if row.since <= on]
        if not rates:
            raise VatUnknown(f"no VAT rate of class {vat_class} for {on.isoformat()}")
        return rates[-1]


def parse(text: str) -> VatTable:
    """Read the table. ValueError names the class whose rows are missing, unordered or out of range."""
    classes = tomllib.loads(text)["class"]
    if set(classes) != {c.value for c in VatClass}:
        raise ValueError(f"VAT classes must be exactly {sorted(VatClass)}, the table has {sorted(classes)}")
    rows: dict[VatClass, tuple[VatRow, ...]] = {}
    untaxed = set()
    for name, entry in classes.items():
        vat_class = VatClass(name)
        if entry.get("taxed", True) is False:
            untaxed.add(vat_class)
            continue
        rows[vat_class] = tuple(VatRow(row.get("from", dt.date.min), row["rate_bp"]) for row in entry["rows"])
        days = [row.since for row in rows[vat_class]]
        if not days or days != sorted(set(days)):
            raise ValueError(f"class {name}: rows must be ordered by day, one a day")
        if any(not 0 <= row.rate_bp <= RATE_BP_MAX for row in rows[vat_class]):
            raise ValueError(f"class {name}: a rate lies between 0 and {RATE_BP_MAX}")
    return VatTable(rows, frozenset(untaxed))


@cache
def kazakhstan() -> VatTable:
    """The table that ships with the package."""
    return parse(read("vat_kz.toml"))
