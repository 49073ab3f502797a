"""The record of a random day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Day:
    """What a day came to."""

    family: str
    seed: int
    deeds: list[str] = field(default_factory=list)
    sales: int = 0
    made: int = 0
    persons: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def told(self) -> str:
        return f"{self.family}, seed {self.seed}: {'; '.join(self.deeds)}"


def ending_of(outcome: object) -> str:
    """The failures of an outcome, or of all that were settled, for the record; "" for a good one."""
    if isinstance(outcome, tuple):
        return "".join(ending_of(settlement) for _pending, settlement in outcome)
    failure = getattr(outcome, "failure", None)
    return f" -> {type(outcome).__name__} {failure.code} {failure.text}" if failure is not None else ""
