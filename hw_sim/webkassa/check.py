"""The `check` request as a whole: modifiers, payments, change, customer, and the sums that must agree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hw_sim.ledger import ZERO, Operation, cents
from hw_sim.webkassa.errors import Refusal, invalid
from hw_sim.webkassa.fields import Fields
from hw_sim.webkassa.positions import ROUND_NONE, ROUND_POSITIONS, ROUND_TOTAL, Line, read_position, read_tax
from hw_sim.webkassa.profile import Profile

EXTERNAL_NUMBER_MAX = 50
ORDER_NUMBER_MAX = 200
CASH, CARD, MOBILE = 0, 1, 4
PAPER_KINDS = (0, 3, 12, 13)
OPERATIONS: Mapping[int, Operation] = {
    0: Operation.PURCHASE,
    1: Operation.PURCHASE_RETURN,
    2: Operation.SALE,
    3: Operation.SALE_RETURN,
}
_PHONE = re.compile(r"\+7\d{10}", re.ASCII)
_XIN = re.compile(r"\d{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Draft:
    """A request that passed every check that needs no memory of the cashbox. Amounts in tenge."""

    operation: Operation
    lines: tuple[Line, ...]
    payments: tuple[tuple[int, Decimal], ...]
    change: Decimal
    total: Decimal
    tax: Decimal
    discount: Decimal
    markup: Decimal
    external_number: str
    order_reference: str
    customer_xin: str
    paper_kind: int | None

    @property
    def marks(self) -> tuple[str, ...]:
        return tuple(mark for line in self.lines for mark in line.marks)

    @property
    def cash(self) -> Decimal:
        """What the drawer gains or gives: cash paid without the change."""
        return sum((amount for kind, amount in self.payments if kind == CASH), ZERO) - self.change


def read_operation(fields: Fields) -> Operation:
    """The operation a request asks for."""
    number = fields.whole("OperationType")
    if number not in OPERATIONS:
        raise invalid(f"OperationType {number} не поддерживается")
    return OPERATIONS[number]


def read_external_number(fields: Fields) -> str:
    """The idempotency key; this server insists on one."""
    return fields.text("ExternalCheckNumber", required=True, longest=EXTERNAL_NUMBER_MAX)


def read_check(fields: Fields, profile: Profile, protocol: int, seller_xin: str) -> Draft:
    """Read and check a whole receipt.

    Raises:
        Refusal: 9, 17, 1007 or 1008; nothing is registered.
    """
    round_type = fields.whole("RoundType", ROUND_POSITIONS)
    if round_type not in (ROUND_NONE, ROUND_POSITIONS, ROUND_TOTAL):
        raise invalid(f"RoundType {round_type} не поддерживается")
    rows = fields.rows("Positions", required=True)
    lines = tuple(read_position(row, profile, protocol, round_type) for row in rows)
    discount, markup, modifier_tax = _modifiers(fields, profile)
    total = sum((line.amount for line in lines), ZERO) - discount + markup
    if round_type == ROUND_TOTAL:
        total = total.quantize(Decimal(1), ROUND_HALF_UP)
    tax = sum((line.tax for line in lines), ZERO) + modifier_tax
    if total < 0:
        raise Refusal(1008, "Сумма не может быть отрицательной: итог чека")
    if tax < 0:
        raise invalid("сумма налога по чеку отрицательна")
    payments, change = _payments(fields, total)
    draft = Draft(
        operation=read_operation(fields),
        lines=lines,
        payments=payments,
        change=change,
        total=cents(total),
        tax=cents(tax),
        discount=discount,
        markup=markup,
        external_number=read_external_number(fields),
        order_reference=fields.text("ExternalOrderNumber", longest=ORDER_NUMBER_MAX),
        customer_xin=_customer(fields, seller_xin),
        paper_kind=_paper_kind(fields),
    )
    if len(set(draft.marks)) != len(draft.marks):
        raise invalid("один и тот же код маркировки указан в чеке дважды")
    return draft


def _modifiers(fields: Fields, profile: Profile) -> tuple[Decimal, Decimal, Decimal]:
    discount = markup = tax_total = ZERO
    for row in fields.rows("TicketModifiers"):
        kind, amount = row.whole("Type"), row.money("Sum")
        _, _, tax = read_tax(row, profile, (amount,))
        if kind == 1:
            discount, tax_total = discount + amount, tax_total - tax
        elif kind == 2:
            markup, tax_total = markup + amount, tax_total + tax
        else:
            raise invalid(f"{row.where}Type {kind} не поддерживается")
    return discount, markup, tax_total


def _payments(fields: Fields, total: Decimal) -> tuple[tuple[tuple[int, Decimal], ...], Decimal]:
    payments: dict[int, Decimal] = {}
    for row in fields.rows("Payments", required=True):
        kind, amount = row.whole("PaymentType"), row.money("Sum")
        if kind not in (CASH, CARD, MOBILE):
            raise invalid(f"{row.where}PaymentType {kind} не поддерживается")
        if kind in payments:
            raise invalid(f"{row.where}PaymentType {kind}: тип оплаты указан дважды")
        if not amount and total:
            raise invalid(f"{row.where}Sum должна быть больше нуля")
        payments[kind] = amount
    paid = sum(payments.values(), ZERO)
    change = fields.money("Change", max(paid - total, ZERO))
    if paid - change != total:
        raise invalid(f"сумма оплат {paid} минус сдача {change} не равна итогу {total}")
    if change > payments.get(CASH, ZERO):
        raise invalid("сдача возможна только с наличных")
    return tuple(payments.items()), change


def _customer(fields: Fields, seller_xin: str) -> str:
    phone, xin = fields.text("CustomerPhone"), fields.text("CustomerXin")
    if phone and not _PHONE.fullmatch(phone):
        raise invalid("CustomerPhone должен иметь вид +7XXXXXXXXXX")
    if xin and not _XIN.fullmatch(xin):
        raise invalid("CustomerXin должен состоять из 12 цифр")
    if xin and xin == seller_xin:
        raise invalid("CustomerXin совпадает с ИИН/БИН продавца")
    return xin


def _paper_kind(fields: Fields) -> int | None:
    if not fields.has("PaperKind"):
        return None
    kind = fields.whole("PaperKind")
    if kind not in PAPER_KINDS:
        raise invalid(f"PaperKind {kind} не поддерживается")
    return kind


def read_basis(fields: Fields) -> Mapping[str, Any]:
    """The five values of the original receipt, all mandatory under protocol 2.0.3.

    Raises:
        Refusal: code 255 naming the basis receipt.
    """
    raw = fields.raw("ReturnBasisDetails")
    if not isinstance(raw, dict):
        raise Refusal(255)
    basis = Fields(raw, "ReturnBasisDetails.")
    try:
        return {
            "CheckNumber": basis.text("CheckNumber", required=True),
            "DateTime": basis.text("DateTime", required=True),
            "RegistrationNumber": basis.text("RegistrationNumber", required=True),
            "Total": basis.money("Total"),
            "IsOffline": basis.flag("IsOffline"),
        }
    except Refusal as refusal:
        raise Refusal(255, f"Не указаны данные чека основания: {refusal.text}") from refusal
