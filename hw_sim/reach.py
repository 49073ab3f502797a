"""How a program reaches a simulated register, in the words of a register URL: `scheme+link://place?option=value`.

The names are those of this project's configuration (docs/registers); a simulator only says which values fit it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

KAZAKHSTAN_H = 5


@dataclass(frozen=True, slots=True)
class Reach:
    """What a register URL must say beside the place.

    Attributes:
        scheme: family, before the kind of link.
        options: names and values.
        secrets: what the other side asks for, by the names a driver gives them.
        files: options that name a file of the program's own, and a name for it.
        marks: how marking codes get there: "field", "text" of the receipt, or "none".
        test_only: no shop may sell with a register of this kind.
        elsewhere: further options where it is not on the program's own machine.
    """

    scheme: str
    options: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    marks: str = "field"
    test_only: bool = False
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    def url(self, link: str, place: str, more: Mapping[str, str] | None = None) -> str:
        """The URL, ready for a configuration.

        Args:
            link: tcp, serial or http.
            place: host and port, or the path of a terminal.
            more: further options: those of `files` with whole paths, `elsewhere`.
        """
        query = urlencode({**self.options, **(more or {})}, safe="/@:,", quote_via=quote)
        return f"{self.scheme}+{link}://{place}" + (f"?{query}" if query else "")


RATES = (1600, 1200, 1000, 500, 0)  # Of Kazakhstan, of the last years and of the next, in hundredths of a percent.


def tax_options(groups: Mapping[str, int | None]) -> dict[str, str]:
    """`tax_16=A` and its sisters: the first of a register's groups at each rate of Kazakhstan."""
    found: dict[str, str] = {}
    for group, rate in groups.items():
        if rate in RATES:
            found.setdefault(f"tax_{rate // 100}", group)
    return found


def without_tax(groups: Mapping[str, int | None]) -> dict[str, str]:
    """`tax_none`: of two groups at zero the first is "0 %" and the second "without VAT"."""
    zero = [group for group, rate in groups.items() if rate == 0]
    return {"tax_none": zero[1]} if len(zero) > 1 else {}


def zone_option(hours: float) -> dict[str, str]:
    """The zone of a register's clock where it is not that of Kazakhstan."""
    minutes = round(abs(hours) * 60)
    sign = "-" if hours < 0 else ""
    return {} if hours == KAZAKHSTAN_H else {"utc_offset": f"{sign}{minutes // 60:02}:{minutes % 60:02}"}
