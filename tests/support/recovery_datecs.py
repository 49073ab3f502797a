"""The rigs of the Datecs printers: protocol P and protocol X."""

from __future__ import annotations

import random
from pathlib import Path

from recovery_rigs import DeviceRig

from hw_sim.datecs import make
from pos_agent.clock import VirtualClock


class DatecsRig(DeviceRig):
    name = "datecs p"
    decisive = "38"
    protocol = "P"
    url = "datecs-p+tcp://printer?tax_16=A&tax_none=E"

    def __init__(self, clock: VirtualClock, folder: Path) -> None:
        super().__init__(clock, folder, make(clock.now_ns, random.Random(7), protocol=self.protocol))


class DatecsXRig(DatecsRig):
    name = "datecs x"
    protocol = "X"
    url = "datecs-x+tcp://printer?tax_16=1&tax_none=5"
