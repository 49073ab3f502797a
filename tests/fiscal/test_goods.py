"""Numbers of goods."""

from __future__ import annotations

import pytest

from fiscal.goods import barcode


@pytest.mark.parametrize(
    ("gtin", "bars"),
    [
        ("04870249811936", "4870249811936"),  # EAN-13.
        ("00000012345670", "12345670"),  # EAN-8.
        ("14870249811933", "14870249811933"),  # A box: all fourteen are on it.
        ("4870249811936", "4870249811936"),
        ("012345678905", "012345678905"),  # UPC-A keeps its zero.
    ],
)
def test_a_gtin_as_its_bars(gtin: str, bars: str) -> None:
    assert barcode(gtin) == bars
