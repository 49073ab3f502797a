"""The reKassa cloud register service, simulated from what public clients show of it."""

from hw_sim.rekassa.profile import Enums, MarkField, Profile, Refusals, Repeats, Times
from hw_sim.rekassa.service import KINDS, Rekassa, make
from hw_sim.rekassa.till import Ticket, Till

__all__ = [
    "KINDS",
    "Enums",
    "MarkField",
    "Profile",
    "Refusals",
    "Rekassa",
    "Repeats",
    "Ticket",
    "Till",
    "Times",
    "make",
]
