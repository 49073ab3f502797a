"""SIGKILL at every durable write of a sale, and around the register's work: one receipt, one sale, each time.

The child process is a real agent on a real socket; the parent is the register (hw_sim), which survives. After the kill
a second child starts on the same files, and the till does what a till does: it goes on with the open sale.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from crash_child import agent_on, sell

from hw_sim.exchange import SimReply, SimRequest
from hw_sim.http import serve
from hw_sim.registry import Fate
from hw_sim.world import World as SimWorld
from pos_agent.demo.shop import stock_cache
from pos_agent.journal.verify import verify
from pos_agent.sale import SaleState

UNITS = 2
NEVER = 10_000
CHILD_LIMIT_S = 60


class Register:
    """The simulated register, able to kill its customer at the worst moment."""

    def __init__(self, world: SimWorld) -> None:
        self._world = world
        self.kill_before = self.kill_after = False
        self.customer = 0

    def handle(self, request: SimRequest) -> SimReply:
        is_receipt = request.path.endswith("/check")
        if is_receipt and self.kill_before:
            self.kill_before = False
            os.kill(self.customer, signal.SIGKILL)
        reply: SimReply = self._world.webkassa.handle(request)
        if is_receipt and self.kill_after:
            self.kill_after = False
            os.kill(self.customer, signal.SIGKILL)
        return reply


@pytest.fixture(scope="module")
def processes() -> Any:
    """Children forked from a clean process that has everything imported: quick, and without our threads' locks."""
    context = multiprocessing.get_context("forkserver")
    # Installed modules only: before Python 3.13 the server forgets where the tests lie.
    context.set_forkserver_preload(["pos_agent.wiring", "pos_agent.demo.shop", "hw_sim.world"])
    return context


class Shop:
    """One till, its register, two units to sell."""

    def __init__(self, folder: Path, processes: Any) -> None:
        self.folder = folder
        self._processes = processes
        self.world = SimWorld(time.time_ns, random.Random(3), codes=60)
        self.register = Register(self.world)
        sellable = [mark for mark in self.world.shop.codes if mark.fate is Fate.SELLABLE]
        self.codes = [mark.text for mark in sellable[:UNITS]]
        self.serving = serve(self.register, lock=self.world.lock)
        agent = agent_on(folder, self.serving.url)
        stock_cache(agent.cache, self.world.shop, time.time_ns())
        agent.close()

    def child(self, kill_at: int = NEVER) -> int:
        """Run the till's work in a process of its own; its exit code, negative for a signal."""
        arguments = (self.folder, self.serving.url, self.codes, kill_at)
        process = self._processes.Process(target=sell, args=arguments)
        process.start()
        self.register.customer = process.pid
        process.join(CHILD_LIMIT_S)
        assert process.exitcode is not None, "the till hangs"
        return int(process.exitcode)

    def check_one_of_each(self) -> None:
        documents = [document for document in self.world.ledger() if document.operation.is_receipt]
        assert len(documents) == 1, [document.external_number for document in documents]
        assert len(documents[0].marks) == UNITS
        verdict = verify(self.folder / "journal.sqlite")
        assert verdict.good, verdict
        agent = agent_on(self.folder, self.serving.url)
        try:
            states = Counter(state for (state,) in agent.journal.query("SELECT state FROM sale"))
            assert states == {SaleState.FISCALISED: 1}
            assert agent.till.undecided() == ()
            made = [row for row in agent.journal.rows_after(0, 1_000) if row.kind == "document_made"]
            assert [json.loads(row.body)["key"] for row in made] == [documents[0].external_number]
            assert agent.journal.query("SELECT count(*) FROM unit WHERE state = 'SOLD'") == [(UNITS,)]
        finally:
            agent.close()


@pytest.fixture
def shops(tmp_path: Path, processes: Any) -> Iterator[Any]:
    opened: list[Shop] = []

    def one(name: str) -> Shop:
        opened.append(Shop(tmp_path / name, processes))
        return opened[-1]

    yield one
    for shop in opened:
        shop.serving.close()


def test_killed_at_every_durable_write_a_sale_has_one_receipt_and_one_journal_sale(shops: Any) -> None:
    point = 0
    while True:
        point += 1
        shop = shops(f"point-{point}")
        code = shop.child(kill_at=point)
        if code == 0:
            shop.check_one_of_each()
            break
        assert code == -signal.SIGKILL
        assert shop.child() == 0
        shop.check_one_of_each()
        shop.serving.close()
    # start 1, open 1, a scan for each unit, intent, outcome: a BEGIN and a COMMIT each.
    assert point - 1 >= 2 * (4 + UNITS)


def test_killed_again_while_recovering_it_still_has_one_receipt(shops: Any) -> None:
    for point in range(1, 9):
        shop = shops(f"again-{point}")
        shop.register.kill_after = True
        assert shop.child() == -signal.SIGKILL
        while shop.child(kill_at=point) != 0:
            point = NEVER
        shop.check_one_of_each()
        shop.serving.close()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_while_the_register_works_the_receipt_is_found_or_made_once(shops: Any, moment: str) -> None:
    shop = shops(moment)
    setattr(shop.register, f"kill_{moment}", True)
    assert shop.child() == -signal.SIGKILL
    assert shop.child() == 0
    shop.check_one_of_each()
