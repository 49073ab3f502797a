"""A simulated Datecs printer brought before one step of a receipt, and what a host finds there before and after it."""

from __future__ import annotations

from dataclasses import dataclass

from datecs_talk import Talk


@dataclass(frozen=True)
class Found:
    """2.3, items, amount and tender of 4Ch, last document."""

    open: bool
    items: int
    amount: int
    tender: int
    document: int


def found(talk: Talk) -> Found:
    document = talk.document()
    if talk.protocol == "p":
        got = talk.do(0x4C, "T")
        _, items, amount, tender = got.fields
        return Found("2.3" in got.bits, int(items), int(amount), int(tender), document)
    got = talk.do(0x4C)
    _, _, items, amount, tender = got.fields
    tiyn = [int(text.replace(".", "")) for text in (amount, tender)]
    return Found("2.3" in got.bits, int(items), tiyn[0], tiyn[1], document)


def prepared(protocol: str, step: str, **options: bool) -> tuple[Talk, tuple[int, str]]:
    """A printer that stands before the step, and the step's command."""
    talk = Talk(protocol, **options)
    talk.sale("500.00", "500.00")
    orders = {
        "open": (0x30, "1,0000,1" if protocol == "p" else "1\t1\t1\t\t"),
        "item": (0x31, talk.item_data()),
        "part": (0x35, talk.pay_data("300.00", card=True)),
        "rest": (0x35, talk.pay_data("1000.00")),
        "close": (0x38, ""),
    }
    for name, (command, data) in orders.items():
        if name == step:
            break
        talk.do(command, data)
    if step == "cancel":
        talk = Talk(protocol, **options)
        talk.sale("500.00", "500.00")
        talk.do(*orders["open"])
        talk.do(*orders["item"])
        return talk, (0x3C, "")
    return talk, orders[step]


def mended(talk: Talk) -> None:
    """The line is back, and the power."""
    talk.machine.power_on()
    talk.clock.sleep(3)
    talk.line.open()


BEFORE = {
    "open": Found(False, 1, 50_000, 50_000, 1),
    "item": Found(True, 0, 0, 0, 1),
    "part": Found(True, 1, 90_000, 0, 1),
    "rest": Found(True, 1, 90_000, 30_000, 1),
    "close": Found(True, 1, 90_000, 130_000, 1),
    "cancel": Found(True, 1, 90_000, 0, 1),
}
AFTER = {
    "open": Found(True, 0, 0, 0, 1),
    "item": Found(True, 1, 90_000, 0, 1),
    "part": Found(True, 1, 90_000, 30_000, 1),
    "rest": Found(True, 1, 90_000, 130_000, 1),
    "close": Found(False, 1, 90_000, 130_000, 2),
    "cancel": Found(False, 1, 90_000, 0, 2),
}
