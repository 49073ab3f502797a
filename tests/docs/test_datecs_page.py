"""The page of Datecs printers names every option and failure, and its addresses work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from datecs_printer import Printer

from fiscal.datecs import LANGUAGES
from fiscal.datecs.errors import shipped
from fiscal.datecs.settings import HABITS, OPTIONS
from fiscal.failures import FailureKind
from fiscal.registry import open_register

PAGE = (Path(__file__).parents[2] / "docs" / "registers" / "datecs.md").read_text(encoding="utf-8")
ADDRESSES = re.findall(r"^    (datecs-\S+)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_told(option: str) -> None:
    assert re.search(rf"^\|[^|]*`{option}`", PAGE, re.MULTILINE)


def test_the_factory_passwords_are_told() -> None:
    assert all(f"`{habits.password}` on {name}" in PAGE for name, habits in HABITS.items())


def test_every_failure_a_number_can_mean_is_told() -> None:
    kinds = {meaning.kind for table in shipped().values() for _first, _last, meaning in table.rows}
    told = {kind for kind in FailureKind if f"| {kind.name} |" in PAGE}
    assert kinds - told <= {FailureKind.MARK_REFUSED}  # No model is known to refuse a mark.


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_address_on_the_page_opens_a_driver(address: str) -> None:
    register = open_register(
        address, secret={"datecs_password": "1234"}.__getitem__, transport=None, now=lambda: 0,
        monotonic=lambda: 0.0, sleep=lambda _: None, link=lambda _address: Printer("P"),
    )  # fmt: skip
    assert register.capabilities.family in LANGUAGES
    register.close()


def test_the_page_shows_addresses() -> None:
    assert len(ADDRESSES) == 4
