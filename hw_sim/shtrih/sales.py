"""Receipts: 80h to 8Dh, FF45h, FF46h, FF4Dh, FF0Ch.

Sources: vendor's "Протокол работы ККТ 2.0" rev. 11 and "Команды работы с ФН"; the present FF45h and FF46h as in the
vendor's own driver (github shtrih-m/javapos_shtrih).
"""

from __future__ import annotations

from hw_sim.shtrih import errors
from hw_sim.shtrih.call import Answer, Call, Handler, Handlers, money, whole
from hw_sim.shtrih.clock import minute
from hw_sim.shtrih.errors import Refused
from hw_sim.shtrih.faults import number_of
from hw_sim.shtrih.models import CloseForm
from hw_sim.shtrih.receipt import (
    DEPARTMENT_MAX,
    STORAGE_OPERATIONS,
    SUM_MAX,
    Closing,
    Item,
    Kind,
    Receipt,
    product,
    tax_groups,
)

MILLI, MICRO = 1000, 1_000_000  # Scales of the quantities of 80h and FF46h.
COMPUTE = 0xFFFFFFFFFF  # In a sum of FF46h.
SUM_SLACK = 1
PERCENT_MAX = 9999
TLV_MAX = 250


def open_receipt(call: Call) -> Answer:
    kind = call.values["kind"]
    if kind not in list(Kind):
        raise Refused(errors.WRONG_PARAMETERS)
    call.register.begin(Kind(kind), call.operator)
    return Answer(about=Kind(kind).operation)


def _receipt(call: Call, kind: Kind) -> Receipt:
    """The open receipt of this kind, or a new one: the first item opens it."""
    receipt = call.register.receipt
    if receipt is None:
        return call.register.begin(kind, call.operator)
    if receipt.kind is not kind:
        raise Refused(errors.WRONG_KIND)
    return receipt


def _department(number: int) -> int:
    if number > DEPARTMENT_MAX:
        raise Refused(errors.DEPARTMENT_RANGE)
    return max(1, number)


def _text(call: Call, name: str) -> str:
    return call.values.raw[name].split(b"\0")[0].decode(call.register.profile.code_page, "replace")


def _classic_item(call: Call) -> Item:
    values = call.values
    scale = MICRO if call.register.options.fine_quantity else MILLI
    total = product(values["quantity"], scale, values["price"])
    groups = tax_groups(values.several["taxes"], call.register.profile.taxes)
    department = _department(values["department"])
    return Item(_text(call, "text"), values["quantity"], scale, values["price"], total, groups, department)


def classic_item(kind: Kind) -> Handler:
    """80h to 83h."""

    def add(call: Call) -> Answer:
        item = _classic_item(call)
        _receipt(call, kind)
        call.register.add(item)
        return Answer(about=_subtotal(call))

    return add


def storno(call: Call) -> Answer:
    call.register.add(_classic_item(call), storno=True)
    return Answer(about=_subtotal(call))


def change(sign: int) -> Handler:
    """86h and 87h."""

    def apply(call: Call) -> Answer:
        if call.values["sum"] > SUM_MAX:
            raise Refused(errors.TOTAL_RANGE)
        groups = tax_groups(call.values.several["taxes"], call.register.profile.taxes)
        call.register.current().change(sign * call.values["sum"], groups, call.register.options.items_max)
        return Answer(about=_subtotal(call))

    return apply


def storage_item(call: Call) -> Answer:
    """FF46h. A sum told by the host may differ from price times quantity by one unit."""
    values = call.values
    if values["operation"] not in STORAGE_OPERATIONS:
        raise Refused(errors.WRONG_PARAMETERS)
    computed = product(values["quantity"], MICRO, values["price"])
    total = computed if values["sum"] == COMPUTE else values["sum"]
    if abs(total - computed) > SUM_SLACK or total > SUM_MAX:
        raise Refused(errors.WRONG_PARAMETERS)
    item = Item(
        _text(call, "name").removeprefix("//"),
        values["quantity"],
        MICRO,
        values["price"],
        total,
        tax_groups((values["tax"],), call.register.profile.taxes),
        _department(values["department"]),
        None if values["tax_sum"] == COMPUTE else values["tax_sum"],
        values["method"],
        values["subject"],
    )
    _receipt(call, STORAGE_OPERATIONS[values["operation"]])
    call.register.add(item)
    return Answer(about=_subtotal(call))


def item_data(call: Call) -> Answer:
    items = call.register.current().items
    if not items:
        raise Refused(errors.FS_WRONG_STATE)
    items[-1].tlv += _tlv(call)
    return Answer()


def document_data(call: Call) -> Answer:
    """FF0Ch: taken and, since nothing here reads it, forgotten."""
    _tlv(call)
    call.storage.has_data = True
    return Answer()


def _tlv(call: Call) -> bytes:
    if len(call.values.raw["tlv"]) > TLV_MAX:
        raise Refused(errors.FS_TLV_SIZE)
    return call.values.raw["tlv"]


def close_classic(call: Call) -> Answer:
    values = call.values
    if abs(values["percent"]) > PERCENT_MAX:
        raise Refused(errors.WRONG_PARAMETERS)
    closing = call.register.current().close(
        values.several["payments"],
        call.register.rates(),
        percent=values["percent"],
        percent_groups=tax_groups(values.several["taxes"], call.register.profile.taxes),
    )
    document, _ = call.register.close(closing)
    return _closed(call, whole(closing.change, 5), f"document {document.document_number}, {_told(closing)}")


def close_storage(call: Call) -> Answer:
    values, register = call.values, call.register
    old = register.profile.close_form is CloseForm.OLD
    closing = register.current().close(
        values.several["payments"],
        register.rates(),
        percent=values["percent"] if old else 0,
        rounding=0 if old else values["rounding"],
        tax_sums=() if old else values.several["tax_sums"],
    )
    _, stored = register.close(closing)
    data = whole(closing.change, 5)
    if stored is None or old:
        return _closed(call, data, _told(closing))
    data += whole(stored.fd, 4) + whole(stored.sign, 4)
    if register.options.close_tells_time:
        data += minute(stored.at)
    return _closed(call, data, f"document {stored.fd}, sign {stored.sign}, {_told(closing)}")


def _closed(call: Call, data: bytes, about: str) -> Answer:
    fault = call.fault("printer_fault_after_close")
    if fault is None:
        return Answer(data, about)
    call.register.printer.fail()
    return Answer(data, f"{about}; the printer has failed", error=number_of(fault, "error", errors.OK))


def cancel(call: Call) -> Answer:
    call.register.cancel(keeps_storage_document=call.fault("storage_stuck") is not None)
    call.register.print("cancelled", call.register.options.print_s)
    return Answer()


def subtotal(call: Call) -> Answer:
    return Answer(whole(call.register.current().subtotal, 5), _subtotal(call))


def repeat(call: Call) -> Answer:
    if not call.register.last_paper:
        raise Refused(errors.NOTHING_TO_REPEAT)
    call.register.print(f"copy of {call.register.last_paper}", call.register.options.print_s)
    return Answer(about=call.register.last_paper)


def _subtotal(call: Call) -> str:
    return f"subtotal {money(call.register.current().subtotal)}"


def _told(closing: Closing) -> str:
    return f"total {money(closing.total)}, change {money(closing.change)}"


HANDLERS: Handlers = {
    "80": classic_item(Kind.SALE),
    "81": classic_item(Kind.BUY),
    "82": classic_item(Kind.SALE_RETURN),
    "83": classic_item(Kind.BUY_RETURN),
    "84": storno,
    "85": close_classic,
    "86": change(-1),
    "87": change(1),
    "88": cancel,
    "89": subtotal,
    "8C": repeat,
    "8D": open_receipt,
    "FF0C": document_data,
    "FF45": close_storage,
    "FF46": storage_item,
    "FF4D": item_data,
}
