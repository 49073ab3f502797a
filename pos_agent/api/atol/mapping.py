"""Tasks of driver 10 -> what our own calls take. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fiscal.register import Operation, Payment, PaymentKind
from marking.code import Source
from pos_agent.api.atol.bodies import Look, Receipt, Task
from pos_agent.api.atol.numbers import milli, tiyn
from pos_agent.one_shot import Item

OPERATIONS = {"sell": Operation.SALE, "sellReturn": Operation.SALE_RETURN}
PAYMENT_KINDS = {
    "cash": PaymentKind.CASH,
    "0": PaymentKind.CASH,
    "electronically": PaymentKind.CARD,
    "1": PaymentKind.CARD,
}


def items_of(receipt: Receipt) -> list[Item]:
    """Positions in their order. A code is judged as one that a scanner read."""
    return [
        Item(
            code=position.code,
            source=Source.SCANNER if position.code is not None else Source.API,
            gtin=position.number if position.code is None else None,
            quantity_milli=milli(position.quantity),
            price_tiyn=tiyn(position.price),
        )
        for _, position in receipt.positions
    ]


def payments_of(receipt: Receipt) -> list[Payment]:
    """One for each kind."""
    sums: dict[PaymentKind, int] = {}
    for payment in receipt.payments:
        kind = PAYMENT_KINDS[payment.type]
        sums[kind] = sums.get(kind, 0) + tiyn(payment.sum)
    return [Payment(kind, sum_tiyn) for kind, sum_tiyn in sums.items()]


def place_of(task: Task, number: int, facts: Mapping[str, Any]) -> str:
    """Where in the request a refusal lies: `request.0.items.2`."""
    item = facts.get("item")
    if isinstance(task, Receipt) and isinstance(item, int) and item < len(task.positions):
        return f"request.{number}.items.{task.positions[item][0]}"
    return f"request.{number}"


def keeps(task: Task) -> bool:
    """Whether a task changes something, so that its answer is kept under its key."""
    return not isinstance(task, Look) and task.type != "reportX"
