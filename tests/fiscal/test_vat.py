from __future__ import annotations

import datetime as dt

import pytest

from fiscal.vat import VatClass, VatUnknown, kazakhstan, parse

DAY = dt.date


@pytest.mark.parametrize(
    ("vat_class", "day", "rate"),
    [
        (VatClass.BASE, DAY(2025, 12, 31), 1200),
        (VatClass.BASE, DAY(2026, 1, 1), 1600),
        (VatClass.BASE, DAY(2030, 1, 1), 1600),
        (VatClass.MEDICINE, DAY(2026, 12, 31), 500),
        (VatClass.MEDICINE, DAY(2027, 1, 1), 1000),
        (VatClass.PERIODICAL, DAY(2026, 6, 1), 1000),
        (VatClass.ZERO, DAY(2026, 6, 1), 0),
        (VatClass.NONE, DAY(2026, 6, 1), None),
    ],
)
def test_the_rate_is_that_of_the_day(vat_class: VatClass, day: dt.date, rate: int | None) -> None:
    assert kazakhstan().rate_bp(vat_class, day) == rate


def test_zero_percent_is_not_without_vat() -> None:
    day = DAY(2026, 6, 1)
    assert kazakhstan().rate_bp(VatClass.ZERO, day) == 0
    assert kazakhstan().rate_bp(VatClass.NONE, day) is None


def test_a_class_without_a_rate_on_that_day_is_told_not_guessed() -> None:
    with pytest.raises(VatUnknown, match="medicine for 2025-12-31"):
        kazakhstan().rate_bp(VatClass.MEDICINE, DAY(2025, 12, 31))


GOOD = "".join(f"[class.{name}]\nrows=[{{rate_bp=0}}]\n" for name in ("base", "medicine", "periodical", "zero"))


@pytest.mark.parametrize(
    "text",
    [
        GOOD,  # "none" is missing.
        GOOD + "[class.none]\ntaxed=false\n[class.extra]\ntaxed=false\n",
        GOOD + "[class.none]\nrows=[]\n",
        GOOD + "[class.none]\nrows=[{from=2027-01-01,rate_bp=0},{from=2026-01-01,rate_bp=1}]\n",
        GOOD + "[class.none]\nrows=[{rate_bp=10001}]\n",
    ],
)
def test_a_damaged_table_is_refused_whole(text: str) -> None:
    with pytest.raises(ValueError, match="class"):
        parse(text)
