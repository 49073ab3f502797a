"""A receipt as uKassa must judge it, in both bodies clients send. Amounts in tiyn.

v2 (operation, kassa, payments with change, items with mark_code): github Slonexx/tis, integrationTicketService.php.
v1 (operation_type, unit_price, sum_): github nikolablin/serviceaccio, services/DemandUpdateHandler.php; no mark in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hw_sim.cloud_till import CASH
from hw_sim.ledger import ZERO, Operation, cents
from hw_sim.ukassa.errors import invalid
from hw_sim.ukassa.fields import Fields
from hw_sim.ukassa.profile import Profile

OPERATIONS: Mapping[int, Operation] = {
    0: Operation.PURCHASE,
    1: Operation.PURCHASE_RETURN,
    2: Operation.SALE,
    3: Operation.SALE_RETURN,
}
_PAID_WITH = (CASH, 1, 4)  # Cash, card, mobile.
_TAX_RATES = (0, 5, 10, 12, 16)


@dataclass(frozen=True, slots=True)
class Item:
    """One position; `row` is how answers show it."""

    total_tiyn: int
    tax_tiyn: int
    mark: str
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Draft:
    """A receipt that passed every check which needs no memory of the till. `payments_tiyn` is what was handed over."""

    operation: Operation
    items: tuple[Item, ...]
    payments_tiyn: Mapping[int, int]
    change_tiyn: int

    @property
    def total_tiyn(self) -> int:
        return sum(item.total_tiyn for item in self.items)

    @property
    def tax_tiyn(self) -> int:
        return sum(item.tax_tiyn for item in self.items)

    @property
    def cash_tiyn(self) -> int:
        return self.payments_tiyn.get(CASH, 0) - self.change_tiyn

    @property
    def marks(self) -> tuple[str, ...]:
        return tuple(item.mark for item in self.items if item.mark)


def vat_inside(amount_tiyn: int, percent: int) -> int:
    """VAT contained in an amount, half up to the tiyn."""
    return int(cents(Decimal(amount_tiyn) / 100 * percent / (100 + percent)) * 100)


def read_receipt(fields: Fields, profile: Profile, seller_xin: str) -> Draft:
    """Check a whole receipt, whichever body it has.

    Raises:
        Refusal: 400 naming the field; nothing is registered.
    """
    old = fields.has("operation_type")
    name = "operation_type" if old else "operation"
    number = fields.whole(name)
    if number not in OPERATIONS:
        raise fields.wrong(name, f"Значения {number} нет среди допустимых вариантов.")
    rows = fields.rows("items")
    items = tuple(_old_item(row) if old else _item(row, profile) for row in rows)
    payments, change = _old_payments(fields) if old else _payments(fields)
    draft = Draft(OPERATIONS[number], items, payments, change)
    if not old and fields.money("total_amount") != draft.total_tiyn:
        raise fields.wrong("total_amount", f"Сумма позиций {draft.total_tiyn / 100:.2f}.")
    if sum(payments.values()) - change != draft.total_tiyn:
        raise fields.wrong("payments", f"Оплата без сдачи не равна {draft.total_tiyn / 100:.2f}.")
    if len(set(draft.marks)) != len(draft.marks):
        raise fields.wrong("items", "Код маркировки указан дважды.")
    if fields.inner("customer").text("iin") == seller_xin:
        raise invalid(("customer", "iin"), "Покупатель не может быть продавцом.")
    return draft


def _amount(row: Fields, price: str) -> tuple[Decimal, Decimal]:
    """Quantity and price times quantity, in tenge."""
    quantity = row.number("quantity")
    if quantity <= 0 or quantity != round(quantity, 3):
        raise row.wrong("quantity", "Количество должно быть больше нуля и не точнее трех знаков.")
    return quantity, cents(Decimal(row.money(price)) / 100 * quantity)


def _item(row: Fields, profile: Profile) -> Item:
    quantity, amount = _amount(row, "price")
    discount, total = row.money("discount", ZERO), row.money("total_amount")
    if int(amount * 100) - discount != total:
        raise row.wrong("total_amount", f"Ожидается {amount - Decimal(discount) / 100}.")
    if row.whole("section") != profile.section:
        raise row.wrong("section", "Недопустимый первичный ключ - объект не существует.")
    mark = row.text("mark_code")
    if mark and quantity != 1:
        raise row.wrong("mark_code", "Код маркировки допустим только при количестве 1.")
    taxed, percent = row.flag("is_nds"), profile.vat_percent
    shown = {
        "name": row.text("name", required=True),
        "price": Decimal(row.money("price")) / 100,
        "quantity": quantity,
        "total": Decimal(total) / 100,
        "total_fully": amount,
        "discount": Decimal(discount) / 100,
        "quantity_type": row.whole("quantity_type"),
        "is_nds": taxed,
        "nds_percent": percent if taxed else 0,
        "mark_code": mark,
    }
    return Item(total, vat_inside(total, percent) if taxed else 0, mark, shown)


def _old_item(row: Fields) -> Item:
    quantity, amount = _amount(row, "unit_price")
    total = row.money("total_amount")
    if int(amount * 100) != total:
        raise row.wrong("total_amount", f"Ожидается {amount}.")
    rate = row.whole("tax_rate")
    if rate not in _TAX_RATES:
        raise row.wrong("tax_rate", f"Значения {rate} нет среди допустимых вариантов.")
    if row.flag("is_storno"):
        raise row.wrong("is_storno", "Сторно не поддерживается.")
    shown = {
        "name": row.text("name", required=True),
        "code": row.text("code", required=True),
        "price": Decimal(row.money("unit_price")) / 100,
        "quantity": quantity,
        "total": Decimal(total) / 100,
        "total_fully": amount,
        "discount": ZERO,
        "quantity_type": 796,
        "is_nds": rate > 0,
        "nds_percent": rate,
        "mark_code": "",
    }
    return Item(total, vat_inside(total, rate), "", shown)


def _payments(fields: Fields) -> tuple[Mapping[int, int], int]:
    payments: dict[int, int] = {}
    change = 0
    for row in fields.rows("payments"):
        kind, total = row.whole("payment_type"), row.money("total")
        _keep(row, "payment_type", kind, total, payments)
        if row.has("amount") and row.money("amount") != total:
            raise row.wrong("amount", "Не равно total.")
        back = row.money("change", ZERO)
        if back and (kind != CASH or back > total):
            raise row.wrong("change", "Сдача возможна только с наличных.")
        change += back
    return payments, change


def _old_payments(fields: Fields) -> tuple[Mapping[int, int], int]:
    payments: dict[int, int] = {}
    for row in fields.rows("payments"):
        _keep(row, "type", row.whole("type"), row.money("sum_"), payments)
    return payments, 0


def _keep(row: Fields, name: str, kind: int, total: int, payments: dict[int, int]) -> None:
    if kind not in _PAID_WITH or kind in payments:
        raise row.wrong(name, f"Значения {kind} нет среди допустимых вариантов, или оно указано дважды.")
    payments[kind] = total
