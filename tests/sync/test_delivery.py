from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from pos_agent.journal.journal import Event, Journal
from pos_agent.queue import JournalQueue
from sync.backoff import Backoff
from sync.delivery import DeliveryWorker
from sync.delivery_state import DeliveryState
from sync.hq.inprocess import CollectorTransport
from sync.hq.store import Collector
from sync.ports import QueueUnavailable
from sync.wire import Row

TOKENS = {"T1": hashlib.sha256(b"secret").hexdigest()}
Answers = Callable[[httpx.Request], httpx.Response]


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> int:
        return round(self.at * 1e9)

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


class Says(httpx.BaseTransport):
    """A server of our own words, read from a stream as from a socket."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._answers(request)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.read()))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worker(clock: Clock) -> Iterator[Callable[..., DeliveryWorker]]:
    opened: list[DeliveryWorker] = []

    def build(queue: Any, transport: httpx.BaseTransport, **changes: Any) -> DeliveryWorker:
        given = {"till": "T1", "now": clock.now, "monotonic": clock.monotonic, "sleep": clock.sleep, **changes}
        made = DeliveryWorker("http://hq", "secret", queue, transport=transport, rng=random.Random(1), **given)
        opened.append(made)
        return made

    yield build
    for made in opened:
        made.close()


def _run(worker: DeliveryWorker, clock: Clock, steps: int = 40) -> int:
    sent = 0
    for _ in range(steps):
        result = worker.step()
        sent += result.sent
        clock.sleep(result.next_in_s)
    return sent


def _bodies(collector: Collector) -> list[tuple[int, str | None]]:
    return [(row.number, row.body) for row in collector.rows("T1")]


def test_rows_arrive_and_bookkeeping_alone_sends_nothing(
    sqlite: Engine, new_journal: Any, worker: Any, clock: Clock
) -> None:
    journal, collector = new_journal(), Collector(sqlite, clock.now)
    rows = [journal.add(n=n) for n in range(7)]
    delivery = worker(journal, CollectorTransport(collector, TOKENS), rows_max=3)
    assert _run(delivery, clock) == 9  # The first two acknowledgements, noted meanwhile, travel with the last batch.
    assert _bodies(collector)[:7] == [(row.number, row.body) for row in rows]
    assert journal.rows[journal.through[0] - 1].hash == journal.through[1]
    assert delivery.status().state is DeliveryState.OK
    assert delivery.status().unsent == 0


def test_nothing_is_done_before_it_is_due(sqlite: Engine, new_journal: Any, worker: Any, clock: Clock) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(500)

    delivery = worker(new_journal(), Says(answer))
    wait_s = delivery.step().next_in_s
    clock.sleep(wait_s / 2)
    assert delivery.step().next_in_s == pytest.approx(wait_s / 2)
    assert asked == ["/v1/cursor"]


def test_a_new_worker_goes_on_where_headquarters_stands(
    sqlite: Engine, new_journal: Any, worker: Any, clock: Clock
) -> None:
    journal, collector = new_journal(), Collector(sqlite, clock.now)
    link = CollectorTransport(collector, TOKENS)
    journal.add(n=1)
    _run(worker(journal, link), clock)
    journal.through = (0, bytes(32))  # The answer was lost with the machine.
    journal.add(n=2)
    _run(worker(journal, link), clock)
    assert [row.number for row in collector.rows("T1")] == list(range(1, journal.through[0] + 1))


def test_a_poison_row_holds_later_rows_of_its_code_until_it_is_released(
    engine: Engine, new_journal: Any, worker: Any, clock: Clock
) -> None:
    journal, poison = new_journal(), {2}
    collector = Collector(engine, clock.now, check=lambda number, _: "unreadable" if number in poison else None)
    for kis in (["a"], ["b"], ["b", "c"], ["d"], ["c"]):
        journal.add(kis=kis)
    delivery = worker(journal, CollectorTransport(collector, TOKENS))
    _run(delivery, clock)
    assert [number for number, body in _bodies(collector)[:5] if body is None] == [2, 3, 5]
    assert journal.aside == {2: "refused: unreadable", 3: "held behind row 2", 5: "held behind row 3"}
    journal.release(3)  # Out of turn: it must not overtake.
    _run(delivery, clock)
    assert set(journal.aside) == {2, 3, 5}
    poison.clear()
    journal.release(2)
    _run(delivery, clock)
    arrivals = {row.number: row.arrival for row in collector.rows("T1")}
    assert journal.aside == {}
    assert arrivals[2] < arrivals[3] < arrivals[5]


def test_a_release_while_no_worker_runs_is_not_forgotten(
    sqlite: Engine, new_journal: Any, worker: Any, clock: Clock
) -> None:
    journal, poison = new_journal(), {1}
    collector = Collector(sqlite, clock.now, check=lambda number, _: "unreadable" if number in poison else None)
    first = journal.add(kis=["a"])
    link = CollectorTransport(collector, TOKENS)
    _run(worker(journal, link), clock)
    poison.clear()
    journal.release(1)
    _run(worker(journal, link), clock)
    assert _bodies(collector)[0] == (1, first.body)


def test_too_large_is_halved_and_one_giant_row_is_set_aside(
    sqlite: Engine, new_journal: Any, worker: Any, clock: Clock
) -> None:
    journal, collector = new_journal(), Collector(sqlite, clock.now)
    for size in (10, 10, 2_000_000, 10):
        journal.add(noise=random.Random(size).randbytes(size).hex())
    _run(worker(journal, CollectorTransport(collector, TOKENS), bytes_max=10**9), clock)
    assert journal.aside == {3: "refused: larger than headquarters takes"}
    assert [number for number, body in _bodies(collector)[:4] if body is None] == [3]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_an_alarm_and_is_tried_slowly(
    new_journal: Any, worker: Any, clock: Clock, status: int
) -> None:
    said = {"detail": "no such token: secret"}
    delivery = worker(new_journal(), Says(lambda _: httpx.Response(status, json=said)))
    result = delivery.step()
    assert result.state is DeliveryState.REFUSED
    assert result.next_in_s >= 60
    assert "secret" not in delivery.status().last_error


def test_a_forked_journal_is_an_alarm_on_both_sides(
    sqlite: Engine, new_journal: Any, worker: Any, clock: Clock
) -> None:
    collector = Collector(sqlite, clock.now)
    link = CollectorTransport(collector, TOKENS)
    journal, other = new_journal(), new_journal()
    journal.add(n=1)
    other.add(n=2)
    _run(worker(journal, link), clock)
    delivery = worker(other, link)
    _run(delivery, clock, 3)
    assert delivery.status().state is DeliveryState.CONFLICT
    assert [alarm.kind for till in collector.tills() for alarm in till.alarms] == ["fork"]


def test_headquarters_restored_from_an_older_copy_is_filled_up_again(
    new_journal: Any, worker: Any, clock: Clock, tmp_path: Path, sqlite: Engine, postgresql: Engine
) -> None:
    journal, collector = new_journal(), Collector(sqlite, clock.now)
    rows = [journal.add(n=n) for n in range(5)]
    links = [CollectorTransport(collector, TOKENS), CollectorTransport(Collector(postgresql, clock.now), TOKENS)]
    delivery = worker(journal, Says(lambda request: links[0].handle_request(request)))
    _run(delivery, clock)
    links.reverse()
    journal.add(n=9)
    _run(delivery, clock)
    assert _bodies(Collector(postgresql, clock.now))[:5] == [(row.number, row.body) for row in rows]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"<html>welcome to the hotel</html>"),
        httpx.Response(200, json={"till": "T1", "through": 1, "hash": "00" * 32}),
        httpx.Response(200, json={"till": "T1", "through": True, "hash": []}),
        httpx.Response(200, content=b"[" * 100_000),
        httpx.Response(302, headers={"location": "http://elsewhere"}),
        httpx.Response(409, content=b"\xff"),
        httpx.Response(422, json={"kind": "bad-rows", "rows": [{"number": 99, "reason": "x"}, 7]}),
        httpx.Response(422, json={"rows": [{"number": 1, "reason": "not from headquarters"}]}),
        httpx.Response(503, headers={"retry-after": "1e9"}),
        httpx.Response(200, content=bytes(3 << 20)),
    ],
)
def test_garbage_answers_cost_a_wait_and_nothing_else(
    new_journal: Any, worker: Any, clock: Clock, answer: httpx.Response
) -> None:
    journal = new_journal()
    journal.add(n=1)
    hello = {"till": "T1", "through": 0, "hash": "00" * 32}

    def answers(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=hello)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    delivery = worker(journal, Says(answers))
    for _ in range(2):
        result = delivery.step()
    assert result.state is DeliveryState.WAITING
    assert (journal.through[0], journal.aside, len(journal.rows)) == (0, {}, 1)


def test_a_headquarters_that_refuses_everything_does_not_fill_the_journal(
    new_journal: Any, worker: Any, clock: Clock
) -> None:
    journal = new_journal()
    journal.add(n=1)

    def answers(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"till": "T1", "through": 0, "hash": "00" * 32})
        named = [{"number": number, "reason": "\ud800 no"} for number in range(1, 100)]
        return httpx.Response(422, content=json.dumps({"kind": "bad-rows", "rows": named}).encode())

    delivery = worker(journal, Says(answers))
    while clock.at < 3600:
        clock.sleep(max(delivery.step().next_in_s, 0.01))
    assert len(journal.rows) < 300


def test_a_journal_that_cannot_be_written_now_is_tried_again(
    sqlite: Engine, new_journal: Any, worker: Any, clock: Clock
) -> None:
    class FullDisk(new_journal):  # type: ignore[misc]
        is_full = True

        def set_delivered(self, number: int, digest: bytes) -> None:
            if self.is_full:
                raise QueueUnavailable("no space left")
            super().set_delivered(number, digest)

    journal, collector = FullDisk(), Collector(sqlite, clock.now)
    journal.add(n=1)
    delivery = worker(journal, CollectorTransport(collector, TOKENS))
    _run(delivery, clock, 3)
    assert delivery.status().state is DeliveryState.WAITING
    journal.is_full = False
    _run(delivery, clock)
    assert journal.through[0] >= 1
    assert len(_bodies(collector)) == 1


def test_waits_are_spread_grow_to_a_cap_and_start_again_after_success(clock: Clock) -> None:
    backoff = Backoff(base_s=1.0, cap_s=8.0, monotonic=clock.monotonic, rng=random.Random(3))
    waits = [backoff.failed() for _ in range(300)]
    assert 7 < max(waits) <= 8
    assert min(waits[5:]) < 1
    assert backoff.failed(5.0) >= 5.0
    backoff.succeeded()
    assert backoff.failed() <= 1


def test_the_loop_stops_when_told(new_journal: Any, worker: Any, clock: Clock) -> None:
    class Stop:
        def is_set(self) -> bool:
            return clock.at > 100

    worker(new_journal(), Says(lambda _: httpx.Response(500))).run(Stop())
    assert 100 < clock.at < 101


@pytest.mark.parametrize("url", ["", "hq.example", "ftp://hq", "http://"])
def test_an_address_that_is_none_is_refused_at_once(url: str, new_journal: Any, clock: Clock) -> None:
    with pytest.raises(ValueError, match=r"http|URL|port|address"):
        DeliveryWorker(
            url,
            "t",
            new_journal(),
            till="T1",
            now=clock.now,
            monotonic=clock.monotonic,
            sleep=clock.sleep,
            rng=random.Random(1),
        )


def test_the_real_journal_is_delivered_and_survives_a_restart(
    sqlite: Engine, tmp_path: Path, worker: Any, clock: Clock
) -> None:
    collector = Collector(sqlite, clock.now)
    link = CollectorTransport(collector, TOKENS)
    sent: list[Row] = []
    for _ in range(2):
        journal = Journal(tmp_path / "journal.sqlite", till_name="T1", now=clock.now, new_epoch=lambda: "abc234")
        try:
            sent = list(journal.rows_after(0, 1000))
            journal.append(Event("agent_started", {"undecided": []}))
            _run(worker(JournalQueue(journal), link), clock)
            sent = [row for row in journal.rows_after(0, 1000) if row.kind == "agent_started"]
        finally:
            journal.close()
    held = {row.number: row.hash for row in collector.rows("T1")}
    assert [held.get(row.number) for row in sent] == [row.hash for row in sent]
    assert sorted(held) == list(range(1, len(held) + 1))
