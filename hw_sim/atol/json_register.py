"""The ATOL register behind driver 10: no bytes, only tasks. What can happen to a line happens to each of them."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

from hw_sim.atol.agenda import TimedMachine
from hw_sim.atol.faults import JSON_KINDS
from hw_sim.atol.hands import follow, meet
from hw_sim.atol.json_marks import Marks
from hw_sim.atol.json_tasks import Driver, Result
from hw_sim.atol.kkm import Kkm
from hw_sim.atol.problems import Interrupted
from hw_sim.atol.profile import Profile
from hw_sim.atol.web_profile import WebProfile
from hw_sim.device.faults import Moment
from hw_sim.device.memory import FiscalMemory
from hw_sim.exchange import Clock

ABOUT_MAX = 300  # Characters of a task in the journal.
UNHEARD = frozenset({"answer_lost", "answer_cut", "answer_damaged"})  # The driver gives up: no link.


class LinkLost(Exception):
    """The driver has lost the register; whether the task was done is not known to it."""


class JsonRegister(TimedMachine):
    """One register and the driver on it."""

    def __init__(self, now: Clock, rng: random.Random, memory: FiscalMemory, profile: Profile, web: WebProfile) -> None:
        super().__init__(now, rng, JSON_KINDS)
        self.kkm = Kkm(memory, self.mechanics, self.moment, rng, profile, self._between_fn_and_paper)
        self.marks = Marks(self.moment, self.draw, web.mark_check_s)
        self.lost = 0  # How often the link or the power has gone.
        self._driver = Driver(self.kkm, self.marks, web, self._midway)
        self._profile = profile
        self._task = ""  # Type of the task at work.

    def connected(self) -> bool:
        """Whether the driver reaches the register, which it tries."""
        return self.host_opened() and self.moment() >= self._ready_ns

    def shown_number(self) -> int | None:
        """Number of the last document; None: nobody answers."""
        return self.kkm.fn.shown_number if self.connected() else None

    def perform(self, task: Mapping[str, Any]) -> tuple[Result, float]:
        """Do one task: its result, and how many seconds later than usual it comes.

        Raises:
            Refused: the register or the driver does not do it.
            LinkLost: it may be done or not.
        """
        self._task = name = str(task.get("type", ""))
        if not self.powered or not self.heard(name, b"", _brief(task)):
            raise LinkLost
        try:
            meet(self, self.kkm, name)
            result = self._driver.run(task)
        except Interrupted as interrupted:
            raise LinkLost from interrupted
        follow(self, self.kkm, name)
        if not self.executed(name):
            raise LinkLost
        said = self._drawn(Moment.SAID, name)
        if said is not None:
            self.note("!", said.name)
            if said.name in UNHEARD:
                self.lost += 1
                raise LinkLost
        self.note("<", name, b"", _brief(result))
        return result, said.seconds if said is not None and said.name == "answer_late" else 0.0

    def take_bytes(self, data: bytes) -> None:
        """There is no line: the driver speaks with it in its own way."""

    def lose_power(self) -> None:
        self.lost += 1
        self.marks.forget()
        if not self._profile.receipt_survives_power:
            self.kkm.receipt = None

    def line_dropped(self) -> None:
        self.lost += 1

    def gain_power(self) -> None:
        self.kkm.wake_printer()

    def paper_loaded(self) -> None:
        self.kkm.wake_printer()

    def _between_fn_and_paper(self) -> bool:
        """The document is filed and not yet printed."""
        if self.draw("paper_out_during", self._task) is not None:
            self.end_paper()
        return self._power_stays("power_off_during")

    def _midway(self) -> bool:
        return self._power_stays("power_off_midway")

    def _power_stays(self, fault: str) -> bool:
        cut = self.draw(fault, self._task)
        if cut is not None:
            self.power_off(cut.seconds if "seconds" in cut.params else None)
        return self.powered


def _brief(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, default=str)[:ABOUT_MAX]
