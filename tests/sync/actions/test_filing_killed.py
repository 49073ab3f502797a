"""SIGKILL before and after every commit of the filing worker, and around the registry's work: one document there."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hq_filing_child import file_all
from hq_office import SHOES, Clock, Office
from sqlalchemy import Engine, insert, text

from hw_sim.exchange import SimReply, SimRequest
from hw_sim.http import serve
from hw_sim.ismpt import Account, Code, Ismpt
from sync.hq.actions import schema as _actions  # noqa: F401 - its tables join the metadata
from sync.hq.actions.proposals import prepare
from sync.hq.schema import metadata
from sync.hq.tables import place

NEVER = 10_000
CHILD_LIMIT_S = 120
NS = 1_000_000_000


class Registry:
    """The simulated registry, whose documents are processed at once, able to kill its customer at the worst moment."""

    def __init__(self) -> None:
        codes = [Code(ki, "04870000000104") for ki in SHOES]
        self.at_ns = time.time_ns()
        self.service = Ismpt(self.now, random.Random(1), codes, [Account("office", "secret")])
        self.kill_before = self.kill_after = False
        self.customer = 0

    def now(self) -> int:
        self.at_ns += NS
        return self.at_ns

    def handle(self, request: SimRequest) -> SimReply:
        filing = request.path.endswith("/doc/withdrawal")
        if filing and self.kill_before:
            self.kill_before = False
            os.kill(self.customer, signal.SIGKILL)
            return SimReply(500)
        reply: SimReply = self.service.handle(request)
        if filing and self.kill_after:
            self.kill_after = False
            os.kill(self.customer, signal.SIGKILL)
        return reply


class Bench:
    def __init__(self, engine: Engine, database: str) -> None:
        self.engine = engine
        self.database = database
        self.context = multiprocessing.get_context("forkserver")
        # Installed modules only: before Python 3.13 the server forgets where the tests lie.
        self.context.set_forkserver_preload(["sync.hq.actions.filing", "sync.ismpt.documents"])
        self.skipped_ns = 0

    def start(self) -> Registry:
        """A fresh headquarters with one approved document, and a fresh registry."""
        with self.engine.begin() as db:
            metadata.drop_all(db)
            metadata.create_all(db)
            db.execute(insert(place).values(till="T1", shop="s", shop_name="s", region="r", business_place_id=1001))
        office = Office(self.engine, Clock(time.time_ns()), None)
        office.case(SHOES[0])
        office.approve(*prepare(self.engine, time.time_ns()).documents)
        self.skipped_ns = 0
        return Registry()

    def child(self, url: str, registry: Registry, kill_at: int = NEVER) -> int:
        process: Any = self.context.Process(target=file_all, args=(self.database, url, kill_at, self.skipped_ns))
        process.start()
        registry.customer = process.pid
        process.join(CHILD_LIMIT_S)
        assert process.exitcode is not None, "the child hangs"
        # The next worker comes later than any lease.
        self.skipped_ns += 3600 * NS
        return int(process.exitcode)

    def check_one_of_each(self, registry: Registry) -> None:
        (filed,) = registry.service.documents.documents.values()
        with self.engine.connect() as db:
            row = db.execute(text("SELECT state, document_id FROM hq_document")).one()
        assert tuple(row) == ("SUCCESS", filed.number)
        assert [event.kind for event in registry.service.codes.get(SHOES[0]).history] == ["WITHDRAWAL"]


@pytest.fixture
def bench(postgresql: Engine, postgresql_url: str) -> Iterator[Bench]:
    yield Bench(postgresql, postgresql_url)


def test_killed_at_every_commit_there_is_one_document(bench: Bench) -> None:
    point = 0
    while True:
        point += 1
        registry = bench.start()
        with serve(registry) as server:
            code = bench.child(server.url, registry, kill_at=point)
            if code == 0:
                bench.check_one_of_each(registry)
                break
            assert code == -signal.SIGKILL
            assert bench.child(server.url, registry) == 0
            bench.check_one_of_each(registry)
    # At least: look, intent, answer, look, end, each begun and ended.
    assert point > 10


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_while_the_registry_works_there_is_one_document(bench: Bench, moment: str) -> None:
    registry = bench.start()
    setattr(registry, f"kill_{moment}", True)
    with serve(registry) as server:
        assert bench.child(server.url, registry) == -signal.SIGKILL
        assert bench.child(server.url, registry) == 0
    bench.check_one_of_each(registry)


def test_killed_again_while_it_settles_there_is_one_document(bench: Bench) -> None:
    for point in range(1, 9):
        registry = bench.start()
        registry.kill_after = True
        with serve(registry) as server:
            assert bench.child(server.url, registry) == -signal.SIGKILL
            kill_at = point
            while bench.child(server.url, registry, kill_at=kill_at) != 0:
                kill_at = NEVER
        bench.check_one_of_each(registry)
