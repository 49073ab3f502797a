"""The page of the register in software names every option and code, and its address works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fiscal.ofd.results import RESULTS
from fiscal.ofd.settings import OPTIONS, parse
from fiscal.ofd.words import DOMAINS
from fiscal.options import split

PAGE = (Path(__file__).parents[2] / "docs" / "registers" / "ofd.md").read_text(encoding="utf-8")
ADDRESSES = re.findall(r"^    (ofd\+tcp://\S+)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_told(option: str) -> None:
    assert re.search(rf"^\|[^|]*`{option}`", PAGE, re.MULTILINE)


def test_every_kind_of_trade_is_told() -> None:
    assert all(f"`{domain}`" in PAGE for domain in DOMAINS)


@pytest.mark.parametrize("code", sorted(set(RESULTS) - {0, 4, 5, 6, 10, 254, 255}))  # 4 to 6 stand in a range.
def test_every_code_a_till_can_meet_is_told(code: int) -> None:
    assert re.search(rf"^\|[^|]*`ofd:{code}`", PAGE, re.MULTILINE)


def test_the_address_on_the_page_is_one() -> None:
    (address,) = ADDRESSES
    assert parse(split(address)).device == 203001
