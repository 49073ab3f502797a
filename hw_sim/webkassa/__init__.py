"""The Webkassa v4 cloud register service, simulated from the vendor's public documents."""

from hw_sim.webkassa.call import User
from hw_sim.webkassa.cashbox import Cashbox, OfdName, Organisation, Shift
from hw_sim.webkassa.making import make
from hw_sim.webkassa.profile import Container, KeyScope, Profile
from hw_sim.webkassa.service import KINDS, Webkassa

__all__ = [
    "KINDS",
    "Cashbox",
    "Container",
    "KeyScope",
    "OfdName",
    "Organisation",
    "Profile",
    "Shift",
    "User",
    "Webkassa",
    "make",
]
