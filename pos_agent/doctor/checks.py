"""Every check in one table, in the order in which doctor tells them. Their words stand in the catalogue `ops`.

Numbers never change their meaning: support is given them over the telephone.
"""

from __future__ import annotations

from typing import Final

from pos_agent.doctor.checks_devices import DEVICES
from pos_agent.doctor.checks_machine import MACHINE
from pos_agent.doctor.checks_outside import OUTSIDE

CHECKS: Final = (*MACHINE, *DEVICES, *OUTSIDE)
