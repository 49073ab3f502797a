"""Money, dates and percents of the protocol. Money is an integer in tiyn here; dates are local to the register."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hw_sim.exchange import NS
from hw_sim.ofd203.results import wrong

HUNDRED_PERCENT = 100_000  # Percents are thousandths: 12000 is 12 %.
YEAR_MIN = 1000
BILLS_MAX = 10**13  # Far beyond any till, and low enough for the sums of reports to stay within the protocol's numbers.


def tiyn(money: Mapping[str, Any], place: str) -> int:
    """Whole tiyn of a Money. Refuses coins beyond 99, and sums no till ever took."""
    if money["bills"] > BILLS_MAX:
        raise wrong(f"{place}.bills: {money['bills']} is more than anybody pays")
    if money["coins"] > 99:
        raise wrong(f"{place}.coins: {money['coins']} is not below 100")
    return int(money["bills"]) * 100 + int(money["coins"])


def money(amount: int) -> dict[str, int]:
    """A Money of whole tiyn, which must not be negative."""
    return {"bills": amount // 100, "coins": amount % 100}


def moment(stamp: Mapping[str, Any], place: str) -> datetime:
    """The local moment a DateTime names. Refuses days and hours that do not exist."""
    date, time = stamp["date"], stamp["time"]
    if date["year"] < YEAR_MIN:
        raise wrong(f"{place}: a year has four digits")
    try:
        return datetime(date["year"], date["month"], date["day"], time["hour"], time["minute"], time.get("second", 0))  # noqa: DTZ001 (the protocol's dates carry no zone)
    except (ValueError, OverflowError) as error:
        raise wrong(f"{place}: {error}") from None


def stamp(at: datetime) -> dict[str, Any]:
    """A DateTime of a local moment."""
    date = {"year": at.year, "month": at.month, "day": at.day}
    return {"date": date, "time": {"hour": at.hour, "minute": at.minute, "second": at.second}}


def local(at_ns: int, utc_offset_h: int) -> datetime:
    """The register's wall clock at a UTC moment."""
    return datetime.fromtimestamp(at_ns // NS, UTC).replace(tzinfo=None) + timedelta(hours=utc_offset_h)


def utc_ns(at: datetime, utc_offset_h: int) -> int:
    """UTC nanoseconds of a local moment."""
    return int((at.replace(tzinfo=UTC) - timedelta(hours=utc_offset_h)).timestamp()) * NS


def half_up(numerator: int, denominator: int) -> int:
    """A quotient rounded half up; both are not negative."""
    return (2 * numerator + denominator) // (2 * denominator)


def tax_of(base: int, percent: int, inside: bool) -> int:
    """The tax inside an amount, or on top of it, tiyn, half up. 900.00 at 16 % holds 124.14."""
    return half_up(base * percent, HUNDRED_PERCENT + percent if inside else HUNDRED_PERCENT)


def base_of(tax: int, percent: int, inside: bool) -> int:
    """About the amount a tax was taken from, tiyn; nothing can be said of a rate of zero."""
    return half_up(tax * (HUNDRED_PERCENT + percent if inside else HUNDRED_PERCENT), percent) if percent else 0
