"""The hand at a simulated register on a line: paper, cover, power, and the words of its family."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from hw_sim.console import Hand, Switch
from hw_sim.device.machine import Machine
from hw_sim.device.memory import FiscalMemory
from hw_sim.faults import finite
from hw_sim.journal import Told

__all__ = ["Console", "Switch"]


class Console(Hand):
    """Commands on one register.

    Args:
        switches: the family's own words.
        journal: what else has gone over its line.
        prints: it has paper and a cover.
    """

    def __init__(
        self,
        machine: Machine,
        memory: FiscalMemory,
        switches: Mapping[str, Switch] | None = None,
        journal: Iterable[Told] = (),
        *,
        prints: bool = True,
    ) -> None:
        self._machine, self._memory, self._prints = machine, memory, prints
        super().__init__(
            machine.faults,
            memory.rows,
            memory.totals,
            lambda: sorted((*machine.frames, *journal), key=lambda told: told.at_ns),
            {
                **({"paper": self._paper, "cover": self._cover} if prints else {}),
                "power": self._power,
                **(switches or {}),
            },
        )

    def run(self, line: str) -> str:
        self._machine.look()
        return super().run(line)

    def standing(self) -> Mapping[str, str]:
        mechanics, shift = self._machine.mechanics, self._memory.shift
        paper = "out" if not mechanics.paper else "low" if mechanics.paper_low else "in"
        return {
            "power": "on" if self._machine.powered else "off",
            **({"paper": paper, "cover": "open" if mechanics.cover_open else "closed"} if self._prints else {}),
            "shift": f"{shift.number} is open" if shift else "none is open",
        }

    def _paper(self, rest: list[str]) -> str:
        """paper out|low|load: the roll ends, is nearly at its end, is a new one"""
        verbs: dict[str, Callable[[], object]] = {
            "out": self._machine.end_paper,
            "load": self._machine.load_paper,
            "low": lambda: setattr(self._machine.mechanics, "paper_low", True),
        }
        return _one_of(verbs, rest)

    def _cover(self, rest: list[str]) -> str:
        """cover open|close: nothing prints under an open cover"""
        return _one_of({"open": self._machine.open_cover, "close": self._machine.close_cover}, rest)

    def _power(self, rest: list[str]) -> str:
        """power off [SECONDS]|on: pull the plug, for good or for so long; put it in"""
        back = finite(rest[1]) if len(rest) > 1 else None
        verbs: dict[str, Callable[[], object]] = {
            "off": lambda: self._machine.power_off(back),
            "on": self._machine.power_on,
        }
        return _one_of(verbs, rest)


def _one_of(verbs: Mapping[str, Callable[[], object]], rest: list[str]) -> str:
    if not rest or rest[0] not in verbs:
        raise ValueError(f"one of {', '.join(verbs)}")
    verbs[rest[0]]()
    return "done"
