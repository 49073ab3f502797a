"""What a check says: well, a warning, a failure, or that it does not apply here; and the table row it stands in."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from importlib.resources import files
from typing import Any

from pos_agent.doctor.facts import Facts


class State(IntEnum):
    """The worst of all is the exit status; SKIPPED is none."""

    SKIPPED = -1
    OK = 0
    WARNING = 1
    FAILURE = 2


class Word(str):
    """A value that is itself a key of the catalogue."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of doctor's. `values` fill the words of the check."""

    state: State
    values: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""  # Beside a line that is well: numbers and names, no words.


def well(detail: object = "") -> tuple[Outcome, ...]:
    return (Outcome(State.OK, detail=str(detail)),)


def skipped() -> tuple[Outcome, ...]:
    return (Outcome(State.SKIPPED),)


def warning(**values: object) -> Outcome:
    return Outcome(State.WARNING, values)


def failure(**values: object) -> Outcome:
    return Outcome(State.FAILURE, values)


Judge = Callable[[Facts], tuple[Outcome, ...]]


@dataclass(frozen=True, slots=True)
class Check:
    """A row of the table. Its words are `ID.title`, `ID.bad` and `ID.fix` of the catalogue `ops`."""

    id: str
    judge: Judge
    needs_config: bool = True

    @property
    def command(self) -> str:
        """The step that fixes it, filled in like the words; empty: no command does."""
        return commands()[self.id]


@cache
def commands() -> Mapping[str, str]:
    rows = tomllib.loads((files("pos_agent.data") / "doctor.toml").read_text(encoding="utf-8"))
    return {name: str(row["command"]) for name, row in rows.items()}


@dataclass(frozen=True, slots=True)
class Line:
    """One finding with its check."""

    check: Check
    outcome: Outcome


def judged(checks: tuple[Check, ...], facts: Facts) -> tuple[Line, ...]:
    """Every check on these facts, in the order of the table."""
    lines: list[Line] = []
    for check in checks:
        outcomes = skipped() if check.needs_config and facts.config.config is None else check.judge(facts)
        lines += [Line(check, outcome) for outcome in outcomes]
    return tuple(lines)


def worst(lines: tuple[Line, ...]) -> int:
    """Exit status: 0 well, 1 with warnings, 2 with failures."""
    return max((max(0, int(line.outcome.state)) for line in lines), default=0)
