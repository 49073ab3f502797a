"""The rigs of the Shtrih-M registers: both link layers, a model with a fiscal storage and models without one."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from recovery_rigs import DeviceRig

from hw_sim.shtrih import OnPowerLoss, ShtrihMachine, make
from hw_sim.shtrih.errors import Refused
from hw_sim.shtrih.strangers import another_program
from pos_agent.clock import VirtualClock

STX, STX_NUMBERED, TWO_BYTES = b"\x02", b"\x8f", 0xFF
STUFFED = ((b"\x9f\x81", b"\x8f"), (b"\x9f\x83", b"\x9f"))  # In a frame of the numbered layer.


class ShtrihRig(DeviceRig):
    """A register with a fiscal storage on the standard layer."""

    name = "shtrih fn"
    reads = frozenset({"10", "11", "1A", "1B", "FF01", "FF39", "FF40", "word"})
    decisive = "FF45"
    opens_by_command = True
    has_clock = False  # The storage has a clock of its own and refuses a register whose clock is off.
    options: Mapping[str, Any] = {"model": "fn"}
    url = "shtrih+tcp://localhost?model=fn"
    unfair = frozenset({"foreign_receipt"})
    refusals = (ValueError, Refused)

    def __init__(self, clock: VirtualClock, folder: Path) -> None:
        super().__init__(clock, folder, make(clock.now_ns, random.Random(7), **self.options))
        machine = self.simulated.machine
        assert isinstance(machine, ShtrihMachine)
        self.inside = machine.register

    def named(self, data: bytes) -> str:
        """The command's code; "word" for the single bytes of the standard layer."""
        if data[:1] == STX_NUMBERED:
            for stuffed, plain in STUFFED:
                data = data.replace(stuffed, plain)
            data = data[3:]  # Length and number have two bytes each, length of the standard layer one.
        elif data[:1] != STX:
            return "word"
        return data[2 : 4 if data[2] == TWO_BYTES else 3].hex().upper()

    def vary(self, rng: random.Random) -> None:
        super().vary(rng)
        self.url += f"&ack_s={rng.choice(('0.5', '3'))}"
        self.inside.options = replace(
            self.inside.options,
            power_loss=rng.choice(list(OnPowerLoss)),
            print_s=rng.choice((0.0, 1.5, 8.0)),
            line_s=rng.choice((0.0, 0.0, 0.4)),
            close_tells_time=rng.random() < 0.7,
        )

    def wild_details(self, name: str, rng: random.Random) -> dict[str, Any]:
        if name == "unknown_error":
            return {"code": f"0x{rng.randrange(1, 256):02X}", "when": rng.choice(("before", "after"))}
        if name == "ff61_delay":
            return {"seconds": rng.choice((3.0, 20.0, 60.0))}
        return super().wild_details(name, rng)

    def service(self) -> None:
        self.inside.counter_offset = 0
        if self.inside.storage is not None:
            self.inside.storage.fd_offset = 0

    def ring_up_elsewhere(self) -> None:
        another_program(self.inside, 100)

    def clear(self) -> None:
        if self.inside.receipt is not None:
            self.inside.cancel()

    def close_shift_elsewhere(self) -> None:
        self.clear()
        self.inside.close_shift()

    def set_clock_off(self, seconds: float) -> None:
        self.inside.clock.offset_s += seconds


class ShtrihNumberedRig(ShtrihRig):
    name = "shtrih numbered"
    options: Mapping[str, Any] = {"model": "fn", "layer": "numbered"}
    url = "shtrih+tcp://localhost?model=fn&layer=numbered"


class ShtrihOnLineRig(ShtrihRig):
    """The Kazakh models: no fiscal sign, codes as lines of text."""

    name = "shtrih on-line"
    decisive = "85"
    opens_by_command = False
    has_clock = True
    counts_from_z = "what was sold before a Z is not told: no receipt in the new shift proves nothing"
    marks_a_sale = 0
    # Nothing but its number tells a receipt: one that went back before the order gives two receipts one number.
    unfair = ShtrihRig.unfair | {"counter_back"}
    options: Mapping[str, Any] = {"model": "on-line", "ffxx": "none"}
    url = "shtrih+tcp://localhost?model=on-line&marks=text&text_max=200"


class ShtrihKzRig(ShtrihOnLineRig):
    name = "shtrih kz-fr"
    options: Mapping[str, Any] = {"model": "kz-fr"}
    url = "shtrih+tcp://localhost?model=kz-fr&marks=text&text_max=200"
