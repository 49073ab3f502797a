"""Prints what the walks found as a matrix: families down, faults across."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from recovery_faults import FAULTS
from recovery_shop import Ending

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder that is only looked for
ENDINGS = pytest.StashKey[list[Ending]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ENDINGS] = []


@pytest.fixture
def endings(request: pytest.FixtureRequest) -> list[Ending]:
    """Where a walk puts its ending."""
    return request.config.stash.setdefault(ENDINGS, [])


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Thousands of commits: in memory where the system offers it, for a disk would be measured and nothing else."""
    if not MEMORY.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="pos-agent-") as name:
        yield Path(name)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    endings = config.stash.get(ENDINGS, [])
    if not endings:
        return
    families = list(dict.fromkeys(ending.family for ending in endings))
    cells = {(ending.family, ending.fault): _cell(ending) for ending in endings}
    terminalreporter.section("recovery: commands of a receipt hit by each fault, and how each ended")
    wide = max(map(len, FAULTS)) + 2
    narrow = [max(len(family), 9) + 2 for family in families]
    line = terminalreporter.write_line
    line("".ljust(wide) + "".join(family.ljust(size) for family, size in zip(families, narrow, strict=True)))
    for fault in dict.fromkeys([*FAULTS, *(ending.fault for ending in endings)]):
        row = [cells.get((family, fault), "") for family in families]
        if any(row):
            line(fault.ljust(wide) + "".join(cell.ljust(size) for cell, size in zip(row, narrow, strict=True)))
    line("25 one: 25 commands hit, each time exactly one document, found or made by the till alone; +2 person: twice a")
    line("person had to compare and decide, as the family declares; -: the family has no such fault.")
    for ending in endings:
        if ending.note and ending.steps:
            line(f"  {ending.family}, {ending.fault}: {ending.note}")


def _cell(ending: Ending) -> str:
    if not ending.steps:
        return "-"
    return f"{ending.decided} one" + (f" +{ending.person} person" if ending.person else "")
