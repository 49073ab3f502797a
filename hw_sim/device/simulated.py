"""A simulated register put together: what `pos-agent sim fiscal`, the demo and the tests start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hw_sim.device.console import Console, Switch
from hw_sim.device.machine import Machine
from hw_sim.device.memory import FiscalMemory
from hw_sim.reach import Reach


@dataclass(frozen=True, slots=True)
class Simulated:
    """One register and the hand at it. `make` of each family's package gives one."""

    family: str
    machine: Machine
    memory: FiscalMemory
    switches: Mapping[str, Switch] = field(default_factory=dict)
    greeting: tuple[str, ...] = ()  # What a person has to know of it: what it is, passwords.
    reach: Reach = field(default_factory=lambda: Reach("sim"))
    prints: bool = True  # It has paper and a cover.

    def console(self) -> Console:
        return Console(self.machine, self.memory, self.switches, prints=self.prints)
