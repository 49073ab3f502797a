"""Shifts and cash: 40h, 41h, 50h, 51h, E0h, FF0Bh, FF41h to FF43h.

Source: vendor's "Протокол работы ККТ 2.0" rev. 11, "Команды работы с ФН".
"""

from __future__ import annotations

from hw_sim.ledger import Operation
from hw_sim.shtrih import errors
from hw_sim.shtrih.call import Answer, Call, Handler, Handlers, money, whole
from hw_sim.shtrih.errors import Refused
from hw_sim.shtrih.receipt import SUM_MAX
from hw_sim.shtrih.storage import Current, StoredDocument


def x_report(call: Call) -> Answer:
    register = call.register
    register.counters.x_reports += 1
    register.counters.next_document()
    register.print(f"X {register.counters.x_reports}", register.options.print_s)
    return Answer(about=f"cash {money(register.cash)}")


def z_report(call: Call) -> Answer:
    _close_shift(call)
    return Answer(about=f"shift {call.register.last_closed_shift} closed")


def _close_shift(call: Call) -> StoredDocument | None:
    register = call.register
    if register.memory.shift is None:
        if not register.options.empty_z:
            raise Refused(register.profile.closed_shift_error)
        register.open_shift()
    return register.close_shift()


def _open_shift(call: Call) -> StoredDocument | None:
    register = call.register
    if register.memory.shift is not None:
        raise Refused(errors.SHIFT_OPEN)
    document = register.open_shift()
    register.print(f"shift {register.memory.next_shift - 1} opened", register.options.print_s)
    return document


def open_shift(call: Call) -> Answer:
    _open_shift(call)
    return Answer(about=f"shift {call.register.memory.next_shift - 1}")


def storage_open_shift(call: Call) -> Answer:
    return _shift_document(_open_shift(call))


def storage_close_shift(call: Call) -> Answer:
    return _shift_document(_close_shift(call))


def _shift_document(document: StoredDocument | None) -> Answer:
    if document is None:
        raise Refused(errors.NOT_SUPPORTED)
    data = whole(document.shift, 2) + whole(document.fd, 4) + whole(document.sign, 4)
    return Answer(data, f"shift {document.shift}, document {document.fd}")


def begin(what: Current) -> Handler:
    """FF41h and FF42h: the storage waits for data of the report, and for the report."""

    def mark(call: Call) -> Answer:
        is_open = call.register.memory.shift is not None
        if is_open == (what is Current.SHIFT_OPEN):
            raise Refused(errors.FS_WRONG_STATE)
        call.storage.require_rest()
        call.storage.current = what
        return Answer()

    return mark


def move_cash(operation: Operation) -> Handler:
    """50h and 51h."""

    def move(call: Call) -> Answer:
        amount = call.values["sum"]
        if not 0 < amount <= SUM_MAX:
            raise Refused(errors.WRONG_PARAMETERS)
        number = call.register.move_cash(operation, amount, call.operator)
        return Answer(whole(number, 2), f"document {number}, cash {money(call.register.cash)}")

    return move


HANDLERS: Handlers = {
    "40": x_report,
    "41": z_report,
    "50": move_cash(Operation.CASH_IN),
    "51": move_cash(Operation.CASH_OUT),
    "E0": open_shift,
    "FF0B": storage_open_shift,
    "FF41": begin(Current.SHIFT_OPEN),
    "FF42": begin(Current.SHIFT_CLOSE),
    "FF43": storage_close_shift,
}
