"""The rigs of the Datecs printers: protocol P and protocol X."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from recovery_rigs import DeviceRig

from hw_sim.datecs import Datecs, make, sales, service
from hw_sim.datecs.receipt import Stage
from hw_sim.exchange import NS
from pos_agent.clock import VirtualClock


class DatecsRig(DeviceRig):
    name = "datecs p"
    decisive = "38"
    protocol = "p"
    url = "datecs-p+tcp://printer?tax_16=A&tax_none=E"

    def __init__(self, clock: VirtualClock, folder: Path) -> None:
        super().__init__(clock, folder, make(clock.now_ns, random.Random(7), protocol=self.protocol))
        machine = self.simulated.machine
        assert isinstance(machine, Datecs)
        self.inside = machine.state

    def ring_up_elsewhere(self) -> None:
        sales.sell_elsewhere(self.inside, 100)

    def close_shift_elsewhere(self) -> None:
        receipt = self.inside.receipt
        if receipt is not None and receipt.stage is Stage.SELLING:
            sales.cancel(self.inside)
        elif receipt is not None:
            sales.close(self.inside)  # It is paid: there is no other way to a Z.
        service.z_report(self.inside)

    def swap(self) -> None:
        self.inside.profile = replace(self.inside.profile, serial="DT999999")

    def set_clock_off(self, seconds: float) -> None:
        self.inside.clock_offset_ns += round(seconds * NS)


class DatecsXRig(DatecsRig):
    name = "datecs x"
    protocol = "x"
    url = "datecs-x+tcp://printer?tax_16=1&tax_none=5"
