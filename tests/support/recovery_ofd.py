"""The rig of the register in software over the OFD's protocol."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from recovery_rigs import DeviceRig

from fiscal.register import FiscalDocument
from fiscal.registry import OpenRegister
from hw_sim.ledger import FiscalDocument as Registered
from hw_sim.ledger import tiyn
from hw_sim.ofd203 import make
from pos_agent.clock import VirtualClock

TOKEN = 0x12345678
AGAIN_S = 61.0  # The pause before the link is tried again.


class OfdRig(DeviceRig):
    """The register is the driver itself, with a store on disk; the simulator is the operator."""

    name = "ofd"
    decisive = "TICKET"
    can_be_swapped = has_clock = False
    never_in_doubt = True  # Without an answer it makes the document by itself.
    absent_faults: Mapping[str, str] = {
        "L5 answer damaged": "no checksum of its own: TCP's is trusted",
        "P1 paper before": "paper is not the operator's",
        "P2 paper during": "paper is not the operator's",
        "P3 paper after": "paper is not the operator's",
    }
    tells_apart = lags = True
    # A queue that is refused waits for a person with the store in hand; of wrong bits TCP takes care.
    unfair = frozenset({"result", "answer_damaged"})
    secrets: Mapping[str, str] = {"ofd_token": str(TOKEN)}

    def __init__(self, clock: VirtualClock, folder: Path) -> None:
        super().__init__(clock, folder, make(clock.now_ns, random.Random(7), token=TOKEN, reports_compared=True))
        case = self.simulated.memory.identity
        self.url = (
            f"ofd+tcp://localhost?id=203001&serial={case.serial}&rnm={case.registration_number}"
            f"&xin={case.taxpayer_xin}&store={folder / 'ofd.sqlite'}"
        )

    def others(self, _deed: Callable[[], None]) -> bool:
        return False  # The register is this very program.

    def wild_details(self, name: str, rng: random.Random) -> dict[str, Any]:
        return {"seconds": rng.uniform(1.0, 300.0)} if name == "result_254" else super().wild_details(name, rng)

    def is_same(self, registered: Registered, document: FiscalDocument) -> bool:
        """An autonomous receipt has a sign of its own on paper; the operator's is asked for by key (`find`)."""
        if document.offline:
            return tiyn(registered.total) == document.total_tiyn
        return super().is_same(registered, document)

    def catch_up(self, register: OpenRegister) -> None:
        """What was made autonomously is handed over when its pause is over."""
        self.clock.sleep(AGAIN_S)
        register.status()
