"""What the commands of level 3 work on: the register, its modes, and what stands half done between two commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hw_sim.atol.kkm import Kkm
from hw_sim.atol.modes import Modes
from hw_sim.atol.problems import Problem, Refused
from hw_sim.atol.profile import Profile

DONE = b"\x55\x00\x00"
TEST_FLAG = 0x01  # Of 92h, 9Ah, 4Ah, 49h, 4Fh and the items: check, do not do.


@dataclass(slots=True)
class Session:
    kkm: Kkm
    profile: Profile
    moment: Callable[[], int]
    interface: int
    modes: Modes = field(default_factory=Modes)
    item_begun: bool = False  # Between EAh and EBh.
    item_mark: str = ""  # Of the item that has begun, by E8h.
    reading: bytes = b""  # What A4 46 has still to hand out.

    def power_lost(self) -> None:
        """What does not survive."""
        self.modes.power_lost()
        self.item_begun = False
        self.item_mark = ""
        self.reading = b""
        if not self.profile.receipt_survives_power:
            self.kkm.receipt = None


def need(body: bytes, size: int) -> None:
    """Parameters of exactly this length. Raises Refused."""
    if len(body) != size:
        raise Refused(Problem.BAD_LENGTH)
