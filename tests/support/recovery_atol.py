"""The rigs of the ATOL registers: protocol 3 on a line, and the JSON tasks behind the web server."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from recovery_chance import WILD_DETAILS, steps
from recovery_rigs import DeviceRig, HttpRig

from hw_sim.atol import make, make_json
from hw_sim.atol.kkm import Kkm
from hw_sim.atol.names import about
from hw_sim.atol.problems import Interrupted, Refused
from hw_sim.atol.register import AtolRegister
from hw_sim.faults import TRANSPORT_KINDS
from hw_sim.ledger import FiscalDocument, Operation
from pos_agent.clock import VirtualClock

UNFAIR = frozenset({"clock_offset"})  # A leap of the clock has a deed of its own.
REFUSALS = (Refused, Interrupted)


def clear(kkm: Kkm) -> None:
    """Somebody cancels what stands open at the register."""
    if kkm.receipt is not None:
        kkm.cancel()


def close_shift(kkm: Kkm) -> None:
    """Somebody makes a Z-report at the register: what is open is cancelled first."""
    clear(kkm)
    kkm.close_shift()


class AtolRig(DeviceRig):
    name = "atol"
    decisive = "4A"
    opens_by_command = True
    reads = frozenset({"status", "short state", "read register", "cash in the drawer", "FN", "device info", "word"})
    url = "atol+tcp://192.168.1.60?tax_16=1&marks=tag"
    unfair = UNFAIR
    refusals = (ValueError, *REFUSALS)

    def __init__(self, clock: VirtualClock, folder: Path) -> None:
        super().__init__(clock, folder, make(clock.now_ns, random.Random(7)))

    def named(self, data: bytes) -> str:
        """The command of an added task; "word" for what only asks about tasks or lets results go."""
        told = about(data[4:-1])
        return told.partition(": ")[2] if told.startswith("task") else "word"

    @property
    def kkm(self) -> Kkm:
        machine = self.simulated.machine
        assert isinstance(machine, AtolRegister)
        return machine.kkm

    def clear(self) -> None:
        clear(self.kkm)

    def service(self) -> None:
        self.kkm.fn.shown_offset = 0

    def ring_up_elsewhere(self) -> None:
        self.kkm.sell_elsewhere(100)

    def close_shift_elsewhere(self) -> None:
        close_shift(self.kkm)

    def swap(self) -> None:
        memory = self.simulated.memory
        memory.identity = replace(memory.identity, serial="00106126")

    def set_clock_off(self, seconds: float) -> None:
        self.kkm.clock_offset_s = seconds


# Faults that happen to the register behind the server, counted by its tasks.
REGISTER_FAULTS: Mapping[str, str] = {
    "L2 dies before": "power_off_before",
    "L3 dies after": "power_off_after",
    "P1 paper before": "paper_out_before",
    "P2 paper during": "paper_out_during",
    "P3 paper after": "paper_out_after",
}


class AtolJsonRig(HttpRig):
    """The server keeps running when its register does not."""

    name = "atol-json"
    decisive = "/requests"
    url = "atol-json+http://127.0.0.1:16732?tax_16=vat16"
    unfair = UNFAIR | {"counter_back"}
    refusals = (*HttpRig.refusals, *REFUSALS)
    secrets: Mapping[str, str] = {}
    tells_apart = can_be_swapped = has_clock = opens_by_command = True

    def __init__(self, clock: VirtualClock, folder: Path) -> None:
        self.simulated = make_json(clock.now_ns, random.Random(7))
        super().__init__(clock, folder, self.simulated.server)

    @property
    def kkm(self) -> Kkm:
        return self.simulated.server.register.kkm

    def plant(self, fault: str, step: int) -> None:
        name = REGISTER_FAULTS.get(fault)
        if name is None:
            super().plant(fault, step)
            return
        self._waiting, self._count = name, 1
        self.server.faults.add(name, "*", skip=step)

    def go_silent_at_decisive(self, *, made: bool) -> None:
        super().go_silent_at_decisive(made=made)
        self.line.silent_body = b'"type":"sell'

    def mend(self) -> None:
        super().mend()
        machine = self.simulated.machine
        if not machine.mechanics.paper:
            machine.load_paper()
        if not machine.powered:
            machine.power_on()
            self.clock.sleep(5.0)

    def registered(self) -> Sequence[FiscalDocument]:
        return [one for one in self.simulated.memory.documents if one.operation.is_receipt]

    def wild(self, rng: random.Random) -> str:
        """At the server, or at the register behind it."""
        if rng.random() < 0.5:
            return super().wild(rng)
        faults = self.server.faults
        name = rng.choice([one for one in faults.kinds if one not in TRANSPORT_KINDS and one not in self.unfair])
        details = WILD_DETAILS[name](rng) if name in WILD_DETAILS else {}
        match = faults.kinds[name].match
        faults.add(name, match, skip=0 if match != "*" else steps(rng), count=rng.choice((1, 1, 3)), **details)
        return f"{name} at {match} {details or ''}"

    def others(self, deed: Callable[[], None]) -> bool:
        return self.simulated.machine.powered and super().others(deed)

    def clear(self) -> None:
        self.simulated.machine.settle()
        clear(self.kkm)

    def ring_up_elsewhere(self) -> None:
        self.kkm.sell_elsewhere(100)

    def close_shift_elsewhere(self) -> None:
        self.clock.sleep(5.0)  # What the server has begun is done by now.
        self.simulated.machine.settle()
        close_shift(self.kkm)

    def closed_shifts(self) -> int:
        return len(self.simulated.memory.closed)

    def cash_moves(self, kind: str) -> int:
        return self.simulated.memory.counts[Operation(kind)]

    def swap(self) -> None:
        memory = self.simulated.memory
        memory.identity = replace(memory.identity, serial="00106126")

    def set_clock_off(self, seconds: float) -> None:
        self.kkm.clock_offset_s = seconds
