"""Rigs: the simulator of each family, the address of its driver, and the faults of the matrix on its line."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from recovery_chance import WILD_DETAILS, steps
from recovery_shop import Killed, NotApplicable, NotLet, Rig
from recovery_steps import FAR, Track

from fiscal.device.links import LineAddress, Link
from fiscal.registry import OpenRegister, open_register
from hw_sim.device.lines import InProcessLine
from hw_sim.device.simulated import Simulated
from hw_sim.exchange import Answers, SimReply
from hw_sim.faults import TRANSPORT_KINDS
from hw_sim.inprocess import SimTransport
from hw_sim.ledger import FiscalDocument, Operation
from hw_sim.server import Server
from pos_agent.clock import VirtualClock

LATE_S = 200.0  # Beyond every time-out.
ALL = 10_000  # Times a fault that does not end by itself is let happen.

# Fault of the matrix -> fault of hw_sim.device.faults, where the register itself does it.
DEVICE_FAULTS: Mapping[str, str] = {
    "L2 request lost": "request_lost",
    "L2 all requests lost": "request_lost",
    "L2 dies before": "power_off_before",
    "L3 answer lost": "answer_lost",
    "L3 all answers lost": "answer_lost",
    "L3 cut after": "hang_up_after",
    "L3 dies after": "power_off_after",
    "L4 answer late": "answer_late",
    "L4 answer twice": "answer_twice",
    "L5 answer damaged": "answer_damaged",
    "L5 answer cut": "answer_cut",
    "P1 paper before": "paper_out_before",
    "P2 paper during": "paper_out_after",
}
# The same for services over HTTP, by the names of hw_sim.faults.
HTTP_FAULTS: Mapping[str, str] = {
    "L2 request lost": "answer_lost_before",
    "L2 all requests lost": "answer_lost_before",
    "L3 answer lost": "answer_lost_after",
    "L3 all answers lost": "answer_lost_after",
    "L4 answer late": "slow",
    "L4 done late": "late_processing",
    "L5 answer cut": "partial_body",
    "L5 answer half JSON": "truncated_json",
    "L5 error page": "html_page",
}
NOT_OVER_HTTP: Mapping[str, str] = {
    "L4 answer twice": "one request has one answer",
    "L5 answer damaged": "TLS does not let a wrong bit through",
    "P1 paper before": "the service prints nothing",
    "P2 paper during": "the service prints nothing",
    "P3 paper after": "the service prints nothing",
}
NOT_ON_A_LINE: Mapping[str, str] = {
    "L4 done late": "a line keeps order, and a command that was read is carried out at once",
    "L5 answer half JSON": "no JSON",
    "L5 error page": "nothing stands between",
}


class HttpLine(SimTransport):
    """A line to a service that does what is planted at one request, counted from the planting."""

    def __init__(self, servers: Answers | Mapping[str, Answers], sleep: Callable[[float], None]) -> None:
        super().__init__(servers, sleep)
        self._planted: tuple[str, int] | None = None
        self.number = 0
        self.met = False
        self.silent_after = ""  # End of a path: from the answer to such a request on nobody is there.
        self.silent_body = b""  # What such a request holds, where one path serves all.
        self.decisive_made = True

    def plant(self, fault: str, step: int) -> None:
        self._planted, self.number, self.met = (fault, step), 0, False

    def forget(self) -> None:
        self._planted, self.link_down, self.silent_after, self.silent_body = None, False, "", b""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        number, self.number = self.number, self.number + 1
        silent = self.silent_after and request.url.path.endswith(self.silent_after)
        if silent and self.silent_body in request.content:
            if self.decisive_made:
                super().handle_request(request)
            self.link_down = True
            raise httpx.ReadError("connection reset by peer", request=request)
        if self._planted is None or number != self._planted[1]:
            return super().handle_request(request)
        fault, self.met = self._planted[0], True
        if fault == "L0 no line":
            raise httpx.ConnectError("connection refused", request=request)
        if fault == "L1 part of the request":
            raise httpx.WriteError("broken pipe", request=request)
        if fault == "L6 killed before":
            raise Killed
        if fault == "L2 dies before":
            self.link_down = True
            raise httpx.ReadError("connection reset by peer", request=request)
        super().handle_request(request)
        if fault == "L6 killed after":
            raise Killed
        if fault == "L3 dies after":
            self.link_down = True
        raise httpx.ReadError("connection reset by peer", request=request)


class HttpRig(Rig):
    """A service over HTTP. A subclass supplies the server, the URL, the secrets, and the ledger."""

    url: str
    secrets: Mapping[str, str]
    decisive: str  # End of the path that registers a receipt.
    refusals = (NotLet, LookupError)  # A fault renames fields, also for other programs.

    def __init__(self, clock: VirtualClock, folder: Path, server: Server) -> None:
        super().__init__(clock, folder)
        self.server = server
        self.line = HttpLine(server, clock.sleep)
        self._waiting = ""
        self._count = 1

    def open(self) -> OpenRegister:
        clock = self.clock
        return open_register(
            self.url,
            secret=self.secrets.__getitem__,
            transport=self.line,
            now=clock.now_ns,
            monotonic=clock.monotonic,
            sleep=clock.sleep,
            rng=self.chance,
        )

    def plant(self, fault: str, step: int) -> None:
        if reason := {**NOT_OVER_HTTP, **self.absent_faults}.get(fault):
            raise NotApplicable(reason)
        self._waiting = HTTP_FAULTS.get(fault, "")
        if self._waiting:
            self._count = ALL if " all " in fault else 1
            self.server.faults.add(self._waiting, "*", count=self._count, skip=step, seconds=LATE_S)
        else:
            self.line.plant(fault, step)

    def go_silent_at_decisive(self, *, made: bool) -> None:
        self.line.silent_after, self.line.decisive_made = self.decisive, made

    def was_met(self) -> bool:
        if not self._waiting:
            return self.line.met
        return all(fault["count"] < self._count for fault in self.server.faults.waiting())

    def wild(self, rng: random.Random) -> str:
        name = rng.choice(list(TRANSPORT_KINDS))
        seconds, when = rng.uniform(1.0, LATE_S), rng.choice(("before", "after"))
        if name.startswith("http_4"):
            when = "before"  # Who says that it is the client's fault has done nothing.
        self.server.faults.add(name, "*", skip=steps(rng), count=rng.choice((1, 1, 3)), seconds=seconds, when=when)
        return name

    def mend(self) -> None:
        self.server.faults.clear()
        self.line.forget()

    def _answered(self, reply: SimReply) -> Any:
        """What another program was told. Raises NotLet: not what it wanted."""
        try:
            content = reply.json()
        except ValueError as error:
            raise NotLet(reply) from error
        if reply.status != 200 or reply.cut or "Errors" in content:
            raise NotLet(reply)
        return content


class HostedLine(InProcessLine):
    """What a driver takes for its line, and what happens to one of its commands, counted from the planting."""

    def __init__(self, rig: DeviceRig) -> None:
        piece = rig.chunk_max
        super().__init__(rig.simulated.machine, rig.clock.sleep, drops=rig.drops, chunk_max=piece, rng=rig.chance)
        self._rig = rig

    def open(self) -> None:
        self._rig.pull_the_cable_if_due()
        if self._rig.cable_out:
            raise ConnectionRefusedError("the cable is out")
        super().open()

    def write(self, data: bytes) -> None:
        self._rig.clock.sleep(self._rig.takes_s)
        self._rig.pull_the_cable_if_due()
        if self._rig.cable_out:
            raise ConnectionResetError("the cable is out")
        self._rig.note(data)
        fault = self._rig.fault_of_write()
        if fault == "L6 killed before":
            raise Killed
        if fault == "L0 no line":
            self._rig.cable_out = True
            raise ConnectionResetError("the cable is out")
        if fault == "L1 part of the request":
            super().write(data[: len(data) // 2])
            self._rig.cable_out = True
            raise ConnectionResetError("the cable came out")
        super().write(data)

    def read(self, timeout_s: float) -> bytes:
        if self._rig.cable_out:
            raise ConnectionResetError("the cable is out")
        data = super().read(timeout_s)
        fault = self._rig.fault_of_read() if data else ""
        if fault == "L6 killed after":
            raise Killed
        if fault:
            self.machine.end_paper()
        return data


class DeviceRig(Rig):
    """A register on a line of bytes. A subclass supplies the simulator and the URL."""

    url: str
    secrets: Mapping[str, str] = {}
    decisive: str  # The simulator's name of the command that registers a receipt.
    can_be_swapped = has_clock = True
    drops = True  # A socket or a USB device; False: a plain serial cable.
    takes_s = 0.0  # What is written on its way.
    chunk_max: int | None = None  # Longest piece one reading gives; None: whole answers.
    unfair: frozenset[str] = frozenset()  # Faults of its simulator under which no register can be believed.
    refusals = (ValueError,)
    BY_WRITES = frozenset({"L0 no line", "L1 part of the request", "L6 killed before"})
    BY_READS = frozenset({"L6 killed after", "P3 paper after"})

    def __init__(self, clock: VirtualClock, folder: Path, simulated: Simulated) -> None:
        super().__init__(clock, folder)
        self.simulated = simulated
        self.cable_out = False
        self._cable_after_fault = False
        self._planted: tuple[str, int] | None = None
        self._writes = self._reads = 0
        self._met = False
        self._count = 1
        self._track: list[tuple[int, str]] | None = None

    def named(self, data: bytes) -> str:
        """Name of a written command, where `reads` names any."""
        raise NotImplementedError

    def tracked(self, work: Callable[[], object]) -> Track:
        self._track = []
        work()
        track, self._track = self._track, None
        return track

    def note(self, data: bytes) -> None:
        if self._track is None:
            return
        assert self._planted is not None
        if self._planted[0] in self.BY_WRITES:
            step = self._writes
        elif self._planted[0] in self.BY_READS:
            step = self._reads
        else:
            (waiting,) = self.simulated.machine.faults.waiting()
            step = FAR - waiting["skip"]
        self._track.append((step, self.named(data)))

    def open(self) -> OpenRegister:
        clock = self.clock

        def line(_address: LineAddress) -> Link:
            return HostedLine(self)

        return open_register(
            self.url,
            secret=self.secrets.__getitem__,
            transport=None,
            now=clock.now_ns,
            monotonic=clock.monotonic,
            sleep=clock.sleep,
            rng=self.chance,
            link=line,
        )

    def registered(self) -> Sequence[FiscalDocument]:
        return [one for one in self.simulated.memory.documents if one.operation.is_receipt]

    def plant(self, fault: str, step: int) -> None:
        if reason := {**NOT_ON_A_LINE, **self.absent_faults}.get(fault):
            raise NotApplicable(reason)
        self._planted, self._writes, self._reads, self._met = (fault, step), 0, 0, False
        if fault in DEVICE_FAULTS:
            self._count = ALL if " all " in fault else 1
            details = self._details(fault)
            self.simulated.machine.faults.add(DEVICE_FAULTS[fault], "*", count=self._count, skip=step, **details)

    def _details(self, fault: str) -> dict[str, Any]:
        return {"seconds": LATE_S} if fault == "L4 answer late" else {}

    def go_silent_at_decisive(self, *, made: bool) -> None:
        self.simulated.machine.faults.add("hang_up_after" if made else "hang_up_before", self.decisive)
        self._cable_after_fault = True

    def pull_the_cable_if_due(self) -> None:
        if self._cable_after_fault and not self.simulated.machine.faults.waiting():
            self.cable_out, self._cable_after_fault = True, False

    def was_met(self) -> bool:
        assert self._planted is not None
        if self._planted[0] in DEVICE_FAULTS:
            return all(fault["count"] < self._count for fault in self.simulated.machine.faults.waiting())
        return self._met

    def fault_of_write(self) -> str:
        number, self._writes = self._writes, self._writes + 1
        return self._now(number) if self._planted and self._planted[0] in self.BY_WRITES else ""

    def fault_of_read(self) -> str:
        number, self._reads = self._reads, self._reads + 1
        return self._now(number) if self._planted and self._planted[0] in self.BY_READS else ""

    def _now(self, number: int) -> str:
        assert self._planted is not None
        if self._met or number != self._planted[1]:
            return ""
        self._met = True
        return self._planted[0]

    def vary(self, rng: random.Random) -> None:
        self.drops, self.chunk_max = rng.random() < 0.7, rng.choice((None, None, 1, 7))
        self.takes_s, self.chance = rng.choice((0.0, 0.004, 0.03)), random.Random(rng.random())

    def wild(self, rng: random.Random) -> str:
        faults = self.simulated.machine.faults
        name = rng.choice([name for name in faults.kinds if name not in self.unfair])
        details = self.wild_details(name, rng)
        match = rng.choice(("*", "*", self.decisive))
        faults.add(name, match, skip=0 if match != "*" else steps(rng), count=rng.choice((1, 1, 3)), **details)
        return f"{name} at {match} {details or ''}"

    def wild_details(self, name: str, rng: random.Random) -> dict[str, Any]:
        """Parameters of a fault."""
        known = WILD_DETAILS.get(name)
        return known(rng) if known else {}

    def others(self, deed: Callable[[], None]) -> bool:
        return self.simulated.machine.powered and super().others(deed)

    def mend(self) -> None:
        machine = self.simulated.machine
        machine.faults.clear()
        self.cable_out = self._cable_after_fault = False
        self._planted = None
        if not machine.mechanics.paper:
            machine.load_paper()
        if not machine.powered:
            machine.power_on()
            self.clock.sleep(5.0)

    def ring_up_elsewhere(self) -> None:
        self.simulated.memory.register(Operation.SALE, 100, self.clock.now_ns(), payments_tiyn={0: 100})

    def close_shift_elsewhere(self) -> None:
        self.simulated.memory.close_shift(self.clock.now_ns())

    def swap(self) -> None:
        memory = self.simulated.memory
        memory.identity = replace(memory.identity, serial="00099999")

    def closed_shifts(self) -> int:
        return len(self.simulated.memory.closed)

    def cash_moves(self, kind: str) -> int:
        return self.simulated.memory.counts[Operation(kind)]
