"""What must hold of an order before any register may see it. Pure; every refusal names the field.

What a family narrows further is in its `Limits`; what only one family asks, that family checks after this.
Sources: data protocol 2.0.3 of the KGD (github texport/ofd-kt-proto); Webkassa API v4 (public collection, 2.0.3) and
its memo on returns and marks.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass

from fiscal.money import RATE_BP_MAX, TIYN_MAX, MoneyError, change_tiyn, line_amount_tiyn, tax_inside_tiyn, totals
from fiscal.orders import (
    KEY_LENGTH_MAX,
    CashMove,
    Line,
    Operation,
    OrderInvalid,
    PaymentKind,
    Receipt,
    ReturnBasis,
    ShiftClose,
    ShiftOpen,
)
from fiscal.units import UnitUnknown, okei

CODE_LENGTH_MAX = 64
ORDER_NUMBER_LENGTH_MAX = 200  # Webkassa's ExternalOrderNumber.

_KEY = re.compile(r"[!-~]+")  # Printable ASCII without blanks.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_BUT_GS = re.compile(r"[\x00-\x1c\x1e-\x1f\x7f-\x9f\ud800-\udfff]")
_GTIN = re.compile(r"\d{8}|\d{12,14}", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_XIN = re.compile(r"\d{12}", re.ASCII)

MomentCheck = Callable[[str], object]  # Raises ValueError or OverflowError for a time that cannot be sent.


def iso_with_offset(text: str) -> dt.datetime:
    """ValueError unless `text` is ISO 8601 with an offset."""
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("has no offset from UTC")
    return moment


@dataclass(frozen=True, slots=True)
class Limits:
    """What one family can carry. The defaults are ours: beyond them it is a fault of the caller."""

    family: str  # Column of fiscal/data/units.toml.
    lines_max: int = 1000
    name_length_max: int = 512
    mark_length_max: int = 255  # Twice the longest code known.
    marks_in_line_max: int | None = None  # 1: one code a line; None: as many as units.
    price_tiyn_max: int = TIYN_MAX
    total_tiyn_max: int = TIYN_MAX
    quantity_milli_max: int = 10**10
    payments: frozenset[PaymentKind] = frozenset(PaymentKind)
    needs_basis: bool = True
    basis_moment: MomentCheck = iso_with_offset


def require(condition: bool, place: str, text: str) -> None:
    if not condition:
        raise OrderInvalid(place, text)


def _text(value: str, place: str, most: int) -> None:
    require(bool(value.strip()), place, "is empty")
    require(len(value) <= most, place, f"is longer than {most} characters")
    require(not _CONTROL.search(value), place, "holds a control character")


def key(value: str) -> None:
    require(bool(value) and len(value) <= KEY_LENGTH_MAX, "key", f"must have 1 to {KEY_LENGTH_MAX} characters")
    require(bool(_KEY.fullmatch(value)), "key", "must be printable ASCII without blanks")


def cash_move(order: CashMove, limits: Limits) -> None:
    key(order.key)
    require(0 < order.sum_tiyn <= limits.total_tiyn_max, "sum_tiyn", "must be above zero and below the limit")


def shift(order: ShiftOpen | ShiftClose) -> None:
    key(order.key)
    require(order.shift > 0, "shift", "must be the number of the shift")


@dataclass(frozen=True, slots=True)
class Sums:
    """What a checked receipt adds up to."""

    total_tiyn: int
    change_tiyn: int
    amounts_tiyn: tuple[int, ...]  # Of each line, discount and markup applied.


def receipt(order: Receipt, limits: Limits) -> Sums:
    """Check a receipt whole. Raises OrderInvalid."""
    key(order.key)
    require(0 < len(order.lines) <= limits.lines_max, "lines", f"must be 1 to {limits.lines_max}")
    amounts = tuple(_line(line, f"lines[{i}]", limits) for i, line in enumerate(order.lines))
    total = totals((amount, line.vat_bp) for amount, line in zip(amounts, order.lines, strict=True)).total_tiyn
    require(0 < total <= limits.total_tiyn_max, "lines", "must add up to more than nothing and less than the limit")
    _marks_unique(order)
    _parties(order, limits, total)
    return Sums(total, _payments(order, limits, total), amounts)


def _line(line: Line, at: str, limits: Limits) -> int:
    _text(line.name, f"{at}.name", limits.name_length_max)
    fits = 0 <= line.price_tiyn <= limits.price_tiyn_max
    require(fits, f"{at}.price_tiyn", "must not be negative or beyond the limit")
    require(0 < line.quantity_milli <= limits.quantity_milli_max, f"{at}.quantity_milli", "must be above zero")
    require(line.vat_bp is None or 0 <= line.vat_bp <= RATE_BP_MAX, f"{at}.vat_bp", "must be 0 to 10000, or None")
    require(0 <= line.discount_tiyn <= TIYN_MAX, f"{at}.discount_tiyn", "must not be negative")
    require(0 <= line.markup_tiyn <= TIYN_MAX, f"{at}.markup_tiyn", "must not be negative")
    # Webkassa's code 17.
    require(not (line.discount_tiyn and line.markup_tiyn), f"{at}.discount_tiyn", "a line has a discount or a markup")
    require(line.gtin is None or bool(_GTIN.fullmatch(line.gtin)), f"{at}.gtin", "must be 8, 12, 13 or 14 digits")
    if line.ntin is not None:
        fits = bool(_DIGITS.fullmatch(line.ntin)) and len(line.ntin) <= CODE_LENGTH_MAX
        require(fits, f"{at}.ntin", "must be digits")
    if line.code is not None:
        _text(line.code, f"{at}.code", CODE_LENGTH_MAX)
    if line.marks:
        _marks(line, at, limits)
    try:
        okei().code_for(limits.family, line.unit_code)
        amount = line_amount_tiyn(line.price_tiyn, line.quantity_milli, line.discount_tiyn, line.markup_tiyn)
        tax_inside_tiyn(amount, line.vat_bp)
    except UnitUnknown as unknown:
        raise OrderInvalid(f"{at}.unit_code", str(unknown)) from None
    except MoneyError as wrong:
        raise OrderInvalid(f"{at}.discount_tiyn", str(wrong)) from None
    return amount


def _marks(line: Line, at: str, limits: Limits) -> None:
    require(line.quantity_milli % 1000 == 0, f"{at}.quantity_milli", "a marked line has whole units")
    count, most = line.quantity_milli // 1000, limits.marks_in_line_max
    require(len(line.marks) == count, f"{at}.marks", f"{count} units need {count} marks, there are {len(line.marks)}")
    require(most is None or count <= most, f"{at}.marks", f"this register takes at most {most} a line")
    for index, mark in enumerate(line.marks):
        for name, value in (("full", mark.full), ("ki", mark.ki)):
            place = f"{at}.marks[{index}].{name}"
            fits = 0 < len(value) <= limits.mark_length_max
            require(fits, place, f"must have 1 to {limits.mark_length_max} characters")
            require(not _CONTROL_BUT_GS.search(value), place, "holds a control character other than GS")


def _marks_unique(order: Receipt) -> None:
    seen: dict[str, str] = {}
    for i, line in enumerate(order.lines):
        for j, mark in enumerate(line.marks):
            place = f"lines[{i}].marks[{j}]"
            # By registry key: two readings of one unit may differ in their check parts.
            require(mark.ki not in seen, place, f"is the unit of {seen.get(mark.ki)} again")
            seen[mark.ki] = place


def _payments(order: Receipt, limits: Limits, total: int) -> int:
    kinds = [payment.kind for payment in order.payments]
    require(bool(kinds), "payments", "are missing")
    for i, payment in enumerate(order.payments):
        require(payment.kind in limits.payments, f"payments[{i}].kind", f"this register takes no {payment.kind}")
        require(0 < payment.sum_tiyn <= limits.total_tiyn_max, f"payments[{i}].sum_tiyn", "must be above zero")
        require(kinds.count(payment.kind) == 1, f"payments[{i}].kind", "stands twice: one row a kind")
    cash = sum(p.sum_tiyn for p in order.payments if p.kind is PaymentKind.CASH)
    other = sum(p.sum_tiyn for p in order.payments if p.kind is not PaymentKind.CASH)
    try:
        change = change_tiyn(total, cash, other)
    except MoneyError as wrong:
        raise OrderInvalid("payments", str(wrong)) from None
    require(change == 0 or order.operation is Operation.SALE, "payments", "a return gives back exactly its total")
    return change


def _parties(order: Receipt, limits: Limits, total: int) -> None:
    if order.order_number is not None:
        _text(order.order_number, "order_number", ORDER_NUMBER_LENGTH_MAX)
    if order.customer_xin is not None:
        require(bool(_XIN.fullmatch(order.customer_xin)), "customer_xin", "must be 12 digits")
    if order.operation is Operation.SALE:
        require(order.basis is None, "basis", "a sale has none")
        return
    if order.basis is not None:
        _basis(order.basis, limits, total)
    else:
        require(not limits.needs_basis, "basis", "a return needs the five facts of the original receipt")


def _basis(basis: ReturnBasis, limits: Limits, total: int) -> None:
    _text(basis.fiscal_sign, "basis.fiscal_sign", CODE_LENGTH_MAX)
    require(bool(_DIGITS.fullmatch(basis.registration_number)), "basis.registration_number", "must be digits")
    require(len(basis.registration_number) <= CODE_LENGTH_MAX, "basis.registration_number", "is too long")
    require(0 < basis.total_tiyn <= TIYN_MAX, "basis.total_tiyn", "must be above zero")
    require(total <= basis.total_tiyn, "basis.total_tiyn", f"is less than the {total} tiyn to give back")
    try:
        limits.basis_moment(basis.at)
    except (ValueError, OverflowError):
        raise OrderInvalid("basis.at", "must be ISO 8601 with an offset") from None
