"""What one shift adds up to, in the terms of a ZXReport. Sums in tiyn; operations and payments by their numbers.

Source: protocol 2.0.2, section 3.8.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from hw_sim.ofd203.schema import ENUMS
from hw_sim.ofd203.ticket import Ticket

OPERATIONS = tuple(ENUMS["OperationTypeEnum"])
PAYMENTS = tuple(ENUMS["PaymentTypeEnum"])
PLACEMENTS = tuple(ENUMS["MoneyPlacementEnum"])


@dataclass(slots=True)
class Tally:
    """A count and a sum."""

    count: int = 0
    sum: int = 0

    def add(self, amount: int) -> None:
        self.count += 1
        self.sum += amount


def _tallies() -> defaultdict[int, Tally]:
    return defaultdict(Tally)


@dataclass(slots=True)
class Lifetime:
    """Since the registration of the register: never set back to zero."""

    sums: dict[int, int] = field(default_factory=lambda: dict.fromkeys(OPERATIONS, 0))
    tickets: dict[int, int] = field(default_factory=lambda: dict.fromkeys(OPERATIONS, 0))
    placements: dict[int, int] = field(default_factory=lambda: dict.fromkeys(PLACEMENTS, 0))


@dataclass(slots=True)
class ShiftCounters:
    """The open shift."""

    number: int
    opened: datetime
    start_sums: dict[int, int]
    goods: defaultdict[int, Tally] = field(default_factory=_tallies)  # Without discounts and mark-ups.
    sections: dict[str, defaultdict[int, Tally]] = field(default_factory=dict)
    discounts: defaultdict[int, Tally] = field(default_factory=_tallies)
    markups: defaultdict[int, Tally] = field(default_factory=_tallies)
    results: defaultdict[int, Tally] = field(default_factory=_tallies)
    payments: defaultdict[tuple[int, int], Tally] = field(default_factory=lambda: defaultdict(Tally))
    # By type, percent and operation: the turnover and the tax in it, as two sums.
    turnovers: defaultdict[tuple[int, int, int], int] = field(default_factory=lambda: defaultdict(int))
    taxes: defaultdict[tuple[int, int, int], int] = field(default_factory=lambda: defaultdict(int))
    offline: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    change: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    placements: defaultdict[int, Tally] = field(default_factory=_tallies)
    offline_placements: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))

    def add_ticket(self, ticket: Ticket, lifetime: Lifetime) -> None:
        kind = ticket.number
        self.goods[kind].add(ticket.basket.goods)
        for section, amount in ticket.basket.sections.items():
            self.sections.setdefault(section, _tallies())[kind].add(amount)
        for tallies, amount in ((self.discounts, ticket.discount), (self.markups, ticket.markup)):
            if amount:
                tallies[kind].add(amount)
        self.results[kind].add(ticket.total)
        for payment, amount in ticket.payments.items():
            self.payments[kind, payment].add(amount)
        for tax in ticket.taxes:
            self.turnovers[tax.kind, tax.percent, kind] += tax.base if tax.inside else tax.base + tax.amount
            self.taxes[tax.kind, tax.percent, kind] += tax.amount
        self.offline[kind] += ticket.offline_number is not None
        self.change[kind] += ticket.change
        lifetime.sums[kind] += ticket.total
        lifetime.tickets[kind] += 1

    def add_placement(self, kind: int, amount: int, offline: bool, lifetime: Lifetime) -> None:
        self.placements[kind].add(amount)
        self.offline_placements[kind] += offline
        lifetime.placements[kind] += 1

    @property
    def revenue(self) -> int:
        """What the tickets of the shift brought; below zero when more was paid out."""
        signs = {0: -1, 1: 1, 2: 1, 3: -1}
        return sum(signs[kind] * tally.sum for kind, tally in self.results.items())
