"""A simulated line to a Shtrih-M register, and its driver over either link layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shtrih_machine import Machine
from shtrih_peers import Clock, NumberedPeer, Peer, StandardPeer

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

MODELS = ("kz-fr", "on-line", "fn", "fn-old")
LAYERS = ("standard", "numbered")
RETURN = Operation.SALE_RETURN
GS = "\x1d"
FULL = f"0104870000000104215kZ7q_W<2hT9m{GS}91KZF1{GS}92Ne2o3IgVFwgEjNZm+TcpPw9CoQ84AyCgeJbl/O4zYNw="
PACK = "04870249811936t1Xrb-xQWhpeGhG"
# Old models have no command of the newer ones.
OLD = {"FF01", "FF08", "FF0A", "FF0B", "FF39", "FF3A", "FF3B", "FF3F", "FF40", "FF45", "FF46", "FF61", "FF69", "E0"}
LACKS = {"kz-fr": OLD | {"0F", "F7", "FF67", "FF70"}, "on-line": OLD | {"FF70"}, "fn": {"FF44"}, "fn-old": {"FF46"}}


@dataclass
class Till:
    """A driver and the register it talks to."""

    machine: Machine
    peer: Peer
    driver: DeviceRegister
    clock: Clock


def till(model: str = "fn", layer: str = "standard", options: str = "", machine: Machine | None = None) -> Till:
    lacks = LACKS.get(model, set())
    machine = machine or Machine(storage=model in ("fn", "fn-old"), close_old=model == "fn-old")
    if model in LACKS:
        machine.has = lambda code: code not in lacks
    clock = Clock()
    peer = (StandardPeer if layer == "standard" else NumberedPeer)(machine, clock)
    url = f"shtrih+tcp://192.168.1.60?model={model}&layer={layer}" + (f"&{options}" if options else "")
    driver: Any = open_register(
        url, secret={"shtrih_password": "1234"}.__getitem__, transport=None, now=lambda: 0,
        monotonic=clock.monotonic, sleep=clock.sleep, link=lambda address: peer,
    )  # fmt: skip
    return Till(machine, peer, driver, clock)


def mark(full: str) -> Mark:
    return Mark(full, full[:21])


def sale(*lines: Line, **change: Any) -> Receipt:
    lines = lines or (
        Line("Сигареты Қазақ", 90_000, 2_000, 796, 1_600, marks=(mark(FULL), mark(PACK))),
        Line("Вода", 25_050, 1_000, 796, 1_600),
    )
    total = sum(
        (2 * line.price_tiyn * line.quantity_milli + 1000) // 2000 - line.discount_tiyn + line.markup_tiyn
        for line in lines
    )
    values: dict[str, Any] = {
        "key": "till7-1", "operation": Operation.SALE, "lines": lines,
        "payments": (Payment(PaymentKind.CASH, total),),
    }  # fmt: skip
    return Receipt(**{**values, **change})


def plain() -> Line:
    return Line("Вода", 25_050, 1_000, 796, 1_600)


def run(one: Till, order: Any) -> Outcome:
    prepared = one.driver.prepare(order)
    return one.driver.execute(prepared, one.driver.baseline())


def document_of(outcome: Outcome) -> Any:
    assert isinstance(outcome, Done), outcome
    return outcome.document


def failure_of(outcome: Outcome | Settlement) -> Failure:
    assert isinstance(outcome, NotSent | Refused | Unknown), outcome
    return outcome.failure


def refusing(one: Till, code: str, error: int, **state: Any) -> None:
    """The next such command is answered with an error, and the register is in that state from then on."""
    name = f"_{code.lower()}"
    original = getattr(one.machine, name)

    def once(rest: bytes) -> int:
        setattr(one.machine, name, original)
        for key, value in state.items():
            setattr(one.machine, key, value)
        return error

    setattr(one.machine, name, once)
