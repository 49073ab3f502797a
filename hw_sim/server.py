"""The common ground of the simulated services: faults, journal, late work and the /sim/ control paths.

A service subclasses `Server` and supplies two things: the name of the operation a request means, and the answer to it.
"""

from __future__ import annotations

import json
import random
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hw_sim.exchange import NS, Clock, SimReply, SimRequest, clock_text, json_reply
from hw_sim.faults import Fault, FaultQueue, Kind

JOURNAL_MAX = 20_000
_EXCERPT_MAX = 4_000  # Characters of a body kept per journal entry.


@dataclass(frozen=True, slots=True)
class Exchange:
    """One line of a server's journal: what was asked and what was answered, faults included."""

    at_ns: int
    operation: str
    method: str
    target: str
    request: str
    status: int
    reply: str
    delay_s: float
    cut: str | None
    faults: tuple[str, ...]

    def page(self, _most_bytes: int | None = None) -> str:
        """`12:30:00.125 > check  POST /api/v4/check`, then the answer, each with its body below; times in UTC."""
        clock = clock_text(self.at_ns)
        answer = f"{self.status}" if self.cut is None else f"{self.status}, cut {self.cut}"
        late = f", {self.delay_s:g} s later" if self.delay_s else ""
        return (
            f"{clock} > {self.operation or '?'}  {self.method} {self.target}{_below(self.request)}"
            + "".join(f"\n{clock} ! {fault}" for fault in self.faults)
            + f"\n{clock} < {self.operation or '?'}  {answer}{late}{_below(self.reply)}"
        )


def _below(body: str) -> str:
    """A body as a person reads it: JSON with a line a field, the rest as it is; indented below its line."""
    try:
        shown = json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        shown = body
    return "".join(f"\n    {line}" for line in shown.splitlines())


class Server(ABC):
    """A simulated service without sockets, threads or sleeping. Not thread-safe: callers hold a lock."""

    def __init__(self, now: Clock, rng: random.Random, kinds: Mapping[str, Kind]) -> None:
        self._clock = now
        self._at: int | None = None
        self.rng = rng
        self.faults = FaultQueue(kinds, rng)
        self.journal: deque[Exchange] = deque(maxlen=JOURNAL_MAX)
        self.listeners: list[Callable[[Exchange], object]] = []  # Told each line of the journal as it is written.
        self.before_each: list[Callable[[], None]] = []
        self.views: dict[str, Callable[[], Any]] = {"journal": lambda: [asdict(entry) for entry in self.journal]}
        self.switches: dict[str, Callable[[Any], None]] = {}
        self.switched: dict[str, Callable[[], bool]] = {}  # How those stand that no field of a profile tells.
        self._late: list[_Late] = []

    def now(self) -> int:
        """UTC nanoseconds; late work sees the moment it was due, not the moment somebody looked."""
        return self._clock() if self._at is None else self._at

    @abstractmethod
    def operation(self, request: SimRequest) -> str:
        """Name the operation a request means; "" when the path is unknown."""

    @abstractmethod
    def answer(self, request: SimRequest, operation: str, faults: list[Fault]) -> SimReply:
        """Process the request and answer it."""

    def settle(self) -> None:
        """Let everything happen that is due by now: late requests, deliveries, documents."""
        self._late.sort(key=lambda late: late.due_ns)
        for late in self._late:
            if late.due_ns <= self.now():
                late.run()
        self._late = [late for late in self._late if late.done is None]
        for step in self.before_each:
            step()

    def handle(self, request: SimRequest) -> SimReply:
        """Answer one request. This is the whole server."""
        if request.path.startswith("/sim/"):
            return control(self, request)
        self.settle()
        operation = self.operation(request)
        faults = self.faults.draw(operation, request.path)
        reply = self.faults.instead(faults)
        if reply is None:
            late = next((fault for fault in faults if fault.name == "late_processing"), None)
            reply = (
                self._postpone(request, operation, faults, late) if late else self._process(request, operation, faults)
            )
        self._write(request, operation, reply, faults)
        return reply

    def _process(self, request: SimRequest, operation: str, faults: list[Fault]) -> SimReply:
        return self.faults.spoil(self.answer(request, operation, faults), faults)

    def _postpone(self, request: SimRequest, operation: str, faults: list[Fault], by: Fault) -> SimReply:
        def work() -> SimReply:
            self._at = late.due_ns
            try:
                reply = self._process(request, operation, faults)
            finally:
                self._at = None
            self._write(request, operation, reply, faults)
            return reply

        late = _Late(self.now() + int(by.seconds * NS), work)
        self._late.append(late)
        self.postponed(request, operation, late.due_ns)
        return SimReply(delay_s=by.seconds, finish=late.run)

    def postponed(self, request: SimRequest, operation: str, until_ns: int) -> None:  # noqa: B027 (optional hook)
        """Called when a request is set aside until `until_ns`; a service may mark its resource busy."""

    def _write(self, request: SimRequest, operation: str, reply: SimReply, faults: list[Fault]) -> None:
        entry = Exchange(
            at_ns=self.now(),
            operation=operation,
            method=request.method,
            target=request.target,
            request=request.body[:_EXCERPT_MAX].decode("utf-8", "backslashreplace"),
            status=reply.status,
            reply=reply.body[:_EXCERPT_MAX].decode("utf-8", "backslashreplace"),
            delay_s=reply.delay_s,
            cut=reply.cut.value if reply.cut else None,
            faults=tuple(fault.name for fault in faults),
        )
        self.journal.append(entry)
        for listener in self.listeners:
            listener(entry)


class _Late:
    """A request put off; it runs once, whoever comes first: the waiting client or the next request."""

    def __init__(self, due_ns: int, work: Callable[[], SimReply]) -> None:
        self.due_ns = due_ns
        self.done: SimReply | None = None
        self._work = work

    def run(self) -> SimReply:
        if self.done is None:
            self.done = self._work()
        return self.done


def control(server: Server, request: SimRequest) -> SimReply:
    """The paths under /sim/: GET a view; GET, POST or DELETE faults; POST switches.

    Views are "journal" and whatever the server offers ("ledger", "witness", "codes"). A fault is an object with `name`
    and optionally `match`, `count`, `skip`; every other field is a parameter of the fault. A list queues several.
    """
    name = request.path.removeprefix("/sim/").strip("/")
    if request.method == "GET" and name in server.views:
        server.settle()
        return json_reply(server.views[name]())
    if name == "faults":
        return _control_faults(server, request)
    if name == "switches":
        return _control_switches(server, request)
    known = sorted([*server.views, "faults", "switches"])
    return json_reply({"error": f"no {request.method} {request.path}", "known": known}, 404)


def _control_faults(server: Server, request: SimRequest) -> SimReply:
    if request.method == "DELETE":
        server.faults.clear()
    elif request.method == "POST":
        try:
            orders = json.loads(request.body)
            for order in orders if isinstance(orders, list) else [orders]:
                server.faults.add(**order)
        except (ValueError, TypeError) as error:
            return json_reply({"error": str(error), "known": sorted(server.faults.kinds)}, 400)
    kinds = {name: kind.about for name, kind in server.faults.kinds.items()}
    return json_reply({"waiting": server.faults.waiting(), "known": kinds})


def _control_switches(server: Server, request: SimRequest) -> SimReply:
    if request.method == "POST":
        try:
            wanted = json.loads(request.body)
            for name, value in wanted.items():
                server.switches[name](value)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            return json_reply({"error": str(error), "known": sorted(server.switches)}, 400)
    return json_reply({"known": sorted(server.switches)})
