"""IS MPT, the traceability system of Kazakhstan (xTrace 1.0), simulated from the public description of its API."""

from hw_sim.ismpt.accounts import ALL_RIGHTS, FULL_READ, SHRINK_READ, Account
from hw_sim.ismpt.codes import Code, CodeStore, Oddity
from hw_sim.ismpt.errors import ErrorShape
from hw_sim.ismpt.service import KINDS, Ismpt, Shape

__all__ = [
    "ALL_RIGHTS",
    "FULL_READ",
    "KINDS",
    "SHRINK_READ",
    "Account",
    "Code",
    "CodeStore",
    "ErrorShape",
    "Ismpt",
    "Oddity",
    "Shape",
]
