"""What can go wrong with a Datecs printer besides what can go wrong with any register (hw_sim.device.faults)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from hw_sim.datecs import sales
from hw_sim.datecs.electronic import Kind
from hw_sim.datecs.state import State
from hw_sim.exchange import NS
from hw_sim.faults import Fault, Place
from hw_sim.faults import Kind as FaultKind

_BIT = re.compile(r"[0-5]\.[0-6]", re.ASCII)
Reads = Mapping[str, Callable[[Any], object]]


def _bits(value: object) -> str:
    """`2.3,0.5` as a text. ValueError: one of them is no bit of the six status bytes."""
    bits = [bit.strip() for bit in str(value).split(",")]
    if not all(_BIT.fullmatch(bit) for bit in bits):
        raise ValueError("bits are written as 2.3,0.5, from 0.0 to 5.6")
    return ",".join(bits)


def _code(value: object) -> str:
    """A command in two hexadecimal digits."""
    number = int(str(value), 16)
    if not 0x20 <= number <= 0xFF:
        raise ValueError("commands go from 20 to FF")
    return f"{number:02X}"


def _natural(value: Any) -> int:
    if int(value) < 1:
        raise ValueError("at least 1")
    return int(value)


_JUMP: Reads = {"by": _natural, "total": _natural}
_KINDS: Mapping[str, tuple[str, Reads]] = {
    "nak_once": ("heard: NAK to a sound frame; it is not accepted, so its SEQ is not taken", {}),
    "swallow_first": ("heard: the frame's SEQ was the last of an earlier session: an old answer, nothing done", {}),
    "ram_reset": ("heard: open receipt, day registers, clock are gone; 1.2 and 0.2 until the clock is set", {}),
    "journal_full": ("heard: the electronic journal is at its end (2.2)", {}),
    "clock_offset": ("heard: the clock jumps by `seconds`", {"seconds": float}),
    "counter_back": ("heard: the document number goes back by `by`", {"by": _natural}),
    "counter_jump": ("heard: another program makes `by` service documents, or a cash sale of `total` tiyn", _JUMP),
    "counter_jump_after": ("executed: the same, after the work of the command", _JUMP),
    "refused": ("heard: not carried out; no data, and just the bits `set` besides those that hold", {"set": _bits}),
    "error_code": (
        "executed: the negative `code` instead of the answer (X); done=1: carried out all the same",
        {"code": int, "done": int},
    ),
    "status_bits": ("said: the status has the bits `set` and not the bits `clear`", {"set": _bits, "clear": _bits}),
    "wrong_seq": ("said: the answer has another SEQ", {}),
    "wrong_command": ("said: the answer is of `command`", {"command": _code}),
    "syn_stream": ("said: SYN every 60 ms for `seconds` before the answer", {"seconds": float}),
    "chunks": ("said: the answer comes in pieces of 1 to `longest` bytes, 2 ms apart", {"longest": _natural}),
}
KINDS: Mapping[str, FaultKind] = {
    name: FaultKind(Place.POINT, "*", about, params) for name, (about, params) in _KINDS.items()
}
UPSETS_BEFORE = ("ram_reset", "journal_full", "clock_offset", "counter_back", "counter_jump")
UPSETS_AFTER = ("counter_jump_after",)


def upset(state: State, fault: Fault) -> None:
    """Do what befalls the device itself, apart from any command."""
    if fault.name == "ram_reset":
        state.reset_ram()
    elif fault.name == "journal_full":
        state.signs.add("journal_full")
    elif fault.name == "clock_offset":
        state.clock_offset_ns += int(fault.seconds * NS)
    elif fault.name == "counter_back":
        state.document = max(0, state.document - _by(fault))
    elif "total" in fault.params:
        sales.sell_elsewhere(state, fault.params["total"])
    else:
        for _ in range(_by(fault)):
            state.file(Kind.SERVICE, ["another program"], "service")


def bits_in(fault: Fault, key: str) -> frozenset[str]:
    """The bits a fault names under `key`."""
    return frozenset(str(fault.params[key]).split(",")) if key in fault.params else frozenset()


def _by(fault: Fault) -> int:
    return int(fault.params.get("by", 1))
