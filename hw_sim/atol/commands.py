"""The command layer: password, command byte, parameters in, answer out. A table names the handler of each command.

Answers begin with 55h and an error byte, but for 3Fh, 45h, 4Dh and A5h. Sources: github Zzzzipper/projects
AtolProtocol.h (structures) and AtolCommandLayer.cpp; github kurbatov/atol4j for 45h, 49h, 4Dh, 4Fh, 55h, 67h, 75h, 80h,
95h.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hw_sim.atol import bcd, tlv
from hw_sim.atol.fn import Filed
from hw_sim.atol.modes import ANY_MODE, MODES_OF, Mode
from hw_sim.atol.problems import Problem, Refused
from hw_sim.atol.receipt import RECEIPT_TYPES
from hw_sim.atol.receipt_commands import HANDLERS as RECEIPT_HANDLERS
from hw_sim.atol.session import DONE, Session, need
from hw_sim.ledger import Operation

DAILY_X = 0x01
LAST_SALE, LAST_DOCUMENT = 0x33, 0x34
# Registers of the shift, by the numbers of driver 8 (a public client in C++, class KKM_ATOL; 33h is 51 in github
# Unact/kkm): sums and counts by receipt type, cash moves.
BY_TYPE = {0x01: True, 0x06: False}  # Whether it tells sums.
CASH_MOVES = {
    0x04: (Operation.CASH_IN, True),
    0x05: (Operation.CASH_OUT, True),
    0x08: (Operation.CASH_IN, False),
    0x09: (Operation.CASH_OUT, False),
}
SUM_BYTES, COUNT_BYTES = 7, 3  # Widths are not published: a reader takes what comes.
FN_NUMBER, DOCUMENT_SIZE, DOCUMENT_DATA = 0x31, 0x45, 0x46
NO_PAPER, NO_LINK = 0x01, 0x02  # Printer flags of 45h.

Handler = Callable[[Session, bytes], bytes]


def execute(session: Session, command: bytes) -> bytes:
    """Carry out one command (password and all). Raises Refused."""
    if bcd.decode(command[:2]) != session.profile.access_password:
        raise Refused(Problem.BAD_PASSWORD)
    code, body = command[2], command[3:]
    handler = HANDLERS.get(code)
    if handler is None:
        raise Refused(Problem.BAD_COMMAND)
    if code in session.profile.lacks:
        raise Refused(Problem.NOT_THIS_MODEL)
    allowed = MODES_OF.get(code, ANY_MODE)
    if session.modes.mode not in allowed or (session.modes.busy(session.moment()) and code not in _READS):
        raise Refused(Problem.WRONG_MODE)
    return handler(session, body)


def _status(session: Session, body: bytes) -> bytes:
    need(body, 0)
    kkm = session.kkm
    mechanics = kkm.mechanics
    flags = (
        0x01
        | (0x02 if kkm.memory.shift is not None else 0)
        | (0x04 if mechanics.drawer_open else 0)
        | (0x08 if mechanics.paper else 0)
        | (0x20 if mechanics.cover_open else 0)
        | 0x40
    )
    receipt = kkm.receipt
    return (
        b"\x44\x01\x01"
        + bcd.moment(kkm.local(kkm.now_ns()))
        + bytes((flags,))
        + bcd.encode(int(kkm.memory.identity.serial), 4)
        + bytes((session.profile.model.number,))
        + b"30"
        + bytes((session.modes.byte(session.moment()),))
        + bcd.encode(kkm.receipts_in_shift, 2)
        + bcd.encode(kkm.shift_number, 2)
        + bytes((0 if receipt is None else receipt.type,))
        + bcd.encode(0 if receipt is None else receipt.total_tiyn, 5)
        + bytes((2, session.interface))
    )


def _short_state(session: Session, body: bytes) -> bytes:
    need(body, 0)
    flags = (0 if session.kkm.mechanics.paper else NO_PAPER) | (0 if session.kkm.printer_link else NO_LINK)
    return bytes((0x55, session.modes.byte(session.moment()), flags))


def _device_info(session: Session, body: bytes) -> bytes:
    need(body, 0)
    model = session.profile.model
    return bytes((0, 1, 1, model.number, 0x10, 0x00)) + b"\x03\x00\x00\x21\x95" + model.title.encode("cp866")


def _enter(session: Session, body: bytes) -> bytes:
    need(body, 5)
    mode = body[0]
    passwords = session.profile.mode_passwords.get(mode)
    if passwords is None:
        raise Refused(Problem.WRONG_MODE)
    if bcd.decode(body[1:]) not in passwords:
        raise Refused(Problem.BAD_PASSWORD)
    session.modes.mode = Mode(mode)
    return DONE


def _leave(session: Session, body: bytes) -> bytes:
    need(body, 0)
    if session.kkm.receipt is not None:
        raise Refused(Problem.RECEIPT_OPEN)
    session.modes.mode = Mode.IDLE
    return DONE


def _x_report(session: Session, body: bytes) -> bytes:
    need(body, 1)
    if body[0] != DAILY_X:
        raise Refused(Problem.BAD_REPORT)
    session.kkm.report_x()
    return DONE


def _z_report(session: Session, body: bytes) -> bytes:
    need(body, 0)
    session.kkm.close_shift()
    session.modes.print_z(session.moment(), session.profile.z_print_s)
    return DONE


def _read_register(session: Session, body: bytes) -> bytes:
    need(body, 3)
    if body[0] not in (LAST_SALE, LAST_DOCUMENT):
        return DONE[:2] + _shift_register(session, body[0], body[1])
    kkm = session.kkm
    filed = kkm.fn.last(receipt=body[0] == LAST_SALE)
    receipt_number = 0 if filed is None else filed.number
    number = kkm.fn.shown_number if body[0] == LAST_DOCUMENT else receipt_number
    return DONE[:2] + bcd.encode(number, 5) + _document(session, filed)


def _shift_register(session: Session, number: int, kind: int) -> bytes:
    sums = BY_TYPE.get(number)
    if sums is not None:
        operation = RECEIPT_TYPES.get(kind)
    else:
        operation, sums = CASH_MOVES.get(number, (None, False))
    if operation is None or not session.profile.shift_registers:
        raise Refused(Problem.BAD_REGISTER)
    shift = session.kkm.memory.shift
    value = 0 if shift is None else (shift.sums_tiyn if sums else shift.counts)[operation]
    return bcd.encode(value, SUM_BYTES if sums else COUNT_BYTES)


def _document(session: Session, filed: Filed | None) -> bytes:
    """Type, total, time and sign; zeroes where there is no document."""
    if filed is None:
        return bytes(1 + 7 + 5 + 5 + 3)
    at = bcd.short_moment(session.kkm.local(filed.at_ns))
    return bytes((filed.type,)) + bcd.encode(filed.total_tiyn, 7) + at + bcd.encode(int(filed.sign), 5) + bytes(3)


def _storage(session: Session, body: bytes) -> bytes:
    if not body:
        raise Refused(Problem.BAD_LENGTH)
    kkm = session.kkm
    if body[0] == FN_NUMBER:
        need(body, 1)
        return DONE[:2] + kkm.fn.serial.encode("cp866")
    if body[0] == DOCUMENT_SIZE:
        need(body, 5)
        filed = kkm.fn.find(int.from_bytes(body[1:], "big"))
        session.reading = tlv.document(kkm, filed)
        return DONE[:2] + int(filed.form).to_bytes(2, "big") + len(session.reading).to_bytes(2, "big")
    if body[0] == DOCUMENT_DATA:
        need(body, 1)
        size = session.profile.document_block_bytes
        block, session.reading = session.reading[:size], session.reading[size:]
        if not block:
            raise Refused(Problem.NO_MORE_DATA)
        return DONE[:2] + block
    raise Refused(Problem.BAD_COMMAND)


def _copy(session: Session, body: bytes) -> bytes:
    need(body, 0)
    if session.kkm.receipt is not None:
        raise Refused(Problem.RECEIPT_OPEN)
    session.kkm.print_again()
    return DONE


def _finish_print(session: Session, body: bytes) -> bytes:
    need(body, 0)
    session.kkm.finish_print()
    return DONE


def _cut(session: Session, body: bytes) -> bytes:
    need(body, 1)
    session.kkm.memory.papers.append("cut")
    return DONE


def _drawer(session: Session, body: bytes) -> bytes:
    need(body, 0)
    session.kkm.mechanics.drawer_kicks += 1
    session.kkm.mechanics.drawer_open = True
    return DONE


def _cash_sum(session: Session, body: bytes) -> bytes:
    need(body, 0)
    return b"\x4d" + bcd.encode(session.kkm.memory.cash_tiyn, 7)


_READS = frozenset({0x3F, 0x45, 0xA5, 0x91, 0xA4, 0x4D})
HANDLERS: Mapping[int, Handler] = {
    0x3F: _status,
    0x45: _short_state,
    0x48: _leave,
    0x4D: _cash_sum,
    0x55: _finish_print,
    0x56: _enter,
    0x5A: _z_report,
    0x67: _x_report,
    0x75: _cut,
    0x80: _drawer,
    0x91: _read_register,
    0x95: _copy,
    0xA4: _storage,
    0xA5: _device_info,
    **RECEIPT_HANDLERS,
}
