"""What the cutter, drawer and status commands do. The real-time ones (DLE ...) act even while the printer is offline.

Source: Epson ESC/POS command reference. What clears a held job differs between firmwares; here DLE ENQ 2 and DLE DC4 8
both do, in any offline state.
"""

from __future__ import annotations

from collections.abc import Mapping

from hw_sim.printer.condition import paper_answer, realtime_answer
from hw_sim.printer.machine import Machine
from hw_sim.printer.text_commands import Handler

CLEAR_BUFFERS = bytes((8, 1, 3, 20, 1, 6, 2, 8))
_FEED_AND_CUT = {65: False, 66: True, 97: False, 98: True, 103: False, 104: True}
_IDENTITY_NUMBERS = {1: b"\x20", 49: b"\x20", 2: b"\x02", 50: b"\x02", 3: b"\x00", 51: b"\x00"}


def _cut(machine: Machine, args: bytes) -> str:
    machine.flush_line()
    partial = _FEED_AND_CUT.get(args[0])
    if partial is None:
        return machine.cut(partial=args[0] in (1, 49))
    if machine.model.cutter:
        machine.feed(machine.model.head_to_cutter_dots + args[1])
    return machine.cut(partial=partial)


def _old_full_cut(machine: Machine, args: bytes) -> str:
    machine.flush_line()
    return machine.cut(partial=False)


def _old_partial_cut(machine: Machine, args: bytes) -> str:
    machine.flush_line()
    return machine.cut(partial=True)


def _kick(machine: Machine, args: bytes) -> str:
    pin = {0: 2, 48: 2, 1: 5, 49: 5}.get(args[0])
    if pin is None:
        return "no such pin, ignored"
    machine.kick(pin, args[1] * 2, args[2] * 2)
    return f"drawer pin {pin}, {args[1] * 2} ms on, {args[2] * 2} ms off"


def _act_now(machine: Machine, args: bytes) -> str:
    if args[0] == 1 and args[1] in (0, 1) and 1 <= args[2] <= 8:
        if machine.condition.offline:
            return "offline, no pulse"
        machine.kick(2 + 3 * args[1], args[2] * 100, args[2] * 100)
        return f"drawer pin {2 + 3 * args[1]} now, {args[2] * 100} ms"
    return "clear buffers" if args == CLEAR_BUFFERS else "no effect"


def _status_now(machine: Machine, args: bytes) -> str:
    answer = realtime_answer(machine.condition, args[0])
    if answer is None or not machine.model.realtime_status:
        return f"status query {args[0]}: not answered"
    machine.answer(bytes((answer,)))
    return f"status query {args[0]}: {answer:02X}"


def _recover(machine: Machine, args: bytes) -> str:
    if args[0] in (1, 2):
        machine.condition.cutter_waiting = False
    return {1: "go on after the error", 2: "clear buffers and go on"}.get(args[0], "no effect")


def _buffered_status(machine: Machine, args: bytes) -> str:
    if args[0] in (1, 49):
        machine.answer(bytes((paper_answer(machine.condition),)))
        return "paper status"
    if args[0] in (2, 50):
        machine.answer(bytes((int(machine.condition.drawer_pin_high),)))
        return "drawer status"
    return "no such status, not answered"


def _paper_status(machine: Machine, args: bytes) -> str:
    machine.answer(bytes((paper_answer(machine.condition),)))
    return "paper status"


def _automatic(machine: Machine, args: bytes) -> str:
    machine.automatic = args[0]
    machine.told = b""
    machine.report_change()
    return f"automatic status {'on' if args[0] else 'off'}"


def _identity(machine: Machine, args: bytes) -> str:
    model = machine.model
    text = {65: "1.00 SIM", 66: model.maker, 67: model.identity, 68: "SIM0001"}.get(args[0], "")
    if not model.identity:
        return "identity: not answered"
    if args[0] in _IDENTITY_NUMBERS:
        machine.answer(_IDENTITY_NUMBERS[args[0]])
    elif text:
        machine.answer(b"_" + text.encode("ascii") + b"\0")
    return f"identity {args[0]}"


def _confirm(machine: Machine, args: bytes) -> str:
    body = args[2:]
    if len(body) != 6 or body[:2] != b"00":
        return "process id: no effect"
    machine.answer(b"7\x22" + body[2:] + b"\0")
    return f"process id {body[2:].hex()} confirmed"


REALTIME: Mapping[str, Handler] = {"DLE EOT": _status_now, "DLE ENQ": _recover, "DLE DC4": _act_now}
HANDLERS: Mapping[str, Handler] = {
    "GS V": _cut, "ESC i": _old_full_cut, "ESC m": _old_partial_cut, "ESC p": _kick, "GS r": _buffered_status,
    "ESC v": _paper_status, "GS a": _automatic, "GS I": _identity, "GS ( H": _confirm,
}  # fmt: skip
