"""The register's own clock: UTC of the simulation, a time zone, and how far it is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from hw_sim.exchange import NS, Clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CENTURY = 2000


@dataclass(slots=True)
class DeviceClock:
    """`offset_s` is what it shows too much (or, below zero, too little)."""

    now: Clock
    zone_s: int
    offset_s: float = 0.0

    def moment(self) -> datetime:
        """What it shows: local time, whole seconds."""
        return self.shown(self.now())

    def shown(self, at_ns: int) -> datetime:
        """What it would have shown at a time of the simulation, set as it is now."""
        seconds = at_ns // NS + self.zone_s + round(self.offset_s)
        return (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None)

    def unix(self, at: datetime) -> int:
        """A shown time as seconds since 1970, the way dates stand in TLV: no time zone is taken off."""
        return round((at.replace(tzinfo=UTC) - _EPOCH).total_seconds())

    def set_time(self, wanted: time) -> None:
        """21h: the day stays."""
        self._set(datetime.combine(self.moment().date(), wanted))

    def set_date(self, wanted: date) -> None:
        """22h and 23h: the time stays."""
        self._set(datetime.combine(wanted, self.moment().time()))

    def _set(self, wanted: datetime) -> None:
        self.offset_s += (wanted - self.moment()).total_seconds()


def day(at: datetime) -> bytes:
    """DD MM YY."""
    return bytes((at.day, at.month, at.year % 100))


def clock_time(at: datetime) -> bytes:
    """HH MM SS."""
    return bytes((at.hour, at.minute, at.second))


def minute(at: datetime) -> bytes:
    """YY MM DD HH mm, as the fiscal storage gives times."""
    return bytes((at.year % 100, at.month, at.day, at.hour, at.minute))


def read_day(data: bytes) -> date | None:
    """A date of DD MM YY; None: there is no such day."""
    try:
        return date(_CENTURY + data[2], data[1], data[0])
    except ValueError:
        return None


def read_time(data: bytes) -> time | None:
    """A time of HH MM SS; None: there is none."""
    try:
        return time(data[0], data[1], data[2])
    except ValueError:
        return None
