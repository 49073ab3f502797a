"""The ATOL drivers over simulated registers, in virtual time: a line and a web server."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atol_host import Clock

from fiscal.device.driver import DeviceRegister
from fiscal.register import (
    Done,
    Failure,
    Line,
    Mark,
    NotSent,
    Operation,
    Outcome,
    Payment,
    PaymentKind,
    Receipt,
    Refused,
    Settlement,
    Unknown,
)
from fiscal.registry import open_register
from hw_sim.atol import SimulatedWeb, make, make_json
from hw_sim.atol.kkm import Kkm
from hw_sim.atol.register import AtolRegister
from hw_sim.device.lines import InProcessLine
from hw_sim.device.simulated import Simulated
from hw_sim.inprocess import SimTransport
from hw_sim.ledger import FiscalDocument

SECRETS: Mapping[str, str] = {"till": "1234", "chief": "00000077", "wordy": "no digits", "server": "geheim"}
GS = "\x1d"
FULL = f"0104870000000104215kZ7q_W<2hT9m{GS}91KZF1{GS}92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
PACK = "04870249811936t1Xrb-xQWhpeGhG"


def monotonic(clock: Clock) -> float:
    return clock.at_ns / 1e9


@dataclass(frozen=True)
class LineTill:
    """Protocol 3 on a line."""

    sim: Simulated
    line: InProcessLine
    driver: DeviceRegister
    clock: Clock

    @property
    def machine(self) -> AtolRegister:
        assert isinstance(self.sim.machine, AtolRegister)
        return self.sim.machine

    @property
    def kkm(self) -> Kkm:
        return self.machine.kkm

    @property
    def receipts(self) -> list[FiscalDocument]:
        return [one for one in self.sim.memory.documents if one.operation.is_receipt]


@dataclass(frozen=True)
class WebTill:
    """The JSON tasks behind the web server."""

    sim: SimulatedWeb
    transport: SimTransport
    driver: Any
    clock: Clock

    @property
    def kkm(self) -> Kkm:
        return self.sim.server.register.kkm

    @property
    def receipts(self) -> list[FiscalDocument]:
        return [one for one in self.sim.memory.documents if one.operation.is_receipt]


def line_driver(line: Any, clock: Clock, options: str = "tax_16=1") -> DeviceRegister:
    driver: Any = open_register(
        f"atol+tcp://192.168.1.60?{options}", secret=SECRETS.__getitem__, transport=None, now=clock,
        monotonic=lambda: monotonic(clock), sleep=clock.sleep, rng=random.Random(3), link=lambda _address: line,
    )  # fmt: skip
    assert isinstance(driver, DeviceRegister)
    return driver


def line_till(options: str = "tax_16=1&marks=tag", **simulated: Any) -> LineTill:
    clock = Clock()
    sim = make(clock, random.Random(7), **simulated)
    line = InProcessLine(sim.machine, clock.sleep)
    return LineTill(sim, line, line_driver(line, clock, options), clock)


def again(till: LineTill, options: str = "tax_16=1&marks=tag") -> LineTill:
    """Another process on the same register: nothing of the first one is known but what the journal holds."""
    line = InProcessLine(till.sim.machine, till.clock.sleep)
    return LineTill(till.sim, line, line_driver(line, till.clock, options), till.clock)


def web_driver(transport: Any, clock: Clock, options: str = "", seed: int = 3) -> Any:
    return open_register(
        f"atol-json+http://127.0.0.1:16732?{options}", secret=SECRETS.__getitem__, transport=transport, now=clock,
        monotonic=lambda: monotonic(clock), sleep=clock.sleep, rng=random.Random(seed),
    )  # fmt: skip


def web_till(options: str = "tax_16=vat16", **simulated: Any) -> WebTill:
    clock = Clock()
    sim = make_json(clock, random.Random(7), **simulated)
    transport = SimTransport(sim.server, clock.sleep)
    return WebTill(sim, transport, web_driver(transport, clock, options), clock)


def mark(full: str) -> Mark:
    return Mark(full, full.partition(GS)[0])


def water(**change: Any) -> Line:
    return Line(
        **{"name": "Вода", "price_tiyn": 25_050, "quantity_milli": 1_000, "unit_code": 796, "vat_bp": 1_600, **change}
    )


def cigarettes(**change: Any) -> Line:
    marks = (mark(FULL), mark(PACK))
    return water(
        **{"name": "Темекі Қазақстан", "price_tiyn": 90_000, "quantity_milli": 2_000, "marks": marks, **change}
    )


def total_of(lines: tuple[Line, ...]) -> int:
    return sum(
        (2 * line.price_tiyn * line.quantity_milli + 1000) // 2000 - line.discount_tiyn + line.markup_tiyn
        for line in lines
    )


def sale(*lines: Line, **change: Any) -> Receipt:
    lines = lines or (cigarettes(), water())
    values: dict[str, Any] = {
        "key": "till7-1", "operation": Operation.SALE, "lines": lines,
        "payments": (Payment(PaymentKind.CASH, total_of(lines)),),
    }  # fmt: skip
    return Receipt(**{**values, **change})


def run(till: LineTill | WebTill, order: Any) -> Outcome:
    outcome: Outcome = till.driver.execute(till.driver.prepare(order), till.driver.baseline())
    return outcome


def document_of(outcome: Outcome | Settlement) -> Any:
    assert isinstance(outcome, Done), outcome
    return outcome.document


def failure_of(outcome: Outcome | Settlement) -> Failure:
    assert isinstance(outcome, NotSent | Refused | Unknown), outcome
    return outcome.failure
