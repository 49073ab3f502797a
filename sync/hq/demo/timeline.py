"""When things happen in the made-up chain. Moments are UTC seconds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sync.hq.reconcile.calendar import kazakhstan
from sync.hq.witness import US_PER_S
from sync.zone import ZONE

DAYS = 3
TERM_WORKING_DAYS = 3  # To bring a returned unit back.
# A Tuesday at noon: the term of what came back on Wednesday is over, that of Thursday and Friday is not.
HEADLESS_NOW = int(dt.datetime(2026, 12, 1, 12, tzinfo=ZONE).timestamp())
HOUR, MINUTE = 3600, 60


@dataclass(frozen=True, slots=True)
class Timeline:
    days: tuple[dt.date, ...]
    now: int  # The last look.

    @property
    def first_look(self) -> int:
        """Eight in the morning after the three days."""
        return self.moment(DAYS, 8 * HOUR)

    @property
    def back(self) -> int:
        """When the tills that were cut off have their line again: 72 hours after it went."""
        return self.moment(DAYS, 10 * HOUR)

    def moment(self, day: int, seconds: int) -> int:
        """So long after midnight in Kazakhstan of the day counted from 0."""
        midnight = dt.datetime.combine(self.days[0] + dt.timedelta(days=day), dt.time(), ZONE)
        return int(midnight.timestamp()) + seconds


def timeline(now: int) -> Timeline:
    """The newest three days of which the first one's returns are overdue now, and the other ones' are not."""
    calendar = kazakhstan()
    day = dt.datetime.fromtimestamp(now, ZONE).date()
    while calendar.due(day, TERM_WORKING_DAYS) >= now * US_PER_S:
        day -= dt.timedelta(days=1)
    return Timeline(tuple(day + dt.timedelta(days=n) for n in range(DAYS)), now)
