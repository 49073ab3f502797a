"""A receipt as reKassa must judge it: sums, payments, taxes and marks that agree with one another. Amounts in tiyn.

Rules: the messages of protocol 2.0.3 (github texport/ofd-kt-proto) and what public clients report of the service, first
of all that `taken` must be 0 on a return (github Odysseusex/New-OS).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from hw_sim.cloud_till import CASH
from hw_sim.ledger import Operation
from hw_sim.rekassa.errors import Refusal, protocol_error
from hw_sim.rekassa.messages import ENUMS
from hw_sim.rekassa.profile import Profile
from hw_sim.rekassa.protojson import Message
from hw_sim.rekassa.taxes import check_taxes

OPERATIONS: Mapping[str, Operation] = {
    "OPERATION_BUY": Operation.PURCHASE,
    "OPERATION_BUY_RETURN": Operation.PURCHASE_RETURN,
    "OPERATION_SELL": Operation.SALE,
    "OPERATION_SELL_RETURN": Operation.SALE_RETURN,
}
_PAID_WITH = ("PAYMENT_CASH", "PAYMENT_CARD", "PAYMENT_MOBILE")  # Credit and tare are deprecated in 2.0.3.
_ITEMS: Mapping[str, tuple[str, int]] = {  # type: (the field it names, its sign in the total)
    "ITEM_TYPE_COMMODITY": ("commodity", 1),
    "ITEM_TYPE_STORNO_COMMODITY": ("stornoCommodity", -1),
    "ITEM_TYPE_MARKUP": ("markup", 1),
    "ITEM_TYPE_STORNO_MARKUP": ("stornoMarkup", -1),
    "ITEM_TYPE_DISCOUNT": ("discount", -1),
    "ITEM_TYPE_STORNO_DISCOUNT": ("stornoDiscount", 1),
}
THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class Draft:
    """A receipt that passed every check which needs no memory of the till."""

    operation: Operation
    total_tiyn: int
    tax_tiyn: int
    change_tiyn: int
    payments_tiyn: Mapping[int, int]  # By the protocol's number of the kind, net of change.
    marks: tuple[str, ...]
    positions: tuple[Mapping[str, Any], ...]

    @property
    def cash_tiyn(self) -> int:
        return self.payments_tiyn.get(CASH, 0)

    @property
    def handed_tiyn(self) -> Mapping[int, int]:
        """What was handed over, by kind: cash with the change in it."""
        return {kind: paid + (self.change_tiyn if kind == CASH else 0) for kind, paid in self.payments_tiyn.items()}


def tiyn(money: Message) -> int:
    """Money of the protocol in tiyn.

    Raises:
        Refusal: coins above 99.
    """
    if money["coins"] > 99:
        raise protocol_error(f"Money: coins {money['coins']} must be below 100")
    return int(money["bills"] * 100 + money["coins"])


def money(amount_tiyn: int) -> Message:
    return {"bills": amount_tiyn // 100, "coins": amount_tiyn % 100}


def check_moment(moment: Message, name: str) -> None:
    """Refuse a date or time that is on no calendar."""
    day, hour = moment["date"], moment["time"]
    try:
        date(day["year"], day["month"], day["day"])
        time(hour["hour"], hour["minute"], hour.get("second", 0))
    except ValueError as error:
        raise protocol_error(f"{name}: {error}") from error


def read_ticket(ticket: Message, profile: Profile, seller_xin: str) -> Draft:
    """Check a whole receipt.

    Raises:
        Refusal: PROTOCOL_ERROR or SAME_TAXPAYER_AND_CUSTOMER; nothing is registered.
    """
    operation = OPERATIONS[ticket["operation"]]
    check_moment(ticket["dateTime"], "dateTime")
    if profile.strict_203 and "domain" not in ticket:
        raise protocol_error("Message missing required fields: domain")
    if profile.strict_203 and operation.is_return and "parentTicket" not in ticket:
        raise protocol_error("Message missing required fields: parent_ticket")
    if ticket.get("extensionOptions", {}).get("customerIinOrBin") == seller_xin:
        raise Refusal("SAME_TAXPAYER_AND_CUSTOMER")
    items = ticket.get("items", [])
    sums = [_item_sum(item, index, profile) for index, item in enumerate(items)]
    if not items:
        raise protocol_error("items: at least one is wanted")
    amounts = ticket["amounts"]
    total = sum(sums) + _modifier(amounts, "markup") - _modifier(amounts, "discount")
    if "markup" in amounts and "discount" in amounts:
        raise protocol_error("amounts: markup and discount exclude each other")
    if total != tiyn(amounts["total"]) or total < 0:
        raise protocol_error(f"amounts.total {tiyn(amounts['total'])} is not the sum of the items {total}")
    tax = check_taxes(ticket, sums, total)
    payments = _payments(ticket.get("payments", []), total)
    change = _change(amounts, operation, payments)
    return Draft(operation, total, tax, change, payments, _marks(items), tuple(items))


def _modifier(amounts: Message, name: str) -> int:
    return tiyn(amounts[name]["sum"]) if name in amounts else 0


def _item_sum(item: Message, index: int, profile: Profile) -> int:
    """What an item adds to the total, with its sign."""
    name, sign = _ITEMS[item["type"]]
    if name not in item:
        raise protocol_error(f"items[{index}]: {item['type']} without {name}")
    content = item[name]
    amount = tiyn(content["sum"])
    if name not in ("commodity", "stornoCommodity"):
        return sign * amount
    if not content.get("name", "").strip():
        raise protocol_error(f"items[{index}]: name is empty")
    if profile.strict_203 and not content.get("measureUnitCode"):
        raise protocol_error(f"Message missing required fields: items[{index}].{name}.measure_unit_code")
    quantity, price = content["quantity"], tiyn(content["price"])
    if not quantity:
        raise protocol_error(f"items[{index}]: quantity is 0")
    expected = (quantity * price * 2 + THOUSAND) // (2 * THOUSAND)
    if amount != expected:
        raise protocol_error(f"items[{index}]: sum {amount} is not price x quantity {expected}")
    if profile.marks_match_quantity:
        _check_mark_count(content, quantity, index)
    return sign * amount


def _check_mark_count(content: Message, quantity: int, index: int) -> None:
    several, single = content.get("listExciseStamp", []), content.get("exciseStamp")
    if several and single:
        raise protocol_error(f"items[{index}]: listExciseStamp and exciseStamp together")
    count = len(several) or (1 if single else 0)
    if count and count * THOUSAND != quantity:
        raise protocol_error(f"items[{index}]: {count} marks for a quantity of {quantity} thousandths")


def _marks(items: list[Message]) -> tuple[str, ...]:
    marks: list[str] = []
    for item in items:
        content = item.get("commodity", {}) if item["type"] == "ITEM_TYPE_COMMODITY" else {}
        marks += content.get("listExciseStamp", [])
        marks += [content["exciseStamp"]] if "exciseStamp" in content else []
    if not all(marks):
        raise protocol_error("a mark is empty")
    if len(set(marks)) != len(marks):
        raise protocol_error("a mark stands in the ticket twice")
    return tuple(marks)


def _payments(rows: list[Message], total: int) -> Mapping[int, int]:
    payments: dict[int, int] = {}
    for row in rows:
        if row["type"] not in _PAID_WITH:
            raise protocol_error(f"payments: {row['type']} is not supported")
        kind = ENUMS["PaymentTypeEnum"][row["type"]]
        if kind in payments:
            raise protocol_error(f"payments: {row['type']} stands twice")
        payments[kind] = tiyn(row["sum"])
    if sum(payments.values()) != total:
        raise protocol_error(f"payments {sum(payments.values())} are not the total {total}")
    return payments


def _change(amounts: Message, operation: Operation, payments: Mapping[int, int]) -> int:
    taken = tiyn(amounts["taken"]) if "taken" in amounts else None
    change = tiyn(amounts["change"]) if "change" in amounts else None
    cash = payments.get(CASH, 0)
    if operation.cash_sign < 0 or not cash:
        if taken or change:
            raise protocol_error("amounts taken must be 0")
        return 0
    if taken is None or change is None:
        raise protocol_error("Message missing required fields: amounts.taken, amounts.change")
    if taken - change != cash:
        raise protocol_error(f"amounts: taken {taken} less change {change} is not the cash payment {cash}")
    return change
