"""One counter for the till page: an agent behind its pages on a real socket, register, registry, printer and scanner
simulated, restartable on the same files and the same port."""

from __future__ import annotations

import datetime as dt
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from hw_sim.inprocess import SimTransport
from hw_sim.printer.interpreter import Interpreter
from hw_sim.printer.model import model_named
from hw_sim.registry import Fate, Mark
from hw_sim.world import World as SimWorld
from pos_agent.agent import Agent
from pos_agent.api.guard import COOKIE
from pos_agent.clock import NS_PER_S
from pos_agent.config import from_mapping
from pos_agent.demo.devices import printer_on
from pos_agent.demo.live import free_port
from pos_agent.demo.shop import SECRETS, configuration, stock_cache
from pos_agent.pages.sessions import Role
from pos_agent.runner import server
from pos_agent.wiring import World, build, start
from scanners.scan import Scan, Terminator

CONTINUED_S = 10


class Office:
    """Headquarters, as far as a delivery sees it."""

    status = 503

    def __call__(self, _request: httpx.Request) -> httpx.Response:
        return httpx.Response(self.status, stream=httpx.ByteStream(b"{}"))


class Counter:
    """`ismpt`: the registry is asked online. `office`: headquarters answers so to a delivery, which is worked by hand
    (`agent.delivery.step()`), as the register's timer is (`agent.closing.settle()`).
    """

    def __init__(
        self,
        folder: Path,
        clock: Any,
        *,
        ismpt: bool = False,
        green_s: float | None = None,
        office: Callable[[httpx.Request], httpx.Response] | None = None,
        **keys: Any,
    ) -> None:
        self._office = None if office is None else httpx.MockTransport(office)
        self.folder, self.clock, self._ismpt, self._keys, self._green_s = folder, clock, ismpt, keys, green_s
        self.sim = SimWorld(clock.now_ns, random.Random(11), codes=400)
        self.register = SimTransport(self.sim.webkassa, clock.sleep)
        self.registry = SimTransport(self.sim.ismpt, clock.sleep)
        self.paper = Interpreter(model_named("epson"))
        self._units = iter([mark for mark in self.sim.shop.codes if mark.fate is Fate.SELLABLE])
        self.port = free_port()
        self.agent: Agent
        self.up()
        stock_cache(self.agent.cache, self.sim.shop, clock.now_ns())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def up(self) -> None:
        full, plain = configuration(self.folder, api_port=self.port), from_mapping({})
        api = full.api.model_copy(update={"calls_per_s": 100_000, "burst": 100_000})
        update: dict[str, Any] = {"api": api}
        if self._office is None:
            update["sync"] = plain.sync
        if self._green_s is not None:
            update["page"] = full.page.model_copy(update={"green_s": self._green_s})
        if not self._ismpt:
            update["ismpt"] = plain.ismpt
        if self._keys:
            update["register_"] = full.register_.model_copy(update=self._keys)
        world = World(
            clock=self.clock,
            rng=random.Random(1),
            secret=SECRETS.__getitem__,
            register_transport=self.register,
            ismpt_transport=self.registry,
            hq_transport=self._office,
            scanners=lambda _config, _around: [],
            printer=lambda _config: printer_on(self.paper, self.clock.monotonic, self.clock.sleep),
        )
        self.agent = build(full.model_copy(update=update), world)
        start(self.agent)
        self._server: uvicorn.Server = server(self.agent, SECRETS.__getitem__)
        self._server.config.timeout_graceful_shutdown = 0  # Pages keep a stream open for ever, which uvicorn mourns.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        end = time.monotonic() + CONTINUED_S
        while not self._server.started:
            if time.monotonic() > end:
                raise TimeoutError("the agent's API did not start")
            time.sleep(0.01)

    def down(self) -> None:
        self._server.should_exit = True
        self._thread.join(CONTINUED_S)
        self.agent.close()

    def cookie(self, name: str = "Касса 1", role: Role = Role.TILL) -> dict[str, Any]:
        """Of a browser that was let in."""
        token, _ = self.agent.sessions.redeem(self.agent.sessions.offer(role, name))
        return {"name": COOKIE, "value": token, "url": self.url, "httpOnly": True, "sameSite": "Strict"}

    def unit(self) -> Mark:
        return next(self._units)

    def mark(self, fate: Fate, index: int = 0) -> Mark:
        return [mark for mark in self.sim.shop.codes if mark.fate is fate][index]

    def mark_of(self, template: str) -> Mark:
        """A unit to sell whose code has this layout."""
        return next(mark for mark in self._units if mark.product.template == template)

    def gtin_of(self, group: str) -> str:
        return next(one.gtin for one in self.sim.shop.products if one.group == group)

    def plain_gtin(self, index: int = 0) -> str:
        return [one.gtin for one in self.sim.shop.products if not one.group][index]

    def scanned_by_agent(self, text: str, device: str = "counter") -> None:
        """A read of a scanner that the agent listens to itself."""
        at_ns = self.clock.now_ns()
        self.agent.intake.feed(Scan(text.encode(), None, device, at_ns, Terminator.SUFFIX, at_ns))

    def register_tells(self, **status: Any) -> None:
        """From now on the register tells that of itself, beside what it tells; nothing: only what it tells."""
        register: Any = self.agent.register
        register.__dict__.pop("status", None)
        own = register.status
        if status:
            register.status = lambda: replace(own(), **status)
        self.agent.register_watch.look()

    def hours_ago(self, hours: float) -> str:
        seconds = self.clock.now_ns() / NS_PER_S - hours * 3_600
        return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()

    def receipts(self) -> int:
        return sum(document.operation.is_receipt for document in self.sim.ledger())

    def forget_open(self) -> None:
        """As between two customers: no faults, paper in, no sale open, nothing undecided."""
        self.sim.webkassa.faults.clear()
        self.register.link_down = self.registry.link_down = False
        self.paper.condition.rows_left = None
        self.agent.closing.settle()
        for name in self.agent.till.open_sales():
            self.agent.checkout.cancel(name, "test")


@contextmanager
def counter(folder: Path, clock: Any, **options: Any) -> Iterator[Counter]:
    built = Counter(folder, clock, **options)
    try:
        yield built
    finally:
        built.down()


__all__ = ["Counter", "Office", "counter"]
