"""docs/registers/rekassa.md and ukassa.md against the drivers: every option, every code, and addresses that open."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from fiscal.registry import open_register
from fiscal.rekassa import codes
from fiscal.rekassa.settings import OPTIONS as REKASSA
from fiscal.ukassa.settings import OPTIONS as UKASSA

PAGES = Path(__file__).parents[2] / "docs" / "registers"
OPTIONS = {"rekassa": REKASSA, "ukassa": UKASSA}


def page(family: str) -> str:
    return (PAGES / f"{family}.md").read_text(encoding="utf-8")


def told_options(text: str) -> set[str]:
    """Names in the first cells of the table of options."""
    table = text[text.index("## Options") :].split("\n## ")[0]
    cells = re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize(("family", "options"), OPTIONS.items())
def test_every_option_is_told_and_no_other(family: str, options: Iterable[str]) -> None:
    assert told_options(page(family)) == set(options)


@pytest.mark.parametrize("family", OPTIONS)
def test_the_address_of_the_page_opens(family: str) -> None:
    (url,) = re.findall(rf"^    ({family}\+https://\S+)$", page(family), re.MULTILINE)
    asked: list[str] = []

    def secret(name: str) -> str:
        asked.append(name)
        return "secret"

    register = open_register(
        url, secret=secret, transport=None, now=time.time_ns, monotonic=time.monotonic, sleep=time.sleep
    )
    register.close()
    assert asked and all(f"`{name}`" in page(family) for name in asked)


def test_every_code_of_rekassa_is_told() -> None:
    text = page("rekassa")
    assert [code for code in codes.CODES if f"rekassa:{code}" not in text and code != codes.SHIFT_NOT_OPEN] == [
        "CANT_CANCEL_TICKET"  # Nothing here is ever cancelled.
    ]


@pytest.mark.parametrize("family", OPTIONS)
def test_what_is_not_verified_names_switches_that_exist(family: str) -> None:
    table = page(family).split("## Not verified")[1]
    rows = [line.rsplit("|", 2)[1] for line in table.splitlines() if line.startswith("|")][2:]
    named = {name for cell in rows for name in re.findall(r"`([^`]+)`", cell)}
    assert len(named) > 4
    assert named - set(OPTIONS[family]) <= {"PROTOCOL_ERROR", "is_offline"}
