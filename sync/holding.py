"""Which rows wait because an earlier row of the same code waits. Pure.

A row that headquarters cannot take is set aside. Were the later rows of its code delivered, a return could arrive
before its sale; so they are set aside too, and theirs after them, until the first one is released.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

HELD = "held behind row "

Keys = Callable[[int], frozenset[str]]


def held_behind(root: int) -> str:
    """The reason of a row that is itself sound."""
    return f"{HELD}{root}"


def is_held(reason: str) -> bool:
    return reason.startswith(HELD)


@dataclass(slots=True)
class Holds:
    """Code -> the first row set aside that concerns it."""

    roots: dict[str, int] = field(default_factory=dict)

    def add(self, number: int, keys: Iterable[str]) -> None:
        for key in keys:
            self.roots[key] = min(number, self.roots.get(key, number))

    def root(self, number: int, keys: Iterable[str]) -> int | None:
        """The earliest row set aside that a row with these codes must not overtake."""
        return min((self.roots[key] for key in keys if self.roots.get(key, number) < number), default=None)


def survey(aside: Sequence[tuple[int, str]], keys: Keys) -> tuple[Holds, tuple[int, ...]]:
    """The holds that rows set aside make, and the held rows that nothing holds any more, in order."""
    holds = Holds()
    free: list[int] = []
    for number, reason in sorted(aside):
        if is_held(reason) and holds.root(number, keys(number)) is None:
            free.append(number)
        else:
            holds.add(number, keys(number))
    return holds, tuple(free)
