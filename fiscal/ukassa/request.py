"""Orders -> bodies of uKassa requests. Pure.

A body is kept as its exact text: what the journal holds is what goes out, and a repeat is the same bytes under the same
key. The key is a UUID of version 4, as the service wants it, drawn from the order's own key, so that no attempt can
have another. A client's field that makes the service register a used key again (skip_idempotence_error) is never sent.
Sources: tests/vectors/ukassa.toml.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fiscal import checks
from fiscal.checks import Limits, Sums, require
from fiscal.cloud.messages import OPERATIONS, PAYMENTS, PLACEMENTS
from fiscal.https.fields import Json, dump
from fiscal.money import line_amount_tiyn, to_tenge, to_units
from fiscal.orders import (
    CashMove,
    Line,
    Operation,
    Order,
    OrderInvalid,
    PaymentKind,
    Prepared,
    Receipt,
    ShiftClose,
)
from fiscal.ukassa.settings import FAMILY, Settings
from fiscal.units import okei

TICKET_V2, RECEIPT_V1 = "/api/v2/operation/ticket/", "/api/v1/ofd/receipt/"
CASH, CLOSE, X_REPORT = "/api/operation/cash_operation/", "/api/kassa/close_z_shift/", "/api/kassa/get_shift_report/"
NS = 1_000_000_000
NOTHING = "-"  # What the client of v1 sends for a number the goods do not have.


def prepare(order: Order, settings: Settings, now_ns: int) -> Prepared:
    """The exact request for an order. OrderInvalid names the field that cannot be."""
    at = dt.datetime.fromtimestamp(now_ns // NS, dt.timezone(settings.cloud.utc_offset)).isoformat()
    limits = Limits(FAMILY, needs_basis=False)
    if isinstance(order, Receipt):
        sums = checks.receipt(order, limits)
        for index, line in enumerate(order.lines):
            _expressible(line, f"lines[{index}]", settings)
        marks = [mark for line in order.lines for mark in _marks(line, order, settings)]
        path, body = (RECEIPT_V1, _v1(order, sums)) if settings.v1 else (TICKET_V2, _v2(order, sums, settings))
        return _prepared(order, order.operation.value, sums.total_tiyn, path, body, at, settings, marks=marks)
    if isinstance(order, CashMove):
        checks.cash_move(order, limits)
        kind = f"cash_{order.direction.value}"
        body = {
            "kassa": settings.kassa,
            "operation_type": PLACEMENTS[kind][1],
            "amount": to_tenge(order.sum_tiyn),
        }
        return _prepared(order, kind, order.sum_tiyn, CASH, body, at, settings)
    checks.shift(order)
    if not isinstance(order, ShiftClose):
        raise OrderInvalid("order", "a uKassa shift opens with its first document")
    return _prepared(order, "shift_close", 0, CLOSE, of_till(settings), at, settings, shift=order.shift)


def of_till(settings: Settings) -> Json:
    """The body of a request for a report."""
    return {"kassa": settings.kassa, "html_code": False}


def key_of(key: str) -> str:
    """The idempotency key of an order: the same for the same order, for ever."""
    digest = hashlib.sha256(f"pos-agent ukassa {key}".encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def _prepared(
    order: Order, kind: str, total: int, path: str, body: Json, at: str, settings: Settings, **more: Any
) -> Prepared:
    key = key_of(order.key)
    payload = {"register": settings.hashline, "path": path, "key": key, "body": dump(body), "at": at, **more}
    return Prepared(order.key, FAMILY, kind, total, payload)


def _expressible(line: Line, at: str, settings: Settings) -> None:
    """What the service has no words for must not be sent as something else. OrderInvalid."""
    require(line.markup_tiyn == 0, f"{at}.markup_tiyn", "uKassa has no markup of a line")
    if settings.v1:
        require(line.discount_tiyn == 0, f"{at}.discount_tiyn", "this body of uKassa has no discount")
        require(not line.marks, f"{at}.marks", "this body of uKassa has no marks: take receipt=v2")
        whole = line.vat_bp is None or (line.vat_bp > 0 and line.vat_bp % 100 == 0)
        require(whole, f"{at}.vat_bp", "this body of uKassa takes whole percents, and 0 means no VAT")
        return
    text = f"uKassa says only that a line is taxed, and means {settings.vat_bp / 100:g} %"
    require(line.vat_bp in (None, settings.vat_bp), f"{at}.vat_bp", text)


def _marks(line: Line, order: Receipt, settings: Settings) -> list[str]:
    """The codes of a line as they are sent."""
    if order.operation is not Operation.SALE and not settings.cloud.mark_on_return:
        return []
    return [settings.cloud.mark(mark) for mark in line.marks]


def _v2(order: Receipt, sums: Sums, settings: Settings) -> Json:
    items = [item for line in order.lines for item in _items(line, _marks(line, order, settings), settings)]
    body: Json = {
        "operation": OPERATIONS[order.operation.value][1],
        "kassa": settings.kassa,
        "payments": [_payment(p.kind, p.sum_tiyn, sums.change_tiyn) for p in order.payments],
        "items": items,
        "total_amount": to_tenge(sums.total_tiyn),
    }
    if settings.need_mark_code and any("mark_code" in item for item in items):
        body["need_mark_code"] = True
    if order.customer_xin is not None:
        body["customer"] = {"iin": order.customer_xin}
    return {**body, "as_html": False}


def _payment(kind: PaymentKind, sum_tiyn: int, change_tiyn: int) -> Json:
    total = to_tenge(sum_tiyn)
    payment: Json = {"payment_type": PAYMENTS[kind][1], "total": total, "amount": total}
    if kind is PaymentKind.CASH and change_tiyn:
        payment["change"] = to_tenge(change_tiyn)
    return payment


def _items(line: Line, marks: list[str], settings: Settings) -> Iterator[Json]:
    """One item, or one of quantity 1 for each mark; a discount is shared out to the tiyn."""
    if not marks:
        yield _item(line, settings)
        return
    share, rest = divmod(line.discount_tiyn, len(marks))
    for index, mark in enumerate(marks):
        discount = share + (1 if index < rest else 0)
        yield {**_item(replace(line, quantity_milli=1000, discount_tiyn=discount), settings), "mark_code": mark}


def _item(line: Line, settings: Settings) -> Json:
    item: Json = {
        "name": line.name,
        "price": to_tenge(line.price_tiyn),
        "quantity": to_units(line.quantity_milli),
        "total_amount": to_tenge(line_amount_tiyn(line.price_tiyn, line.quantity_milli, line.discount_tiyn)),
        "quantity_type": okei().code_for(FAMILY, line.unit_code),
        "is_nds": line.vat_bp is not None,
        "section": settings.section,
    }
    if line.discount_tiyn:
        item["discount"] = to_tenge(line.discount_tiyn)
    if line.ntin is not None:
        item["ntin"] = line.ntin
    return item


def _v1(order: Receipt, sums: Sums) -> Json:
    items = [
        {
            "is_storno": False,
            "code": line.code or NOTHING,
            "name": line.name,
            "quantity": to_units(line.quantity_milli),
            "unit_price": to_tenge(line.price_tiyn),
            "ntin": line.ntin or NOTHING,
            "tax_rate": (line.vat_bp or 0) // 100,
            "section_code": "0",
            "total_amount": to_tenge(line_amount_tiyn(line.price_tiyn, line.quantity_milli)),
        }
        for line in order.lines
    ]
    # This body has no change: cash is what is kept.
    kept = [(p.kind, p.sum_tiyn - (sums.change_tiyn if p.kind is PaymentKind.CASH else 0)) for p in order.payments]
    return {
        "operation_type": OPERATIONS[order.operation.value][1],
        "items": items,
        "payments": [{"type": PAYMENTS[kind][1], "sum_": to_tenge(amount)} for kind, amount in kept],
        "is_return_html": False,
    }
