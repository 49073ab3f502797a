"""Collector and database killed at random while several tills deliver: every row is there once, every chain whole."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from hq_service import CollectorProcess, postgresql_server, token_of
from sqlalchemy import text

from sync.batch import Batch, encode
from sync.hq.engine import open_engine
from sync.wire import GENESIS, Row, row_hash

SEED = 20_261_130
TILLS = ("T1", "T2", "T3", "T4")
BATCHES = 1_000  # Of all tills together, repeats not counted.
ROWS_IN_BATCH = (1, 12)
KILLS = ("collector", "database", "both", "database", "collector", "database")
REPEAT, EARLY = 0.15, 0.1  # Shares of batches that come once more, and that come before their turn.
LOOK_S = 0.01


class Till:
    """Delivers as the agent does: one request at a time, again until it is acknowledged; now and then out of turn."""

    def __init__(self, name: str, rng: random.Random, batches: int) -> None:
        self.name, self.rng = name, rng
        self.rows: list[Row] = []
        self.batches: list[Sequence[Row]] = []
        for _ in range(batches):
            self.batches.append([self._row() for _ in range(rng.randint(*ROWS_IN_BATCH))])
        self.answers: dict[int, int] = {}

    def _row(self) -> Row:
        number, previous = len(self.rows) + 1, self.rows[-1].hash if self.rows else GENESIS
        body = json.dumps({"n": self.rng.getrandbits(40), "text": "шт" * self.rng.randint(0, 40)}, ensure_ascii=False)
        digest = row_hash(self.name, number, number, "scan_judged", body, previous)
        self.rows.append(Row(self.name, number, number, "scan_judged", body, previous, digest))
        return self.rows[-1]

    def deliver(self, url: str, acknowledged: Callable[[], None], stop: threading.Event) -> None:
        headers = {"Authorization": f"Bearer {token_of(self.name)}", "Content-Encoding": "gzip"}
        with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=30) as client:
            for at, batch in enumerate(self.batches):
                if self.rng.random() < EARLY and at + 1 < len(self.batches):
                    self._post(client, self.batches[at + 1])  # Overtakes: refused as a gap, unless it is not heard.
                while self._post(client, batch) != 200:
                    if stop.wait(LOOK_S):
                        return
                acknowledged()
                if self.rng.random() < REPEAT:
                    self._post(client, self.rng.choice(self.batches[: at + 1]))

    def _post(self, client: httpx.Client, rows: Sequence[Row]) -> int:
        try:
            status = client.post("/v1/batches", content=encode(Batch(self.name, tuple(rows)))).status_code
        except httpx.TransportError:
            status = 0
        self.answers[status] = self.answers.get(status, 0) + 1
        return status


def _kill_database(server: Any) -> None:
    """Postmaster and all its processes at once, as a power cut takes them; then start it again on the same files."""
    postmaster = psutil.Process(server.get_pid())
    processes = [postmaster, *postmaster.children(recursive=True)]
    for process in processes:
        try:
            os.kill(process.pid, signal.SIGKILL)
        except ProcessLookupError:  # It ended by itself, seeing the others go.
            continue
    psutil.wait_procs(processes, timeout=20)
    server.ensure_postgres_running()


@pytest.fixture
def server() -> Iterator[Any]:
    with postgresql_server() as made:
        yield made


def test_rows_are_equal_and_chains_whole_after_kills_of_collector_and_database(server: Any, tmp_path: Path) -> None:
    rng = random.Random(SEED)
    tills = [Till(name, random.Random(f"{SEED} {name}"), BATCHES // len(TILLS)) for name in TILLS]
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    collector = CollectorProcess(tmp_path, server.get_uri(), TILLS, port)
    # A kill is due after so many acknowledgements: somewhere in the work, and never after its end.
    due = sorted(rng.sample(range(20, BATCHES - 50), len(KILLS)))
    done, moved, stop = [0], threading.Condition(), threading.Event()

    def acknowledged() -> None:
        with moved:
            done[0] += 1
            moved.notify()

    collector.start()
    try:
        with ThreadPoolExecutor(len(tills)) as pool:
            deliveries = [pool.submit(till.deliver, collector.url, acknowledged, stop) for till in tills]
            try:
                for victim, count in zip(KILLS, due, strict=True):
                    with moved:
                        assert moved.wait_for(lambda wanted=count: done[0] >= wanted, timeout=60)
                    if victim != "database":
                        collector.kill()
                    if victim != "collector":
                        _kill_database(server)
                    if victim != "database":
                        collector.start(wait=False)
                for delivery in deliveries:
                    delivery.result(timeout=120)
            finally:
                stop.set()
    finally:
        collector.stop()
    assert done == [BATCHES]
    _audit(server.get_uri(), tills)
    answers = {status: sum(till.answers.get(status, 0) for till in tills) for status in (0, 200, 409)}
    assert all(answers.values()), answers  # Requests were lost, batches came before their turn, or this proved nothing.
    assert answers[200] > BATCHES


def _audit(url: str, tills: Sequence[Till]) -> None:
    """Reads with plain SQL, and knows only what the tills wrote."""
    engine = open_engine(url)
    with engine.connect() as db:
        for till in tills:
            query = text(
                "SELECT number, at_ns, kind, body, previous, hash, arrival FROM hq_row WHERE till = :t ORDER BY number"
            )
            held = db.execute(query, {"t": till.name}).all()
            assert [(row.number, row.body, bytes(row.hash)) for row in held] == [
                (row.number, row.body, row.hash) for row in till.rows
            ]
            previous = GENESIS
            for row in held:
                assert bytes(row.previous) == previous
                previous = row_hash(till.name, row.number, row.at_ns, row.kind, row.body, previous)
                assert bytes(row.hash) == previous
            assert [row.arrival for row in held] == list(range(1, len(held) + 1))
            stand = db.execute(text("SELECT number, hash FROM hq_till WHERE till = :t"), {"t": till.name}).one()
            assert (stand.number, bytes(stand.hash)) == (till.rows[-1].number, till.rows[-1].hash)
        open_kinds = db.execute(text("SELECT DISTINCT kind FROM hq_alarm WHERE cleared_ns IS NULL")).scalars().all()
        assert open_kinds == []  # Batches that overtook made gaps, and these healed; nothing else was ever found.
    engine.dispose()
