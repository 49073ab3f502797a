"""Numbers and signs of the documents, and where the registry has each unit at any moment."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sync.hq.demo.goods import Unit
from sync.hq.demo.story import Document, Story
from sync.hq.demo.timeline import HOUR, MINUTE
from sync.hq.witness import Operation, UnitStatus

FIRST_SHIFT = 117
AFTER_CASH_IN = 2  # The first document of a shift is the change money.
WITHDRAWN_AFTER_S = 20 * MINUTE  # From the register over the operator to the registry.
BACK_AFTER_S = 5 * HOUR
RAW = {
    UnitStatus.IN_CIRCULATION: "INTRODUCED",
    UnitStatus.WITHDRAWN: "WITHDRAWN",
    UnitStatus.WRITTEN_OFF: "WRITTEN_OFF",
    UnitStatus.NOT_FOUND: "",
}


def number(story: Story, seed: int) -> None:
    """Give every document its shift, number and sign, in order of time."""
    chance = random.Random(f"{seed} signs")  # noqa: S311 -- a demonstration must be repeatable.
    signs = iter(chance.sample(range(10**9, 10**10), len(story.documents) + len(story.strangers)))
    last: dict[tuple[str, int], int] = {}
    for document in sorted(story.everything(), key=lambda one: (one.at, one.till.name)):
        document.shift = FIRST_SHIFT + document.day
        key = (document.till.register, document.shift)
        document.number = last.get(key, AFTER_CASH_IN - 1) + 1 + document.skipped
        last[key] = document.number
        document.sign = str(next(signs))


@dataclass(frozen=True, slots=True)
class Stand:
    """Where the registry has a unit."""

    status: UnitStatus
    since: int = 0  # UTC seconds, 0 unknown.


class Registry:
    """What IS MPT knows of the chain's units: what the operators told it, and what happened beside."""

    def __init__(self, story: Story) -> None:
        self.units: dict[str, Unit] = {one.ki: one for one in story.spare}
        for document in story.everything():
            self.units |= {one.ki: one for one in document.units}
        self._changes: dict[str, list[tuple[int, UnitStatus]]] = defaultdict(list)
        for document in sorted(story.everything(), key=lambda one: one.at):
            self._note(document)
        for one in self.units.values():
            if one.withdrawn_at:
                self._changes[one.ki].append((one.withdrawn_at, UnitStatus.WITHDRAWN))
            if one.written_off_at:
                self._changes[one.ki].append((one.written_off_at, UnitStatus.WRITTEN_OFF))
            self._changes[one.ki].sort()

    def _note(self, document: Document) -> None:
        for mark in self._marks(document):
            one = self.units[mark]
            if one.withdrawn_at or one.written_off_at:
                continue
            if document.operation is Operation.SALE:
                at = max(max(document.at, document.told_from) + WITHDRAWN_AFTER_S, one.stuck_until)
                self._changes[mark].append((at, UnitStatus.WITHDRAWN))
            else:
                at = max(document.at + BACK_AFTER_S, one.kept_until)
                self._changes[mark].append((at, UnitStatus.IN_CIRCULATION))

    def _marks(self, document: Document) -> Iterable[str]:
        return [line.mark for line in document.told or () if line.mark in self.units]

    def stand(self, ki: str, at: int) -> Stand:
        if self.units[ki].unknown:
            return Stand(UnitStatus.NOT_FOUND)
        found = Stand(UnitStatus.IN_CIRCULATION)
        for since, status in self._changes[ki]:
            if since <= at:
                found = Stand(status, since)
        return found
