"""What IS MPT says of identification codes: asked by the till between two beeps, and by the worker without hurry.

Source: description of the IS MPT API, role "user", xTrace 1.0 (MarkSolutions), chapter on code look-up.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import httpx

from marking.statuses import CodeStatus, Status
from sync.ismpt import refusals
from sync.ismpt.answers import AnswerMalformed, CheckAnswer, question, read_answer
from sync.ismpt.authorised import authorised
from sync.ismpt.channel import Answered, Channel, Limits, Trouble
from sync.ismpt.profile import XTRACE_KZ, Profile
from sync.ismpt.session import Session, Step

NO_RIGHT = frozenset({307, 403})  # 307 is left over when it names no address.
REFUSED_ALONE_MAX = 3  # Codes refused one by one before the fault is the question's and not the codes'.

_Outcome = dict[str, CodeStatus] | Trouble
_Ask = Callable[[Sequence[str]], _Outcome]


class _Refused(Trouble):
    """400: the request as such was not accepted, be it too long or one of its codes."""


class IsMptClient:
    """A client of one registry for one login. Safe for threads; never raises for what the line or the server does.

    Args:
        base_url: "https://prod.markirovka.kz".
        transport: None for the real network.
        now: UTC nanoseconds, the age of the answers.
        monotonic, sleep: seconds.
        rng: jitter of the pauses between retries.

    Raises:
        ValueError: the base URL is not an http or https address.
    """

    def __init__(
        self,
        base_url: str,
        login: str,
        password: str,
        *,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        rng: random.Random,
        profile: Profile = XTRACE_KZ,
    ) -> None:
        self._channel = Channel(base_url, transport, monotonic)
        self._session = Session(self._channel, login, password, profile, now, monotonic)
        self._now = now
        self._monotonic = monotonic
        self._sleep = sleep
        self._rng = rng
        self._profile = profile
        self._batch = profile.batch_max
        self._private = profile.private

    def close(self) -> None:
        self._channel.close()

    def check(self, kis: Sequence[str], *, deadline_s: float) -> CheckAnswer:
        """Ask for a cashier who waits: one attempt, over after `deadline_s` whatever the server does."""
        limits = Limits(self._monotonic() + deadline_s, self._profile.connect_s)
        return self._check(kis, lambda chunk: self._look_up(chunk, limits), remember=False)

    def check_background(self, kis: Sequence[str]) -> CheckAnswer:
        """Ask without hurry: network failures, 5xx and 429 are tried again, with growing pauses."""
        return self._check(kis, self._patiently, remember=True)

    def _check(self, kis: Sequence[str], ask: _Ask, *, remember: bool) -> CheckAnswer:
        """Ask in batches. A refused one is halved until it passes or one code alone is refused.

        The size that passed is remembered from large questions only: two codes of one scan say nothing about it.
        """
        waiting = list(dict.fromkeys(kis))
        statuses: dict[str, CodeStatus] = {}
        refused: dict[str, Trouble] = {}
        size, passed = self._batch, 0
        while waiting:
            chunk = waiting[:size]
            outcome = ask(chunk)
            if isinstance(outcome, _Refused) and len(chunk) > 1:
                size = len(chunk) // 2
                continue
            if isinstance(outcome, _Refused):
                refused[chunk[0]] = outcome
                if not statuses and (len(refused) == REFUSED_ALONE_MAX or len(waiting) == 1):
                    return CheckAnswer(statuses, outcome.reason)
                # The code was the cause, not the length.
                size = passed or self._batch
            elif isinstance(outcome, Trouble):
                return CheckAnswer({**statuses, **self._odd(refused)} if statuses else {}, outcome.reason)
            else:
                statuses.update(outcome)
                passed = max(passed, len(chunk))
            del waiting[: len(chunk)]
        if remember and not refused:
            self._batch = min(self._batch, size)
        return CheckAnswer({**statuses, **self._odd(refused)})

    def _odd(self, refused: dict[str, Trouble]) -> dict[str, CodeStatus]:
        """Codes the registry will not even look up, while it answers about others."""
        return {ki: CodeStatus(ki, Status.UNKNOWN, self._now(), raw_status="HTTP 400") for ki in refused}

    def _patiently(self, kis: Sequence[str]) -> _Outcome:
        attempt = 0
        while True:
            limits = Limits(self._monotonic() + self._profile.background_s, self._profile.background_connect_s)
            outcome = self._look_up(kis, limits)
            if not isinstance(outcome, Trouble) or not outcome.transient or attempt == self._profile.retries:
                return outcome
            if (outcome.wait_s or 0.0) > self._profile.retry_after_s_max:
                return outcome
            pause = self._profile.retry_s * 2**attempt
            self._sleep(max(outcome.wait_s or 0.0, pause) + self._rng.uniform(0.0, pause))
            attempt += 1

    def _look_up(self, kis: Sequence[str], limits: Limits) -> _Outcome:
        spent: set[Step] = set()
        if self._private:
            reply = self._authorised(self._profile.private_path, kis, limits, spent)
            if isinstance(reply, Trouble):
                return reply
            if reply.status not in NO_RIGHT:
                # A login without the right to the full look-up is sent on to the short one.
                self._private = not (reply.redirected and reply.status == 200)
                return self._understood(reply, kis)
            self._private = False
        reply = self._authorised(self._profile.public_path, kis, limits, spent)
        return reply if isinstance(reply, Trouble) else self._understood(reply, kis)

    def _authorised(self, path: str, kis: Sequence[str], limits: Limits, spent: set[Step]) -> Answered | Trouble:
        content = question(kis)
        return authorised(
            self._session, limits, spent, lambda bearer: self._channel.post(path, content, limits, bearer=bearer)
        )

    def _understood(self, reply: Answered, kis: Sequence[str]) -> _Outcome:
        if reply.status == 200:
            try:
                return read_answer(reply.body, kis, self._now(), self._profile.neutral)
            except AnswerMalformed as malformed:
                return Trouble(str(malformed), transient=False)
        reason = refusals.words(reply.status, reply.body, self._session.secrets())
        if reply.status == 400:
            return _Refused(reason, transient=False)
        wait_s = refusals.retry_after_s(reply.retry_after, self._now())
        return Trouble(reason, transient=reply.status == 429 or reply.status >= 500, wait_s=wait_s)
