"""What the worker needs from the rest of the program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from marking.statuses import CodeStatus
from sync.ismpt.answers import CheckAnswer


class Unit(Protocol):
    """A unit whose fate at the registry must be looked at."""

    @property
    def ki(self) -> str: ...


class Watch(Protocol):
    """The memory of units that are not settled yet. It gets back the very units it gave, so their type is its own."""

    def due(self, now_ns: int, limit: int) -> Sequence[Unit]: ...

    def record(self, results: Sequence[tuple[Any, CodeStatus]], at_ns: int) -> None: ...


class Registry(Protocol):
    """Whoever answers about codes without hurry."""

    def check_background(self, kis: Sequence[str]) -> CheckAnswer: ...
