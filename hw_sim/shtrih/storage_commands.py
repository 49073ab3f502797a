"""Questions to the fiscal storage: FF01h, FF08h, FF0Ah, FF39h to FF40h.

Source: vendor's "Команды работы с ФН", github shtrih-m/javapos_shtrih, Doc/SHTRIH. Its lengths of answers leave out the
two bytes of the code.
"""

from __future__ import annotations

from hw_sim.shtrih import errors
from hw_sim.shtrih.call import Answer, Call, Handlers, money, whole
from hw_sim.shtrih.clock import minute
from hw_sim.shtrih.errors import Refused
from hw_sim.shtrih.storage import READY_PHASE, Current, DocumentType

SERIAL_BYTES = 16
SENDING = 0b10  # There is a message for the operator.
MINUTE_BYTES = 5


def status(call: Call) -> Answer:
    storage = call.storage
    shift_open = call.register.memory.shift is not None
    serial = storage.serial.encode("ascii", "replace")[:SERIAL_BYTES].ljust(SERIAL_BYTES)
    last = storage.documents[-1]
    data = bytes((READY_PHASE, storage.current, storage.has_data, shift_open, 0)) + minute(last.at)
    return Answer(data + serial + whole(storage.last_fd, 4), f"document {storage.last_fd}, {storage.current.name}")


def cancel(call: Call) -> Answer:
    storage = call.storage
    if storage.current is Current.NONE:
        raise Refused(errors.FS_WRONG_STATE)
    if call.register.receipt is not None:
        call.register.cancel()
    storage.cancel()
    return Answer()


def find(call: Call) -> Answer:
    document = call.storage.find(call.values["fd"])
    data = bytes((document.type, document.ticket)) + minute(document.at)
    data += whole(document.fd, 4) + whole(document.sign, 4)
    about = f"{document.type.name.lower()} {document.fd}"
    if document.receipt is not None:
        data += bytes((document.receipt.operation,)) + whole(document.receipt.total, 5)
        about += f", total {money(document.receipt.total)}"
    elif document.type is not DocumentType.REGISTRATION:
        data += whole(document.shift, 2)
    return Answer(data, about)


def exchange(call: Call) -> Answer:
    waiting = call.storage.waiting()
    if not waiting:
        return Answer(bytes(4 + 4 + MINUTE_BYTES), "nothing waits")
    first = waiting[0]
    data = bytes((SENDING, 0)) + whole(len(waiting), 2) + whole(first.fd, 4) + minute(first.at)
    return Answer(data, f"{len(waiting)} wait from {first.fd}")


def start_reading(call: Call) -> Answer:
    document = call.storage.start_reading(call.values["fd"])
    return Answer(whole(document.type, 2) + whole(sum(map(len, document.blocks)), 2))


def next_block(call: Call) -> Answer:
    return Answer(call.storage.next_block())


def unconfirmed(call: Call) -> Answer:
    count = len(call.storage.waiting())
    return Answer(whole(count, 2), str(count))


def shift_parameters(call: Call) -> Answer:
    register, storage = call.register, call.storage
    shift = register.memory.shift
    number = register.last_closed_shift if shift is None else shift.number
    data = bytes((shift is not None,)) + whole(number, 2) + whole(storage.receipts_in_shift, 2)
    return Answer(data, f"shift {number}, receipt {storage.receipts_in_shift}")


HANDLERS: Handlers = {
    "FF01": status,
    "FF08": cancel,
    "FF0A": find,
    "FF39": exchange,
    "FF3A": start_reading,
    "FF3B": next_block,
    "FF3F": unconfirmed,
    "FF40": shift_parameters,
}
