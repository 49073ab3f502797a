"""The positions of a whole receipt in one call, judged: all of them may be sold, or nothing is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fiscal.register import Operation
from marking.code import Source
from marking.verdict import Decision, Purpose
from pos_agent.basket import PIECE_MILLI, BasketLine
from pos_agent.checkout import Checkout
from pos_agent.judging import Judged
from pos_agent.problems import Problem
from pos_agent.returns import is_of


@dataclass(frozen=True, slots=True)
class Item:
    """One position of a one-shot receipt: a code for a marked unit, or a goods number with a quantity."""

    code: bytes | None = None
    source: Source = Source.API
    gtin: str | None = None
    quantity_milli: int = 1_000
    price_tiyn: int | None = None  # None: the catalogue's.
    approved_by: str | None = None  # Lets in an ASK verdict.

    @property
    def read(self) -> tuple[bytes, Source]:
        """What is judged of it."""
        return (self.code if self.code is not None else (self.gtin or "").encode()), self.source


class ItemRefused(Problem):
    """A position of a one-shot receipt whose verdict is not ALLOW: nothing of the receipt was made."""

    def __init__(self, index: int, judged: Judged) -> None:
        verdict = judged.verdict
        super().__init__("T-116", verdict.detail, item=index, reason=verdict.reason, decision=str(verdict.decision))
        self.judged = judged


def judged_lines(
    checkout: Checkout, operation: Operation, items: Sequence[Item]
) -> tuple[list[BasketLine], list[Judged]]:
    """Lines and verdicts of the items. Raises ItemRefused, or T-110, T-115, T-116 with the number of the item."""
    purpose = Purpose.SALE if operation is Operation.SALE else Purpose.RETURN
    judged = checkout.judge_units([item.read for item in items], purpose)
    lines: list[BasketLine] = []
    units: set[str] = set()
    for index, (item, one) in enumerate(zip(items, judged, strict=True)):
        line = _line(checkout, item, one, index)
        if line.ki is not None and line.ki in units:
            raise Problem("T-116", "the same unit stands twice in the receipt", item=index, reason="duplicate")
        units.update(() if line.ki is None else (line.ki,))
        lines.append(line)
    return lines, judged


def check_held(sold: Sequence[BasketLine], items: Sequence[Item], judged: Sequence[Judged]) -> None:
    """A whole return in one call. Raises T-107 for goods the receipt does not hold, T-108 for more than it holds, both
    with the number of the item. What other returns took back of goods without marks is not known here."""
    back: Counter[tuple[str | int | None, ...]] = Counter()
    for index, (item, one) in enumerate(zip(items, judged, strict=True)):
        alike = [line for line in sold if is_of(line, one)]
        if not alike:
            raise Problem("T-107", one.verdict.detail, item=index)
        dearest = max(line.price_tiyn for line in alike)
        if item.price_tiyn is not None and item.price_tiyn > dearest:
            raise Problem("T-108", f"{item.price_tiyn} tiyn each, sold at {dearest}", item=index)
        goods = (alike[0].ki, alike[0].gtin, alike[0].ntin)
        back[goods] += item.quantity_milli
        if back[goods] > (held := sum(line.quantity_milli for line in alike)):
            raise Problem("T-108", f"{back[goods]} thousandths, sold {held}", item=index)


def _line(checkout: Checkout, item: Item, judged: Judged, index: int) -> BasketLine:
    if judged.unit_key is not None and item.quantity_milli != PIECE_MILLI:
        raise Problem("T-115", f"a unit has quantity 1000, not {item.quantity_milli}", item=index)
    asked = judged.verdict.decision is Decision.ASK and item.approved_by
    if not asked and judged.verdict.decision is not Decision.ALLOW:
        raise ItemRefused(index, judged)
    try:
        return checkout.pricing.line_of(
            judged,
            index + 1,
            approved_by=item.approved_by if asked else None,
            quantity_milli=item.quantity_milli,
            price_tiyn=item.price_tiyn,
        )
    except Problem as problem:
        raise Problem(problem.kind.code, problem.detail, **problem.facts, item=index) from problem
