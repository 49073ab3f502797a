"""The page of cash registers: every family, its address, and exactly what its driver says it can do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from fiscal.device.links import LineAddress
from fiscal.register import Ability
from fiscal.registry import SCHEMES, open_register

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "registers.md").read_text(encoding="utf-8")
SECRETS = {"rekassa_pin": "1", "ofd_token": "1", "webkassa_password": "x", "webkassa_api_key": "x"}
# What opens each column of the table: short addresses as they stand on the family's page, on a line nobody opens.
COLUMNS = {
    "Webkassa": "webkassa+https://kkm.webkassa.kz?cashbox=SWK00000001&login=till2@shop.kz",
    "reKassa": "rekassa+https://app.rekassa.kz/partner?number=RK00000001",
    "uKassa": "ukassa+https://ukassa.kz?hashline=UK00000001&kassa=3868&section=5&email=till7@shop.kz",
    "Shtrih-M fn": "shtrih+tcp://192.168.1.60?model=fn",
    "Shtrih-M on-line": "shtrih+tcp://192.168.1.60?model=on-line",
    "ATOL": "atol+tcp://192.168.1.61",
    "ATOL JSON": "atol-json+http://127.0.0.1:16732",
    "Datecs P": "datecs-p+tcp://192.168.1.70?tax_16=B&tax_none=A",
    "Datecs X": "datecs-x+tcp://192.168.1.70?tax_16=2&tax_none=1",
    "in software": "ofd+tcp://xml.oofd.kz?id=203001&serial=00012345&rnm=010100000001&store={folder}/ofd.sqlite",
}


class Unplugged:
    """A line that must not be opened to learn what a driver can do."""

    def open(self) -> None:
        raise AssertionError("opened")

    def write(self, data: bytes) -> None:
        raise AssertionError("written to")

    def read(self, timeout_s: float) -> bytes:
        raise AssertionError("read from")

    def close(self) -> None:
        """Never opened."""


def table() -> dict[str, dict[str, str]]:
    """Column -> row -> cell, of the table of abilities."""
    start = PAGE.index("## What each can do")
    lines = [line for line in PAGE[start:].splitlines() if line.startswith("|")]
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    whole: dict[str, dict[str, str]] = {name: {} for name in head[1:]}
    for row in rows[: len(Ability)]:
        for name, cell in zip(head[1:], row[1:], strict=True):
            whole[name][row[0].strip("`")] = cell
    return whole


def told(address: str, folder: Path) -> Any:
    def line(_address: LineAddress) -> Unplugged:
        return Unplugged()

    register = open_register(
        address.format(folder=folder), secret=lambda name: SECRETS.get(name, "1"), transport=None, now=lambda: 0,
        monotonic=lambda: 0.0, sleep=lambda _: None, link=line,
    )  # fmt: skip
    can = register.capabilities
    register.close()
    return can


@pytest.mark.parametrize("column", COLUMNS)
def test_the_table_says_what_the_driver_says(column: str, tmp_path: Path) -> None:
    can = told(COLUMNS[column], tmp_path).can
    assert {name for name, cell in table()[column].items() if cell == "yes"} == {str(ability) for ability in can}
    assert set(table()[column]) == {str(ability) for ability in Ability}
    assert set(table()[column].values()) <= {"yes", ""}


def test_every_family_has_its_column_and_every_address_its_row_and_a_page() -> None:
    assert list(table()) == list(COLUMNS)
    named = set(re.findall(r"`([a-z-]+\+[a-z]+)`", PAGE))
    assert {scheme for scheme in SCHEMES if not scheme.endswith("+http") or scheme == "atol-json+http"} == named
    for page in re.findall(r"\((registers/\w+\.md)\)", PAGE):
        assert (DOCS / page).exists(), page
    assert {f"registers/{path.name}" for path in (DOCS / "registers").glob("*.md")} <= set(
        re.findall(r"registers/\w+\.md", PAGE)
    )
