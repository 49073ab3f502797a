"""The page of ATOL registers names every option and failure, and its addresses work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from atol_host import Clock

from fiscal.atol import errors, settings
from fiscal.atol.web import settings as web
from fiscal.failures import FailureKind
from fiscal.registry import open_register

PAGE = (Path(__file__).parents[2] / "docs" / "registers" / "atol.md").read_text(encoding="utf-8")
ADDRESSES = re.findall(r"^    (atol\S+)$", PAGE, re.MULTILINE)


class Untouched:
    """A line that nobody has opened yet."""

    def open(self) -> None:
        raise AssertionError("opened")

    def write(self, data: bytes) -> None:
        raise AssertionError("written to")

    def read(self, timeout_s: float) -> bytes:
        raise AssertionError("read")

    def close(self) -> None:
        """Nothing was opened."""


def options_of(family: str) -> str:
    """The part of the page that tells the options of one road."""
    return PAGE.partition(f"## Options of `{family}`\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize(("family", "options"), [("atol", settings.OPTIONS), ("atol-json", web.OPTIONS)])
def test_every_option_is_told_and_no_other(family: str, options: tuple[str, ...]) -> None:
    cells = re.findall(r"^\| (`[^|]*) \|", options_of(family), re.MULTILINE)
    told = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert told == set(options)


def test_every_failure_a_number_can_mean_is_told() -> None:
    kinds = {kind for table in (errors.commands(), errors.driver()) for kind, _ in table.values()}
    told = {kind for kind in FailureKind if re.search(rf"^\| [^|]*`{kind}`", PAGE, re.MULTILINE)}
    assert kinds <= told
    assert {FailureKind.UNAVAILABLE, FailureKind.NO_ANSWER, FailureKind.HUMAN} <= told


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_address_on_the_page_opens_a_driver(address: str) -> None:
    clock = Clock()
    register = open_register(
        address, secret={"atol_password": "1234"}.__getitem__, transport=None, now=clock, monotonic=lambda: 0.0,
        sleep=clock.sleep, link=lambda _address: Untouched(),
    )  # fmt: skip
    assert register.capabilities.family == address.partition("+")[0]
    register.close()


def test_the_page_shows_addresses() -> None:
    assert len(ADDRESSES) == 4


@pytest.mark.parametrize(
    ("option", "default"),
    [
        ("baud", "115200"), ("name_max", "128"), ("mark_tag", "1162"), ("mark_prefix", "`444D`"), ("answer_s", "5"),
        ("poll_s", "1"), ("section", "0"), ("subject", "1"), ("marks", "`none`"), ("crc", "`stuffed`"),
        ("registers", "`yes`"), ("drawer", "`no`"), ("format", "`ffd105`"), ("mark_form", "`full`"),
    ],
)  # fmt: skip
def test_a_default_of_the_line_is_told_right(option: str, default: str) -> None:
    assert f"| `{option}` | {default} |" in options_of("atol")
