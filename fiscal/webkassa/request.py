"""Orders -> bodies of Webkassa requests. Pure.

A body is kept as its exact JSON text without the token, in the vendor's own order of fields: what the journal holds is
what goes out, and a repeat is the same bytes. Never Mark and MarkList together; a MarkList is as long as the quantity.
Source: Webkassa API v4 (public collection, protocol 2.0.3): Check.json, ReturnReceiptRequest.json.
"""

from __future__ import annotations

from typing import Any

from fiscal import checks as common
from fiscal import goods
from fiscal.https.fields import Json, dump
from fiscal.money import line_amount_tiyn, tax_inside_tiyn, to_percent, to_tenge, to_units
from fiscal.register import (
    CashDirection,
    CashMove,
    Line,
    Mark,
    Operation,
    Order,
    OrderInvalid,
    PaymentKind,
    Prepared,
    Receipt,
    ReturnBasis,
    ShiftClose,
)
from fiscal.units import okei
from fiscal.webkassa import checks, moments
from fiscal.webkassa.settings import FAMILY, MarkForm, Settings

CHECK = "/api/v4/check"
MONEY = "/api/v4/MoneyOperation"
Z_REPORT = "/api/v4/ZReport"

OPERATION_TYPES = {Operation.SALE: 2, Operation.SALE_RETURN: 3}  # 0 and 1 are purchases from the public.
PAYMENT_TYPES = {PaymentKind.CASH: 0, PaymentKind.CARD: 1, PaymentKind.MOBILE: 4}  # 2 and 3: older protocols.
CASH_TYPES = {CashDirection.IN: 0, CashDirection.OUT: 1}
TAXED, UNTAXED = 100, 0
GS = "\x1d"


def prepare(order: Order, settings: Settings) -> Prepared:
    """The exact request for an order. OrderInvalid names the field that cannot be."""
    if isinstance(order, Receipt):
        sums = checks.receipt(order, settings)
        body = _check_body(order, sums.change_tiyn, settings)
        return _prepared(order.key, order.operation.value, sums.total_tiyn, CHECK, body, settings)
    if isinstance(order, CashMove):
        common.cash_move(order, checks.limits(settings))
        body = {
            "CashboxUniqueNumber": settings.cashbox,
            "OperationType": CASH_TYPES[order.direction],
            "Sum": to_tenge(order.sum_tiyn),
            "ExternalCheckNumber": order.key,
        }
        return _prepared(order.key, f"cash_{order.direction.value}", order.sum_tiyn, MONEY, body, settings)
    common.shift(order)
    if not isinstance(order, ShiftClose):
        raise OrderInvalid("order", "a Webkassa shift opens with its first document")
    body = {"CashboxUniqueNumber": settings.cashbox}
    return _prepared(order.key, "shift_close", 0, Z_REPORT, body, settings, shift=order.shift)


def _prepared(key: str, kind: str, total: int, path: str, body: Json, settings: Settings, **more: int) -> Prepared:
    payload = {"cashbox": settings.cashbox, "path": path, "body": dump(body), **more}
    return Prepared(key, FAMILY, kind, total, payload)


def _check_body(order: Receipt, change: int, settings: Settings) -> Json:
    returning = order.operation is Operation.SALE_RETURN
    send_marks = settings.mark_on_return or not returning
    return _given(
        CashboxUniqueNumber=settings.cashbox,
        OperationType=OPERATION_TYPES[order.operation],
        Positions=[_position(line, send_marks, settings) for line in order.lines],
        Payments=[{"Sum": to_tenge(p.sum_tiyn), "PaymentType": PAYMENT_TYPES[p.kind]} for p in order.payments],
        Change=to_tenge(change) if change else None,
        RoundType=settings.round_type,
        PaperKind=settings.paper_kind,
        ExternalCheckNumber=order.key,
        ExternalOrderNumber=order.order_number,
        CustomerXin=order.customer_xin,
        ReturnBasisDetails=_basis(order.basis, settings) if order.basis else None,
    )


def _position(line: Line, send_marks: bool, settings: Settings) -> Json:
    amount = line_amount_tiyn(line.price_tiyn, line.quantity_milli, line.discount_tiyn, line.markup_tiyn)
    marks = [_mark(mark, settings) for mark in line.marks] if send_marks else []
    return _given(
        Count=to_units(line.quantity_milli),
        Price=to_tenge(line.price_tiyn),
        TaxType=UNTAXED if line.vat_bp is None else TAXED,
        TaxPercent=None if line.vat_bp is None else to_percent(line.vat_bp),
        Tax=to_tenge(tax_inside_tiyn(amount, line.vat_bp)),
        PositionName=line.name,
        PositionCode=line.code,
        Discount=to_tenge(line.discount_tiyn) if line.discount_tiyn else None,
        Markup=to_tenge(line.markup_tiyn) if line.markup_tiyn else None,
        SectionCode=settings.section,
        UnitCode=okei().code_for(FAMILY, line.unit_code),
        GTIN=goods.barcode(line.gtin) if line.gtin and settings.short_gtin else line.gtin,
        NTIN=line.ntin,
        Mark=marks[0] if len(marks) == 1 else None,
        MarkList=marks if len(marks) > 1 else None,
        WarehouseType=settings.warehouse,
        PositionType=settings.position_type,
    )


def _given(**fields: Any) -> Json:
    """The fields that have a value, in the order they are written here: the order of the vendor's samples."""
    return {name: value for name, value in fields.items() if value is not None}


def _mark(mark: Mark, settings: Settings) -> str:
    text = mark.full if settings.mark_form is MarkForm.FULL else mark.ki
    return text if settings.keep_gs else text.replace(GS, "")


def _basis(basis: ReturnBasis, settings: Settings) -> Json:
    return {
        "CheckNumber": basis.fiscal_sign,
        "DateTime": moments.basis_text(basis.at, settings.basis_time, settings.utc_offset),
        "RegistrationNumber": basis.registration_number,
        "Total": to_tenge(basis.total_tiyn),
        "IsOffline": basis.offline,
    }
