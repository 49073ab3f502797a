"""Signed webhooks: events of headquarters told to other systems, in order, until they are taken.

Each webhook has one queue. What fails is tried again with a growing, random pause, and later events wait behind it; an
event that its receiver keeps refusing is given up after some attempts, so that one bad body does not hold the rest. A
delivery may arrive twice (the answer was lost): its id stays the same, receivers drop what they know.
"""

from __future__ import annotations

import json
import logging
import random
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import Engine, Row, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from sync.hq.actions.schema import document_event
from sync.hq.engine import writing
from sync.hq.exports.guard import Guard
from sync.hq.exports.schema import delivery, webhook
from sync.hq.exports.signature import SIGNATURE_HEADER, TIME_HEADER, signature
from sync.hq.exports.webhook_events import NAMES, Gatherer
from sync.hq.tables import exception_event
from sync.ismpt.deadline import DeadlineTransport
from sync.ismpt.refusals import retry_after_s

NS = 1_000_000_000
SECRETS = ("env:", "file:", "credential:")
ERROR_LENGTH_MAX = 300
ANSWER_BYTES_MAX = 2048
MAY_PASS = frozenset({408, 409, 425, 429})  # Of the 4xx: the same body may be taken later.
_log = logging.getLogger(__name__)


class WebhookRefused(ValueError):
    """This webhook cannot be entered; the text says why."""


@dataclass(frozen=True, slots=True)
class DeliveryPace:
    every_s: float = 5.0  # Between two looks for events.
    answer_s: float = 10.0  # One attempt as a whole.
    connect_s: float = 5.0
    base_s: float = 5.0  # First pause; the bound doubles.
    cap_s: float = 3600.0
    refused_max: int = 8  # Attempts at an event that is refused as such (3xx, 4xx).
    give_up_s: float = 72 * 3600.0  # And at one that meets a dead or broken receiver.
    claim_s: float = 60.0  # How long a worker that died keeps a webhook from others.
    batch_max: int = 100


def add(engine: Engine, url: str, *, secret: str, events: Collection[str], who: str, now_ns: int, guard: Guard) -> int:
    """Enter a webhook; it is told what happens from now on.

    Raises:
        WebhookRefused: the address, the events or the secret's reference will not do.
    """
    trouble = guard.trouble(url)
    if trouble:
        raise WebhookRefused(trouble)
    unknown = sorted(set(events) - set(NAMES))
    if unknown or not events:
        raise WebhookRefused(f"events are some of {', '.join(NAMES)}; unknown: {', '.join(unknown) or 'none given'}")
    if not secret.startswith(SECRETS):
        raise WebhookRefused("a secret is given as env:NAME, file:PATH or credential:NAME, never as its value")
    with writing(engine) as db:
        number: int = db.execute(
            webhook.insert()
            .values(
                url=url,
                secret=secret,
                events=json.dumps(sorted(set(events))),
                active=True,
                created_by=who,
                created_ns=now_ns,
                after_exception=select(func.coalesce(func.max(exception_event.c.id), 0)).scalar_subquery(),
                after_document=select(func.coalesce(func.max(document_event.c.id), 0)).scalar_subquery(),
                failures=0,
                next_ns=now_ns,
            )
            .returning(webhook.c.id)
        ).scalar_one()
    return number


def switch(engine: Engine, number: int, *, active: bool, now_ns: int) -> None:
    """Stop telling a webhook, or go on with what has waited for it meanwhile."""
    with writing(engine) as db:
        db.execute(update(webhook).where(webhook.c.id == number).values(active=active, failures=0, next_ns=now_ns))


def remove(engine: Engine, number: int) -> None:
    """Forget a webhook and its deliveries."""
    with writing(engine) as db:
        # The webhook first in the order of locks, as the deliverer takes them.
        db.execute(select(webhook.c.id).where(webhook.c.id == number).with_for_update())
        db.execute(delete(delivery).where(delivery.c.webhook == number))
        db.execute(delete(webhook).where(webhook.c.id == number))


@dataclass(frozen=True, slots=True)
class Outcome:
    status: int | None  # HTTP status; None: no answer.
    error: str  # "" taken.
    wait_s: float = 0.0  # The receiver's own wish.

    @property
    def refused(self) -> bool:
        """Said of the event itself, not of the hour."""
        return self.status is not None and 300 <= self.status < 500 and self.status not in MAY_PASS


class Deliverer:
    """Several may run: each claims a webhook in the database before it sends.

    Args:
        secret: what a reference stands for; its errors count as a failed attempt.
        transport: None for the real network.
    """

    def __init__(
        self,
        engine: Engine,
        guard: Guard,
        *,
        secret: Callable[[str], bytes],
        now: Callable[[], int],
        monotonic: Callable[[], float],
        rng: random.Random,
        pace: DeliveryPace | None = None,
        transport: DeadlineTransport | None = None,
    ) -> None:
        self._engine = engine
        self._guard = guard
        self._secret = secret
        self._now = now
        self._monotonic = monotonic
        self._rng = rng
        self._pace = pace or DeliveryPace()
        self._gatherer = Gatherer(engine, now)
        self._transport = transport or DeadlineTransport(monotonic, admits=guard.admits)
        self._client = httpx.Client(
            transport=self._transport, trust_env=False, follow_redirects=False, headers={"User-Agent": "pos-hq"}
        )

    def close(self) -> None:
        self._client.close()

    def run(self, stop: threading.Event) -> None:
        """Turn until told to stop; a database that does not answer is waited for."""
        while not stop.is_set():
            try:
                self.step()
            except SQLAlchemyError:
                _log.exception("webhooks wait for the database")
            stop.wait(self._pace.every_s)

    def step(self) -> int:
        """Gather what happened and tell every webhook that is not in a pause; how many events were taken."""
        self._gatherer.gather()
        with self._engine.connect() as db:
            due = db.execute(
                select(webhook).where(webhook.c.active, webhook.c.next_ns <= self._now()).order_by(webhook.c.id)
            ).all()
        return sum(self._tell(hook) for hook in due)

    def _tell(self, hook: Row[Any]) -> int:
        taken, failures = 0, hook.failures
        while taken < self._pace.batch_max and self._claimed(hook):
            with self._engine.connect() as db:
                waiting = db.execute(
                    select(delivery)
                    .where(delivery.c.webhook == hook.id, delivery.c.state == "waiting")
                    .order_by(delivery.c.id)
                    .limit(1)
                ).one_or_none()
            if waiting is None:
                self._release(hook, self._now())
                break
            outcome = self._send(hook, waiting)
            if not self._noted(hook.id, failures, waiting, outcome):
                break
            failures = failures + 1 if outcome.error else 0
            taken += not outcome.error
        return taken

    def _claimed(self, hook: Row[Any]) -> bool:
        now_ns = self._now()
        with writing(self._engine) as db:
            changed = db.execute(
                update(webhook)
                .where(webhook.c.id == hook.id, webhook.c.active, webhook.c.next_ns <= now_ns)
                .values(next_ns=now_ns + round(self._pace.claim_s * NS))
            )
        return changed.rowcount == 1

    def _release(self, hook: Row[Any], next_ns: int) -> None:
        with writing(self._engine) as db:
            db.execute(update(webhook).where(webhook.c.id == hook.id).values(next_ns=next_ns))

    def _send(self, hook: Row[Any], waiting: Row[Any]) -> Outcome:
        trouble = self._guard.trouble(hook.url)
        if trouble:
            return Outcome(None, trouble)
        try:
            secret = self._secret(hook.secret)
        except Exception as error:  # noqa: BLE001 - whatever keeps the secrets: without one nothing is sent
            return Outcome(None, f"no secret: {error}"[:ERROR_LENGTH_MAX])
        body = waiting.body.encode()
        time_s = self._now() // NS
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "X-Hq-Event": waiting.name,
            "X-Hq-Delivery": str(waiting.id),
            TIME_HEADER: str(time_s),
            SIGNATURE_HEADER: signature(secret, time_s, body),
        }
        timeout = httpx.Timeout(self._pace.answer_s, connect=self._pace.connect_s)
        try:
            with (
                self._transport.within(self._monotonic() + self._pace.answer_s),
                self._client.stream("POST", hook.url, content=body, headers=headers, timeout=timeout) as answer,
            ):
                if 200 <= answer.status_code < 300:
                    return Outcome(answer.status_code, "")
                words = _start_of(answer).decode("utf-8", "replace")
                wait_s = retry_after_s(answer.headers.get("Retry-After"), self._now()) or 0.0
                return Outcome(answer.status_code, f"HTTP {answer.status_code}: {words}"[:ERROR_LENGTH_MAX], wait_s)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as error:
            return Outcome(None, f"{type(error).__name__}: {error}"[:ERROR_LENGTH_MAX])

    def _noted(self, number: int, before: int, waiting: Row[Any], outcome: Outcome) -> bool:
        """Keep the outcome; whether the queue goes on at once."""
        now_ns = self._now()
        attempts = waiting.attempts + 1
        too_old = now_ns - waiting.created_ns >= self._pace.give_up_s * NS
        given_up = bool(outcome.error) and (attempts >= self._pace.refused_max if outcome.refused else too_old)
        over = given_up or not outcome.error
        with writing(self._engine) as db:
            db.execute(
                update(delivery)
                .where(delivery.c.id == waiting.id)
                .values(
                    state="given-up" if given_up else "waiting" if outcome.error else "delivered",
                    attempts=attempts,
                    status=outcome.status,
                    error=outcome.error,
                    settled_ns=now_ns if over else None,
                )
            )
            failures = before + 1 if outcome.error else 0
            pause_s = 0.0 if over else self._pause_s(failures, outcome.wait_s)
            db.execute(
                update(webhook)
                .where(webhook.c.id == number)
                .values(failures=failures, next_ns=now_ns + round(pause_s * NS))
            )
        return over

    def _pause_s(self, failures: int, wait_s: float) -> float:
        """Full jitter within a bound that doubles; not shorter than the receiver wishes, not longer than the cap."""
        bound_s = min(self._pace.cap_s, self._pace.base_s * 2 ** min(failures - 1, 30))
        return max(self._rng.uniform(0.0, bound_s), min(wait_s, self._pace.cap_s))


def _start_of(answer: httpx.Response) -> bytes:
    kept = b""
    for chunk in answer.iter_raw():
        kept += chunk
        if len(kept) >= ANSWER_BYTES_MAX:
            break
    return kept[:ANSWER_BYTES_MAX]
