"""Working days of Kazakhstan, five days a week, and the end of a legal term counted in them.

Labour Code, articles 84 and 85, and the law on holidays: a public holiday on a Saturday or Sunday moves to the next
working day; Orthodox Christmas and the first day of Kurban Ait do not. The dates are in `data/holidays_kz.toml`, each
year with its source. Of a year that is not there only weekends and holidays with a fixed date are known: `knows`.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from sync.hq.witness import US_PER_S
from sync.zone import ZONE

SATURDAY = 5
YEARS_MAX = 3  # A term of days never reaches further; a calendar without working days would never end.


@dataclass(frozen=True, slots=True)
class Year:
    off: frozenset[dt.date]  # Holidays and days moved onto, also those on weekends.
    working: frozenset[dt.date]  # Saturdays and Sundays that were worked in exchange.


@dataclass(frozen=True, slots=True)
class Calendar:
    years: Mapping[int, Year]
    fixed: frozenset[tuple[int, int]]  # Month and day, every year.

    def knows(self, year: int) -> bool:
        """False: moved days and Kurban Ait of this year are not known, and a term may really end later."""
        return year in self.years

    def is_working(self, day: dt.date) -> bool:
        year = self.years.get(day.year)
        if year is None:
            return day.weekday() < SATURDAY and (day.month, day.day) not in self.fixed
        return day in year.working or (day.weekday() < SATURDAY and day not in year.off)

    def after(self, day: dt.date, working_days: int) -> dt.date:
        """The working day that many after `day`; the day itself does not count."""
        found = day
        while working_days:
            found += dt.timedelta(days=1)
            if (found - day).days > YEARS_MAX * 366:
                raise ValueError(f"{working_days} working days are missing after {day}")
            working_days -= self.is_working(found)
        return found

    def due(self, day: dt.date, working_days: int) -> int:
        """When a term that began on `day` is over: midnight in Kazakhstan after its last day, UTC microseconds."""
        end = dt.datetime.combine(self.after(day, working_days) + dt.timedelta(days=1), dt.time(), ZONE)
        return int(end.timestamp()) * US_PER_S


@cache
def kazakhstan() -> Calendar:
    document = tomllib.loads(resources.files("sync.hq").joinpath("data/holidays_kz.toml").read_text(encoding="utf-8"))
    fixed = frozenset((int(text[:2]), int(text[3:])) for text in document["fixed"]["days"])
    years = {
        int(number): Year(frozenset(year["off"]), frozenset(year["working"]))
        for number, year in document["years"].items()
    }
    return Calendar(years, fixed)
