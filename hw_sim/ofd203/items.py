"""The lines of a ticket: goods, storno, mark-ups and discounts, their taxes and marks, each sum checked.

Source: protocol 2.0.2, sections 3.3.2 and 4; fields of 2.0.3 from ofd-kt-proto, ticket.proto.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hw_sim.ofd203.results import Refusal, wrong
from hw_sim.ofd203.rules import Rules
from hw_sim.ofd203.schema import ENUMS
from hw_sim.ofd203.values import base_of, half_up, tax_of, tiyn

UNIT = 1000  # Quantities are thousandths.
VAT = 100
SCALE_MIN = 1000  # One percent in thousandths.

ITEM_PARTS: Mapping[int, tuple[str, int]] = {
    1: ("commodity", 1),
    2: ("storno_commodity", -1),
    3: ("markup", 1),
    4: ("storno_markup", -1),
    5: ("discount", -1),
    6: ("storno_discount", 1),
}
"""By ItemTypeEnum: the field that must be there, and its sign in the total."""


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax as it counts: `base` and `amount` in tiyn, negative for what is taken back within the ticket."""

    kind: int
    percent: int
    base: int
    amount: int
    inside: bool


@dataclass(slots=True)
class Basket:
    """What the lines come to. Sums in tiyn."""

    sections: dict[str, int] = field(default_factory=dict)  # Goods without modifiers, by section.
    discount: int = 0
    markup: int = 0
    has_discount: bool = False
    has_markup: bool = False
    taxes: list[Tax] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    barcodes: list[str] = field(default_factory=list)

    @property
    def goods(self) -> int:
        return sum(self.sections.values())

    def counted(self) -> list[int]:
        """Everything that must not fall below zero."""
        by_rate: dict[tuple[int, int], int] = {}
        for tax in self.taxes:
            rate = tax.kind, tax.percent
            by_rate[rate] = by_rate.get(rate, 0) + tax.amount
        return [self.discount, self.markup, *self.sections.values(), *by_rate.values()]


def missing(rules: Rules, place: str) -> Refusal:
    """A mandatory parameter of a ticket is not there."""
    return Refusal(rules.missing_code, f"{place} is mandatory")


def read_items(items: Iterable[Mapping[str, Any]], rules: Rules) -> Basket:
    """Read every line.

    Raises:
        Refusal: the missing code, or 13 with the place of what is wrong.
    """
    basket = Basket()
    for number, item in enumerate(items):
        name, sign = ITEM_PARTS[item["type"]]
        place = f"items[{number}].{name}"
        part = item.get(name)
        if part is None:
            raise missing(rules, place)
        if name.endswith("commodity"):
            _goods(basket, part, sign, place, rules)
        else:
            _modifier(basket, part, sign, name, place, rules)
    if min(basket.counted()) < 0:
        raise wrong("items: more is taken back than was sold")
    if len(set(basket.marks)) != len(basket.marks):
        raise wrong("items: one mark stands twice")
    return basket


def read_taxes(
    rows: Iterable[Mapping[str, Any]], base: int | None, place: str, rules: Rules, sign: int = 1
) -> list[Tax]:
    """Read a list of taxes. `base`: the sum they are in, tiyn; None: not known to the operator."""
    taxes: list[Tax] = []
    for number, row in enumerate(rows):
        where = f"{place}.taxes[{number}]"
        percent, amount, inside = row["percent"], tiyn(row["sum"], f"{where}.sum"), row["is_in_total_sum"]
        if row["tax_type"] != VAT:
            raise wrong(f"{where}.tax_type: {row['tax_type']} is not known")
        if row.get("taxation_type", 100) not in ENUMS["TaxationTypeEnum"]:
            raise wrong(f"{where}.taxation_type: {row['taxation_type']} is not known")
        if rules.percent_scale_checked and 0 < percent < SCALE_MIN:
            raise wrong(f"{where}.percent: {percent} is not in thousandths of a percent")
        if any(percent == other.percent for other in taxes):
            raise wrong(f"{where}.percent: {percent} stands twice")
        if base is None:
            net, due = base_of(amount, percent, inside), amount
        else:
            net = base if inside else base - amount
            due = tax_of(max(net, 0), percent, inside)
        if rules.sums_checked and abs(amount - due) > rules.tolerance_tiyn:
            raise wrong(f"{where}.sum: {amount} tiyn instead of {due}")
        taxes.append(Tax(row["tax_type"], percent, sign * net, sign * amount, inside))
    return taxes


def _goods(basket: Basket, part: Mapping[str, Any], sign: int, place: str, rules: Rules) -> None:
    if sign > 0 and not part.get("name", "").strip():
        raise missing(rules, f"{place}.name")
    if not part.get("measure_unit_code"):
        raise missing(rules, f"{place}.measure_unit_code")
    quantity, section = part["quantity"], part["section_code"]
    if quantity == 0 or not section:
        raise wrong(f"{place}: quantity and section_code must not be empty")
    price, amount = tiyn(part["price"], f"{place}.price"), tiyn(part["sum"], f"{place}.sum")
    taxes = read_taxes(part.get("taxes", ()), amount, place, rules, sign)
    on_top = sum(abs(tax.amount) for tax in taxes if not tax.inside)
    due = half_up(price * quantity, UNIT) + on_top
    if rules.sums_checked and abs(amount - due) > rules.tolerance_tiyn:
        raise wrong(f"{place}.sum: {amount} tiyn instead of {due}")
    _marks(basket, part.get("list_excise_stamp", ()), quantity, sign, place, rules)
    basket.sections[section] = basket.sections.get(section, 0) + sign * amount
    basket.taxes += taxes
    if barcode := part.get("barcode"):
        basket.barcodes.append(barcode)


def _marks(basket: Basket, marks: Iterable[str], quantity: int, sign: int, place: str, rules: Rules) -> None:
    own = list(marks)
    if "" in own:
        raise wrong(f"{place}.list_excise_stamp: an empty mark")
    if own and rules.marks_match_quantity and quantity != UNIT * len(own):
        raise wrong(f"{place}.list_excise_stamp: {len(own)} marks for {quantity / UNIT:g} units")
    if sign > 0:
        basket.marks += own
        return
    for mark in own:
        if mark not in basket.marks:
            raise wrong(f"{place}.list_excise_stamp: the mark was not sold before")
        basket.marks.remove(mark)


def _modifier(basket: Basket, part: Mapping[str, Any], sign: int, name: str, place: str, rules: Rules) -> None:
    if not part.get("name", "").strip():
        raise missing(rules, f"{place}.name")
    amount = tiyn(part["sum"], f"{place}.sum")
    basket.taxes += read_taxes(part.get("taxes", ()), amount, place, rules, sign)
    if name.endswith("discount"):
        basket.discount -= sign * amount
        basket.has_discount = True
    else:
        basket.markup += sign * amount
        basket.has_markup = True
