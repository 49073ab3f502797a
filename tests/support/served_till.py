"""One agent behind its API on a real socket, the simulated register behind it."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from hw_sim.inprocess import SimTransport
from hw_sim.registry import Fate, Mark
from hw_sim.world import World as SimWorld
from pos_agent.agent import Agent
from pos_agent.clock import SystemClock, VirtualClock
from pos_agent.config import from_mapping
from pos_agent.demo.live import free_port
from pos_agent.demo.shop import API_TOKEN, SECRETS, configuration, stock_cache
from pos_agent.runner import server
from pos_agent.wiring import World, build, start

PROBLEM = "application/problem+json"


class TillClock(SystemClock):
    """Real time, but waiting for the register costs nothing."""

    def __init__(self) -> None:
        self._skipped = VirtualClock(0)

    def sleep(self, seconds: float) -> None:
        self._skipped.sleep(seconds)

    def monotonic(self) -> float:
        return super().monotonic() + self._skipped.monotonic()


class Served:
    """One agent behind its API, restartable on the same files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = TillClock()
        self.sim = SimWorld(time.time_ns, random.Random(11), codes=300)
        self.register = SimTransport(self.sim.webkassa, self.clock.sleep)
        self._units = iter([mark for mark in self.sim.shop.codes if mark.fate is Fate.SELLABLE])
        self._keys = iter(range(1_000_000))
        self.agent: Agent
        self._up()
        stock_cache(self.agent.cache, self.sim.shop, time.time_ns())

    def _up(self) -> None:
        self.port = free_port()
        full = configuration(self.folder, api_port=self.port)
        plain = from_mapping({})
        api = full.api.model_copy(update={"calls_per_s": 100_000, "burst": 100_000})
        config = full.model_copy(
            update={"ismpt": plain.ismpt, "sync": plain.sync, "printer": plain.printer, "api": api}
        )
        world = World(clock=self.clock, secret=SECRETS.__getitem__, register_transport=self.register)
        self.agent = build(config, world)
        start(self.agent)
        self._server: uvicorn.Server = server(self.agent, SECRETS.__getitem__)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", headers={"Authorization": f"Bearer {API_TOKEN}"}, timeout=20
        )

    def down(self) -> None:
        self.http.close()
        self._server.should_exit = True
        self._thread.join(10)
        self.agent.close()

    def restart(self) -> None:
        self.down()
        self._up()

    def unit(self) -> Mark:
        return next(self._units)

    def post(self, path: str, body: Any = None, key: str | None = None, **headers: str) -> httpx.Response:
        headers = {"Idempotency-Key": key or f"key-{next(self._keys)}", **headers}
        return self.http.post(path, json={} if body is None else body, headers=headers)

    def opened(self) -> str:
        return str(self.post("/v1/sales").json()["sale"])

    def with_unit(self) -> tuple[str, int, Mark]:
        """An open sale with one unit in it, and its total."""
        sale, mark = self.opened(), self.unit()
        scanned = self.post(f"/v1/sales/{sale}/scans", {"code": mark.text}).json()
        assert scanned["verdict"]["decision"] == "allow", scanned
        return sale, self.http.get(f"/v1/sales/{sale}").json()["total_tiyn"], mark

    def paid(self) -> tuple[str, dict[str, Any]]:
        sale, total, _ = self.with_unit()
        answer = self.post(f"/v1/sales/{sale}/payment", cash(total))
        assert answer.status_code == 200, answer.text
        return sale, answer.json()

    def receipts(self) -> int:
        return sum(document.operation.is_receipt for document in self.sim.ledger())


def cash(total: int) -> dict[str, Any]:
    return {"payments": [{"kind": "cash", "sum_tiyn": total}]}


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert set(body["messages"]) == {"kk", "ru", "en"}
    return body
