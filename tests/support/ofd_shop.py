"""A register in software at its desk: store on disk, simulated operator at the other end of the line, virtual time."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fiscal.device.links import LineAddress, Link
from fiscal.ofd import open_maintenance, open_ofd
from fiscal.ofd.driver import OfdRegister
from fiscal.ofd.maintenance import Maintenance
from fiscal.orders import (
    CashDirection,
    CashMove,
    Line,
    Mark,
    Operation,
    Order,
    Payment,
    PaymentKind,
    Receipt,
    ShiftClose,
)
from fiscal.register import Done, Outcome, RegisterUnavailable
from hw_sim.device.lines import InProcessLine
from hw_sim.ledger import FiscalDocument
from hw_sim.ofd203 import make
from hw_sim.ofd203.server import OfdServer
from pos_agent.clock import VirtualClock

START_NS = 1_784_088_000 * 1_000_000_000  # 15.07.2026 09:00:00 in Almaty.
TOKEN = 0x12345678
AGAIN_S = 61.0  # The pause before the link is tried again.
PACK = "04870249811936{:07d}MD&5GhG"


class Shop:
    """One register and its operator; `stop` and `start` are a restart of the agent."""

    def __init__(self, folder: Path, **rules: Any) -> None:
        self.clock = VirtualClock(START_NS)
        self.sim = make(self.clock.now_ns, random.Random(7), token=TOKEN, **rules)
        assert isinstance(self.sim.machine, OfdServer)
        self.server = self.sim.machine
        (self.device,) = self.server.devices.values()
        self.store = folder / "ofd.sqlite"
        self.lines: list[InProcessLine] = []
        self.cable_out = False
        self._names = itertools.count(1)
        self.token = TOKEN
        self.options: Mapping[str, str] = {}
        self.register: OfdRegister
        self.start()

    @property
    def url(self) -> str:
        case = self.sim.memory.identity
        asked = {
            "id": "203001", "serial": case.serial, "rnm": case.registration_number, "xin": case.taxpayer_xin,
            "store": str(self.store), **self.options,
        }  # fmt: skip
        return "ofd+tcp://localhost?" + "&".join(f"{name}={value}" for name, value in asked.items())

    def start(self) -> None:
        clock = self.clock

        def line(_address: LineAddress) -> Link:
            made = InProcessLine(self.server, clock.sleep)
            made.unplugged = self.cable_out
            self.lines.append(made)
            return made

        self.register = open_ofd(
            urlsplit(self.url),
            secret={"ofd_token": str(self.token)}.__getitem__,
            link=line,
            now=clock.now_ns,
            monotonic=clock.monotonic,
            sleep=clock.sleep,
        )

    def stop(self) -> None:
        self.register.close()

    def unplug(self) -> None:
        self.cable_out = True
        self.lines[-1].unplugged = True

    def plug(self) -> None:
        self.cable_out = False
        self.lines[-1].unplugged = False

    def receipt(self, price_tiyn: int = 90_000, operation: Operation = Operation.SALE, **more: Any) -> Receipt:
        number = next(self._names)
        mark = PACK.format(number)
        line = Line("Сигареты", price_tiyn, 1_000, 796, 1_600, marks=(Mark(mark, mark[:25]),))
        return Receipt(f"k{number}", operation, (line,), (Payment(PaymentKind.CASH, price_tiyn),), "Айгүл", **more)

    def make(self, order: Order) -> Outcome:
        return self.register.execute(self.register.prepare(order), self.register.baseline())

    def make_or_not(self, order: Order) -> str:
        """Why a document was not made."""
        try:
            outcome = self.make(order)
        except RegisterUnavailable as unavailable:
            return str(unavailable)
        return "" if isinstance(outcome, Done) else outcome.failure.text

    def sell(self, price_tiyn: int = 90_000) -> Outcome:
        return self.make(self.receipt(price_tiyn))

    def put(self, sum_tiyn: int = 1_000_000) -> Outcome:
        return self.make(CashMove(f"k{next(self._names)}", CashDirection.IN, sum_tiyn))

    def close_shift(self) -> Outcome:
        shift = self.register.status().shift
        assert shift is not None
        return self.make(ShiftClose(f"k{next(self._names)}", shift))

    def back_online(self) -> None:
        """The cable is in, the pause is over, and somebody looks."""
        self.plug()
        self.clock.sleep(AGAIN_S)
        self.register.status()

    def ledger(self) -> list[FiscalDocument]:
        return self.sim.memory.documents

    def maintenance(self) -> Maintenance:
        return open_maintenance(urlsplit(self.url))
