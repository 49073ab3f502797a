"""Model and firmware, where a family tells them with what is asked anyhow; never guessed where it does not."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from recovery_families import RIGS
from recovery_shop import START_NS

from fiscal.shtrih.answers import full_state
from hw_sim.datecs.profiles import MODELS
from pos_agent.clock import VirtualClock

TOLD = {
    "shtrih kz-fr": ("", "A.3 build 2134"),  # hw_sim/shtrih/models.toml, from the vendor's dump of this model.
    "atol-json": ("ATOL 30F", "5.8.100"),
}


def told(name: str, folder: Path) -> tuple[str, str]:
    rig = RIGS[name](VirtualClock(START_NS), folder)
    with closing(rig.open()) as register:
        status = register.status()
    assert status.reachable
    return status.model, status.firmware


@pytest.mark.parametrize("name", TOLD)
def test_what_a_register_says_of_itself_is_told(name: str, tmp_path: Path) -> None:
    assert told(name, tmp_path) == TOLD[name]


def test_a_datecs_printer_says_both_with_its_numbers(tmp_path: Path) -> None:
    assert told("datecs p", tmp_path) in {(one.name, one.firmware) for one in MODELS.values()}


@pytest.mark.parametrize("name", ["datecs x", "atol", "webkassa", "ofd"])
def test_a_family_that_is_not_asked_for_them_tells_neither(name: str, tmp_path: Path) -> None:
    assert told(name, tmp_path) == ("", "")


@pytest.mark.parametrize(
    ("version", "build", "firmware"),
    [(b"A3", 2134, "A.3 build 2134"), (b"C1", 0, "C.1 build 0"), (b"\x00\x00", 7, ""), (b"\x1f3", 1, "")],
)
def test_a_firmware_of_letters_nobody_can_read_is_not_told(version: bytes, build: int, firmware: str) -> None:
    body = bytes(1) + version + build.to_bytes(2, "little") + bytes(41)
    assert full_state(body).firmware == firmware
