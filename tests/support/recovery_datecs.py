"""The rigs of the Datecs printers: protocol P and protocol X."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from recovery_rigs import DeviceRig

from hw_sim.datecs import Datecs, make, sales, service
from hw_sim.datecs.receipt import Stage
from hw_sim.datecs.refusals import Refused
from hw_sim.exchange import NS
from pos_agent.clock import VirtualClock


class DatecsRig(DeviceRig):
    name = "datecs p"
    decisive = "38"
    protocol = "p"
    url = "datecs-p+tcp://printer?tax_16=A&tax_none=E"
    # The SEQ of an earlier session can only be met by a first frame. The journal of P tells no times here, so that a
    # number given twice cannot be seen once a Z-report was made.
    unfair = frozenset({"counter_back", "journal_full", "clock_offset", "swallow_first"})
    refusals = (ValueError, Refused)

    def __init__(self, clock: VirtualClock, folder: Path) -> None:
        super().__init__(clock, folder, make(clock.now_ns, random.Random(7), protocol=self.protocol))
        machine = self.simulated.machine
        assert isinstance(machine, Datecs)
        self.machine, self.inside = machine, machine.state

    def vary(self, rng: random.Random) -> None:
        super().vary(rng)
        self.url += f"&answer_s={rng.choice(('0.5', '3'))}"
        self.machine.profile = self.inside.profile = replace(
            self.inside.profile,
            keeps_answer=rng.random() < 0.5,
            exact_payment=rng.choice("DR"),
            slip_is_document=rng.random() < 0.5,
            refusals_have_code=rng.random() < 0.5,
            cash_after_z=rng.random() < 0.5,
            empty_z=rng.random() < 0.7,
            busy_s={"45": rng.choice((0.2, 3.0)), "38": rng.choice((0.0, 0.4, 2.0))},
        )

    def wild_details(self, name: str, rng: random.Random) -> dict[str, Any]:
        choices: dict[str, Callable[[], dict[str, Any]]] = {
            "error_code": lambda: {"code": -rng.choice((111_016, 111_999, 100_403, 104_000)), "done": rng.randrange(2)},
            "status_bits": lambda: {"set": rng.choice(("0.5", "1.1", "2.0", "0.6", "4.5", "0.0"))},
            "wrong_command": lambda: {"command": rng.choice(("4A", "38", "71"))},
            "syn_stream": lambda: {"seconds": rng.uniform(0.1, 20.0)},
            "counter_jump": lambda: rng.choice(({}, {"total": 10_000})),
            "counter_jump_after": lambda: rng.choice(({}, {"total": 10_000})),
        }
        return choices[name]() if name in choices else super().wild_details(name, rng)

    def mend(self) -> None:
        super().mend()
        if "clock_unset" in self.inside.signs and self.inside.receipt is None:
            last = [record.at for record in self.inside.journal.records[-1:]]
            service.set_clock(self.inside, max([self.inside.local(), *last]))

    def ring_up_elsewhere(self) -> None:
        sales.sell_elsewhere(self.inside, 100)

    def clear(self) -> None:
        receipt = self.inside.receipt
        if receipt is None:
            return
        if receipt.stage is Stage.SELLING:
            sales.cancel(self.inside)
            return
        if receipt.stage is Stage.PAYING:  # There is no other way but forward.
            sales.pay(self.inside, 0, None)
        sales.close(self.inside)

    def close_shift_elsewhere(self) -> None:
        self.clear()
        service.z_report(self.inside)

    def swap(self) -> None:
        self.inside.profile = replace(self.inside.profile, serial="DT999999")

    def set_clock_off(self, seconds: float) -> None:
        self.inside.clock_offset_ns += round(seconds * NS)


class DatecsXRig(DatecsRig):
    name = "datecs x"
    protocol = "x"
    unfair = DatecsRig.unfair - {"counter_back"}
    url = "datecs-x+tcp://printer?tax_16=1&tax_none=5"
