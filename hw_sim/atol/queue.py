"""The requests of the web server: tasks one after another, results kept, the queue blocked after a lost link.

Sources: github ArchDemons/atolwebserver, DriverWorker.java; github avb56/kktsite-agent, src/device.js (the vendor's Web
Requests 1.0.4.0 as its author saw it). A fiscal task whose link broke is blocked, and all that wait behind it; when the
register answers again the number of its last document, against that from before the task, says what became of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hw_sim.atol import json_reads
from hw_sim.atol.json_receipt import TYPES as RECEIPTS
from hw_sim.atol.json_register import JsonRegister, LinkLost
from hw_sim.atol.json_tasks import FISCAL
from hw_sim.atol.problems import DriverProblem, Refused
from hw_sim.atol.web_profile import Behind, Recovered, WebProfile
from hw_sim.exchange import NS

OK_TEXT = "Ошибок нет"
# Driver's codes after which a fiscal task may be done or not.
REASONS: Mapping[int, str] = {
    **dict.fromkeys((1, 2, 3, 4, 241), "connectionError"),
    **dict.fromkeys((115, 116, 159, 166, 177), "fnError"),
    **dict.fromkeys((44, 45, 46, 114), "paperError"),
}


class Status(StrEnum):
    WAIT = "wait"
    IN_PROGRESS = "inProgress"
    READY = "ready"
    ERROR = "error"
    INTERRUPTED = "interrupted"
    BLOCKED = "blocked"
    CANCELED = "canceled"


@dataclass(slots=True)
class Entry:
    """One task of a request. `result` is None while there is none, and for tasks that answer nothing."""

    task: Mapping[str, Any]
    status: Status = Status.WAIT
    code: int = 0
    description: str = OK_TEXT
    result: dict[str, Any] | None = None

    @property
    def type(self) -> str:
        return str(self.task.get("type", ""))

    def end(self, status: Status, problem: DriverProblem | Refused) -> None:
        """End without a result."""
        self.status, self.code, self.description = status, problem.driver_code, problem.text


@dataclass(slots=True)
class Request:
    uuid: str
    entries: list[Entry]
    ended_ns: int | None = None

    @property
    def waiting(self) -> bool:
        """Nothing of it has begun."""
        return all(entry.status is Status.WAIT for entry in self.entries)

    def next(self) -> Entry | None:
        """The task to run now."""
        return next((entry for entry in self.entries if entry.status is Status.WAIT), None)

    def interrupt(self) -> None:
        """What still waits is not run: an earlier task failed."""
        for entry in self.entries:
            if entry.status is Status.WAIT:
                entry.end(Status.INTERRUPTED, DriverProblem.INTERRUPTED)


@dataclass(frozen=True, slots=True)
class Block:
    """Why the queue stands. `number` is the last document's before the blocked task; None: the task is known done."""

    request: Request
    entry: Entry
    reason: str
    number: int | None = None


@dataclass(slots=True)
class Queue:
    """Requests by uuid, in the order they came. Runs in the register's time; `register.settle` carries it on."""

    register: JsonRegister
    profile: WebProfile
    block: Block | None = None
    taken: int = 0  # Requests ever accepted.
    _requests: dict[str, Request] = field(default_factory=dict)
    _working: bool = False

    def add(self, uuid: str, tasks: list[dict[str, Any]]) -> Request:
        """Take a request. ValueError: the uuid is known."""
        self._forget_old()
        if uuid in self._requests:
            raise ValueError(uuid)
        request = self._requests[uuid] = Request(uuid, [Entry(task) for task in tasks])
        self.taken += 1
        self._go_on()
        return request

    def get(self, uuid: str) -> Request | None:
        self._forget_old()
        return self._requests.get(uuid)

    def cancel(self, request: Request) -> bool:
        """False: it has begun or is over."""
        if not request.waiting:
            return False
        for entry in request.entries:
            entry.end(Status.CANCELED, DriverProblem.CANCELED)
        self._end(request)
        return True

    def waiting(self) -> int:
        """How many requests have not begun; the one that blocks counts too."""
        return sum(request.waiting for request in self._requests.values()) + (self.block is not None)

    def unfinished(self) -> int:
        """How many requests are not over."""
        return sum(request.ended_ns is None for request in self._requests.values())

    def canceled(self) -> int:
        return sum(request.entries[0].status is Status.CANCELED for request in self._requests.values())

    def finished(self) -> int:
        """How many requests are over and were not cancelled."""
        return len(self._requests) - self.unfinished() - self.canceled()

    def _end(self, request: Request) -> None:
        request.ended_ns = self.register.moment()

    def _forget_old(self) -> None:
        limit = self.register.moment() - round(self.profile.kept_s * NS)
        self._requests = {
            uuid: request
            for uuid, request in self._requests.items()
            if request.ended_ns is None or request.ended_ns >= limit
        }

    def _go_on(self) -> None:
        """Begin the next task, when nothing is at work and nothing blocks."""
        while not self._working and self.block is None:
            request = next((request for request in self._requests.values() if request.ended_ns is None), None)
            if request is None:
                return
            entry = request.next()
            if entry is None:
                self._end(request)
            else:
                self._begin(request, entry)

    def _begin(self, request: Request, entry: Entry) -> None:
        self._working = True
        entry.status = Status.IN_PROGRESS
        before, lost = self.register.shown_number(), self.register.lost
        slow = self.register.draw("task_slow", entry.type)
        work_s = self.profile.seconds(entry.type) + (0.0 if slow is None else slow.seconds)
        self.register.later(work_s, lambda: self._perform(request, entry, before, lost))

    def _perform(self, request: Request, entry: Entry, before: int | None, lost: int) -> None:
        """The moment of a task has come. `before` is None when the register could not be reached for it."""
        link_lost = Refused(DriverProblem.NO_LINK)
        if before is None or self.register.lost != lost:
            self._failed(request, entry, before, link_lost)
            return
        try:
            result, late_s = self.register.perform(entry.task)
        except Refused as refused:
            self._failed(request, entry, before, refused)
        except LinkLost:
            self._failed(request, entry, before, link_lost)
        else:
            if late_s:
                self.register.later(late_s, lambda: self._done(request, entry, result))
            else:
                self._done(request, entry, result)

    def _failed(self, request: Request, entry: Entry, before: int | None, refused: Refused) -> None:
        reason = REASONS.get(refused.driver_code, "")
        unknown = bool(reason) and (reason != "paperError" or self.profile.block_on_print_errors)
        if unknown and before is not None and entry.type in FISCAL:
            entry.end(Status.BLOCKED, refused)
            if self.profile.behind_blocked is Behind.INTERRUPTED:
                request.interrupt()
            self._block(Block(request, entry, reason, before))
        else:
            entry.end(Status.ERROR, refused)
            entry.result = refused.result
            request.interrupt()
        self._idle()

    def _idle(self) -> None:
        self._working = False
        self._go_on()

    def _done(self, request: Request, entry: Entry, result: dict[str, Any] | None) -> None:
        entry.status, entry.result = Status.READY, result
        if self.profile.block_on_print_errors and entry.type in FISCAL and self.register.kkm.unprinted is not None:
            self._block(Block(request, entry, "paperError"))
        self._idle()

    def _block(self, block: Block) -> None:
        self.block = block
        self.register.later(self.profile.recover_s, lambda: self._recover(block))

    def _recover(self, block: Block) -> None:
        """Try to reach the register and to find out what became of the blocked task."""
        number = self.register.shown_number()
        if number is None:
            self._block(block)
            return
        printed = self._printed()
        if block.number is not None and number <= block.number:
            block.entry.status = Status.ERROR
            block.request.interrupt()
        else:
            self._prove_done(block)
            if not printed and self.profile.block_on_print_errors:
                self._block(Block(block.request, block.entry, "paperError"))
                return
        self.block = None
        self._go_on()

    def _prove_done(self, block: Block) -> None:
        """The number has risen: the blocked task gets what can still be said about its document."""
        kkm, entry = self.register.kkm, block.entry
        if self.profile.recovered_params is Recovered.NUMBER and block.number is not None:
            entry.result = json_reads.number_result(kkm)
        else:
            entry.result = json_reads.fiscal_result(kkm, kkm.fn.last(receipt=entry.type in RECEIPTS))
        entry.status, entry.code, entry.description = Status.READY, 0, OK_TEXT

    def _printed(self) -> bool:
        """Carry on with an interrupted print; False: it cannot be."""
        try:
            self.register.kkm.finish_print()
        except Refused:
            return False
        return True
