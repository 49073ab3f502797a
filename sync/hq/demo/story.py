"""Documents of the made-up chain, and what each witness tells of them. All is well here; planting spoils it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from sync.hq.demo.goods import Good, Shop, Till, Unit, goods, shops, tills, unit
from sync.hq.demo.timeline import DAYS, HOUR, Timeline
from sync.hq.witness import Operation

OPERATORS = 3
RECEIPTS_A_DAY = (10, 16)  # Of one till.
OPENS, CLOSES = 9 * HOUR, 21 * HOUR


class Fate(StrEnum):
    """How a document went at the till."""

    MADE = "made"
    PAST = "past"  # The register printed it without the agent.
    DOUBT = "doubt"  # No answer came, and nobody knows yet.
    SETTLED = "settled"  # No answer came; the register was asked and had it.
    SETTLED_LATE = "settled-late"  # ... the next day.
    REFUSED_FIRST = "refused-first"  # The register was busy; the second try went through.


@dataclass(slots=True)
class Told:
    """A line as the operator has it."""

    mark: str
    gtin: str
    sum_tiyn: int


@dataclass(eq=False, slots=True)
class Item:
    good: Good
    unit: Unit | None  # None: goods without a mark.

    def told(self) -> Told:
        return Told("" if self.unit is None else self.unit.ki, self.good.gtin, self.good.price_tiyn)


@dataclass(eq=False, slots=True)
class Document:
    till: Till
    day: int  # Of the timeline, from 0.
    at: int  # The register's time.
    operation: Operation
    items: list[Item]
    told: list[Told] | None  # None: the operator has nothing of it.
    fate: Fate = Fate.MADE
    basis: Document | None = None  # Of a return.
    offline: bool = False
    is_card: bool = False
    skipped: int = 0  # Numbers missing right before it.
    told_from: int = 0  # The operator had it later than it was made: the register's line was down.
    # Given by sync.hq.demo.numbering:
    shift: int = 0
    number: int = 0
    sign: str = ""

    @property
    def units(self) -> list[Unit]:
        return [item.unit for item in self.items if item.unit is not None]

    @property
    def total_tiyn(self) -> int:
        return sum(item.good.price_tiyn for item in self.items)

    @property
    def is_plain(self) -> bool:
        return self.operation is Operation.SALE and self.fate is Fate.MADE


@dataclass(slots=True)
class Story:
    timeline: Timeline
    shops: list[Shop]
    tills: list[Till]
    marked: list[Good]
    unmarked: list[Good]
    documents: list[Document]
    strangers: list[Document] = field(default_factory=list)  # Of registers no till of ours has.
    spare: list[Unit] = field(default_factory=list)  # Units the registry knows and nobody sold.
    late: list[Till] = field(default_factory=list)  # Cut off for 72 hours.
    silent: Till | None = None  # Heard no more since the third day.
    silent_from: int = 0
    aside: dict[str, Document] = field(default_factory=dict)  # Till -> the sale of which a scan is set aside.
    released: set[str] = field(default_factory=set)  # Of these the tills whose row came in the end.

    @property
    def of_vendor(self) -> Till:
        """The till whose receipts come from its vendor's history and stand in no operator's file."""
        return self.tills[0]

    def of(self, till: Till) -> list[Document]:
        return sorted((one for one in self.documents if one.till is till), key=lambda one: one.at)

    def everything(self) -> Iterator[Document]:
        yield from self.documents
        yield from self.strangers


def plain_story(seed: int, count: int, when: Timeline) -> Story:
    chance = random.Random(f"{seed} story")  # noqa: S311 -- a demonstration must be repeatable.
    chain = shops(count)
    marked, unmarked = goods(chance)
    story = Story(when, chain, tills(chance, chain, OPERATORS), marked, unmarked, [])
    for till in story.tills:
        for day in range(DAYS):
            story.documents += _day(chance, story, till, day)
    return story


def _day(chance: random.Random, story: Story, till: Till, day: int) -> Iterator[Document]:
    count = chance.randint(*RECEIPTS_A_DAY)
    step = (CLOSES - OPENS) // count
    for n in range(count):
        at = story.timeline.moment(day, OPENS + n * step + chance.randrange(120, step - 240))
        yield sale(chance, story, till, day, at, chance.choice((1, 1, 1, 2)))


def sale(chance: random.Random, story: Story, till: Till, day: int, at: int, units: int) -> Document:
    items = [Item(good, unit(chance, good)) for good in chance.sample(story.marked, units)]
    if chance.random() < 0.3:
        items.append(Item(chance.choice(story.unmarked), None))
    document = Document(till, day, at, Operation.SALE, items, None, is_card=chance.random() < 0.5)
    document.told = [item.told() for item in items]
    return document


def returned(document: Document, item: Item, day: int, at: int) -> Document:
    """The return of one unit of a sale, at the till that sold it."""
    return Document(document.till, day, at, Operation.RETURN, [item], [item.told()], basis=document)
