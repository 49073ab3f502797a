"""A simulated cash register of the Shtrih-M family, for tests and for trying things out by hand.

Written from the vendor's public documents, none of whose text or code is here. The vendor's protocol document forbids
implementing the protocol in other cash machines without the maker's written consent: this is a test tool, no cash
machine. It is no register anybody may sell with, and what it calls fiscal is memory of a program.
"""

from __future__ import annotations

import random
from typing import Any

from hw_sim.device.simulated import Simulated
from hw_sim.exchange import Clock
from hw_sim.shtrih.machine import ShtrihMachine
from hw_sim.shtrih.models import MODELS
from hw_sim.shtrih.options import LayerName, OnPowerLoss, Options
from hw_sim.shtrih.switches import Switches

__all__ = ["MODELS", "LayerName", "OnPowerLoss", "Options", "ShtrihMachine", "make"]


def make(now: Clock, rng: random.Random, **options: Any) -> Simulated:
    """One register; options by the names of `Options`, names of enums as plain words.

    Raises:
        TypeError: an option `Options` does not have.
        ValueError: no such model, layer, set of commands or way to lose power.
    """
    wanted = dict(options)
    for name, kind in (("layer", LayerName), ("power_loss", OnPowerLoss)):
        if name in wanted:
            wanted[name] = kind(wanted[name])
    chosen = Options(**wanted)
    machine = ShtrihMachine(now, rng, chosen)
    return Simulated("shtrih", machine, machine.register.memory, Switches(machine).words(), _greeting(machine, chosen))


def _greeting(machine: ShtrihMachine, options: Options) -> tuple[str, ...]:
    profile = machine.register.profile
    layer = "standard" if options.layer is LayerName.AUTO else options.layer.value
    return (
        f"{profile.device} ({profile.name}), {layer} link layer, FFxx commands: {profile.ffxx.value}. A test tool.",
        f"register URL: shtrih+tcp://127.0.0.1:PORT?layer={layer}&password=30",
        f"on a pseudo-terminal: shtrih+serial://PATH?layer={layer}&password=30",
        "passwords: operators 1 to 28 their number, administrator 29, system administrator 30",
    )
