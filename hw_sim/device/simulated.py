"""A simulated register put together: what `pos-agent sim fiscal`, the demo and the tests start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hw_sim.device.console import Console, Switch
from hw_sim.device.machine import Machine
from hw_sim.device.memory import FiscalMemory


@dataclass(frozen=True, slots=True)
class Simulated:
    """One register and the hand at it. `make` of each family's package gives one."""

    family: str
    machine: Machine
    memory: FiscalMemory
    switches: Mapping[str, Switch] = field(default_factory=dict)
    greeting: tuple[str, ...] = ()  # What a person needs to reach it: passwords, register URL after the line's address.

    def console(self) -> Console:
        return Console(self.machine, self.memory, self.switches)
