"""Prints what the walks found as a matrix: families down, faults across. Hooks, taken over by tests/conftest.py.

Endings travel with the reports of their tests, so that the matrix is whole whichever process a test ran in.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from recovery_faults import FAULTS
from recovery_shop import Ending

PROPERTY = "recovery-ending"
_endings: list[Ending] = []


def keep(request: pytest.FixtureRequest, ending: Ending) -> None:
    """Send an ending with the report of the running test."""
    request.node.user_properties.append((PROPERTY, asdict(ending)))


def pytest_runtest_logreport(report: Any) -> None:
    if report.when == "call":
        _endings.extend(Ending(**told) for name, told in report.user_properties if name == PROPERTY)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _endings:
        return
    from recovery_families import RIGS  # Loads every driver and simulator: only a run that walked needs them.

    families = [name for name in RIGS if any(ending.family == name for ending in _endings)]
    cells = {(ending.family, ending.fault): _cell(ending) for ending in _endings}
    terminalreporter.section("recovery: commands of a receipt hit by each fault, and how each ended")
    wide = max(map(len, FAULTS)) + 2
    narrow = [max(len(family), 9) + 2 for family in families]
    line = terminalreporter.write_line
    line("".ljust(wide) + "".join(family.ljust(size) for family, size in zip(families, narrow, strict=True)))
    for fault in dict.fromkeys([*FAULTS, *sorted(ending.fault for ending in _endings)]):
        row = [cells.get((family, fault), "") for family in families]
        if any(row):
            line(fault.ljust(wide) + "".join(cell.ljust(size) for cell, size in zip(row, narrow, strict=True)))
    line("25 one: 25 commands hit, each time exactly one document, found or made by the till alone; +2 person: twice a")
    line("person had to compare and decide, as the family declares; -: the family has no such fault.")
    for ending in sorted(_endings, key=lambda one: (one.family, one.fault)):
        if ending.note and ending.steps:
            line(f"  {ending.family}, {ending.fault}: {ending.note}")


def _cell(ending: Ending) -> str:
    if not ending.steps:
        return "-"
    return f"{ending.decided} one" + (f" +{ending.person} person" if ending.person else "")
