"""A client of the simulated ATOL web server for tests: no socket, time that passes only between polls."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from atol_host import Clock

from hw_sim.atol import SimulatedWeb
from hw_sim.exchange import SimReply, SimRequest

SHIFT = {"type": "getShiftStatus"}
QUEUE = "/api/v2/getRequestsQueueStatus"
MARK = "04870249811936t1Xrb-xQWhpeGhG"
GOOD = {
    "imcCheckFlag": True,
    "imcCheckResult": True,
    "imcStatusInfo": True,
    "imcEstimatedStatusCorrect": True,
    "ecrStandAloneFlag": False,
}


def sell(*amounts: float, paid: float | None = None, kind: str = "sell", **more: Any) -> dict[str, Any]:
    """A receipt of one line for each amount, paid in cash."""
    items = [
        {"type": "position", "name": "Хлеб", "price": amount, "quantity": 1, "amount": amount, "tax": {"type": "none"}}
        for amount in amounts
    ]
    payments = [{"type": "cash", "sum": sum(amounts) if paid is None else paid}]
    return {"type": kind, "items": items, "payments": payments, **more}


def imc(mark: str = MARK) -> str:
    return base64.b64encode(mark.encode()).decode()


def marked(task: dict[str, Any], mark: str = MARK, **params: Any) -> dict[str, Any]:
    """The same receipt, its first item marked."""
    told = {"imcType": "auto", "imc": imc(mark), "itemEstimatedStatus": "itemPieceSold", **params}
    first, *rest = task["items"]
    return {**task, "items": [{**first, "imcParams": told}, *rest]}


def begin(mark: str = MARK) -> dict[str, Any]:
    params = {"imcType": "auto", "imc": imc(mark), "itemEstimatedStatus": "itemPieceSold", "imcModeProcessing": 0}
    return {"type": "beginMarkingCodeValidation", "params": params}


def statuses(entries: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Status and error code of each task."""
    return [(entry["status"], entry["error"]["code"]) for entry in entries]


@dataclass(slots=True)
class Client:
    """Calls the server directly."""

    sim: SimulatedWeb
    clock: Clock
    path: str = "/api/v2/requests"
    headers: dict[str, str] = field(default_factory=dict)
    number: int = 0

    def call(self, method: str, path: str, body: object = None) -> SimReply:
        data = body.encode() if isinstance(body, str) else b"" if body is None else json.dumps(body).encode()
        reply = self.sim.server.handle(SimRequest(method, path, self.headers, data))
        self.clock.sleep(reply.delay_s)
        return reply if reply.finish is None else reply.finish()

    def post(self, *tasks: dict[str, Any], uuid: str = "") -> str:
        """Hand in a request; its uuid."""
        self.number += 1
        uuid = uuid or f"00000000-0000-4000-8000-{self.number:012}"
        reply = self.call("POST", self.path, {"uuid": uuid, "request": list(tasks)})
        assert reply.status == 201, reply.body.decode()
        return uuid

    def results(self, uuid: str) -> list[dict[str, Any]]:
        reply = self.call("GET", f"{self.path}/{uuid}")
        assert reply.status == 200, reply.body.decode()
        entries: list[dict[str, Any]] = reply.json()["results"]
        return entries

    def await_results(self, uuid: str, patience_s: float = 30.0) -> list[dict[str, Any]]:
        """Poll until nothing waits or works, or patience ends."""
        until = self.clock.at_ns + round(patience_s * 1e9)
        while True:
            entries = self.results(uuid)
            pending = any(entry["status"] in ("wait", "inProgress", "blocked") for entry in entries)
            if not pending or self.clock.at_ns >= until:
                return entries
            self.clock.sleep(0.3)

    def do(self, *tasks: dict[str, Any]) -> list[dict[str, Any]]:
        return self.await_results(self.post(*tasks))

    def one(self, task: dict[str, Any]) -> dict[str, Any]:
        (entry,) = self.do(task)
        return entry

    def result(self, task: dict[str, Any]) -> Any:
        """The result of a task that must succeed."""
        entry = self.one(task)
        assert entry["status"] == "ready", entry
        return entry["result"]

    def code(self, task: dict[str, Any]) -> int:
        """The error code of a task that must fail."""
        entry = self.one(task)
        assert entry["status"] == "error", entry
        code = entry["error"]["code"]
        assert isinstance(code, int)
        return code

    def queue(self) -> dict[str, Any]:
        state: dict[str, Any] = self.call("GET", QUEUE).json()
        return state

    def last_number(self) -> int:
        number = self.result({"type": "getFnStatus"})["fnStatus"]["fiscalDocumentNumber"]
        assert isinstance(number, int)
        return number
