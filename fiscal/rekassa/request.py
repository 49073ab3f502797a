"""Orders -> bodies of reKassa requests: the protocol's own message in protobuf's JSON. Pure.

A body is kept as its exact text: what the journal holds is what goes out, its moment too, and a repeat is the same
bytes. Quantities are thousandths; cash is sent net of its change; on a return nothing is "taken".
Sources: tests/vectors/rekassa.toml; github texport/ofd-kt-proto (TicketRequest of 2.0.3).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from fiscal import checks, goods
from fiscal.checks import Limits, Sums
from fiscal.cloud.messages import OPERATIONS, PAYMENTS, PLACEMENTS, moment, money
from fiscal.https.fields import Json, dump
from fiscal.money import line_amount_tiyn, tax_inside_tiyn
from fiscal.orders import (
    CashMove,
    Line,
    Operation,
    Order,
    OrderInvalid,
    PaymentKind,
    Prepared,
    Receipt,
    ReturnBasis,
    ShiftClose,
)
from fiscal.rekassa.settings import DOMAINS, FAMILY, MARK_FIELDS, Settings
from fiscal.units import okei

TICKETS, CASH = "tickets", "cash"  # Below the till's own path.
NS = 1_000_000_000
VAT = 100  # taxType.
QUANTITY_MILLI_MAX = 2**31 - 1


def prepare(order: Order, settings: Settings, now_ns: int) -> Prepared:
    """The exact request for an order. OrderInvalid names the field that cannot be."""
    at = dt.datetime.fromtimestamp(now_ns // NS, dt.timezone(settings.cloud.utc_offset))
    limits = Limits(FAMILY, quantity_milli_max=QUANTITY_MILLI_MAX)
    if isinstance(order, Receipt):
        sums = checks.receipt(order, limits)
        marks = _marks(order, settings)
        body = _ticket(order, sums, at, settings)
        return _prepared(order, order.operation.value, sums.total_tiyn, TICKETS, body, at, settings, marks=marks)
    if isinstance(order, CashMove):
        checks.cash_move(order, limits)
        kind = f"cash_{order.direction.value}"
        body = {"datetime": moment(at), "operation": PLACEMENTS[kind][0], "sum": money(order.sum_tiyn)}
        return _prepared(order, kind, order.sum_tiyn, CASH, body, at, settings)
    checks.shift(order)
    if not isinstance(order, ShiftClose):
        raise OrderInvalid("order", "a reKassa shift opens with its first document")
    return _prepared(order, "shift_close", 0, f"shifts/{order.shift}/close", {}, at, settings, shift=order.shift)


def _prepared(
    order: Order, kind: str, total: int, path: str, body: Json, at: dt.datetime, settings: Settings, **more: Any
) -> Prepared:
    payload = {"register": settings.number, "path": path, "body": dump(body), "at": at.isoformat(), **more}
    return Prepared(order.key, FAMILY, kind, total, payload)


def _sends_marks(order: Receipt, settings: Settings) -> bool:
    return settings.cloud.mark_on_return or order.operation is Operation.SALE


def _marks(order: Receipt, settings: Settings) -> list[str]:
    """All codes of a receipt as they are sent."""
    marks = [settings.cloud.mark(mark) for line in order.lines for mark in line.marks]
    return marks if _sends_marks(order, settings) else []


def _ticket(order: Receipt, sums: Sums, at: dt.datetime, settings: Settings) -> Json:
    send_marks = _sends_marks(order, settings)
    body: Json = {
        "operation": OPERATIONS[order.operation.value][0],
        "dateTime": moment(at),
        "domain": {"type": DOMAINS[settings.domain]},
        "items": [item for line in order.lines for item in _items(line, send_marks, settings)],
        "payments": _payments(order, sums.change_tiyn),
        "amounts": _amounts(order, sums),
    }
    if order.customer_xin is not None:
        body["extensionOptions"] = {"customerIinOrBin": order.customer_xin}
    if order.basis is not None:
        body["parentTicket"] = _parent(order.basis, settings)
    return body


def _items(line: Line, send_marks: bool, settings: Settings) -> Iterator[Json]:
    """The commodity, one a unit where a field holds one code, and its discount or markup as an item behind it."""
    marks = [settings.cloud.mark(mark) for mark in line.marks] if send_marks else []
    if marks and not MARK_FIELDS[settings.marks]:
        for mark in marks:
            yield _commodity(line, 1000, {settings.marks: mark}, settings)
    else:
        yield _commodity(line, line.quantity_milli, {settings.marks: marks} if marks else {}, settings)
    for name, amount in (("discount", line.discount_tiyn), ("markup", line.markup_tiyn)):
        if amount:
            modifier = {"name": line.name, "sum": money(amount), **_taxes(amount, line, settings)}
            yield {"type": f"ITEM_TYPE_{name.upper()}", name: modifier}


def _commodity(line: Line, quantity_milli: int, marks: Json, settings: Settings) -> Json:
    amount = line_amount_tiyn(line.price_tiyn, quantity_milli)
    commodity: Json = {
        "name": line.name,
        "sectionCode": settings.section,
        "quantity": quantity_milli,
        "price": money(line.price_tiyn),
        "sum": money(amount),
        **_taxes(amount, line, settings),
    }
    if line.gtin is not None:
        commodity["barcode"] = goods.barcode(line.gtin) if settings.short_gtin else line.gtin
    if line.ntin is not None:
        commodity["ntin"] = line.ntin
    commodity["measureUnitCode"] = str(okei().code_for(FAMILY, line.unit_code))
    return {"type": "ITEM_TYPE_COMMODITY", "commodity": commodity | marks}


def _taxes(amount_tiyn: int, line: Line, settings: Settings) -> Json:
    """None for goods without VAT, which is not the rate 0 %."""
    if line.vat_bp is None:
        return {}
    tax: Json = {"taxType": VAT}
    if settings.taxation is not None:
        tax["taxationType"] = settings.taxation
    tax["percent"] = line.vat_bp * settings.percent_scale // 100
    tax["sum"] = money(tax_inside_tiyn(amount_tiyn, line.vat_bp))
    tax["isInTotalSum"] = True
    return {"taxes": [tax]}


def _payments(order: Receipt, change_tiyn: int) -> Sequence[Json]:
    kept = [(p.kind, p.sum_tiyn - (change_tiyn if p.kind is PaymentKind.CASH else 0)) for p in order.payments]
    return [{"type": PAYMENTS[kind][0], "sum": money(amount)} for kind, amount in kept]


def _amounts(order: Receipt, sums: Sums) -> Json:
    selling = order.operation is Operation.SALE
    taken = sum(p.sum_tiyn for p in order.payments if p.kind is PaymentKind.CASH and selling)
    return {"total": money(sums.total_tiyn), "taken": money(taken), "change": money(sums.change_tiyn)}


def _parent(basis: ReturnBasis, settings: Settings) -> Json:
    local = dt.datetime.fromisoformat(basis.at).astimezone(dt.timezone(settings.cloud.utc_offset))
    return {
        "parentTicketNumber": basis.fiscal_sign,
        "parentTicketDataTime": moment(local),  # The protocol's own spelling.
        "kgdKkmId": basis.registration_number,
        "parentTicketTotal": money(basis.total_tiyn),
        "parentTicketIsOffline": basis.offline,
    }
