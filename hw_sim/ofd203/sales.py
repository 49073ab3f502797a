"""COMMAND_TICKET and COMMAND_MONEY_PLACEMENT: the documents that count."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hw_sim.ledger import FiscalDocument, Operation
from hw_sim.ledger import tiyn as tiyn_of
from hw_sim.ofd203.desk import (
    Call,
    Desk,
    require_service,
    require_shift_number,
    require_time,
    require_young_shift,
)
from hw_sim.ofd203.device import Device
from hw_sim.ofd203.results import Refusal, Result, wrong
from hw_sim.ofd203.ticket import Parent, Ticket, read_ticket
from hw_sim.ofd203.values import moment, tiyn, utc_ns

BASIS_OF: Mapping[Operation, Operation] = {
    Operation.SALE_RETURN: Operation.SALE,
    Operation.PURCHASE_RETURN: Operation.PURCHASE,
}
PLACEMENTS: Mapping[int, Operation] = {0: Operation.CASH_IN, 1: Operation.CASH_OUT}


def ticket(desk: Desk, device: Device, call: Call) -> dict[str, Any]:
    """Register a receipt and give it its fiscal sign.

    Raises:
        Refusal: nothing has been registered.
    """
    body = call.request["ticket"]
    draft = read_ticket(body, desk.rules)
    require_service(desk, device, call)
    _require_number(desk, device, call, draft)
    require_young_shift(desk, device, call)
    require_shift_number(desk, device, body.get("fr_shift_number"))
    require_time(desk, device, call, draft.at)
    if draft.customer and draft.customer == device.memory.identity.taxpayer_xin:
        raise Refusal(Result.SAME_TAXPAYER_AND_CUSTOMER, "buyer and seller are the same")
    if draft.parent is not None and draft.operation.is_return:
        _require_parent(desk, device, draft.parent, draft)
    for barcode in draft.basket.barcodes:
        if desk.rules.catalogue_checked and not desk.catalogue.has(barcode):
            raise Refusal(Result.ELEMENT_NOT_FOUND_BY_BARCODE, f"{barcode} is not in the national catalogue")
    _require_cash(device, draft.operation, draft.cash)
    document = _registered(desk, device, call, draft)
    qr = f"{desk.receipt_page}?i={document.sign}&f={document.registration_number}&s={draft.total / 100:.2f}"
    return {"ticket": {"ticket_number": document.sign, "qr_code": f"{qr}&t={draft.at:%Y%m%dT%H%M%S}".encode()}}


def money_placement(desk: Desk, device: Device, call: Call) -> dict[str, Any]:
    """Put money into the drawer, or take it out.

    Raises:
        Refusal: nothing has been registered.
    """
    body = call.request["money_placement"]
    at = moment(body["datetime"], "datetime")
    amount = tiyn(body["sum"], "sum")
    if "operator" not in body:
        raise wrong("operator is mandatory")
    if not amount:
        raise wrong("sum: nothing is moved")
    require_service(desk, device, call)
    require_young_shift(desk, device, call)
    require_shift_number(desk, device, body.get("fr_shift_number"))
    require_time(desk, device, call, at)
    place_money(desk, device, call, body["operation"], amount, at, body)
    return {}


def place_money(
    desk: Desk, device: Device, call: Call, kind: int, amount: int, at: datetime, body: Mapping[str, Any]
) -> None:
    """Register a cash move. Refuses with 14 what the drawer does not hold."""
    operation = PLACEMENTS[kind]
    _require_cash(device, operation, amount)
    at_ns = utc_ns(at, desk.utc_offset_h)
    shift = device.open_shift(at, at_ns if call.queued else desk.now_ns(), body.get("fr_shift_number"))
    offline = bool(body.get("is_offline"))
    device.memory.register(operation, amount, at_ns, key=str(call.header.reqnum), offline=offline)
    shift.add_placement(kind, amount, offline, device.lifetime)
    device.noted(at, body.get("printed_document_number"))


def _registered(desk: Desk, device: Device, call: Call, draft: Ticket) -> FiscalDocument:
    body, parent = call.request["ticket"], draft.parent
    at_ns = utc_ns(draft.at, desk.utc_offset_h)
    # A queued receipt opened its shift when it was made, an online one opens it now.
    shift = device.open_shift(draft.at, at_ns if call.queued else desk.now_ns(), body.get("fr_shift_number"))
    document = device.memory.register(
        draft.operation,
        draft.total,
        at_ns,
        sign=desk.next_sign(),
        payments_tiyn=draft.payments,
        cash_tiyn=draft.cash,
        change_tiyn=draft.change,
        tax_tiyn=draft.tax,
        marks=tuple(draft.basket.marks),
        positions=draft.items,
        basis=None if parent is None else _basis(parent),
        key=str(call.header.reqnum),
        offline=draft.offline_number is not None,
        employee=draft.operator,
    )
    shift.add_ticket(draft, device.lifetime)
    device.remember(document, draft.at, draft.offline_number)
    device.noted(draft.at, body.get("printed_document_number", body.get("shift_document_number")))
    desk.passed_on(document)
    return document


def _basis(parent: Parent) -> dict[str, Any]:
    return {
        "CheckNumber": parent.number,
        "DateTime": parent.at.isoformat(),
        "RegistrationNumber": parent.registration_number,
        "Total": parent.total,
        "IsOffline": parent.offline,
    }


def _require_number(desk: Desk, device: Device, call: Call, draft: Ticket) -> None:
    number = draft.offline_number
    if number is None:
        if call.queued and desk.rules.offline_number_required:
            raise wrong("offline_ticket_number is mandatory after an autonomous time")
    elif desk.rules.offline_number_unique and (draft.at.date(), number) in device.offline_numbers:
        raise wrong(f"offline_ticket_number: {number} was there on {draft.at.date()}")


def _require_cash(device: Device, operation: Operation, amount: int) -> None:
    if operation.cash_sign < 0 and amount > device.memory.cash_tiyn:
        raise Refusal(Result.NOT_ENOUGH_CASH, f"the drawer holds {device.memory.cash_tiyn} tiyn")


def _require_parent(desk: Desk, device: Device, parent: Parent, draft: Ticket) -> None:
    """A return whose basis names this register must name a receipt of it, in every detail."""
    if not desk.rules.parent_checked or parent.registration_number != device.memory.identity.registration_number:
        return
    same_number = device.receipts.get(parent.number, [])
    found = [document for document in same_number if document.operation is BASIS_OF[draft.operation]]
    told = (parent.total, utc_ns(parent.at, desk.utc_offset_h), parent.offline)
    if not any(told == (tiyn_of(document.total), document.at_ns, document.offline) for document in found):
        what = "its total, time or autonomy is another" if found else "there is no such receipt"
        raise wrong(f"parent_ticket: {parent.number}: {what}")
