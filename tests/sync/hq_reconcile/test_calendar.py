"""Working days of Kazakhstan, with dates that were published."""

from __future__ import annotations

import datetime as dt

import pytest

from sync.hq.reconcile.calendar import Calendar, kazakhstan

D = dt.date


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (D(2025, 1, 3), False),  # Friday, off in exchange for ...
        (D(2025, 1, 5), True),  # ... this Sunday.
        (D(2025, 1, 7), False),  # Orthodox Christmas.
        (D(2025, 3, 10), False),  # Women's Day was a Saturday.
        (D(2025, 6, 6), False),  # Kurban Ait.
        (D(2025, 9, 1), False),  # Constitution Day was a Saturday.
        (D(2026, 3, 24), False),  # Nauryz had two days on a weekend.
        (D(2026, 3, 25), False),
        (D(2026, 3, 26), True),
        (D(2026, 5, 11), False),
        (D(2026, 8, 31), True),  # Constitution Day left 30 August with the new Constitution.
        (D(2026, 10, 26), False),
        (D(2027, 3, 15), False),  # Constitution Day from 2027.
        (D(2026, 11, 28), False),  # A Saturday.
        (D(2026, 11, 30), True),
    ],
)
def test_published_days_off_and_worked_sundays_are_known(day: dt.date, working: bool) -> None:
    assert kazakhstan().is_working(day) is working


@pytest.mark.parametrize(
    ("returned", "last"),
    [
        (D(2026, 11, 4), D(2026, 11, 9)),  # Wednesday; a weekend between.
        (D(2026, 11, 6), D(2026, 11, 11)),  # Friday.
        (D(2026, 3, 19), D(2026, 3, 27)),  # Thursday before Nauryz: Friday, then Thursday and Friday of the next week.
        (D(2026, 12, 30), D(2027, 1, 6)),  # New Year, whose second day is a Saturday and moves to Monday.
        (D(2025, 1, 2), D(2025, 1, 8)),  # Sunday the 5th was worked, Christmas was not.
    ],
)
def test_the_third_working_day_skips_what_is_off(returned: dt.date, last: dt.date) -> None:
    assert kazakhstan().after(returned, 3) == last


def test_a_term_ends_at_midnight_in_kazakhstan_after_its_last_day() -> None:
    due = kazakhstan().due(D(2026, 11, 4), 3)
    assert dt.datetime.fromtimestamp(due / 1_000_000, dt.UTC) == dt.datetime(2026, 11, 9, 19, tzinfo=dt.UTC)


def test_of_an_unknown_year_weekends_and_fixed_days_are_known_and_it_is_said() -> None:
    calendar = kazakhstan()
    assert calendar.knows(2026)
    assert not calendar.knows(2031)
    assert not calendar.is_working(D(2031, 12, 16))
    assert not calendar.is_working(D(2031, 11, 1))
    assert calendar.is_working(D(2031, 11, 3))


def test_a_calendar_without_working_days_is_refused() -> None:
    always_off = Calendar({}, frozenset((day.month, day.day) for day in map(D.fromordinal, range(730_000, 730_366))))
    with pytest.raises(ValueError, match="working days"):
        always_off.after(D(2031, 1, 1), 1)
