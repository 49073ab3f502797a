"""The demonstration for people: real clock, threads and sockets; a scanner on a pseudo-terminal, a network printer.

What the headless run does in virtual time happens here in view, scene by scene, through the integrator's API.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from hw_sim.printer.model import model_named
from hw_sim.printer.tcp import PrinterServer
from hw_sim.scanner.script import Scan
from hw_sim.world import World as SimWorld
from pos_agent.agent import Agent
from pos_agent.checkout import Scanned
from pos_agent.clock import SystemClock
from pos_agent.demo.devices import PRINTER_PROFILE
from pos_agent.demo.shop import API_TOKEN, HQ_TOKEN, SECRETS, TILL, configuration, stock_cache
from pos_agent.runner import Runner, server
from pos_agent.wiring import World, build
from scanners.scan import Health
from sync.hq.app import create_app
from sync.hq.store import Collector

START_WAIT_S = 15.0
SCAN_WAIT_S = 3.0
MARK_DELAY_S = (1.0, 3.0)
SECOND = 1.0
JOURNAL = "journal.sqlite"


class SwitchedTransport(httpx.HTTPTransport):
    """The shop's internet, with a plug that can be pulled.

    `falls_at`: end of the path at whose next request the plug falls out by itself: it is carried out and not answered.
    """

    def __init__(self) -> None:
        super().__init__()
        self.link_down = False
        self.falls_at = ""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.link_down:
            raise httpx.ConnectError("the network is cut", request=request)
        answer = super().handle_request(request)
        if self.falls_at and request.url.path.endswith(self.falls_at):
            answer.close()
            self.link_down, self.falls_at = True, ""
            raise httpx.ReadError("the network was cut before the answer", request=request)
        return answer


class LiveShop:
    """Everything running at once. A context manager: leaving it stops all of it."""

    def __init__(self, folder: Path, seed: int, codes: int) -> None:
        self._stack = ExitStack()
        self._running = ExitStack()  # What dies with the agent.
        self._scanned: list[Scanned] = []
        self._heard = threading.Condition()
        clock = SystemClock()
        self.sim = SimWorld(clock.now_ns, random.Random(seed), codes=codes, mark_delay_s=MARK_DELAY_S)  # noqa: S311
        try:
            self._build(folder, clock)
        except BaseException:
            self._stack.close()
            raise

    def _build(self, folder: Path, clock: SystemClock) -> None:
        register, ismpt = (self._stack.enter_context(serving) for serving in self.sim.serve())
        self.printer = self._stack.enter_context(PrinterServer(model_named("epson"), folder=folder / "receipts"))
        self.collector, hq_url = self._headquarters(clock)
        self.internet = (SwitchedTransport(), SwitchedTransport())
        self.register_line = SwitchedTransport()
        scanners = self._scanner(folder)
        self.port = free_port()
        config = configuration(
            folder,
            register_url=register.url.replace("http://", "webkassa+http://"),
            ismpt_url=ismpt.url,
            hq_url=hq_url,
            scanners=scanners,
            printer_url=f"escpos+tcp://127.0.0.1:{self.printer.port}?profile={PRINTER_PROFILE}",
            api_port=self.port,
            every_s=SECOND,
            recheck_after_s=(4.0, 8.0, 15.0),
        )
        world = World(
            clock=clock,
            secret=SECRETS.__getitem__,
            register_transport=self.register_line,
            ismpt_transport=self.internet[0],
            hq_transport=self.internet[1],
        )
        self._folder = folder
        self._make: Callable[[], Agent] = partial(build, config, world)
        self.agent = self._make()
        stock_cache(self.agent.cache, self.sim.shop, clock.now_ns())
        self._stack.callback(lambda: self._running.close())
        self._start()
        self.api = self._stack.enter_context(
            httpx.Client(
                base_url=f"http://127.0.0.1:{self.port}",
                headers={"Authorization": f"Bearer {API_TOKEN}"},
                timeout=60,
            )
        )

    def _start(self) -> None:
        runner = Runner(self.agent, sink=self._hear)
        self._running.callback(runner.stop)
        runner.start()
        self._running.enter_context(_served(server(self.agent, SECRETS.__getitem__), self.port))

    def die(self) -> None:
        """What a power failure does: the agent is gone, and its files are as they were at that moment.

        It has to end in good order, being in this process; so what it writes while it ends is taken back.
        """
        with tempfile.TemporaryDirectory(dir=self._folder) as aside:
            names = [path.name for path in self._folder.glob(f"{JOURNAL}*") if not path.name.endswith("-shm")]
            for name in names:
                shutil.copyfile(self._folder / name, Path(aside) / name)
            self._running.close()
            for path in self._folder.glob(f"{JOURNAL}*"):
                path.unlink()
            for name in names:
                shutil.copyfile(Path(aside) / name, self._folder / name)

    def come_back(self) -> None:
        """The agent starts on what it finds."""
        self._running = ExitStack()
        self.agent = self._make()
        self._start()

    def _headquarters(self, clock: SystemClock) -> tuple[Collector, str]:
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        self._stack.callback(engine.dispose)
        collector = Collector(engine, clock.now_ns)
        app = create_app(collector, {TILL: hashlib.sha256(HQ_TOKEN.encode()).hexdigest()})
        port = free_port()
        settings = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
        self._stack.enter_context(_served(uvicorn.Server(settings), port))
        return collector, f"http://127.0.0.1:{port}"

    def _scanner(self, folder: Path) -> list[dict[str, str]]:
        if sys.platform == "win32":  # No pseudo-terminals: the codes go through the API instead.
            self.scanner = None
            return []
        from hw_sim.scanner.pty import PtyScanner

        self.scanner = self._stack.enter_context(PtyScanner(link=folder / "scanner"))
        return [{"name": "counter", "url": f"serial://{self.scanner.path}?baud=115200&suffix=cr"}]

    def scan(self, code: str, **options: Any) -> tuple[Scanned | None, float]:
        """Pull the trigger; the verdict, and the milliseconds it took from the trigger."""
        with self._heard:
            before = len(self._scanned)
        started = time.perf_counter()
        if self.scanner is None:
            sale = next(iter(self.agent.till.open_sales()), None) or self.open_sale()
            self._hear(self.agent.checkout.scan(sale, code.encode()))
        else:
            self.scanner.scan(Scan(code, **options))
        with self._heard:
            arrived = self._heard.wait_for(lambda: len(self._scanned) > before, SCAN_WAIT_S)
            took_ms = (time.perf_counter() - started) * 1000
            return (self._scanned[before] if arrived else None), took_ms

    def open_sale(self) -> str:
        return str(self.call("POST", "/v1/sales", {})["sale"])

    def call(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        """One call of the API, with a key of its own."""
        key = f"demo-{time.time_ns()}"
        answer = self.api.request(method, path, json=body, headers={"Idempotency-Key": key})
        found: dict[str, Any] = answer.json()
        return found

    def cut(self, *, down: bool) -> None:
        for transport in self.internet:
            transport.link_down = down

    def wait_ready(self) -> bool:
        """True when the scanner is online."""
        end = time.monotonic() + START_WAIT_S
        while time.monotonic() < end:
            heard = self.agent.intake.health.values()
            if self.scanner is None or any(change.health is Health.ONLINE for change in heard):
                return True
            time.sleep(0.05)
        return False

    def _hear(self, scanned: Scanned) -> None:
        with self._heard:
            self._scanned.append(scanned)
            self._heard.notify_all()

    def __enter__(self) -> LiveShop:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stack.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _served(app: uvicorn.Server, port: int) -> Iterator[None]:
    """A uvicorn server on a thread of its own, accepting when this returns."""
    thread = threading.Thread(target=app.run, name=f"http-{port}", daemon=True)
    thread.start()
    end = time.monotonic() + START_WAIT_S
    while not app.started:
        if time.monotonic() > end or not thread.is_alive():
            raise TimeoutError(f"the server on port {port} did not start")
        time.sleep(0.02)
    try:
        yield
    finally:
        app.should_exit = True
        thread.join(START_WAIT_S)
