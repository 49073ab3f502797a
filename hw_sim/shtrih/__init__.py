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
from hw_sim.reach import Reach, tax_options, zone_option
from hw_sim.shtrih.machine import ShtrihMachine
from hw_sim.shtrih.models import MODELS, CloseForm
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
    memory, words = machine.register.memory, Switches(machine).words()
    return Simulated("shtrih", machine, memory, words, _greeting(machine, chosen), _reach(machine, chosen))


def _greeting(machine: ShtrihMachine, options: Options) -> tuple[str, ...]:
    profile = machine.register.profile
    return (
        f"{profile.device} ({profile.name}), {options.layer} link layer, FFxx commands: {profile.ffxx}. A test tool.",
        "Passwords: operators 1 to 28 their number, administrator 29, system administrator 30.",
    )


def _reach(machine: ShtrihMachine, options: Options) -> Reach:
    """Without FF67 a code is a line of text; the longest there is has to fit into it."""
    profile = machine.register.profile
    as_text = not profile.has("FF67") or profile.close_form is CloseForm.OLD
    marks = {"marks": "text", "text_max": "200"} if as_text else {"marks": "field"}
    rates = enumerate(options.tax_rates[: profile.taxes], 1)
    return Reach(
        "shtrih",
        {
            "model": profile.name,
            **({"layer": "numbered"} if options.layer is LayerName.NUMBERED else {}),
            **marks,
            **tax_options({str(group): rate for group, rate in rates}),
            **({} if profile.two_decimals else {"decimals": "0"}),
            **({"quantity": "6"} if options.fine_quantity else {}),
            **zone_option(options.zone_s / 3600),
        },
        marks=marks["marks"],
    )
