"""How delivery stands and when its next try is due: every step ends in one of four ways, each with its wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from sync.backoff import Backoff
from sync.credential import Credential
from sync.delivery_state import FAILURES_KEPT, Attempt, DeliveryState, StepResult


class Standing:
    """The state that the till shows, its last error (never with the token in it), and the wait that goes with them."""

    def __init__(
        self, backoff: Backoff, *, credential: Credential, slow_s: float, now: Callable[[], int] = lambda: 0
    ) -> None:
        self._backoff, self._credential, self._slow_s, self._now = backoff, credential, slow_s, now
        self.state, self.error = DeliveryState.OK, ""
        self.failures: deque[Attempt] = deque(maxlen=FAILURES_KEPT)  # The newest last.

    def remaining_s(self) -> float:
        """Seconds until the next try is due."""
        return self._backoff.remaining_s()

    def succeeded(self, sent: int, wait_s: float) -> StepResult:
        self._backoff.succeeded()
        self.state, self.error = DeliveryState.OK, ""
        return self.paused(wait_s, sent)

    def paused(self, wait_s: float, sent: int = 0) -> StepResult:
        """Neither success nor failure: what was so, stays."""
        return StepResult(sent, self.state, self._backoff.wait(wait_s))

    def failed(self, text: str, *, at_least_s: float = 0.0) -> StepResult:
        """Tried again by itself, later each time; `at_least_s` is what the server asked for."""
        self._failed(DeliveryState.WAITING, text)
        return StepResult(0, self.state, self._backoff.failed(at_least_s))

    def alarmed(self, state: DeliveryState, text: str) -> StepResult:
        """A person must act. Tried again slowly, so that delivery resumes by itself afterwards."""
        self._failed(state, text)
        return StepResult(0, state, self._backoff.slowly(self._slow_s))

    def _failed(self, state: DeliveryState, text: str) -> None:
        self.state, self.error = state, self.without_secret(text)
        self.failures.append(Attempt(self._now(), state, self.error))

    def without_secret(self, text: str) -> str:
        return self._credential.hide(text)
