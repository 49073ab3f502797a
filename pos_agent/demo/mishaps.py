"""What breaks, and who mends it: each mishap of the plan as switches of the simulators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hw_sim.inprocess import SimTransport
from hw_sim.printer.interpreter import Interpreter
from hw_sim.world import World
from pos_agent.demo.plan import Mishap
from sync.hq.inprocess import CollectorTransport

# Mishap -> fault of the simulated register, drawn by its next `check`.
REGISTER_FAULTS: Mapping[Mishap, tuple[str, Mapping[str, Any]]] = {
    Mishap.ANSWER_LOST: ("answer_lost_after_fiscalising", {}),
    Mishap.REQUEST_LOST: ("answer_lost_before", {}),
    Mishap.SLOW: ("slow", {"seconds": 60.0}),
    Mishap.SERVER_ERROR: ("http_500", {"when": "after"}),
    Mishap.HALF_ANSWER: ("partial_body", {}),
    Mishap.SESSION_ENDED: ("token_expired", {}),
    Mishap.AUTONOMOUS: ("offline", {}),
    Mishap.SHIFT_TOO_OLD: ("shift_over_24h", {}),
    Mishap.RESTART: ("answer_lost_after_fiscalising", {}),
}


@dataclass(frozen=True, slots=True)
class Links:
    """Every line that leaves the shop."""

    register: SimTransport
    ismpt: SimTransport
    hq: CollectorTransport


class Mishaps:
    """`restart` kills the agent where it stands and starts it again on the same files."""

    def __init__(self, world: World, links: Links, paper: Interpreter, restart: Callable[[], None]) -> None:
        self._world = world
        self._links = links
        self._paper = paper
        self._restart = restart

    def network(self, *, down: bool) -> None:
        """The shop's internet; the register has a line of its own."""
        self._links.ismpt.link_down = down
        self._links.hq.link_down = down

    def operator(self, *, down: bool) -> None:
        """The register's way to its OFD."""
        self._world.webkassa.switches["ofd_down"](down)

    def before_payment(self, mishap: Mishap) -> None:
        if mishap in REGISTER_FAULTS:
            name, options = REGISTER_FAULTS[mishap]
            self._world.webkassa.faults.add(name, **options)
        if mishap is Mishap.REGISTER_UNREACHABLE:
            self._links.register.link_down = True
        if mishap is Mishap.PAPER_OUT:
            self._paper.condition.rows_left = 3
            self._paper.settle()

    def cashier_waits(self, mishap: Mishap) -> None:
        """The first failed try has been seen: somebody mends what can be mended."""
        self._links.register.link_down = False

    def after_payment(self, mishap: Mishap) -> None:
        if mishap is Mishap.PAPER_OUT:
            self._paper.condition.rows_left = None
            self._paper.settle()
        if mishap is Mishap.RESTART:
            self._restart()
