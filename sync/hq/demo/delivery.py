"""The tills of the made-up chain on the wire: real batches and heartbeats over HTTP, and what a line does to them.

Batches come twice, and one before its turn; headquarters says so and the till goes on where it stands. A row that was
set aside travels as its place in the chain alone.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from sync.batch import Batch, Entry, cursor_from_json, encode, tombstone
from sync.credential import Bearer, Credential
from sync.heartbeat import Heartbeat
from sync.heartbeat import encode as encode_heartbeat
from sync.hq.callers import Credentials
from sync.hq.demo.goods import Till
from sync.hq.demo.journals import ASIDE_REASON, NS, Journal
from sync.signing import Signer

BATCHES, CURSOR, HEARTBEAT = "/v1/batches", "/v1/cursor", "/v1/heartbeat"
ROWS = 60  # A till with a line sends little and often; what waited for days goes in larger pieces at a real till.
TWICE, EARLY = 0.06, 0.04  # Shares of batches.
ANSWER_S = 60.0


@dataclass(slots=True)
class Traffic:
    """What the wire saw."""

    batches: int = 0
    rows: int = 0
    twice: int = 0
    early: int = 0
    heartbeats: int = 0


class DeliveryFailed(Exception):
    """Headquarters answered what no till of the demo expects."""


class Wire:
    """All tills of the chain, one after the other, on one connection."""

    def __init__(self, url: str, seed: int) -> None:
        self._client = httpx.Client(base_url=url, timeout=ANSWER_S, trust_env=False)
        self._chance = random.Random(f"{seed} wire")  # noqa: S311 -- must be repeatable.
        self._through: dict[str, int] = {}
        self.traffic = Traffic()

    def close(self) -> None:
        self._client.close()

    def deliver(self, journal: Journal, until: int) -> None:
        """Everything up to a moment (UTC seconds) that is not there yet. Raises DeliveryFailed."""
        name = journal.till.name
        done = self._through.get(name, 0)
        last = sum(1 for row in journal.rows if row.at_ns < until * NS)
        batches = [self._batch(journal, start, min(start + ROWS, last)) for start in range(done, last, ROWS)]
        for place, batch in enumerate(batches):
            if place + 1 < len(batches) and self._chance.random() < EARLY:
                self._send(journal.till, batches[place + 1], 409)
                self._ask_cursor(journal.till, batch.entries[0].number - 1)
                self.traffic.early += 1
            self._send(journal.till, batch, 200)
            if self._chance.random() < TWICE:
                self._send(journal.till, batch, 200)
                self.traffic.twice += 1
            self.traffic.rows += len(batch.entries)
        self._through[name] = max(done, last)

    def release(self, journal: Journal) -> None:
        """The content of the row that was set aside, after all."""
        self._send(journal.till, Batch(journal.till.name, (journal.rows[journal.aside - 1],)), 200)

    def heartbeat(self, journal: Journal, at: int, count: int, *, shift: int | None, troubled: bool) -> None:
        till = journal.till
        known = [row for row in journal.rows if row.at_ns < at * NS]
        head = known[-1]
        told = Heartbeat(
            till=till.name,
            run=f"{till.epoch}-1",
            count=count,
            at_ns=at * NS,
            version="0.1.0",
            epoch=till.epoch,
            head=head.number,
            head_hash=head.hash,
            shift=shift,
            shift_opened_ns=None if shift is None else (at - 4 * 3600) * NS,
            register={"reachable": not troubled, "paper": "ok"},
            unsent=len(known) - self._through.get(till.name, 0),
            cache_age_s=1800,
            set_aside=1 if journal.aside else 0,
        )
        self._post(till, HEARTBEAT, encode_heartbeat(told), (200, 204), {})
        self.traffic.heartbeats += 1

    def _batch(self, journal: Journal, start: int, end: int) -> Batch:
        entries: Sequence[Entry] = [
            tombstone(row, ASIDE_REASON) if row.number == journal.aside else row for row in journal.rows[start:end]
        ]
        return Batch(journal.till.name, tuple(entries))

    def _send(self, till: Till, batch: Batch, expected: int) -> None:
        self._post(till, BATCHES, encode(batch), (expected,), {"content-encoding": "gzip"})
        self.traffic.batches += 1

    def _ask_cursor(self, till: Till, expected: int) -> None:
        headers = {"authorization": credential_of(till).authorization("GET", CURSOR, b"")}
        answer = self._client.get(CURSOR, headers=headers)
        if answer.status_code != 200 or cursor_from_json(answer.content).through != expected:
            raise DeliveryFailed(f"{till.name}: the cursor is not at {expected}: {answer.text[:200]}")

    def _post(self, till: Till, path: str, body: bytes, expected: Sequence[int], headers: dict[str, str]) -> None:
        sent = {"authorization": credential_of(till).authorization("POST", path, body), **headers}
        answer = self._client.post(path, content=body, headers={"content-type": "application/json", **sent})
        if answer.status_code not in expected:
            raise DeliveryFailed(f"{till.name}: {path} answered {answer.status_code}: {answer.text[:300]}")


def credential_of(till: Till) -> Credential:
    """Half of the tills sign with a key of their own, the others have a token."""
    return _signer(till) if _signs(till) else Bearer(till.token)


def credentials(tills: Sequence[Till]) -> Credentials:
    """What headquarters holds of them."""
    digests = {till.name: hashlib.sha256(till.token.encode()).hexdigest() for till in tills if not _signs(till)}
    return Credentials(digests, {}, {till.name: (_signer(till).public_text(),) for till in tills if _signs(till)})


def _signs(till: Till) -> bool:
    return int(till.register[-1]) % 2 == 0


def _signer(till: Till) -> Signer:
    return Signer.from_seed(hashlib.sha256(f"demo key of {till.name}".encode()).digest())
