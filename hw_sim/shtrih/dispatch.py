"""From the bytes of a command to the bytes of its answer: length, password, admission, work, and faults on the way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from hw_sim.faults import Fault
from hw_sim.shtrih import (
    errors,
    guards,
    marking_commands,
    reports,
    sales,
    service,
    status,
    storage_commands,
    strangers,
)
from hw_sim.shtrih.call import Answer, Call, Handlers
from hw_sim.shtrih.catalogue import COMMANDS, Command, Role, code_of
from hw_sim.shtrih.errors import Refused
from hw_sim.shtrih.faults import number_of
from hw_sim.shtrih.layout import fits, read, words
from hw_sim.shtrih.models import CloseForm
from hw_sim.shtrih.register import Register

HANDLERS: Handlers = {
    **status.HANDLERS,
    **service.HANDLERS,
    **sales.HANDLERS,
    **reports.HANDLERS,
    **storage_commands.HANDLERS,
    **marking_commands.HANDLERS,
}
UNKNOWN_ERROR = 0xEE  # In no document.

Draw = Callable[[str], Fault | None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is answered, after how many seconds, and in words."""

    payload: bytes
    seconds: float
    about: str


def command_of(register: Register, code: str) -> Command | None:
    """The command as this model has it."""
    if not register.profile.has(code):
        return None
    old = code == "FF45" and register.profile.close_form is CloseForm.OLD
    return COMMANDS.get("FF45 old" if old else code)


def in_words(register: Register, data: bytes) -> str:
    """A command for the journal of frames: its name and its parameters."""
    code = code_of(data)
    command = command_of(register, code) or COMMANDS.get(code)
    if command is None:
        return "unknown command"
    parameters = data[len(code) // 2 :]
    if not fits(command.fields, len(parameters)):
        return f"{command.words}: wrong length"
    told = words(command.fields, read(command.fields, parameters))
    return f"{command.words}: {told}" if told else command.words


def perform(register: Register, data: bytes, draw: Draw) -> Outcome:
    """Obey one command. Whatever the bytes are, there is an answer; only a good command changes anything."""
    code = code_of(data)
    command = command_of(register, code)
    head = bytes.fromhex(code) if code else data[:1]
    work = register.options.work
    if command is None:
        return _refusal(register, head, errors.NOT_SUPPORTED, 0.01 * work)
    try:
        operator, answer = _obeyed(register, command, code, data[len(head) :], draw)
    except Refused as refused:
        return _refusal(register, head, refused.code, min(command.seconds, 0.05) * work)
    seconds = command.seconds * work + answer.after_s
    if answer.error:
        return _refusal(register, head, answer.error, seconds)
    body = answer.data
    if command.tells_operator:
        body = bytes((operator,)) + body
    if not (code == "E0" and register.options.bare_shift_answer):
        body = bytes((errors.OK,)) + body
    return Outcome(head + body, seconds, f"ok, {answer.about}" if answer.about else "ok")


def _obeyed(register: Register, command: Command, code: str, parameters: bytes, draw: Draw) -> tuple[int, Answer]:
    if not fits(command.fields, len(parameters)):
        raise Refused(errors.WRONG_LENGTH)
    values = read(command.fields, parameters)
    operator = 0 if command.role is Role.NOBODY else guards.asking(register, command, values["password"])
    unknown = draw("unknown_error")
    said = errors.OK if unknown is None else number_of(unknown, "code", UNKNOWN_ERROR)
    if unknown is not None and not unknown.after:
        raise Refused(said)
    _trouble_before(register, draw)
    jump = draw("counter_jump")
    before = jump is not None and jump.params.get("when") == "before"
    if jump is not None and before:
        _another_program(register, jump)
    guards.admit(register, command, operator)
    answer = HANDLERS[code](Call(register, code, operator, values, draw))
    if jump is not None and not before:
        _another_program(register, jump)
    return operator, answer if not said else Answer(error=said, after_s=answer.after_s)


def _trouble_before(register: Register, draw: Draw) -> None:
    """Faults that strike before the command is looked at."""
    if draw("busy_50") is not None:
        raise Refused(errors.PRINTING)
    if (fault := draw("mark_refused")) is not None:
        raise Refused(number_of(fault, "code", errors.MARK_FORGED))
    if (fault := draw("counter_back")) is not None:
        strangers.turn_back(register, number_of(fault, "by", 1))
    fault = draw("foreign_receipt")
    if fault is not None and register.receipt is None:
        with suppress(Refused):  # The other program is refused as well: then there is no receipt of its.
            strangers.foreign_receipt(register, number_of(fault, "operator", strangers.OPERATOR))


def _another_program(register: Register, fault: Fault) -> None:
    with suppress(Refused):  # What the other program is refused is not ours to answer.
        strangers.another_program(register, number_of(fault, "sum", strangers.SUM))


def _refusal(register: Register, head: bytes, code: int, seconds: float) -> Outcome:
    meaning = errors.words(code, storage=register.storage is not None) or "in no document"
    return Outcome(head + bytes((code & 0xFF,)), seconds, f"error {code:02X}: {meaning}")
