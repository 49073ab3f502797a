"""A service with one cashbox and one user: what `pos-agent sim fiscal` starts."""

from __future__ import annotations

import random
from typing import Any

from hw_sim.exchange import Clock
from hw_sim.ofd import Ofd
from hw_sim.switches import profile_switches
from hw_sim.webkassa.call import User
from hw_sim.webkassa.cashbox import Cashbox
from hw_sim.webkassa.profile import Profile
from hw_sim.webkassa.service import Webkassa

SWITCHED = ("status", "licensed", "marking_active", "autonomous_allowed")


def make(
    now: Clock,
    rng: random.Random,
    *,
    ofd: Ofd | None = None,
    cashbox: Cashbox | None = None,
    user: User | None = None,
    **options: Any,
) -> Webkassa:
    """A fresh service. `options` are fields of `Profile`; what may happen to the cashbox is among the switches."""
    box = cashbox or Cashbox()
    users = (user or User("till-1", "till-1-password"),)
    service = Webkassa(now, rng, ofd or Ofd(now, rng), (box,), users, Profile(**options))
    switches = profile_switches(box)
    service.switches.update({name: switches[name] for name in SWITCHED})
    return service
