"""The journal on its way to headquarters: one batch in flight, acknowledged by number and hash, nothing lost or sent
out of order whatever the line, the server or a restart does.

The worker keeps no state that matters. Where it stands it asks headquarters at the start (and after any disagreement);
what headquarters has is checked against the journal's own hashes; a batch whose answer was lost is sent again, and
headquarters recognises its rows. Selling never waits for any of this.
"""

from __future__ import annotations

import logging
import random
import ssl
import threading
from collections.abc import Callable, Sequence

import httpx

from sync import link
from sync.answers import bad_rows, problem, retry_after_s
from sync.backoff import Backoff
from sync.batch import BatchError, Cursor, Entry, Tombstone, cursor_from_json
from sync.credential import Bearer, Credential
from sync.delivery_state import DeliverySettings, DeliveryState, DeliveryStatus, StepResult
from sync.headquarters import BATCHES, CURSOR, Headquarters
from sync.holding import Holds
from sync.outbox import BOOKKEEPING, Outbox
from sync.ports import DeliveryQueue, QueueUnavailable, StopSignal
from sync.standing import Standing
from sync.wire import Row

__all__ = ["DeliverySettings", "DeliveryState", "DeliveryStatus", "DeliveryWorker", "StepResult"]

log = logging.getLogger(__name__)

TEXT_LENGTH_MAX = 300
RUN_PAUSE_S = 0.01  # Between two batches of a backlog: selling comes first on a small machine.
STOP_LATENCY_S = 0.2
FORKED_KINDS = frozenset({"fork", "chain"})


class DeliveryWorker:
    """One till's delivery to the headquarters at `url`. `step` does the next thing; `run` is the thread around it.

    `queue` is the journal, the cursor and the rows set aside. Bookkeeping rows travel with other rows and are never a
    reason to send, or every acknowledgement would cause the next batch. A text as `credential` is a bearer token.
    Raises ValueError for a URL that is none.
    """

    def __init__(
        self,
        url: str,
        credential: Credential | str,
        queue: DeliveryQueue,
        *,
        till: str,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        rng: random.Random,
        every_s: float = 5.0,
        rows_max: int = 1_000,
        bytes_max: int = 524_288,
        settings: DeliverySettings | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        settings = settings or DeliverySettings(rows_max=rows_max, bytes_max=bytes_max, every_s=every_s)
        self._settings = settings
        self._queue, self._till = queue, till
        self._now, self._monotonic, self._sleep = now, monotonic, sleep
        credential = Bearer(credential) if isinstance(credential, str) else credential
        self._headquarters = Headquarters(
            url, credential, settings, till=till, transport=transport, monotonic=monotonic, tls=tls
        )
        backoff = Backoff(base_s=settings.backoff_base_s, cap_s=settings.backoff_cap_s, monotonic=monotonic, rng=rng)
        self._standing = Standing(backoff, credential=credential, slow_s=settings.slow_s, now=now)
        self._busy = threading.Lock()
        self._outbox = Outbox(queue, settings)
        self._position: int | None = None  # Last row headquarters is known to hold; None: ask.
        self._poisoned_before = False  # Rows were refused and nothing was acknowledged since.
        self._delivered_ns: int | None = None

    # --- what the outside calls ---

    def step(self) -> StepResult:
        """Nothing before the next time is due, and nothing while another thread is at it: one request in flight."""
        if not self._busy.acquire(blocking=False):
            return StepResult(0, self._standing.state, self._settings.every_s)
        try:
            if (wait_s := self._standing.remaining_s()) > 0:
                return StepResult(0, self._standing.state, wait_s)
            return self._hello() if self._position is None else self._deliver(self._position)
        except QueueUnavailable as error:
            # Not remembered means done again: headquarters recognises the rows.
            self._position = None
            return self._standing.failed(f"the till's own journal: {error}")
        finally:
            self._busy.release()

    def run(self, stop: StopSignal) -> None:
        """Deliver until told to stop; sleeps in short pieces, so that stopping does not wait for a back-off."""
        while not stop.is_set():
            left_s = max(self.step().next_in_s, RUN_PAUSE_S)
            until_s = self._monotonic() + left_s
            while not stop.is_set() and (left_s := until_s - self._monotonic()) > 0:
                self._sleep(min(left_s, STOP_LATENCY_S))

    def close(self) -> None:
        self._headquarters.close()

    def status(self) -> DeliveryStatus:
        """May be called from any thread. Reads the journal."""
        position = self._position
        through = max(self._queue.delivered_through()[0] if position is None else position, self._outbox.seen_through)
        head, _ = self._queue.head()
        unsent, next_in_s = max(0, head - through), self._standing.remaining_s()
        failures = tuple(reversed(tuple(self._standing.failures)))
        state, error = self._standing.state, self._standing.error
        return DeliveryStatus(state, unsent, error, next_in_s, self._delivered_ns, failures)

    # --- where headquarters stands ---

    def _hello(self) -> StepResult:
        reply = self._headquarters.cursor()
        if isinstance(reply, link.Broken):
            return self._standing.failed(reply.text)
        if reply.status != 200:
            return self._refused(reply)
        try:
            cursor = cursor_from_json(reply.body)
        except BatchError as error:
            return self._standing.failed(f"{CURSOR}: {error}")
        return self._agree(cursor)

    def _agree(self, cursor: Cursor) -> StepResult:
        head, _ = self._queue.head()
        ours = self._outbox.row(min(cursor.through, head))
        if cursor.till != self._till:
            return self._alarmed(DeliveryState.REFUSED, f"the token is of till {cursor.till!r}, we are {self._till!r}")
        same = cursor.through <= head and self._outbox.hash_of(cursor.through, ours) == cursor.hash
        if not same:
            return self._challenge(cursor, ours)
        if cursor.through > self._queue.delivered_through()[0]:
            self._queue.set_delivered(cursor.through, cursor.hash)
        self._position = cursor.through
        self._outbox.restart(cursor.missing)
        return self._standing.succeeded(0, 0.0)

    def _challenge(self, cursor: Cursor, ours: Row | None) -> StepResult:
        """Show headquarters our version of the row in dispute, so that it records the disagreement as well."""
        text = f"headquarters holds another journal of this till, or a longer one, up to row {cursor.through}"
        if ours is None:
            return self._alarmed(DeliveryState.CONFLICT, text)
        reply = self._headquarters.post((ours,))
        if isinstance(reply, link.Broken):
            return self._standing.failed(reply.text)
        if reply.status == 409 and ours.number > 1 and (first := self._outbox.row(1)) is not None:
            self._headquarters.post((first,))  # Whether it is another journal altogether: the first row names it.
        if reply.status in (200, 409):
            return self._alarmed(DeliveryState.CONFLICT, text)
        return self._refused(reply)

    # --- rows ---

    def _deliver(self, position: int) -> StepResult:
        holds = self._outbox.survey(position)
        if self._outbox.late:
            return self._send_late(min(self._outbox.late), holds)
        rows = self._outbox.rows_after(position)
        if not rows:
            return self._standing.succeeded(0, self._settings.every_s)
        if rows[0].number != position + 1:
            return self._row_missing(position + 1)
        self._outbox.seen_through = 0
        return self._send(self._outbox.entries(rows, holds))

    def _send_late(self, number: int, holds: Holds) -> StepResult:
        row = self._outbox.row(number)
        if row is None:
            return self._row_missing(number)
        (entry,) = self._outbox.entries([row], holds)
        if not isinstance(entry, Row):  # An earlier row of the same code still waits.
            self._outbox.late.discard(number)
            return self._standing.paused(0.0)
        return self._send((entry,))

    def _send(self, entries: tuple[Entry, ...]) -> StepResult:
        reply = self._headquarters.post(entries)
        if isinstance(reply, link.Broken):
            return self._standing.failed(reply.text)
        if reply.status == 200:
            return self._accepted(entries, reply)
        if reply.status == 413:
            return self._too_large(entries)
        if reply.status == 422:
            return self._poisoned(entries, reply)
        return self._refused(reply)

    # --- answers ---

    def _accepted(self, entries: tuple[Entry, ...], reply: link.Reply) -> StepResult:
        last = entries[-1]
        try:
            cursor = cursor_from_json(reply.body)
        except BatchError as error:
            return self._standing.failed(f"{BATCHES}: {error}")
        if (cursor.till, cursor.through, cursor.hash) != (self._till, last.number, last.hash):
            self._position = None
            return self._standing.failed(
                f"{BATCHES}: acknowledges row {cursor.through} of {cursor.till!r}, not {last.number}"
            )
        # Bookkeeping alone is not worth a row of its own: small batches would chase their own tails for ever.
        is_news = any(isinstance(entry, Tombstone) or entry.kind not in BOOKKEEPING for entry in entries)
        if is_news and last.number > self._queue.delivered_through()[0]:
            self._queue.set_delivered(last.number, last.hash)
        self._position = max(self._position or 0, last.number)
        self._outbox.late -= {entry.number for entry in entries}
        self._poisoned_before = False
        self._delivered_ns = self._now()
        return self._standing.succeeded(len(entries), 0.0)

    def _too_large(self, entries: tuple[Entry, ...]) -> StepResult:
        if len(entries) == 1 and isinstance(entries[0], Row):
            self._outbox.whole()
            return self._set_aside([(entries[0].number, "larger than headquarters takes")])
        if len(entries) == 1:
            return self._standing.failed("headquarters answers 413 to a row without content")
        self._outbox.halve(len(entries))
        return self._standing.paused(0.0)

    def _poisoned(self, entries: tuple[Entry, ...], reply: link.Reply) -> StepResult:
        sent = {entry.number for entry in entries if isinstance(entry, Row)}
        named = [(number, reason) for number, reason in bad_rows(reply.body) if number in sent]
        if not named:
            # Perhaps not our headquarters at all: a box on the way must not make the till give up rows.
            return self._refused(reply)
        return self._set_aside(named)

    def _set_aside(self, named: Sequence[tuple[int, str]]) -> StepResult:
        for number, reason in named:
            self._outbox.put_aside(number, f"refused: {reason}")  # Never to be mistaken for a row that is merely held.
        self._outbox.late -= {number for number, _ in named}
        text = "; ".join(f"row {number}: {reason}" for number, reason in named)[:TEXT_LENGTH_MAX]
        log.warning("headquarters refuses %s", text)
        if not self._poisoned_before:
            self._poisoned_before = True
            return self._standing.paused(0.0)
        # Each refusal adds a journal row: a headquarters that refuses everything must not fill the till's disk.
        return self._standing.failed(f"headquarters refuses {text}")

    def _refused(self, reply: link.Reply) -> StepResult:
        """Any answer that is not about rows."""
        kind, detail = problem(reply.body)
        text = f"headquarters answers {reply.status}: {detail}"
        if reply.status == 409 and kind in FORKED_KINDS:
            return self._alarmed(DeliveryState.CONFLICT, text)
        if reply.status in (401, 403):
            return self._alarmed(DeliveryState.REFUSED, text)
        if reply.status == 409:
            self._position = None
        return self._standing.failed(text, at_least_s=retry_after_s(reply.headers))

    def _alarmed(self, state: DeliveryState, text: str) -> StepResult:
        """Asked again from the start: what a person repairs may leave headquarters anywhere."""
        if state is not self._standing.state:
            log.error("delivery: %s", self._standing.without_secret(text))
        self._position = None
        return self._standing.alarmed(state, text)

    def _row_missing(self, number: int) -> StepResult:
        text = f"row {number} is missing in the till's journal: run `pos-agent journal verify`"
        return self._alarmed(DeliveryState.CONFLICT, text)
