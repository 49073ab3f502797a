"""The till's heartbeat on its way to headquarters: the newest state every minute, never a backlog, never in the way.

What was not heard is not said again: headquarters wants to know how the till is, not how it was. A till without a link
composes and loses a few hundred bytes a minute.
"""

from __future__ import annotations

import dataclasses
import logging
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from sync import link
from sync.answers import problem
from sync.credential import Credential
from sync.delivery_state import DeliverySettings
from sync.headquarters import Headquarters
from sync.heartbeat import Heartbeat, encode

log = logging.getLogger(__name__)

JITTER = 0.1  # Share of the pace: a chain of tills must not speak in one voice.


@dataclass(frozen=True, slots=True)
class Beat:
    sent: bool  # Headquarters has it.
    text: str  # Why not; empty when it has.
    next_in_s: float


class HeartbeatWorker:
    """`facts` composes the state; `run`, `count` and `at_ns` are set here. Raises ValueError for a URL that is none."""

    def __init__(
        self,
        url: str,
        credential: Credential,
        facts: Callable[[], Heartbeat],
        *,
        till: str,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        rng: random.Random,
        every_s: float = 60.0,
        transport: httpx.BaseTransport | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._credential, self._facts = credential, facts
        self._now, self._rng, self._every_s = now, rng, every_s
        self._headquarters = Headquarters(
            url, credential, DeliverySettings(), till=till, transport=transport, monotonic=monotonic, tls=tls
        )
        self._run = ""
        self._count = 0
        self._was_heard = True
        self.last: Beat | None = None
        self.heard_ns: int | None = None  # When headquarters last had one, UTC nanoseconds.

    def step(self) -> Beat:
        """One heartbeat. Raises what `facts` raises."""
        facts = self._facts()
        self._run = self._run or f"{self._rng.getrandbits(64):016x}"
        self._count += 1
        heartbeat = dataclasses.replace(facts, run=self._run, count=self._count, at_ns=self._now())
        reply = self._headquarters.beat(encode(heartbeat))
        text = self._trouble(reply)
        if text and self._was_heard:  # Once, and again after it went well: a shop may be offline for days.
            log.warning("heartbeat: %s", text)
        self._was_heard = not text
        self.last = Beat(not text, text, self._every_s * self._rng.uniform(1 - JITTER, 1 + JITTER))
        if self.last.sent:
            self.heard_ns = heartbeat.at_ns
        return self.last

    def close(self) -> None:
        self._headquarters.close()

    def _trouble(self, reply: link.Reply | link.Broken) -> str:
        if isinstance(reply, link.Broken):
            return self._credential.hide(reply.text)
        if reply.status == 200:
            return ""
        return self._credential.hide(f"headquarters answers {reply.status}: {problem(reply.body)[1]}")
