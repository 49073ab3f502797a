"""What happens in the demo shop, decided beforehand from one seed: who buys what, how it is scanned, what breaks."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hw_sim.registry import Fate, Mark, Shop


class Mishap(StrEnum):
    """What goes wrong around one sale."""

    NONE = "none"
    ANSWER_LOST = "answer lost after fiscalising"
    REQUEST_LOST = "request lost before the register"
    SLOW = "answer later than the deadline"
    SERVER_ERROR = "HTTP 500 after fiscalising"
    HALF_ANSWER = "answer cut in the middle"
    SESSION_ENDED = "session ended in mid-sale"
    AUTONOMOUS = "register without its OFD"
    REGISTER_UNREACHABLE = "no link to the register"
    NETWORK_CUT = "shop without internet"  # Register over another line: headquarters and IS MPT are gone.
    SHIFT_TOO_OLD = "shift over 24 hours"
    PAPER_OUT = "paper out"
    UNPLUGGED = "scanner unplugged and plugged in again"
    RESTART = "agent restarted with a receipt on its way"


@dataclass(frozen=True, slots=True)
class Pick:
    """One pull of the trigger."""

    code: str | bytes
    how: str  # For the people watching: "clean", "GS dropped", "EAN instead of the mark", ...
    options: Mapping[str, Any] = field(default_factory=dict)  # Of the simulated scanner.
    damaged: bool = False  # Something went wrong between the symbol and the till: a second try may read it.

    def clean(self) -> Pick:
        return Pick(self.code, "again, clean", {"aim": self.options["aim"]} if "aim" in self.options else {})


@dataclass(frozen=True, slots=True)
class Visit:
    """One customer."""

    picks: Sequence[Pick]
    payment: str  # cash, card, mixed
    mishap: Mishap
    returns: bool = False  # The customer comes back with one unit of an earlier sale.
    approves: bool = False  # A senior lets in what the verdict asks about.


# One sale in so many meets each mishap; a run of 300 sees them all.
WEIGHTS: Mapping[Mishap, int] = {
    Mishap.ANSWER_LOST: 6,
    Mishap.REQUEST_LOST: 4,
    Mishap.SLOW: 2,
    Mishap.SERVER_ERROR: 2,
    Mishap.HALF_ANSWER: 2,
    Mishap.SESSION_ENDED: 3,
    Mishap.AUTONOMOUS: 5,
    Mishap.REGISTER_UNREACHABLE: 3,
    Mishap.PAPER_OUT: 3,
    Mishap.UNPLUGGED: 2,
    Mishap.RESTART: 3,
}
PER_MILLE = 1_000
MISHAP_PER_MILLE = 120
RETURN_PER_MILLE = 40
CUT_FROM, CUT_TO = 0.40, 0.55  # Part of the day without internet.
SHIFT_TOO_OLD_AT = 0.75


def visits(rng: random.Random, shop: Shop, sales: int) -> Iterator[Visit]:
    """`sales` customers. Units are drawn without replacement, so a unit meets the till twice only on purpose."""
    stock = list(shop.codes)
    rng.shuffle(stock)
    good = [mark for mark in stock if mark.fate is Fate.SELLABLE][:sales]
    firsts = iter(good)  # Everyone came for something that can be sold.
    apart = {mark.ki for mark in good}
    stock = [mark for mark in stock if mark.ki not in apart]
    sold: list[Mark] = []
    for index in range(sales):
        more = min(rng.choice((0, 0, 1, 1, 2, 3)), len(stock))
        marks = [*(stock.pop() for _ in range(more)), *(mark for mark in (next(firsts, None),) if mark)]
        picks = list(_picks(rng, marks, sold))
        sold += [mark for mark in marks if mark.fate is Fate.SELLABLE]
        yield Visit(
            picks=picks,
            payment=rng.choice(("cash", "cash", "card", "mixed")),
            mishap=_mishap(rng, index, sales),
            returns=rng.randrange(PER_MILLE) < RETURN_PER_MILLE,
            approves=rng.random() < 0.5,
        )


def _mishap(rng: random.Random, index: int, sales: int) -> Mishap:
    part = index / sales
    drawn = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    unlucky = rng.randrange(PER_MILLE) < MISHAP_PER_MILLE
    if index == int(sales * SHIFT_TOO_OLD_AT):
        return Mishap.SHIFT_TOO_OLD
    if CUT_FROM <= part < CUT_TO:
        return Mishap.NETWORK_CUT
    return drawn if unlucky else Mishap.NONE


def _picks(rng: random.Random, marks: Sequence[Mark], sold: Sequence[Mark]) -> Iterator[Pick]:
    for mark in marks:
        if rng.random() < 0.05:
            yield Pick(mark.product.gtin[1:], "EAN instead of the mark", {"aim": "]E0"})
        yield _way_of_scanning(rng, mark)
        if rng.random() < 0.03:
            # A second later: no double read of the device, the same pack under the beam again.
            yield Pick(mark.text, "the same unit again", {"aim": "]d2"})
    if sold and rng.random() < 0.06:
        yield Pick(rng.choice(sold).text, "a unit sold before", {"aim": "]d2"})
    if rng.random() < 0.02:
        yield Pick(bytes(rng.randrange(1, 256) for _ in range(24)), "noise")


def _way_of_scanning(rng: random.Random, mark: Mark) -> Pick:
    aim = "]d2" if "\x1d" in mark.text else "]d1"
    drawn = rng.random()
    if drawn < 0.84:
        return Pick(mark.text, "clean", {"aim": aim})
    if drawn < 0.90:
        return Pick(mark.text, "GS dropped", {"aim": aim, "gs": "drop"}, damaged=True)
    if drawn < 0.93:
        return Pick(mark.text, "GS as text", {"aim": aim, "gs": "text"}, damaged=True)
    if drawn < 0.96:
        return Pick(mark.text, "in small pieces", {"aim": aim, "chunk": 16, "gap_ms": 5})
    return Pick(mark.text, "read twice at once", {"aim": aim, "repeat": 2})
