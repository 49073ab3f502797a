"""Orders -> messages of protocol 2.0.3, without what only the moment of sending knows (time, shift, numbers). Pure.

Source: github texport/ofd-kt-proto; KGD protocol 2.0.2 for which fields are mandatory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fiscal import goods
from fiscal.checks import Sums
from fiscal.money import line_amount_tiyn, tax_inside_tiyn
from fiscal.ofd.settings import FAMILY, MarkForm, Settings
from fiscal.ofd.words import (
    CASH,
    COMMODITY,
    DISCOUNT,
    DOMAINS,
    MARKUP,
    OPERATIONS,
    PAYMENTS,
    PLACEMENTS,
    VAT,
    moment_of,
    money,
    percent,
)
from fiscal.orders import CashMove, Line, Mark, Operation, PaymentKind, Receipt, ReturnBasis
from fiscal.units import okei

GS = "\x1d"
QUANTITY_WHOLE = 1000


def ticket(order: Receipt, sums: Sums, settings: Settings) -> dict[str, Any]:
    """A TicketRequest without date_time, shift and document numbers."""
    send_marks = settings.mark_on_return or order.operation is Operation.SALE
    items = [item for line in order.lines for item in _items(line, send_marks, settings)]
    made: dict[str, Any] = {
        "operation": OPERATIONS[order.operation],
        "operator": operator(order.cashier, settings),
        "domain": {"type": DOMAINS[settings.domain]},
        "items": items,
        "payments": _payments(order, sums.change_tiyn),
        "amounts": _amounts(order, sums),
    }
    if order.customer_xin is not None:
        made["extension_options"] = {"customer_iin_or_bin": order.customer_xin}
    if order.basis is not None:
        made["parent_ticket"] = _parent(order.basis, settings)
    return made


def operator(name: str, settings: Settings) -> dict[str, Any]:
    return {"code": settings.operator, **({"name": name} if name else {})}


def _items(line: Line, send_marks: bool, settings: Settings) -> list[dict[str, Any]]:
    """The commodity, and its discount or markup as an item of its own behind it."""
    full = line_amount_tiyn(line.price_tiyn, line.quantity_milli)
    commodity: dict[str, Any] = {
        "name": line.name,
        "section_code": settings.section,
        "quantity": line.quantity_milli,
        "price": money(line.price_tiyn),
        "sum": money(full),
        "taxes": _taxes(full, line.vat_bp, settings),
        "measure_unit_code": str(okei().code_for(FAMILY, line.unit_code)),
        "list_excise_stamp": [_mark(mark, settings) for mark in line.marks] if send_marks else [],
    }
    gtin = goods.barcode(line.gtin) if line.gtin and settings.short_gtin else line.gtin
    optional = {"barcode": gtin, "ntin": line.ntin, "product_id": line.code}
    commodity |= {name: value for name, value in optional.items() if value is not None}
    items: list[dict[str, Any]] = [{"type": COMMODITY, "commodity": commodity}]
    for kind, name, amount in ((DISCOUNT, "discount", line.discount_tiyn), (MARKUP, "markup", line.markup_tiyn)):
        if amount:
            modifier = {"name": line.name, "sum": money(amount), "taxes": _taxes(amount, line.vat_bp, settings)}
            items.append({"type": kind, name: modifier})
    return items


def _taxes(amount_tiyn: int, vat_bp: int | None, settings: Settings) -> list[dict[str, Any]]:
    if vat_bp is None:
        return []
    tax: dict[str, Any] = {
        "tax_type": VAT,
        "percent": percent(vat_bp, settings.percent_scale),
        "sum": money(tax_inside_tiyn(amount_tiyn, vat_bp)),
        "is_in_total_sum": True,
    }
    return [tax if settings.taxation is None else {**tax, "taxation_type": settings.taxation}]


def _mark(mark: Mark, settings: Settings) -> str:
    text = mark.full if settings.mark_form is MarkForm.FULL else mark.ki
    return text if settings.keep_gs else text.replace(GS, "")


def _payments(order: Receipt, change_tiyn: int) -> list[dict[str, Any]]:
    """What is kept of each kind: cash without its change."""
    kept = [(PAYMENTS[p.kind], p.sum_tiyn - (change_tiyn if p.kind is PaymentKind.CASH else 0)) for p in order.payments]
    return [{"type": number, "sum": money(amount)} for number, amount in kept]


def _amounts(order: Receipt, sums: Sums) -> dict[str, Any]:
    amounts: dict[str, Any] = {"total": money(sums.total_tiyn)}
    for payment in order.payments:
        if PAYMENTS[payment.kind] == CASH:
            amounts |= {"taken": money(payment.sum_tiyn), "change": money(sums.change_tiyn)}
    return amounts


def _parent(basis: ReturnBasis, settings: Settings) -> dict[str, Any]:
    return {
        "parent_ticket_number": basis.fiscal_sign,
        "parent_ticket_data_time": moment_of(basis.at, settings.utc_offset),
        "kgd_kkm_id": basis.registration_number,
        "parent_ticket_total": money(basis.total_tiyn),
        "parent_ticket_is_offline": basis.offline,
    }


def money_placement(order: CashMove) -> dict[str, Any]:
    """A MoneyPlacementRequest without datetime, shift and operator."""
    return {"operation": PLACEMENTS[order.direction], "sum": money(order.sum_tiyn)}


def service(settings: Settings, offline: tuple[Mapping[str, Any], Mapping[str, Any]]) -> dict[str, Any]:
    """The service part of every request; `offline` are begin and end of the time without a link."""
    begin, end = offline
    made: dict[str, Any] = {
        "offline_period": {"begin_time": dict(begin), "end_time": dict(end)},
        "get_reg_info": True,
        "reg_info": {"kkm": _kkm(settings), "org": _given(title=settings.title, address=settings.address_text,
                     inn=settings.xin, okved=settings.okved, address_kz=settings.address_kk)},
    }  # fmt: skip
    if settings.geo is not None:
        latitude, longitude = settings.geo
        position = {"latitude": latitude, "longitude": longitude, "source": settings.geo_source}
        made["security_stats"] = {"geo_position": position}
    return made


def _kkm(settings: Settings) -> dict[str, str]:
    return _given(fns_kkm_id=settings.registration_number, serial_number=settings.serial, kkm_id=str(settings.device))


def _given(**fields: str) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value}
