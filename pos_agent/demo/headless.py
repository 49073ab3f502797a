"""A whole day of the demo shop in virtual time: one thread, one seed, the same hashes twice."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from hw_sim.inprocess import SimTransport
from hw_sim.printer.interpreter import Interpreter
from hw_sim.printer.model import model_named
from hw_sim.registry import DEFAULT_AT_NS
from hw_sim.scanner.memory import MemoryLine
from hw_sim.scanner.sim import ScannerSim
from hw_sim.world import World as SimWorld
from pos_agent.agent import Agent
from pos_agent.clock import VirtualClock
from pos_agent.demo.audit import totals
from pos_agent.demo.devices import printer_on, scanner_on
from pos_agent.demo.mishaps import Links, Mishaps
from pos_agent.demo.plan import visits
from pos_agent.demo.shop import HQ_TOKEN, SECRETS, TILL, configuration, stock_cache
from pos_agent.demo.till_day import TillDay, Watch
from pos_agent.wiring import World, build, start
from scanners.framing import Framing
from sync.hq.inprocess import CollectorTransport
from sync.hq.store import Collector

CODES = 10_000
LINK_S = (0.03, 0.25)  # Round trip of the shop's internet.
MARK_DELAY_S = (60.0, 1_800.0)  # OFD to IS MPT.
LOSS_RATE = 0.01  # Marks the OFD never passes on: the units that stay on balance.
SCANNER = "counter"
UNSEEN = """SELECT count(*) FROM withdrawal
    WHERE purpose = 'sale' AND checks < 4 AND outcome IN ('pending', 'on_balance')"""


class HeadlessDemo:
    """The world of one run. Everything random comes from the seed, in separate streams for separate things."""

    def __init__(self, folder: Path, seed: int, sales: int, codes: int = CODES) -> None:
        self._folder = folder
        self._seed = seed
        self._sales = sales
        self.clock = VirtualClock(DEFAULT_AT_NS)
        self.sim = SimWorld(
            self.clock.now_ns,
            self._stream("world"),
            codes=codes,
            mark_delay_s=MARK_DELAY_S,
            loss_rate=LOSS_RATE,
        )
        self._hq_engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        tokens = {TILL: hashlib.sha256(HQ_TOKEN.encode()).hexdigest()}
        self.collector = Collector(self._hq_engine, self.clock.now_ns)
        self.links = Links(
            register=SimTransport(self.sim.webkassa, self.clock.sleep, self._stream("register link"), LINK_S),
            ismpt=SimTransport(self.sim.ismpt, self.clock.sleep, self._stream("ismpt link"), LINK_S),
            hq=CollectorTransport(self.collector, tokens),
        )
        self.line = MemoryLine(self.clock.monotonic, self.clock.sleep)
        self.paper = Interpreter(model_named("epson"))
        self._starts = 0
        self.agent = self._start()
        stock_cache(self.agent.cache, self.sim.shop, self.clock.now_ns())

    def run(self, watch: Watch = lambda _what, _pick, _scanned: None) -> dict[str, Any]:
        """Play the day and return its totals."""
        mishaps = Mishaps(self.sim, self.links, self.paper, self.restart)
        pauses = self._stream("pauses")
        day = TillDay(
            lambda: self.agent,
            self.clock,
            self.line,
            ScannerSim(),
            mishaps,
            lambda limits: pauses.uniform(*limits),
            watch,
        )
        diary = day.play(visits(self._stream("plan"), self.sim.shop, self._sales))
        self.agent.intake.finish()
        day.afterwards(self._is_quiet)
        rows = self.agent.journal.rows_after(0, self.agent.journal.head()[0])
        return {"seed": self._seed, "sales": self._sales, **totals(self.agent, self.sim, diary, rows, self.hq_rows())}

    def hq_rows(self) -> list[tuple[int, bytes]]:
        return [(row.number, row.hash) for row in self.collector.rows(TILL)]

    def restart(self) -> None:
        """The agent dies and comes back on its own files."""
        self.agent.close()
        self.agent = self._start()

    def close(self) -> None:
        self.agent.close()
        self._hq_engine.dispose()

    def _is_quiet(self) -> bool:
        unsent, _ = self.agent.queue.unsent()
        waiting = self.agent.journal.query(UNSEEN)
        return unsent == 0 and waiting[0][0] == 0

    def _start(self) -> Agent:
        self._starts += 1
        clock = self.clock
        world = World(
            clock=clock,
            rng=self._stream(f"agent {self._starts}"),
            secret=SECRETS.__getitem__,
            register_transport=self.links.register,
            ismpt_transport=self.links.ismpt,
            hq_transport=self.links.hq,
            scanners=lambda _config, _around: [
                scanner_on(self.line, SCANNER, Framing(suffixes=(b"\r",)), clock.now_ns, clock.monotonic)
            ],
            printer=lambda _config: printer_on(self.paper, clock.monotonic, clock.sleep),
        )
        agent = build(configuration(self._folder), world)
        start(agent)
        return agent

    def _stream(self, name: str) -> random.Random:
        return random.Random(f"{self._seed} {name}")  # noqa: S311 - a demonstration must be repeatable


def run_headless(folder: Path, seed: int, sales: int, watch: Watch | None = None) -> dict[str, Any]:
    demo = HeadlessDemo(folder, seed, sales)
    try:
        return demo.run(watch) if watch is not None else demo.run()
    finally:
        demo.close()
