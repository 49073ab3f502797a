"""What must hold of an order before a cashbox may see it. Pure; every refusal names the field.

The vendor refuses most of these too, but after the fact, as one code 9 with free text; and some it does not refuse.
Source: Webkassa API v4 (public collection, protocol 2.0.3) and its memo on returns and marks.
"""

from __future__ import annotations

import re

from fiscal.money import RATE_BP_MAX, TIYN_MAX, MoneyError, change_tiyn, line_amount_tiyn, tax_inside_tiyn, totals
from fiscal.register import (
    KEY_LENGTH_MAX,
    CashMove,
    Line,
    Operation,
    OrderInvalid,
    PaymentKind,
    Receipt,
    ReturnBasis,
    ShiftClose,
)
from fiscal.units import UnitUnknown, okei
from fiscal.webkassa import moments
from fiscal.webkassa.settings import FAMILY, Settings

LINES_MAX = 1000  # Ours: a receipt of more lines is a fault of the caller.
NAME_LENGTH_MAX = 512  # Ours: the vendor publishes no limit for names.
CODE_LENGTH_MAX = 64
MARK_LENGTH_MAX = 255  # Ours: twice the longest code known.
QUANTITY_MILLI_MAX = 10**10
ORDER_NUMBER_LENGTH_MAX = 200  # ExternalOrderNumber.

_KEY = re.compile(r"[!-~]+")  # Printable ASCII without blanks.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTROL_BUT_GS = re.compile(r"[\x00-\x1c\x1e-\x1f\x7f-\x9f\ud800-\udfff]")
_GTIN = re.compile(r"\d{8}|\d{12,14}", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_XIN = re.compile(r"\d{12}", re.ASCII)


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


def cash_move(order: CashMove) -> None:
    key(order.key)
    require(0 < order.sum_tiyn <= TIYN_MAX, "sum_tiyn", "must be above zero and below the limit")


def shift_close(order: ShiftClose) -> None:
    key(order.key)
    require(order.shift > 0, "shift", "must be the number of the shift to close")


def receipt(order: Receipt, settings: Settings) -> tuple[int, int]:
    """Check a receipt whole. Returns its total and the change, in tiyn."""
    key(order.key)
    require(0 < len(order.lines) <= LINES_MAX, "lines", f"must be 1 to {LINES_MAX}")
    amounts = [_line(line, f"lines[{i}]", settings) for i, line in enumerate(order.lines)]
    total = totals((amount, line.vat_bp) for amount, line in zip(amounts, order.lines, strict=True)).total_tiyn
    require(0 < total <= TIYN_MAX, "lines", "must add up to more than nothing and less than the limit")
    require(settings.round_type != 3 or total % 100 == 0, "lines", "must add up to whole tenge: round=3 is set")
    _marks_unique(order, settings)
    _parties(order, settings, total)
    return total, _payments(order, total)


def _line(line: Line, at: str, settings: Settings) -> int:
    _text(line.name, f"{at}.name", NAME_LENGTH_MAX)
    require(0 <= line.price_tiyn <= TIYN_MAX, f"{at}.price_tiyn", "must not be negative or beyond the limit")
    require(0 < line.quantity_milli <= QUANTITY_MILLI_MAX, f"{at}.quantity_milli", "must be above zero")
    require(line.vat_bp is None or 0 <= line.vat_bp <= RATE_BP_MAX, f"{at}.vat_bp", "must be 0 to 10000, or None")
    require(0 <= line.discount_tiyn <= TIYN_MAX, f"{at}.discount_tiyn", "must not be negative")
    require(0 <= line.markup_tiyn <= TIYN_MAX, f"{at}.markup_tiyn", "must not be negative")
    # The vendor's code 17.
    require(not (line.discount_tiyn and line.markup_tiyn), f"{at}.discount_tiyn", "a line has a discount or a markup")
    require(line.gtin is None or bool(_GTIN.fullmatch(line.gtin)), f"{at}.gtin", "must be 8, 12, 13 or 14 digits")
    if line.ntin is not None:
        require(
            bool(_DIGITS.fullmatch(line.ntin)) and len(line.ntin) <= CODE_LENGTH_MAX, f"{at}.ntin", "must be digits"
        )
    if line.code is not None:
        _text(line.code, f"{at}.code", CODE_LENGTH_MAX)
    try:
        okei().code_for(FAMILY, line.unit_code)
        amount = line_amount_tiyn(line.price_tiyn, line.quantity_milli, line.discount_tiyn, line.markup_tiyn)
        tax_inside_tiyn(amount, line.vat_bp)
    except UnitUnknown as unknown:
        raise OrderInvalid(f"{at}.unit_code", str(unknown)) from None
    except MoneyError as wrong:
        raise OrderInvalid(f"{at}.discount_tiyn", str(wrong)) from None
    require(settings.round_type != 2 or amount % 100 == 0, at, "must be whole tenge: round=2 is set")
    if line.marks:
        _marks(line, at, settings)
    return amount


def _marks(line: Line, at: str, settings: Settings) -> None:
    require(line.quantity_milli % 1000 == 0, f"{at}.quantity_milli", "a marked line has whole units")
    count = line.quantity_milli // 1000
    require(len(line.marks) == count, f"{at}.marks", f"{count} units need {count} marks, there are {len(line.marks)}")
    require(count == 1 or settings.mark_list, f"{at}.marks", "this cashbox takes one mark a line (mark_list=no)")
    for index, mark in enumerate(line.marks):
        for name, value in (("full", mark.full), ("ki", mark.ki)):
            place = f"{at}.marks[{index}].{name}"
            require(0 < len(value) <= MARK_LENGTH_MAX, place, f"must have 1 to {MARK_LENGTH_MAX} characters")
            require(not _CONTROL_BUT_GS.search(value), place, "holds a control character other than GS")


def _marks_unique(order: Receipt, settings: Settings) -> None:
    seen: dict[str, str] = {}
    for i, line in enumerate(order.lines):
        for j, mark in enumerate(line.marks):
            place = f"lines[{i}].marks[{j}]"
            # By registry key: two readings of one unit may differ in their check parts.
            require(mark.ki not in seen, place, f"is the unit of {seen.get(mark.ki)} again")
            seen[mark.ki] = place


def _payments(order: Receipt, total: int) -> int:
    kinds = [payment.kind for payment in order.payments]
    require(bool(kinds), "payments", "are missing")
    for i, payment in enumerate(order.payments):
        require(0 < payment.sum_tiyn <= TIYN_MAX, f"payments[{i}].sum_tiyn", "must be above zero")
        require(kinds.count(payment.kind) == 1, f"payments[{i}].kind", "stands twice: one row a kind")
    cash = sum(p.sum_tiyn for p in order.payments if p.kind is PaymentKind.CASH)
    other = sum(p.sum_tiyn for p in order.payments if p.kind is not PaymentKind.CASH)
    try:
        change = change_tiyn(total, cash, other)
    except MoneyError as wrong:
        raise OrderInvalid("payments", str(wrong)) from None
    require(change == 0 or order.operation is Operation.SALE, "payments", "a return gives back exactly its total")
    return change


def _parties(order: Receipt, settings: Settings, total: int) -> None:
    if order.order_number is not None:
        _text(order.order_number, "order_number", ORDER_NUMBER_LENGTH_MAX)
    if order.customer_xin is not None:
        require(bool(_XIN.fullmatch(order.customer_xin)), "customer_xin", "must be 12 digits")
    if order.operation is Operation.SALE:
        require(order.basis is None, "basis", "a sale has none")
    else:
        require(order.basis is not None, "basis", "a return needs the five facts of the original receipt")
        assert order.basis is not None  # noqa: S101 - for the type checker; the line above has decided it
        _basis(order.basis, settings, total)


def _basis(basis: ReturnBasis, settings: Settings, total: int) -> None:
    _text(basis.fiscal_sign, "basis.fiscal_sign", CODE_LENGTH_MAX)
    require(bool(_DIGITS.fullmatch(basis.registration_number)), "basis.registration_number", "must be digits")
    require(len(basis.registration_number) <= CODE_LENGTH_MAX, "basis.registration_number", "is too long")
    require(0 < basis.total_tiyn <= TIYN_MAX, "basis.total_tiyn", "must be above zero")
    require(total <= basis.total_tiyn, "basis.total_tiyn", f"is less than the {total} tiyn to give back")
    try:
        moments.basis_text(basis.at, settings.basis_time, settings.utc_offset)
    except (ValueError, OverflowError):
        raise OrderInvalid("basis.at", "must be ISO 8601 with an offset") from None
