"""A TicketRequest as a whole: what must be there, what must agree. It knows no register and no shift.

Source: protocol 2.0.2, section 3.3; parent ticket, payment details and mandatory domain: ofd-kt-proto, ticket.proto.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hw_sim.ledger import Operation
from hw_sim.ofd203.items import Basket, Tax, missing, read_items, read_taxes
from hw_sim.ofd203.results import wrong
from hw_sim.ofd203.rules import Rules
from hw_sim.ofd203.values import moment, tiyn

CASH = 0
LIVE_PAYMENTS = (0, 1, 4)  # Credit and tare are deprecated since 2.0.3.
OPERATIONS: Mapping[int, Operation] = {
    0: Operation.PURCHASE,
    1: Operation.PURCHASE_RETURN,
    2: Operation.SALE,
    3: Operation.SALE_RETURN,
}
DOMAIN_PARTS: Mapping[int, str] = {1: "services", 2: "gasoil", 3: "services", 4: "taxi", 5: "parking"}
_XIN = re.compile(r"\d{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Parent:
    """The basis of a return, as the request names it."""

    number: str
    at: datetime
    registration_number: str
    total: int
    offline: bool


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket that agrees with itself. Sums in tiyn, `at` local to the register."""

    number: int  # OperationTypeEnum.
    at: datetime
    operator: str
    basket: Basket
    discount: int
    markup: int
    total: int
    taxes: tuple[Tax, ...]
    payments: Mapping[int, int]
    change: int
    offline_number: int | None
    customer: str
    parent: Parent | None
    items: tuple[Mapping[str, Any], ...]

    @property
    def operation(self) -> Operation:
        return OPERATIONS[self.number]

    @property
    def cash(self) -> int:
        return self.payments.get(CASH, 0)

    @property
    def tax(self) -> int:
        return sum(tax.amount for tax in self.taxes)


def read_ticket(body: Mapping[str, Any], rules: Rules) -> Ticket:
    """Read and check a ticket.

    Raises:
        Refusal: the missing code or 13, with the place of what is wrong.
    """
    at = moment(body["date_time"], "date_time")
    if "operator" not in body:
        raise missing(rules, "operator")
    _check_domain(body, rules)
    items = tuple(body.get("items", ()))
    if not items:
        raise missing(rules, "items")
    basket = read_items(items, rules)
    total = tiyn(body["amounts"]["total"], "amounts.total")
    taxes = _taxes(body, basket, total, rules)
    discount, markup = _modifiers(body["amounts"], basket, rules)
    on_top = sum(tax.amount for tax in taxes if not tax.inside) if body.get("taxes") else 0
    _agree(rules, "amounts.total", total, basket.goods - discount + markup + on_top)
    payments = _payments(body)
    _agree(rules, "payments", sum(payments.values()), total)
    operation = body["operation"]
    if OPERATIONS[operation].is_return and "parent_ticket" not in body:
        raise missing(rules, "parent_ticket")
    return Ticket(
        number=operation,
        at=at,
        operator=body["operator"].get("name") or str(body["operator"]["code"]),
        basket=basket,
        discount=discount,
        markup=markup,
        total=total,
        taxes=taxes,
        payments=payments,
        change=_change(body["amounts"], payments, total, rules),
        offline_number=body.get("offline_ticket_number"),
        customer=_customer(body.get("extension_options", {})),
        parent=_parent(body["parent_ticket"]) if "parent_ticket" in body else None,
        items=items,
    )


def _check_domain(body: Mapping[str, Any], rules: Rules) -> None:
    domain = body.get("domain", {})
    if "type" not in domain:
        raise missing(rules, "domain.type")
    part = DOMAIN_PARTS.get(domain["type"])
    if part is not None and part not in domain:
        raise missing(rules, f"domain.{part}")


def _taxes(body: Mapping[str, Any], basket: Basket, total: int, rules: Rules) -> tuple[Tax, ...]:
    rows = body.get("taxes", ())
    if rows and basket.taxes:
        raise wrong("taxes: they stand on the lines and on the whole ticket")
    # Of several rates nobody says which lines belong to which, so only a single one can be recomputed.
    own = read_taxes(rows, total if len(rows) == 1 else None, "ticket", rules)
    if sum(tax.amount for tax in own) > total:
        raise wrong("taxes: more than the ticket itself")
    return tuple(own or basket.taxes)


def _modifiers(amounts: Mapping[str, Any], basket: Basket, rules: Rules) -> tuple[int, int]:
    """Discount and mark-up of the whole ticket.

    The text calls these fields the total discount and mark-up. Beside modifier lines they repeat their sum, as a public
    core does; without such lines they are the only place.
    """
    if "discount" in amounts and "markup" in amounts:
        raise wrong("amounts: discount and markup exclude each other")
    totals = []
    for name, own, has_lines in (
        ("discount", basket.discount, basket.has_discount),
        ("markup", basket.markup, basket.has_markup),
    ):
        part = amounts.get(name)
        if part is None:
            totals.append(own)
            continue
        amount = tiyn(part["sum"], f"amounts.{name}.sum")
        read_taxes(part.get("taxes", ()), amount, f"amounts.{name}", rules)
        if has_lines:
            _agree(rules, f"amounts.{name}.sum", amount, own)
        totals.append(amount)
    return totals[0], totals[1]


def _payments(body: Mapping[str, Any]) -> dict[int, int]:
    payments: dict[int, int] = {}
    for number, row in enumerate(body.get("payments", ())):
        kind = row["type"]
        if kind in payments:
            raise wrong(f"payments[{number}].type: {kind} stands twice")
        if kind not in LIVE_PAYMENTS:
            raise wrong(f"payments[{number}].type: {kind} is deprecated")
        payments[kind] = tiyn(row["sum"], f"payments[{number}].sum")
    return payments


def _change(amounts: Mapping[str, Any], payments: Mapping[int, int], total: int, rules: Rules) -> int:
    given = {name: tiyn(amounts[name], f"amounts.{name}") for name in ("taken", "change") if name in amounts}
    if CASH in payments and len(given) < 2:
        raise missing(rules, "amounts.taken and amounts.change of a cash payment")
    if not given:
        return 0
    taken, change = given.get("taken", 0), given.get("change", 0)
    # Public clients give either the cash taken or everything taken; both are read.
    fits = (payments.get(CASH, 0), total)
    if rules.sums_checked and all(abs(taken - change - paid) > rules.tolerance_tiyn for paid in fits):
        raise wrong(f"amounts: {taken} taken and {change} given back do not make the payment")
    if change and CASH not in payments:
        raise wrong("amounts.change: there is no cash to give it from")
    return change


def _customer(options: Mapping[str, Any]) -> str:
    xin = str(options.get("customer_iin_or_bin", ""))
    if xin and not _XIN.fullmatch(xin):
        raise wrong("extension_options.customer_iin_or_bin: not twelve digits")
    return xin


def _parent(row: Mapping[str, Any]) -> Parent:
    return Parent(
        number=row["parent_ticket_number"],
        at=moment(row["parent_ticket_data_time"], "parent_ticket.parent_ticket_data_time"),
        registration_number=row["kgd_kkm_id"],
        total=tiyn(row["parent_ticket_total"], "parent_ticket.parent_ticket_total"),
        offline=row["parent_ticket_is_offline"],
    )


def _agree(rules: Rules, place: str, given: int, due: int) -> None:
    if rules.sums_checked and abs(given - due) > rules.tolerance_tiyn:
        raise wrong(f"{place}: {given} tiyn instead of {due}")
