"""Product groups of GTINs, as a chain lists them: whole GTINs, what GTINs begin with, and the rest. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LENGTHS = (8, 12, 13, 14)
DIGITS = 14


class GroupsUnreadable(ValueError):
    """The list cannot be used; the text names the line."""


@dataclass(frozen=True, slots=True)
class Groups:
    """`of` a GTIN: the whole one first, then the longest beginning, else `default`."""

    listed: Mapping[str, str] = field(default_factory=dict)  # GTIN of 14 digits -> group.
    begins: Mapping[str, str] = field(default_factory=dict)  # First digits of the 14 -> group.
    default: str = ""  # "" unknown: goods of one GTIN then stand together.

    def of(self, gtin: str) -> str:
        whole = gtin.zfill(DIGITS) if gtin else ""
        if whole in self.listed:
            return self.listed[whole]
        fit = [begin for begin in self.begins if whole.startswith(begin)]
        return self.begins[max(fit, key=len)] if fit else self.default


def read_listed(text: str) -> dict[str, str]:
    """Lines `GTIN;group`, a GTIN of 8, 12, 13 or 14 digits; empty lines and those that begin with # say nothing.

    Raises GroupsUnreadable: no such line, or one GTIN in two groups.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        gtin, _, group = (part.strip() for part in line.partition(";"))
        if not (gtin.isascii() and gtin.isdigit() and len(gtin) in LENGTHS) or not _checked(gtin) or not group:
            raise GroupsUnreadable(f"line {number}: a GTIN, a semicolon and its group are wanted")
        whole = gtin.zfill(DIGITS)
        if found.setdefault(whole, group) != group:
            raise GroupsUnreadable(f"line {number}: {gtin} is in {found[whole]} already")
    return found


def _checked(gtin: str) -> bool:
    """The last digit is the check digit of GS1: weights 3 and 1 from the right."""
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(gtin)))
    return weighed % 10 == 0
