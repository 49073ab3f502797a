"""A register whose work takes time: what was begun is done when its moment comes, whoever looks first."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from hw_sim.device.machine import POWER_PAUSE_S, Machine
from hw_sim.exchange import NS, Clock
from hw_sim.faults import Kind


class TimedMachine(Machine):
    """Runs what is due before anybody sees it; `moment` is when that was, not when somebody looked."""

    def __init__(self, now: Clock, rng: random.Random, kinds: Mapping[str, Kind] | None = None) -> None:
        super().__init__(now, rng, kinds)
        self._agenda: list[tuple[int, Callable[[], object]]] = []
        self._moment: int | None = None

    def moment(self) -> int:
        """UTC nanoseconds of the work being done."""
        return self.now() if self._moment is None else self._moment

    def later(self, after_s: float, work: Callable[[], object]) -> None:
        """Do `work` `after_s` from this moment."""
        self._agenda.append((self.moment() + round(after_s * NS), work))

    def forget_work(self) -> None:
        """Nothing begun is finished."""
        self._agenda.clear()

    def settle(self) -> None:
        """Do everything due by now, in order."""
        while self._moment is None and self._agenda:
            entry = min(self._agenda, key=lambda due: due[0])
            if entry[0] > self.now():
                return
            self._agenda.remove(entry)
            self._moment = entry[0]
            try:
                entry[1]()
            finally:
                self._moment = None

    def host_opened(self) -> bool:
        self.settle()
        return super().host_opened()

    def receive(self, data: bytes) -> None:
        self.settle()
        super().receive(data)

    def take(self) -> bytes:
        self.settle()
        return super().take()

    def next_due_ns(self) -> int | None:
        due = [at_ns for at_ns, _ in self._agenda]
        said = super().next_due_ns()
        return min(due if said is None else [*due, said], default=None)

    # A hand acts now: what was due before has happened before.

    def look(self) -> None:
        self.settle()
        super().look()

    def power_off(self, back_after_s: float | None = None) -> None:
        self.settle()
        super().power_off(back_after_s)
        if back_after_s is not None:
            self._power_back_ns = self.moment() + round(back_after_s * NS)
            self.later(back_after_s, self._wake_if_due)

    def power_on(self) -> None:
        self.settle()
        was_on = self.powered
        super().power_on()
        if not was_on:
            self._ready_ns = self.moment() + round(POWER_PAUSE_S * NS)

    def _wake_if_due(self) -> None:
        if self._power_back_ns is not None and self._power_back_ns <= self.moment():
            self.power_on()

    def load_paper(self) -> None:
        self.settle()
        super().load_paper()

    def end_paper(self) -> None:
        self.settle()
        super().end_paper()

    def hang_up(self) -> None:
        self.settle()
        super().hang_up()
