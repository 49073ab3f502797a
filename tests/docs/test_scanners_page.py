"""docs/scanners.md tells every address with its options and defaults, and shows what the commands print."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from typer.main import get_command
from typer.testing import CliRunner

from pos_agent.cli.main import app
from scanners.registry import DRIVERS, OPTIONS, Surroundings, open_scanner

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/scanners.md").read_text(encoding="utf-8")
SHARED = "Options of several addresses"
AROUND = Surroundings(now=time.time_ns, monotonic=time.monotonic, discovery=list)
# The default in the words of a driver's table: "default 500", "cr (default)", "none (default)".
DEFAULTS = (re.compile(r"\bdefault (?!on\b)(\w+)"), re.compile(r"([\w,]+) \(default\b"))
OF_IMAGES = re.compile(r"default \w+; for image: (\w+)")


def section(heading: str) -> str:
    found = re.search(rf"^### {re.escape(heading)}\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def rows(text: str) -> dict[str, str]:
    """Option -> the rest of its row; a row may name several options."""
    told: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("| `"):
            names, _, rest = line.strip("| ").partition(" | ")
            told |= dict.fromkeys(re.findall(r"`(\w+)`", names), rest)
    return told


def addresses() -> Iterator[str]:
    for scheme in DRIVERS:
        for line in section(scheme).splitlines():
            if line.startswith(f"    {scheme}:"):
                yield line.strip()


@pytest.mark.parametrize("scheme", DRIVERS)
def test_every_option_of_an_address_is_told_in_its_section_and_no_other(scheme: str) -> None:
    shared = rows(section(SHARED))
    assert {*rows(section(scheme)), *(shared.keys() & OPTIONS[scheme])} == OPTIONS[scheme].keys()


def test_every_shared_option_belongs_to_several_addresses() -> None:
    for name in rows(section(SHARED)):
        assert sum(name in options for options in OPTIONS.values()) > 1, name


@pytest.mark.parametrize("scheme", DRIVERS)
def test_the_default_of_every_option_is_the_true_one(scheme: str) -> None:
    told = rows(section(SHARED)) | rows(section(scheme))
    stale, known = [], 0
    for name, meaning in OPTIONS[scheme].items():
        own = OF_IMAGES.sub(r"default \1", meaning) if scheme == "image" else meaning
        for value in [found[1] for pattern in DEFAULTS for found in pattern.finditer(own)]:
            known += 1
            stale += [] if re.search(rf"\b{re.escape(value)}\b", told[name]) else [(name, value)]
    assert stale == []
    assert known > len(OPTIONS[scheme]) / 3


def test_every_address_on_the_page_can_be_opened() -> None:
    tried = list(addresses())
    assert {address.partition(":")[0] for address in tried} == set(DRIVERS)
    for address in tried:
        scanner = open_scanner("counter", address, AROUND)
        assert scanner.name == "counter"
        scanner.close()


def test_the_addresses_for_store_it_can_be_opened() -> None:
    text = (ROOT / "docs/store-it.md").read_text(encoding="utf-8")
    table = text[text.index("### Scanners") : text.index("### Printer")]
    tried = [word for word in re.findall(r"`([^`]+)`", table) if word.partition(":")[0] in DRIVERS and ":" in word]
    assert {address.partition(":")[0] for address in tried} == set(DRIVERS)
    for address in tried:
        open_scanner("counter", address, AROUND).close()


def example(command: str) -> list[str]:
    return PAGE.partition(f"```console\n$ {command}\n")[2].partition("\n```")[0].splitlines()


def picture() -> bytes:
    """The code of the page on white paper, 4 pixels a module, its upper left corner at 318, 180."""
    code, sort = "(01)04870000000128(21)3hB?7tR(93)aB9+", zxingcpp.BarcodeFormat.DataMatrix
    made = zxingcpp.create_barcode(code, sort, gs1=True, force_square=True)
    symbol = np.array(made.to_image(scale=4, add_quiet_zones=False))
    paper = np.full((480, 640), 200, np.uint8)
    paper[180 : 180 + symbol.shape[0], 318 : 318 + symbol.shape[1]] = np.where(symbol < 128, 40, 200)
    return cv2.imencode(".png", paper)[1].tobytes()


def test_the_picture_on_the_page_is_decoded_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pack.png").write_bytes(picture())
    answer = CliRunner().invoke(app, ["decode", "pack.png"])
    assert answer.exit_code == 0, answer.output
    (shown,), (printed,) = (
        list(map(json.loads, lines)) for lines in (example("pos-agent decode pack.png"), answer.stdout.splitlines())
    )
    assert {**printed, "ms": 0} == {**shown, "ms": 0}
    assert base64.b64decode(shown["bytes"]) == b"0104870000000128213hB?7tR\x1d93aB9+"
    assert shown["corners"][0] == [318, 180]
    told = section_of("Pictures: decode")
    assert [name for name in printed if f"| `{name}` |" not in told] == []


def section_of(heading: str) -> str:
    return PAGE[PAGE.index(f"## {heading}") :].partition("\n## ")[0]


@pytest.mark.parametrize(
    ("words", "heading"),
    [
        (("decode",), "Pictures: decode"),
        (("devices", "list"), "What is plugged in: devices list"),
        (("devices", "watch"), "What it sends: devices watch"),
    ],
)
def test_every_option_of_the_commands_is_told(words: tuple[str, ...], heading: str) -> None:
    command = get_command(app)
    for word in words:
        command = command.get_command(None, word)  # type: ignore[attr-defined, arg-type]
    text = section_of(heading) + (ROOT / "docs/store-it.md").read_text(encoding="utf-8")
    told = [
        option
        for parameter in command.params
        if not getattr(parameter, "hidden", False)
        for option in parameter.opts
        if option.startswith("--")
    ]
    assert told
    assert [option for option in told if option != "--help" and f"`{option}" not in text] == []


def test_the_rule_file_on_the_page_is_there_and_covers_what_the_page_says() -> None:
    rules = (ROOT / "deploy/udev/60-pos-agent-scanners.rules").read_text(encoding="utf-8")
    assert 'SUBSYSTEM=="hidraw", GROUP="dialout"' in rules
    assert 'ENV{ID_MM_DEVICE_IGNORE}="1"' in rules
    assert 'ATTR{power/control}="on"' in rules
    line = re.search(r"`ATTRS\{idVendor\}==\"1234\", (.*)`", PAGE)
    assert line is not None
    assert line[1] in rules
