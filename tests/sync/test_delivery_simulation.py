"""Short seeded lives of one till over a bad line, and an auditor that knows only what must be true at the end."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import StaticPool

from sync.delivery import DeliveryWorker
from sync.hq.inprocess import CollectorTransport
from sync.hq.store import Collector
from sync.wire import GENESIS

SEEDS = 1_000
CODES = "abcd"
BOOKKEEPING = {"delivered", "set_aside", "released"}
DIGEST = hashlib.sha256(b"secret").hexdigest()


class BadLine(httpx.BaseTransport):
    """Loses requests, loses answers after the commit, sends twice, delivers old requests late, answers nonsense."""

    def __init__(self, rng: random.Random, inner: CollectorTransport) -> None:
        self.rng, self.inner = rng, inner
        self.is_good = False
        self.old: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        if self.is_good:
            return self.inner.handle_request(request)
        fault = self.rng.choices(["none", "before", "after", "twice", "late", "junk"], [50, 10, 15, 10, 10, 5])[0]
        self.old.append(request)
        if fault == "before":
            raise httpx.ConnectError("lost", request=request)
        if fault == "junk":
            return httpx.Response(self.rng.choice([200, 404, 409, 500]), content=b"<html>", request=request)
        if fault == "late":
            self.inner.handle_request(self.rng.choice(self.old))
        answer = self.inner.handle_request(request)
        if fault == "after":
            raise httpx.ReadTimeout("lost", request=request)
        return self.inner.handle_request(request) if fault == "twice" else answer


class Life:
    def __init__(self, seed: int, engine: Engine, journal: Any) -> None:
        self.rng = random.Random(seed)
        self.engine, self.journal = engine, journal
        self.at = 0.0
        self.poison: set[int] = set()
        self.line = BadLine(random.Random(f"line {seed}"), self._headquarters())
        self.worker = self._worker()

    def _headquarters(self) -> CollectorTransport:
        def check(number: int, _body: bytes) -> str | None:
            return "cannot be read" if number in self.poison else None

        self.collector = Collector(self.engine, self._now, check=check)
        return CollectorTransport(self.collector, {self.journal.till: DIGEST})

    def _worker(self) -> DeliveryWorker:
        return DeliveryWorker(
            "http://hq",
            "secret",
            self.journal,
            till=self.journal.till,
            transport=self.line,
            now=self._now,
            monotonic=lambda: self.at,
            sleep=self._sleep,
            rng=self.rng,
            rows_max=self.rng.choice([1, 2, 5, 500]),
        )

    def _now(self) -> int:
        return round(self.at * 1e9)

    def _sleep(self, seconds: float) -> None:
        self.at += seconds

    def live(self) -> None:
        for _ in range(16):
            event = self.rng.choices(["row", "step", "release", "till dies", "hq dies"], [8, 9, 2, 1, 1])[0]
            if event == "row":
                row = self.journal.add(kis=self.rng.sample(CODES, self.rng.choice([0, 1, 1, 2])))
                if self.rng.random() < 0.2:
                    self.poison.add(row.number)
            elif event == "step":
                self._sleep(self.worker.step().next_in_s)
            elif event == "release" and self.journal.aside:
                number = self.rng.choice(sorted(self.journal.aside))
                if self.rng.random() < 0.7:
                    self.poison.discard(number)
                self.journal.release(number)
            elif event == "till dies":
                self.worker.close()
                self.worker = self._worker()
            elif event == "hq dies":
                self.line.inner = self._headquarters()

    def heal(self) -> None:
        self.line.is_good = True
        self.poison.clear()
        for number in sorted(self.journal.aside):
            self.journal.release(number)
        quiet = 0
        for _ in range(200):
            result = self.worker.step()
            self._sleep(result.next_in_s)
            quiet = 0 if result.sent or result.next_in_s < 5.0 else quiet + 1
            if quiet == 1:
                return
        raise AssertionError("delivery never came to rest")

    def audit(self) -> None:
        held = self.collector.rows(self.journal.till)
        rows = self.journal.rows
        owed = max((row.number for row in rows if row.kind not in BOOKKEEPING), default=0)
        assert [row.number for row in held] == list(range(1, len(held) + 1))
        assert len(held) >= owed
        previous = GENESIS
        for stored, row in zip(held, rows, strict=False):
            assert (stored.previous, stored.hash) == (previous, row.hash)
            assert stored.body == row.body
            previous = stored.hash
        assert sorted(row.arrival or 0 for row in held) == list(range(1, len(held) + 1))
        for code in CODES:
            arrivals = [
                stored.arrival or 0
                for stored, row in zip(held, rows, strict=False)
                if row.kind not in BOOKKEEPING and code in self.journal.keys(row)
            ]
            assert arrivals == sorted(arrivals), f"a row of {code} was overtaken"
        assert self.journal.aside == {}


@pytest.fixture
def memory() -> Iterator[Engine]:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    yield engine
    engine.dispose()


def test_whatever_the_line_does_each_row_arrives_once_in_order_and_none_overtakes(
    memory: Engine, new_journal: Any
) -> None:
    for seed in range(SEEDS):
        life = Life(seed, memory, new_journal(f"T{seed}"))
        try:
            life.live()
            life.heal()
            life.audit()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        finally:
            life.worker.close()
