"""Looks at sold and returned units until the registry shows what was done with them."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

from sync.ismpt.ports import Registry, Watch

BACKOFF_S_MAX = 900.0
PAUSE_S_MIN = 1.0  # Between a full batch and the next, and under the jitter.
DOUBLINGS_MAX = 16


@dataclass(frozen=True, slots=True)
class StepResult:
    """One turn of the worker."""

    checked: int  # Units with an answer that was recorded.
    unavailable: str | None  # Why the registry did not answer this turn.
    next_in_s: float


class RecheckWorker:
    """Not safe for threads: one thread, or the virtual time of a test, turns it."""

    def __init__(
        self,
        client: Registry,
        watch: Watch,
        *,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        rng: random.Random,
        batch: int = 100,
        every_s: float = 30.0,
    ) -> None:
        self._client = client
        self._watch = watch
        self._now = now
        self._monotonic = monotonic
        self._rng = rng
        self._batch = batch
        self._every_s = every_s
        self._next_at = monotonic()
        self._failures = 0
        self.last: StepResult | None = None  # The newest turn that asked the registry.

    def step(self) -> StepResult:
        """Do what is due, at most one batch; before its time, nothing."""
        early_s = self._next_at - self._monotonic()
        if early_s > 0:
            return StepResult(0, None, early_s)
        checked, unavailable, pause_s = self._turn()
        self._next_at = self._monotonic() + pause_s
        result = StepResult(checked, unavailable, pause_s)
        if checked or unavailable is not None:
            self.last = result
        return result

    def run(self, stop: threading.Event) -> None:
        """Turn until told to stop."""
        while not stop.is_set():
            stop.wait(self.step().next_in_s)

    def _turn(self) -> tuple[int, str | None, float]:
        units = self._watch.due(self._now(), self._batch)
        if not units:
            return 0, None, self._every_s
        answer = self._client.check_background([unit.ki for unit in units])
        results = [(unit, answer.statuses[unit.ki]) for unit in units if unit.ki in answer.statuses]
        if results:
            self._watch.record(results, self._now())
        if answer.unavailable is not None:
            return len(results), answer.unavailable, self._backoff_s()
        self._failures = 0
        return len(results), None, PAUSE_S_MIN if len(units) >= self._batch else self._every_s

    def _backoff_s(self) -> float:
        """Full jitter: after an outage the tills of a chain must not come back in step."""
        self._failures = min(self._failures + 1, DOUBLINGS_MAX)
        ceiling = min(BACKOFF_S_MAX, self._every_s * 2**self._failures)
        return max(PAUSE_S_MIN, self._rng.uniform(0.0, ceiling))
