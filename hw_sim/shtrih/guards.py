"""What stands in the way of a command before it is looked at: who asks, printing and paper, mode, open receipts.

Source: vendor's "Протокол работы ККТ 2.0", appendix 1 and list of errors.
"""

from __future__ import annotations

from collections.abc import Mapping

from hw_sim.shtrih import errors
from hw_sim.shtrih.catalogue import Command, Gate, Role
from hw_sim.shtrih.errors import Refused
from hw_sim.shtrih.printing import Submode
from hw_sim.shtrih.register import ADMIN, MODE_LOCKED, SYSTEM, Register

_IN_THE_WAY: Mapping[Submode, int] = {
    Submode.NO_PAPER: errors.NO_PAPER,
    Submode.PAPER_RAN_OUT: errors.WRONG_SUBMODE,
    Submode.WAITS: errors.WAITS_FOR_CONTINUE,
    Submode.PRINTS: errors.PRINTING,
}
_DATE_COMMANDS = ("22", "23")
_ALLOWED: Mapping[Role, range] = {
    Role.OPERATOR: range(1, SYSTEM + 1),
    Role.ADMIN: range(ADMIN, SYSTEM + 1),
    Role.SYSTEM: range(SYSTEM, SYSTEM + 1),
}


def asking(register: Register, command: Command, password: int) -> int:
    """The operator whose password this is.

    Raises:
        Refused: nobody's, or of someone who may not give this command.
    """
    operator = register.operator(password)
    if operator not in _ALLOWED[command.role]:
        raise Refused(errors.WRONG_PASSWORD)
    return operator


def admit(register: Register, command: Command, operator: int) -> None:
    """Let a command through.

    Raises:
        Refused: it is not the time for it.
    """
    if register.forced is not None and (command.prints or command.gate is not Gate.ANY):
        raise Refused(errors.LOCKED if register.forced[0] == MODE_LOCKED else errors.WRONG_MODE)
    submode = register.printer.submode()
    if command.prints and submode in _IN_THE_WAY:
        raise Refused(_IN_THE_WAY[submode])
    if command.gate is Gate.ANY:
        return
    if register.date_to_confirm is not None and command.code not in _DATE_COMMANDS:
        raise Refused(errors.CONFIRM_DATE)
    if register.receipt is None:
        _without_receipt(register, command)
    else:
        _with_receipt(register, command, operator, register.receipt.operator)


def _without_receipt(register: Register, command: Command) -> None:
    if command.gate in (Gate.RECEIPT, Gate.ENDS):
        raise Refused(register.profile.closed_receipt_error)
    # Cash moves belong to the shift as well.
    if register.shift_over and (command.gate is Gate.SELLS or command.code in ("50", "51")):
        raise Refused(_too_long(command))
    if command.gate is Gate.SELLS and register.memory.shift is None and register.needs_open_shift:
        raise Refused(errors.SHIFT_NOT_OPEN)


def _with_receipt(register: Register, command: Command, operator: int, owner: int) -> None:
    of_system = operator == SYSTEM and (command.gate is Gate.ENDS or command.code.startswith("FF"))
    if operator != owner and not of_system:
        raise Refused(errors.OTHER_OPERATOR)
    if command.gate is Gate.NO_RECEIPT or command.code == "8D":
        raise Refused(errors.RECEIPT_OPEN)
    if command.gate is not Gate.ENDS and register.shift_over:
        raise Refused(_too_long(command))


def _too_long(command: Command) -> int:
    """Commands of the fiscal storage have its codes."""
    return errors.FS_SHIFT_TOO_LONG if command.code.startswith("FF") else errors.SHIFT_TOO_LONG
