"""How long to wait after a failure. Full jitter: tills that lost the same server must not come back at the same second.

Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
"""

from __future__ import annotations

from collections.abc import Callable

from sync.ports import Chance

RESOLUTION_S = 1e-6  # Below it a sum of floating-point waits has arrived.


class Backoff:
    """When the next try is due, on the monotonic clock. Each wait is drawn from zero to a bound that doubles."""

    def __init__(self, *, base_s: float, cap_s: float, monotonic: Callable[[], float], rng: Chance) -> None:
        if not 0 < base_s <= cap_s:
            raise ValueError(f"a back-off starts above zero and not above its cap: {base_s} s, {cap_s} s")
        self._base_s, self._cap_s = base_s, cap_s
        self._monotonic = monotonic
        self._rng = rng
        self._bound_s = base_s
        self._due_s = monotonic()

    def remaining_s(self) -> float:
        left_s = self._due_s - self._monotonic()
        return left_s if left_s > RESOLUTION_S else 0.0

    def failed(self, at_least_s: float = 0.0) -> float:
        """Note a failure; the wait in seconds, not shorter than what the server asked for (within the cap)."""
        bound, self._bound_s = self._bound_s, min(self._cap_s, self._bound_s * 2)
        return self.wait(max(self._rng.uniform(0.0, bound), min(at_least_s, self._cap_s)))

    def slowly(self, slow_s: float) -> float:
        """For what only a person repairs: never a short wait, but tried again, so that it resumes by itself."""
        return self.wait(self._rng.uniform(slow_s / 2, slow_s))

    def wait(self, seconds: float) -> float:
        """A wait that is no failure."""
        self._due_s = self._monotonic() + seconds
        return seconds

    def succeeded(self) -> None:
        self._bound_s = self._base_s
        self._due_s = self._monotonic()
