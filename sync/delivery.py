"""The journal on its way to headquarters: one batch in flight, acknowledged by number and hash, nothing lost or sent
out of order whatever the line, the server or a restart does.

The worker keeps no state that matters. Where it stands it asks headquarters at the start (and after any disagreement);
what headquarters has is checked against the journal's own hashes; a batch whose answer was lost is sent again, and
headquarters recognises its rows. Selling never waits for any of this.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence

import httpx

from sync import link
from sync.answers import bad_rows, problem, retry_after_s
from sync.backoff import Backoff
from sync.batch import Batch, BatchError, Cursor, Entry, Tombstone, cursor_from_json, encode, tombstone
from sync.delivery_state import DeliverySettings, DeliveryState, DeliveryStatus, StepResult
from sync.holding import Holds, held_behind, survey
from sync.ports import DeliveryQueue, QueueUnavailable, StopSignal
from sync.wire import GENESIS, Row

__all__ = ["DeliverySettings", "DeliveryState", "DeliveryStatus", "DeliveryWorker", "StepResult"]

log = logging.getLogger(__name__)

BATCHES, CURSOR = "/v1/batches", "/v1/cursor"
TEXT_LENGTH_MAX = 300
TOKEN_LENGTH_HIDDEN = 4
LOOK_ROWS = 500
RUN_PAUSE_S = 0.01  # Between two batches of a backlog: selling comes first on a small machine.
STOP_LATENCY_S = 0.2
FORKED_KINDS = frozenset({"fork", "chain"})
BOOKKEEPING = frozenset({"delivered", "set_aside", "released"})
_HEADERS = {"Content-Type": "application/json", "Content-Encoding": "gzip"}


class DeliveryWorker:
    """One till's delivery to the headquarters at `url`. `step` does the next thing; `run` is the thread around it.

    `queue` is the journal, the cursor and the rows set aside. Bookkeeping rows travel with other rows and are never a
    reason to send, or every acknowledgement would cause the next batch. Raises ValueError for a URL that is none.
    """

    def __init__(
        self,
        url: str,
        token: str,
        queue: DeliveryQueue,
        *,
        till: str,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        rng: random.Random,
        every_s: float = 5.0,
        rows_max: int = 500,
        bytes_max: int = 262_144,
        settings: DeliverySettings | None = None,
    ) -> None:
        settings = settings or DeliverySettings(rows_max=rows_max, bytes_max=bytes_max, every_s=every_s)
        self._settings = settings
        self._queue, self._till, self._token = queue, till, token
        self._now, self._monotonic, self._sleep = now, monotonic, sleep
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._client = link.open_client(_checked(url), headers=headers, transport=transport)
        self._limits = link.Limits(
            settings.deadline_s, settings.connect_s, settings.answer_bytes_max, settings.answer_bytes_max
        )
        self._backoff = Backoff(
            base_s=settings.backoff_base_s, cap_s=settings.backoff_cap_s, monotonic=monotonic, rng=rng
        )
        self._busy = threading.Lock()
        self._rows_max, self._bytes_max = settings.rows_max, settings.bytes_max
        self._position: int | None = None  # Last row headquarters is known to hold; None: ask.
        self._seen_through = 0  # Rows up to here need no sending: delivered, or bookkeeping only.
        self._poisoned_before = False  # Rows were refused and nothing was acknowledged since.
        self._aside: dict[int, str] = {}
        self._late: set[int] = set()  # Released rows whose content headquarters still lacks.
        self._keys_of: dict[int, frozenset[str]] = {}
        self._state, self._error = DeliveryState.OK, ""
        self._delivered_ns: int | None = None

    # --- what the outside calls ---

    def step(self) -> StepResult:
        """Nothing before the next time is due, and nothing while another thread is at it: one request in flight."""
        if not self._busy.acquire(blocking=False):
            return StepResult(0, self._state, self._settings.every_s)
        try:
            if (wait_s := self._backoff.remaining_s()) > 0:
                return StepResult(0, self._state, wait_s)
            return self._hello() if self._position is None else self._deliver(self._position)
        except QueueUnavailable as error:
            # Not remembered means done again: headquarters recognises the rows.
            self._position = None
            return self._failed(f"the till's own journal: {error}")
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
        self._client.close()

    def status(self) -> DeliveryStatus:
        """May be called from any thread. Reads the journal."""
        position = self._position
        through = max(self._queue.delivered_through()[0] if position is None else position, self._seen_through)
        head, _ = self._queue.head()
        unsent, next_in_s = max(0, head - through), self._backoff.remaining_s()
        return DeliveryStatus(self._state, unsent, self._error, next_in_s, self._delivered_ns)

    # --- where headquarters stands ---

    def _hello(self) -> StepResult:
        reply = link.exchange(self._client, "GET", CURSOR, limits=self._limits, monotonic=self._monotonic)
        if isinstance(reply, link.Broken):
            return self._failed(reply.text)
        if reply.status != 200:
            return self._refused(reply)
        try:
            cursor = cursor_from_json(reply.body)
        except BatchError as error:
            return self._failed(f"{CURSOR}: {error}")
        return self._agree(cursor)

    def _agree(self, cursor: Cursor) -> StepResult:
        head, _ = self._queue.head()
        ours = self._row(min(cursor.through, head))
        if cursor.till != self._till:
            return self._alarmed(DeliveryState.REFUSED, f"the token is of till {cursor.till!r}, we are {self._till!r}")
        same = cursor.through <= head and self._hash_of(cursor.through, ours) == cursor.hash
        if not same:
            return self._challenge(cursor, ours)
        if cursor.through > self._queue.delivered_through()[0]:
            self._queue.set_delivered(cursor.through, cursor.hash)
        self._position = cursor.through
        self._seen_through = 0
        self._aside = dict(self._queue.set_aside_rows())
        self._late = {number for number in cursor.missing if number not in self._aside}
        return self._succeeded(0, 0.0)

    def _challenge(self, cursor: Cursor, ours: Row | None) -> StepResult:
        """Show headquarters our version of the row in dispute, so that it records the disagreement as well."""
        text = f"headquarters holds another journal of this till, or a longer one, up to row {cursor.through}"
        if ours is None:
            return self._alarmed(DeliveryState.CONFLICT, text)
        reply = self._post((ours,))
        if isinstance(reply, link.Broken):
            return self._failed(reply.text)
        if reply.status in (200, 409):
            return self._alarmed(DeliveryState.CONFLICT, text)
        return self._refused(reply)

    # --- rows ---

    def _deliver(self, position: int) -> StepResult:
        holds = self._survey()
        if self._late:
            return self._send_late(min(self._late), holds)
        rows = self._queue.rows_after(position, rows_max=self._rows_max, bytes_max=self._bytes_max)
        if not self._is_worth_sending(rows):
            return self._succeeded(0, self._settings.every_s)
        if rows[0].number != position + 1:
            return self._row_missing(position + 1)
        self._seen_through = 0
        return self._send(self._entries(rows, holds))

    def _is_worth_sending(self, rows: Sequence[Row]) -> bool:
        """Whether anything but bookkeeping waits, in these rows or behind them."""
        while rows:
            if any(row.kind not in BOOKKEEPING for row in rows):
                return True
            self._seen_through = rows[-1].number
            rows = self._queue.rows_after(rows[-1].number, rows_max=LOOK_ROWS, bytes_max=self._settings.bytes_max)
        return False

    def _survey(self) -> Holds:
        """What is set aside now; rows released since the last look become late ones."""
        aside = dict(self._queue.set_aside_rows())
        holds, free = survey(list(aside.items()), self._keys_by_number)
        for number in free:
            self._queue.release(number)
            del aside[number]
        known = self._position or 0
        self._late |= {number for number in self._aside if number not in aside and number <= known}
        self._late -= set(aside)
        self._aside = aside
        self._keys_of = {number: keys for number, keys in self._keys_of.items() if number in aside}
        return holds

    def _send_late(self, number: int, holds: Holds) -> StepResult:
        row = self._row(number)
        if row is None:
            return self._row_missing(number)
        (entry,) = self._entries([row], holds)
        if not isinstance(entry, Row):  # An earlier row of the same code still waits.
            self._late.discard(number)
            return self._paused(0.0)
        return self._send((entry,))

    def _entries(self, rows: Sequence[Row], holds: Holds) -> tuple[Entry, ...]:
        entries: list[Entry] = []
        for row in rows:
            reason = self._aside.get(row.number)
            root = holds.root(row.number, self._keys(row)) if reason is None and holds.roots else None
            if root is not None:
                reason = held_behind(root)
                self._put_aside(row.number, reason)
                holds.add(row.number, self._keys(row))
            entries.append(row if reason is None else tombstone(row, reason))
        return tuple(entries)

    def _send(self, entries: tuple[Entry, ...]) -> StepResult:
        reply = self._post(entries)
        if isinstance(reply, link.Broken):
            return self._failed(reply.text)
        if reply.status == 200:
            return self._accepted(entries, reply)
        if reply.status == 413:
            return self._too_large(entries)
        if reply.status == 422:
            return self._poisoned(entries, reply)
        return self._refused(reply)

    def _post(self, entries: tuple[Entry, ...]) -> link.Reply | link.Broken:
        content = encode(Batch(self._till, entries))
        return link.exchange(
            self._client,
            "POST",
            BATCHES,
            limits=self._limits,
            monotonic=self._monotonic,
            content=content,
            headers=_HEADERS,
        )

    # --- answers ---

    def _accepted(self, entries: tuple[Entry, ...], reply: link.Reply) -> StepResult:
        last = entries[-1]
        try:
            cursor = cursor_from_json(reply.body)
        except BatchError as error:
            return self._failed(f"{BATCHES}: {error}")
        if (cursor.till, cursor.through, cursor.hash) != (self._till, last.number, last.hash):
            self._position = None
            return self._failed(f"{BATCHES}: acknowledges row {cursor.through} of {cursor.till!r}, not {last.number}")
        # Bookkeeping alone is not worth a row of its own: small batches would chase their own tails for ever.
        is_news = any(isinstance(entry, Tombstone) or entry.kind not in BOOKKEEPING for entry in entries)
        if is_news and last.number > self._queue.delivered_through()[0]:
            self._queue.set_delivered(last.number, last.hash)
        self._position = max(self._position or 0, last.number)
        self._late -= {entry.number for entry in entries}
        self._poisoned_before = False
        self._delivered_ns = self._now()
        return self._succeeded(len(entries), 0.0)

    def _too_large(self, entries: tuple[Entry, ...]) -> StepResult:
        if len(entries) == 1 and isinstance(entries[0], Row):
            self._rows_max, self._bytes_max = self._settings.rows_max, self._settings.bytes_max
            return self._set_aside([(entries[0].number, "larger than headquarters takes")])
        if len(entries) == 1:
            return self._failed("headquarters answers 413 to a row without content")
        # Kept for this run: what refused it, headquarters or a proxy, will refuse it again.
        self._rows_max = max(1, len(entries) // 2)
        self._bytes_max = max(1, self._bytes_max // 2)
        return self._paused(0.0)

    def _poisoned(self, entries: tuple[Entry, ...], reply: link.Reply) -> StepResult:
        sent = {entry.number for entry in entries if isinstance(entry, Row)}
        named = [(number, reason) for number, reason in bad_rows(reply.body) if number in sent]
        if not named:
            # Perhaps not our headquarters at all: a box on the way must not make the till give up rows.
            return self._refused(reply)
        return self._set_aside(named)

    def _set_aside(self, named: Sequence[tuple[int, str]]) -> StepResult:
        for number, reason in named:
            self._put_aside(number, f"refused: {reason}")  # Never to be mistaken for a row that is merely held.
        self._late -= {number for number, _ in named}
        text = "; ".join(f"row {number}: {reason}" for number, reason in named)[:TEXT_LENGTH_MAX]
        log.warning("headquarters refuses %s", text)
        if not self._poisoned_before:
            self._poisoned_before = True
            return self._paused(0.0)
        # Each refusal adds a journal row: a headquarters that refuses everything must not fill the till's disk.
        return self._failed(f"headquarters refuses {text}")

    def _put_aside(self, number: int, reason: str) -> None:
        self._queue.set_aside(number, reason)
        self._aside[number] = reason

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
        return self._failed(text, at_least_s=retry_after_s(reply.headers))

    def _failed(self, text: str, *, at_least_s: float = 0.0) -> StepResult:
        self._state, self._error = DeliveryState.WAITING, self._without_token(text)
        return StepResult(0, self._state, self._backoff.failed(at_least_s))

    def _alarmed(self, state: DeliveryState, text: str) -> StepResult:
        """A person must act. Asked again slowly, from the start, so that delivery resumes by itself afterwards."""
        if state is not self._state:
            log.error("delivery: %s", self._without_token(text))
        self._state, self._error, self._position = state, self._without_token(text), None
        return StepResult(0, state, self._backoff.slowly(self._settings.slow_s))

    def _row_missing(self, number: int) -> StepResult:
        text = f"row {number} is missing in the till's journal: run `pos-agent journal verify`"
        return self._alarmed(DeliveryState.CONFLICT, text)

    def _succeeded(self, sent: int, wait_s: float) -> StepResult:
        self._backoff.succeeded()
        self._state, self._error = DeliveryState.OK, ""
        return self._paused(wait_s, sent)

    def _paused(self, wait_s: float, sent: int = 0) -> StepResult:
        return StepResult(sent, self._state, self._backoff.wait(wait_s))

    def _without_token(self, text: str) -> str:
        """A server that quotes our request must not carry the token into status pages and logs."""
        return text.replace(self._token, "***") if len(self._token) >= TOKEN_LENGTH_HIDDEN else text

    # --- the journal ---

    def _hash_of(self, number: int, row: Row | None) -> bytes | None:
        if row is not None:
            return row.hash
        # Retention may have taken the row away; what was acknowledged once is still known.
        through, digest = self._queue.delivered_through()
        return GENESIS if number == 0 else digest if number == through else None

    def _row(self, number: int) -> Row | None:
        if number < 1:
            return None
        rows = self._queue.rows_after(number - 1, rows_max=1, bytes_max=1)
        return rows[0] if rows and rows[0].number == number else None

    def _keys(self, row: Row) -> frozenset[str]:
        try:
            return self._queue.keys(row)
        except ValueError:  # A damaged body: headquarters will name the row, and its hash tells why.
            return frozenset()

    def _keys_by_number(self, number: int) -> frozenset[str]:
        if number not in self._keys_of:
            row = self._row(number)
            self._keys_of[number] = frozenset() if row is None else self._keys(row)
        return self._keys_of[number]


def _checked(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"{url!r}: {error}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"{url!r} is no address of a headquarters: http://host or https://host is needed")
    return url
