"""The vendor's web server in front of driver 10: requests with a uuid, run in turn, asked for, cancelled.

Sources: github avb56/kktsite-agent, src/server.js (Web Requests 1.0.4.0); github ArchDemons/atolwebserver (before 10.7
and after); github sir-go/atol-client.
"""

from __future__ import annotations

import base64
import binascii
import json
import random
from enum import StrEnum
from typing import Any
from urllib.parse import unquote

from hw_sim.atol.json_register import JsonRegister
from hw_sim.atol.json_tasks import FISCAL
from hw_sim.atol.problems import DriverProblem
from hw_sim.atol.queue import Entry, Queue, Request, Status
from hw_sim.atol.web_profile import Api, WebProfile
from hw_sim.exchange import Clock, SimReply, SimRequest, json_reply
from hw_sim.faults import Fault, FaultQueue
from hw_sim.server import Server

REQUESTS = {Api.V2: "/api/v2/requests", Api.V1: "/requests"}
QUEUE_STATUS = {Api.V2: "/api/v2/getRequestsQueueStatus", Api.V1: "/stat/requests"}
SERVER_INFO = "/api/v2/serverInfo"


class Page(StrEnum):
    """What a path leads to."""

    REQUESTS = "requests"
    REQUEST = "request"
    QUEUE_STATUS = "queue_status"
    SERVER_INFO = "server_info"
    NONE = ""


METHODS = {
    Page.REQUESTS: {"POST"},
    Page.REQUEST: {"GET", "DELETE"},
    Page.QUEUE_STATUS: {"GET"},
    Page.SERVER_INFO: {"GET"},
}


class Denied(Exception):
    """The server itself refuses: HTTP status and words."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class WebRequests(Server):
    """The server and the register behind it. Faults are named after task types; polls are "poll"."""

    def __init__(self, now: Clock, rng: random.Random, register: JsonRegister, profile: WebProfile) -> None:
        super().__init__(now, rng, {})
        # One queue of faults for both: of HTTP here, of the line and the register there.
        self.faults = FaultQueue(register.faults.kinds, rng)
        register.faults = self.faults
        self.register = register
        self.profile = profile
        self.queue = Queue(register, profile)
        self.before_each.append(register.settle)
        self.views |= {
            "ledger": register.kkm.memory.rows,
            "totals": register.kkm.memory.totals,
            "frames": lambda: [note.text() for note in register.frames],
        }
        self.switches |= {
            "power": lambda on: register.power_on() if on else register.power_off(),
            "paper": lambda there: register.load_paper() if there else register.end_paper(),
            "ofd": lambda linked: register.kkm.fn.mend_ofd() if linked else register.kkm.fn.cut_ofd(),
            "printer": lambda linked: setattr(register.kkm, "printer_link", bool(linked)),
        }

    def operation(self, request: SimRequest) -> str:
        page = self._page(request.path)
        if page is Page.REQUESTS and request.method == "POST":
            return _named(request.body)
        if page is Page.REQUEST:
            return {"GET": "poll", "DELETE": "cancel"}.get(request.method, page.value)
        return page.value

    def answer(self, request: SimRequest, operation: str, faults: list[Fault]) -> SimReply:
        try:
            return self._answered(request, self._page(request.path))
        except Denied as denied:
            return self._denied(denied)

    def _page(self, path: str) -> Page:
        path, requests = path.rstrip("/"), REQUESTS[self.profile.api]
        if path == SERVER_INFO:
            return Page.SERVER_INFO
        if path == QUEUE_STATUS[self.profile.api]:
            return Page.QUEUE_STATUS
        if path == requests:
            return Page.REQUESTS
        return Page.REQUEST if path.startswith(requests + "/") else Page.NONE

    def _answered(self, request: SimRequest, page: Page) -> SimReply:
        if page is Page.NONE:
            raise Denied(404, "Неизвестный адрес")
        if request.method not in METHODS[page]:
            raise Denied(405, f"{request.method} не поддерживается")
        if page is Page.SERVER_INFO:
            clock = self.register.kkm.local(self.now()).isoformat(timespec="seconds")
            about = {"serverVersion": "1.0.4.0", "driverVersion": "10.10.7.0", "os": "linux", "currentDateTime": clock}
            return json_reply(about)
        if not self._knows(request):
            return self._denied(Denied(401, "unauthorized"))
        if request.query.get("deviceID", "") not in ("", "default", self.profile.device_id):
            raise Denied(404, f"Устройство с ID [{request.query['deviceID']}] не найдено")
        if page is Page.QUEUE_STATUS:
            return self._queue_status()
        if page is Page.REQUESTS:
            return self._accept(request.body)
        uuid = unquote(request.path.rstrip("/").rpartition("/")[2])
        known = self.queue.get(uuid)
        if known is None:
            raise Denied(404, f"Запрос {uuid} не найден")
        return self._results(known) if request.method == "GET" else self._cancel(known)

    def _accept(self, body: bytes) -> SimReply:
        uuid, tasks = read_request(body)
        try:
            self.queue.add(uuid, tasks)
        except ValueError as error:
            raise Denied(409, f"Запрос {uuid} уже существует") from error
        if self.profile.api is Api.V1:
            return SimReply(201)
        return json_reply({"number": self.queue.taken, "uuid": uuid, **self._block()}, 201)

    def _block(self) -> dict[str, Any]:
        block = self.queue.block
        return {
            "isBlocked": block is not None,
            "blockedUUID": "" if block is None else block.request.uuid,
            "blockReason": "" if block is None else block.reason,
        }

    def _queue_status(self) -> SimReply:
        queue = self.queue
        if self.profile.api is Api.V2:
            counts = {"number": queue.waiting(), "ready": queue.finished(), "canceled": queue.canceled()}
            return json_reply({**counts, **self._block()})
        return json_reply(
            {
                "ready_count": queue.finished(),
                "not_ready_count": queue.unfinished(),
                "canceled_count": queue.canceled(),
                "is_blocked": queue.block is not None,
                "block_request_uuid": "" if queue.block is None else queue.block.request.uuid,
            }
        )

    def _results(self, request: Request) -> SimReply:
        return json_reply({"results": [self._entry(entry) for entry in request.entries]})

    def _entry(self, entry: Entry) -> dict[str, Any]:
        if self.profile.api is Api.V1:
            shown: dict[str, Any] = {"errorCode": entry.code, "errorDescription": entry.description}
        else:
            shown = {"error": {"code": entry.code, "description": entry.description}}
        shown["status"] = entry.status.value
        if entry.status is Status.READY or entry.result is not None:
            shown["result"] = entry.result
        return shown

    def _cancel(self, request: Request) -> SimReply:
        if not self.queue.cancel(request):
            raise Denied(self.profile.late_cancel_status, f"Запрос {request.uuid} уже выполняется или выполнен")
        return SimReply(200) if self.profile.api is Api.V1 else json_reply({})

    def _denied(self, denied: Denied) -> SimReply:
        code = DriverProblem.SERVER.driver_code
        headers = (("WWW-Authenticate", 'Basic realm="Web Requests"'),) if denied.status == 401 else ()
        if self.profile.api is Api.V1:
            return json_reply({"errorCode": code, "errorDescription": denied.text}, denied.status, headers)
        return json_reply({"error": {"code": code, "description": denied.text}}, denied.status, headers)

    def _knows(self, request: SimRequest) -> bool:
        if not self.profile.users:
            return True
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(token, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return False
        return scheme.lower() == "basic" and name in self.profile.users and self.profile.users[name] == password


def read_request(body: bytes) -> tuple[str, list[dict[str, Any]]]:
    """The uuid and the tasks. Raises Denied."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Denied(400, "Ошибка разбора JSON") from error
    if not isinstance(content, dict) or "uuid" not in content or "request" not in content:
        raise Denied(400, "Нет uuid или request")
    uuid, tasks = content["uuid"], content["request"]
    listed = tasks if isinstance(tasks, list) else [tasks]
    if not isinstance(uuid, str) or not uuid or not listed or not all(isinstance(task, dict) for task in listed):
        raise Denied(400, "Неверный uuid или request")
    fiscal = sum(task.get("type") in FISCAL for task in listed if isinstance(task.get("type"), str))
    if fiscal > 1:
        raise Denied(400, f"Фискальных заданий в запросе: {fiscal}")
    return uuid, listed


def _named(body: bytes) -> str:
    """The task a request is about, as faults name it: its fiscal one, else its first."""
    try:
        _, tasks = read_request(body)
    except Denied:
        return "requests"
    names = [str(task.get("type", "")) for task in tasks]
    return next((name for name in names if name in FISCAL), names[0])
