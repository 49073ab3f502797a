"""The rigs of the ATOL registers: protocol 3 on a line, and the JSON tasks behind the web server."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from recovery_rigs import DeviceRig

from hw_sim.atol import make
from hw_sim.atol.register import AtolRegister
from pos_agent.clock import VirtualClock


class AtolRig(DeviceRig):
    name = "atol"
    decisive = "4A"
    url = "atol+tcp://192.168.1.60?tax_16=1&marks=tag"

    def __init__(self, clock: VirtualClock, folder: Path) -> None:
        super().__init__(clock, folder, make(clock.now_ns, random.Random(7)))

    @property
    def register(self) -> AtolRegister:
        machine = self.simulated.machine
        assert isinstance(machine, AtolRegister)
        return machine

    def ring_up_elsewhere(self) -> None:
        self.register.kkm.sell_elsewhere(100)

    def close_shift_elsewhere(self) -> None:
        kkm = self.register.kkm
        if kkm.receipt is not None:
            kkm.cancel()
        kkm.close_shift()

    def swap(self) -> None:
        memory = self.simulated.memory
        memory.identity = replace(memory.identity, serial="00106126")

    def set_clock_off(self, seconds: float) -> None:
        self.register.kkm.clock_offset_s = seconds
