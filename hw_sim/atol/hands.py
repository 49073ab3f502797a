"""What other hands do to a register: on the way of a fault, or of a person at the console. The same for both links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hw_sim.atol.agenda import TimedMachine
from hw_sim.atol.kkm import Kkm
from hw_sim.atol.problems import Refused
from hw_sim.device.console import Switch
from hw_sim.exchange import NS
from hw_sim.faults import finite, whole

FOREIGN_TIYN = 10_000

Deed = Callable[[Kkm, Mapping[str, Any]], object]

_BEFORE: Mapping[str, Deed] = {
    "shift_over_24h": lambda kkm, _: age_shift(kkm, 24.01),
    "foreign_receipt": lambda kkm, params: kkm.leave_receipt_open(int(params.get("total", FOREIGN_TIYN))),
    "foreign_sale": lambda kkm, params: kkm.sell_elsewhere(int(params.get("total", FOREIGN_TIYN))),
    "counter_jump": lambda kkm, params: jump(kkm, int(params.get("by", 1))),
    "counter_back": lambda kkm, params: show(kkm, -int(params.get("by", 1))),
    "clock_offset": lambda kkm, params: set_clock(kkm, float(params.get("seconds", 3600))),
}
_AFTER: Mapping[str, Deed] = {
    "foreign_sale_after": lambda kkm, params: kkm.sell_elsewhere(int(params.get("total", FOREIGN_TIYN))),
}


def meet(machine: TimedMachine, kkm: Kkm, name: str) -> None:
    """Let every fault act that waits before this command. Raises Refused: the command ends here."""
    _act(machine, kkm, name, _BEFORE)
    drawn = machine.draw("error", name)
    if drawn is not None:
        machine.note("!", "error")
        raise unknown_refusal(drawn.params)


def follow(machine: TimedMachine, kkm: Kkm, name: str) -> None:
    """Let every fault act that waits behind this command."""
    _act(machine, kkm, name, _AFTER)


def _act(machine: TimedMachine, kkm: Kkm, name: str, deeds: Mapping[str, Deed]) -> None:
    for fault, deed in deeds.items():
        drawn = machine.draw(fault, name)
        if drawn is None:
            continue
        about = ""
        try:
            deed(kkm, drawn.params)
        except Refused as refused:
            about = f"refused: {refused.text}"  # The register refuses other programs too.
        machine.note("!", fault, about=about)


def unknown_refusal(params: Mapping[str, Any]) -> Refused:
    """The refusal a fault orders; numbers no table holds unless told otherwise."""
    code, driver_code = int(params.get("code", 0xFC)), int(params.get("driver_code", 999))
    return Refused.numbered(code & 0xFF, driver_code, str(params.get("text", "Неизвестная ошибка")))


def age_shift(kkm: Kkm, hours: float) -> None:
    """Make the open shift this old."""
    if kkm.memory.shift is not None:
        kkm.memory.shift.opened_ns = kkm.now_ns() - round(hours * 3600 * NS)


def jump(kkm: Kkm, by: int) -> None:
    """Leave out document numbers."""
    kkm.fn.last_number += by


def show(kkm: Kkm, by: int) -> None:
    """Make the counter show another number than it has."""
    kkm.fn.shown_offset += by


def set_clock(kkm: Kkm, seconds: float) -> None:
    """Make the clock go wrong by so much."""
    kkm.clock_offset_s = seconds


def switches(machine: TimedMachine, kkm: Kkm) -> Mapping[str, Switch]:
    """The family's words of the console."""
    foreign: Mapping[str, Callable[[int], None]] = {"receipt": kkm.leave_receipt_open, "sale": kkm.sell_elsewhere}
    counter: Mapping[str, Callable[[Kkm, int], None]] = {"jump": jump, "show": show}

    def meddle(rest: list[str]) -> str:
        foreign[rest[0]](whole(rest[1]) if len(rest) > 1 else FOREIGN_TIYN)
        return state(kkm)

    def shift(rest: list[str]) -> str:
        if rest[0] == "close":
            return f"Z {kkm.close_shift().shift}"
        if rest[0] == "age":
            age_shift(kkm, finite(rest[1]))
            return state(kkm)
        raise KeyError(rest[0])

    def count(rest: list[str]) -> str:
        counter[rest[0]](kkm, whole(rest[1]))
        return state(kkm)

    def clock(rest: list[str]) -> str:
        set_clock(kkm, finite(rest[0]))
        return f"{kkm.local(kkm.now_ns()):%d.%m.%Y %H:%M:%S}"

    def fn(rest: list[str]) -> str:
        kkm.fn.serial = rest[0]
        return state(kkm)

    def printer(rest: list[str]) -> str:
        kkm.printer_link = {"on": True, "off": False}[rest[0]]
        kkm.wake_printer()
        return state(kkm)

    words: Mapping[str, tuple[str, str, Switch]] = {
        "foreign": ("receipt [TIYN] | sale [TIYN]", "another program leaves a receipt open, or sells", meddle),
        "shift": ("close | age HOURS", "somebody makes a Z-report; the open shift is so old", shift),
        "counter": ("jump BY | show BY", "document numbers are left out; the counter shows so much more", count),
        "clock": ("SECONDS", "the clock is so far ahead, or behind with a minus", clock),
        "fn": ("SERIAL", "another fiscal storage is in it", fn),
        "printer": ("on | off", "the cable between the register and its printer", printer),
        "state": ("", "last document, shift, open receipt, what is not printed", lambda _rest: state(kkm)),
    }
    return {word: _guarded(machine, word, *row) for word, row in words.items()}


def _guarded(machine: TimedMachine, word: str, usage: str, meaning: str, act: Switch) -> Switch:
    def run(rest: list[str]) -> str:
        machine.settle()
        try:
            return act(rest)
        except Refused as refused:
            raise ValueError(f"the register refuses: {refused.text}") from refused
        except (KeyError, IndexError) as wrong:
            raise IndexError(usage) from wrong

    run.__doc__ = f"{word} {usage}".rstrip().replace(" | ", "|") + f": {meaning}"
    return run


def state(kkm: Kkm) -> str:
    """One line: last document, shift, open receipt, what is not printed."""
    receipt = kkm.receipt
    return (
        f"FN {kkm.fn.serial}, document {kkm.fn.shown_number}, shift {kkm.shift_number} "
        f"{'closed' if kkm.memory.shift is None else 'open'}, receipt {kkm.receipts_in_shift}, "
        f"{'none open' if receipt is None else f'open: {receipt.total_tiyn} tiyn'}, "
        f"{'all printed' if kkm.unprinted is None else f'unprinted: {kkm.unprinted}'}"
    )
