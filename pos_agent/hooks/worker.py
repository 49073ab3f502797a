"""Tells one webhook, event by event, until each is taken. Selling never waits for any of this.

taken        any 2xx
again        no answer, 5xx, 408, 409, 425, 429: after a random pause that grows; later events wait behind it
set aside    any other answer (a redirect is one) eight times, or three days without success: the next one goes out
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from pos_agent.clock import NS_PER_S, iso_utc
from pos_agent.hooks.events import Told
from pos_agent.hooks.outbox import HookOutbox
from sync.answers import retry_after_s
from sync.backoff import Backoff
from sync.hook_signature import signature
from sync.ismpt.deadline import DeadlineTransport

log = logging.getLogger(__name__)

EVENT_HEADER, ID_HEADER = "X-Pos-Event", "X-Pos-Delivery"
TIME_HEADER, SIGNATURE_HEADER = "X-Pos-Time", "X-Pos-Signature"
MAY_PASS = frozenset({408, 409, 425, 429})  # Of the 4xx: the same body may be taken later.
ERROR_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class HookPace:
    every_s: float = 1.0  # Between looks at a journal with nothing to tell.
    answer_s: float = 10.0  # One attempt as a whole.
    connect_s: float = 5.0
    base_s: float = 1.0  # First pause; the bound doubles.
    cap_s: float = 300.0
    refused_max: int = 8  # Attempts at an event that is refused as such.
    give_up_s: float = 72 * 3600.0  # And at one that meets a dead or broken receiver, from the row on.


@dataclass(frozen=True, slots=True)
class HookStep:
    taken: bool
    next_in_s: float


class HookWorker:
    """`transport` decides where a connection may go; this class owns and closes it."""

    def __init__(
        self,
        name: str,
        url: str,
        secret: bytes,
        outbox: HookOutbox,
        transport: DeadlineTransport,
        *,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        rng: random.Random,
        pace: HookPace | None = None,
    ) -> None:
        self.name = name
        self._url, self._secret, self._outbox, self._transport = url, secret, outbox, transport
        self._now, self._monotonic = now, monotonic
        self._pace = pace or HookPace()
        self._backoff = Backoff(base_s=self._pace.base_s, cap_s=self._pace.cap_s, monotonic=monotonic, rng=rng)
        self._client = httpx.Client(
            transport=transport, trust_env=False, follow_redirects=False, headers={"User-Agent": "pos-agent"}
        )
        self._busy = threading.Lock()
        self._event: Told | None = None  # At work, or waiting for its next attempt.
        self._attempts = 0
        self._refusals = 0  # Those of the attempts that were refused as such.
        self._error = ""
        self._taken_ns: int | None = None

    def step(self) -> HookStep:
        """Tell the next event, when its time has come."""
        with self._busy:
            if (wait_s := self._backoff.remaining_s()) > 0:
                return HookStep(False, wait_s)
            event = self._event = self._event or self._outbox.next()
            if event is None:
                return HookStep(False, self._pace.every_s)
            status, error, at_least_s = self._send(event)
            if not error:
                self._done(lambda: self._outbox.told(event))
                self._taken_ns = self._now()
                return HookStep(True, 0.0)
            refused = status is not None and 300 <= status < 500 and status not in MAY_PASS
            self._attempts += 1
            self._refusals += refused
            self._error = error
            late = self._now() - event.at_ns >= self._pace.give_up_s * NS_PER_S
            if late or (refused and self._refusals >= self._pace.refused_max):
                log.warning("webhook %s: %s is set aside: %s", self.name, event.id, error)
                self._done(lambda: self._outbox.set_aside(event, error))
                return HookStep(False, 0.0)
            return HookStep(False, self._backoff.failed(at_least_s))

    def _done(self, keep: Callable[[], None]) -> None:
        keep()
        self._event, self._attempts, self._refusals, self._error = None, 0, 0, ""
        self._backoff.succeeded()

    def _send(self, event: Told) -> tuple[int | None, str, float]:
        """HTTP status, what is wrong ("" taken), and how long the receiver wants to be left alone."""
        time_s = self._now() // NS_PER_S
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            EVENT_HEADER: event.event,
            ID_HEADER: event.id,
            TIME_HEADER: str(time_s),
            SIGNATURE_HEADER: signature(self._secret, time_s, event.body),
        }
        timeout = httpx.Timeout(self._pace.answer_s, connect=self._pace.connect_s)
        try:
            with (
                self._transport.within(self._monotonic() + self._pace.answer_s),
                self._client.stream("POST", self._url, content=event.body, headers=headers, timeout=timeout) as answer,
            ):
                if 200 <= answer.status_code < 300:
                    return answer.status_code, "", 0.0
                return answer.status_code, f"HTTP {answer.status_code}", retry_after_s(answer.headers)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as error:
            return None, f"{type(error).__name__}: {error}"[:ERROR_LENGTH_MAX], 0.0

    def status(self) -> dict[str, Any]:
        """For the one look at the agent. Asks nobody."""
        waiting = self._event if self._attempts else None
        return {
            "name": self.name,
            "state": "waiting" if waiting else "ok",
            "event": waiting and waiting.id,
            "attempts": self._attempts,
            "error": self._error,
            "next_in_s": round(self._backoff.remaining_s(), 1),
            "taken_at": None if self._taken_ns is None else iso_utc(self._taken_ns),
            "set_aside": self._outbox.given_up(),
        }

    def close(self) -> None:
        self._client.close()
