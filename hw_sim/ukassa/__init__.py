"""The uKassa cloud register service, simulated from what public clients show of it."""

from hw_sim.ukassa.profile import KeyHeader, OtherBody, Profile, Repeats, ReturnReference, TokenField
from hw_sim.ukassa.service import KINDS, Ukassa, make
from hw_sim.ukassa.till import Record, Till

__all__ = [
    "KINDS",
    "KeyHeader",
    "OtherBody",
    "Profile",
    "Record",
    "Repeats",
    "ReturnReference",
    "Till",
    "TokenField",
    "Ukassa",
    "make",
]
