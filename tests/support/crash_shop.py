"""A till in a process of its own that is killed, and its register (hw_sim), which survives."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from crash_child import agent_on

from hw_sim.exchange import SimReply, SimRequest, text_reply
from hw_sim.http import serve
from hw_sim.ledger import FiscalDocument
from hw_sim.registry import Fate
from hw_sim.world import World as SimWorld
from pos_agent.demo.shop import stock_cache
from pos_agent.journal.verify import verify
from pos_agent.sale import SaleState

NEVER = 10_000
CHILD_LIMIT_S = 60


class Register:
    """The simulated register, able to kill its customer at the worst moment, and to say nothing about what it made."""

    def __init__(self, world: SimWorld, paper: Path) -> None:
        self._world = world
        self._paper = paper
        paper.write_text("0")
        self.kill_before = self.kill_after = False
        self.silent = False
        self.customer = 0

    def handle(self, request: SimRequest) -> SimReply:
        is_receipt = request.path.endswith("/check")
        if self.silent and ("History" in request.path or "GetTicket" in request.path):
            return text_reply("out of order", 500)
        if is_receipt and self.kill_before:
            self.kill_before = False
            os.kill(self.customer, signal.SIGKILL)
        reply: SimReply = self._world.webkassa.handle(request)
        # What a person sees who goes to the register and looks.
        self._paper.write_text(str(sum(document.operation.is_receipt for document in self._world.ledger())))
        if is_receipt and self.kill_after:
            self.kill_after = False
            os.kill(self.customer, signal.SIGKILL)
        return reply


def processes() -> Any:
    """Children forked from a clean process that has everything imported: quick, and without our threads' locks."""
    context = multiprocessing.get_context("forkserver")
    # Installed modules only: before Python 3.13 the server forgets where the tests lie.
    context.set_forkserver_preload(["pos_agent.wiring", "pos_agent.demo.shop", "hw_sim.world"])
    return context


class Shop:
    """One till, its register, and units to sell. `work` is what the child runs: (folder, url, codes, kill at, ...)."""

    def __init__(self, folder: Path, context: Any, work: Callable[..., None], units: int) -> None:
        self.folder = folder
        self._context = context
        self._work = work
        self.world = SimWorld(time.time_ns, random.Random(3), codes=60)
        folder.mkdir()
        self.register = Register(self.world, folder / "paper")
        sellable = [mark for mark in self.world.shop.codes if mark.fate is Fate.SELLABLE]
        self.codes = [mark.text for mark in sellable[:units]]
        self.serving = serve(self.register, lock=self.world.lock)
        agent = agent_on(folder, self.serving.url)
        stock_cache(agent.cache, self.world.shop, time.time_ns())
        agent.close()

    def child(self, kill_at: int = NEVER, *more: Any) -> int:
        """Run the till's work in a process of its own; its exit code, negative for a signal."""
        arguments = (self.folder, self.serving.url, self.codes, kill_at, *more)
        process = self._context.Process(target=self._work, args=arguments)
        process.start()
        self.register.customer = process.pid
        process.join(CHILD_LIMIT_S)
        assert process.exitcode is not None, "the till hangs"
        return int(process.exitcode)

    def receipts(self) -> Sequence[FiscalDocument]:
        return [document for document in self.world.ledger() if document.operation.is_receipt]

    def made(self) -> list[dict[str, Any]]:
        """Bodies of the journal's `document_made` rows."""
        agent = agent_on(self.folder, self.serving.url)
        try:
            return [json.loads(row.body) for row in agent.journal.rows_after(0, 1_000) if row.kind == "document_made"]
        finally:
            agent.close()

    def check_one_of_each(self) -> None:
        documents = self.receipts()
        assert len(documents) == 1, [document.external_number for document in documents]
        assert len(documents[0].marks) == len(self.codes)
        verdict = verify(self.folder / "journal.sqlite")
        assert verdict.good, verdict
        agent = agent_on(self.folder, self.serving.url)
        try:
            states = Counter(state for (state,) in agent.journal.query("SELECT state FROM sale"))
            assert states == {SaleState.FISCALISED: 1}
            assert agent.till.undecided() == ()
            assert agent.journal.query("SELECT count(*) FROM unit WHERE state = 'SOLD'") == [(len(self.codes),)]
        finally:
            agent.close()
        assert [body["key"] for body in self.made()] == [documents[0].external_number]
