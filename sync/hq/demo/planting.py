"""The discrepancies of the made-up chain: every kind and cause, each with the finding it must give.

What is planted stays until the last look. What heals is found at the first look and gone at the last. Beside them
stands what must give no finding at all: refusals, doubts that were settled, returns that came back in time, a unit
sold, returned and sold again, registers and tills without a line, clocks two minutes off.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sync.hq.demo.goods import Shop, Till, Unit, damaged, unit
from sync.hq.demo.story import Document, Fate, Item, Story, Told, returned, sale
from sync.hq.demo.timeline import DAYS, HOUR, MINUTE, TERM_WORKING_DAYS
from sync.hq.finding import Finding
from sync.hq.kinds import Kind
from sync.hq.reconcile.calendar import kazakhstan
from sync.hq.witness import US_PER_S, Operation

EACH = 3  # Cases of a cause.
NEVER = 2**40
HARMLESS_DRIFT_S = 110
DRIFTS_S = (7 * MINUTE, -9 * MINUTE)
_AFTER_S = 150  # What is put in comes so long after another document of the till.


@dataclass(slots=True)
class Case:
    """A discrepancy; its finding is known once documents have their numbers."""

    kind: Kind
    cause: str
    document: Document | None = None
    unit: Unit | None = None
    till: Till | None = None
    other: str = ""
    day: int = 0

    def finding(self, story: Story) -> Finding:
        one, till = self.document, self.till or (self.document.till if self.document else None)
        other = self.other
        if self.cause == "receipt-numbers" and one is not None:
            other = f"{one.number - one.skipped}-{one.number - 1}"
        is_rows = self.cause == "journal-rows"
        return Finding(
            self.kind,
            self.cause,
            ki="" if self.unit is None else self.unit.ki,
            day=story.timeline.days[self.day if one is None else one.day],
            till="" if till is None else till.name,
            register="" if one is None or is_rows else one.till.register,
            shift=0 if one is None or is_rows else one.shift,
            number=0 if one is None else one.number,
            sign="" if one is None else one.sign,
            other=other,
        )


@dataclass(slots=True)
class Planted:
    stays: list[Case] = field(default_factory=list)
    heals: list[Case] = field(default_factory=list)


@dataclass(slots=True)
class Planter:
    story: Story
    chance: random.Random
    planted: Planted = field(default_factory=Planted)
    pool: list[Document] = field(default_factory=list)
    ordinary: list[Till] = field(default_factory=list)

    def take(self, fits: Callable[[Document], bool] = lambda _: True) -> Document:
        """A plain sale that nothing was done to yet."""
        for place, one in enumerate(self.pool):
            if fits(one):
                return self.pool.pop(place)
        raise ValueError("the chain is too small for what is to be planted in it")

    def one(self, kind: Kind, cause: str, document: Document, *, heals: bool = False, other: str = "") -> None:
        """A case for each unit of the document."""
        for each in document.units:
            self.case(Case(kind, cause, document, each, other=other), heals=heals)

    def case(self, case: Case, *, heals: bool = False) -> None:
        (self.planted.heals if heals else self.planted.stays).append(case)

    def slot(self, till: Till, after: int, day: int | None = None) -> tuple[int, int]:
        """(day, moment) for one more document of a till, later than `after`."""
        host = self.take(lambda one: one.till is till and one.at > after and (day is None or one.day == day))
        return host.day, host.at + _AFTER_S


def plant(story: Story, seed: int) -> Planted:
    """Spoil the story. Raises ValueError for a chain of fewer than three shops."""
    planter = Planter(story, random.Random(f"{seed} planting"))  # noqa: S311 -- must be repeatable.
    special = _roles(planter)
    planter.ordinary = [till for till in story.tills if till not in special]
    planter.pool = [one for one in story.documents if one.till not in special]
    planter.chance.shuffle(planter.pool)
    for sow in (_returns, _twice, _at_operator, _past, _in_registry, _numbers, _normal_life):
        sow(planter)
    return planter.planted


def single(one: Document) -> bool:
    return len(one.units) == 1


def early(one: Document) -> bool:
    """Old enough for everything at the last look, and followed by later receipts of its register."""
    return single(one) and one.day < DAYS - 1


# --- tills ---


def _roles(planter: Planter) -> set[Till]:
    """Tills with a part of their own; the first shop has none of them."""
    story, chance = planter.story, planter.chance
    free = [till for till in story.tills if till.shop is not story.shops[0]]
    if len(story.shops) < 3:
        raise ValueError("a chain of at least three shops")
    chance.shuffle(free)
    story.silent, free = free[0], free[1:]
    late = max(1, len(story.tills) // 20)
    story.late, free = free[:late], free[late:]
    doubts, drifting, offline, slow = free[:3], free[3:5], free[5], free[6 : 6 + late]
    _silent(planter, story.silent)
    for till in story.late:
        _late(planter, till)
    for till, fate in zip(doubts, (Fate.DOUBT, Fate.DOUBT, Fate.SETTLED_LATE), strict=True):
        last = story.of(till)[-1]
        last.fate = fate
        heals = fate is Fate.SETTLED_LATE
        planter.one(Kind.FISCALISED_NOT_IN_JOURNAL, "in-doubt-at-till", last, heals=heals)
    for till, drift in zip(drifting, DRIFTS_S, strict=True):
        day = chance.randrange(DAYS)
        till.drift_s[day] = drift
        planter.case(Case(Kind.CLOCK_DRIFT, "till-clock", till=till, day=day))
    for till in slow:
        till.drift_s = dict.fromkeys(range(DAYS), HARMLESS_DRIFT_S)
    _offline(story, offline)
    return {story.silent, *story.late, *doubts, *drifting, offline}


def _silent(planter: Planter, till: Till) -> None:
    """Its machine died in the evening of the third day, with three receipts that never left it."""
    story = planter.story
    documents = story.of(till)
    story.silent_from = documents[-4].at + _AFTER_S
    for document in documents[-3:]:
        planter.one(Kind.FISCALISED_NOT_IN_JOURNAL, "not-delivered-yet", document)
    planter.case(Case(Kind.TILL_SILENT, "silent", till=till, day=DAYS - 1))


def _late(planter: Planter, till: Till) -> None:
    """Cut off after its first receipt, for 72 hours: it sells on, and everything comes in the end."""
    for document in planter.story.of(till)[1:]:
        planter.one(Kind.FISCALISED_NOT_IN_JOURNAL, "not-delivered-yet", document, heals=True)
    planter.case(Case(Kind.TILL_SILENT, "silent", till=till), heals=True)


def _offline(story: Story, till: Till) -> None:
    """The register's own line was down on the second day: its receipts reached the operator two days later."""
    for document in story.of(till):
        if document.day == 1:
            document.offline, document.told_from = True, story.timeline.moment(DAYS, 9 * HOUR)


# --- units ---


def _returns(planter: Planter) -> None:
    story = planter.story
    calendar = kazakhstan()
    due = calendar.due(story.timeline.days[0], TERM_WORKING_DAYS)
    for _ in range(EACH):
        back, item = _brought_back(planter, 0)
        back.units[0].kept_until = NEVER
        planter.one(Kind.RETURN_OVERDUE, "term-over", back)
        if due >= story.timeline.first_look * US_PER_S:
            planter.one(Kind.RETURNED_STILL_WITHDRAWN, "in-term", back, heals=True)
        back, item = _brought_back(planter, planter.chance.randrange(1, DAYS))
        back.units[0].kept_until = NEVER
        planter.one(Kind.RETURNED_STILL_WITHDRAWN, "in-term", back)
        back, item = _brought_back(planter, 1)
        back.units[0].kept_until = story.timeline.moment(DAYS, 9 * HOUR)
        planter.one(Kind.RETURNED_STILL_WITHDRAWN, "in-term", back, heals=True)
        _brought_back(planter, planter.chance.randrange(DAYS))
    back, item = _brought_back(planter, 0)  # Sold once more, on the third day, when it is back.
    again = planter.take(lambda one: single(one) and one.day == DAYS - 1)
    _instead(again, item)


def _brought_back(planter: Planter, day: int) -> tuple[Document, Item]:
    """A sale of a day and its return on the same day."""
    story = planter.story

    def has_time(one: Document) -> bool:
        return single(one) and one.day == day and one.at < story.timeline.moment(day, 14 * HOUR)

    sold = planter.take(has_time)
    item = next(item for item in sold.items if item.unit is not None)
    _, at = planter.slot(sold.till, sold.at, day)
    back = returned(sold, item, day, at)
    story.documents.append(back)
    return back, item


def _twice(planter: Planter) -> None:
    def same_till(first: Till, second: Till) -> bool:
        return first is second

    def two_tills(first: Till, second: Till) -> bool:
        return first is not second and first.shop is second.shop

    def two_shops(first: Till, second: Till) -> bool:
        return first.shop is not second.shop

    for cause, apart in (("same-till", same_till), ("two-tills", two_tills), ("two-shops", two_shops)):
        for _ in range(EACH):
            first, second = _pair(planter, apart)
            _instead(second, next(item for item in first.items if item.unit is not None))
            planter.one(Kind.SOLD_TWICE, cause, second)


def _pair(planter: Planter, apart: Callable[[Till, Till], bool]) -> tuple[Document, Document]:
    """Two sales of one unit each, on two days, of tills that stand so to each other."""
    later = [one for one in planter.pool if single(one) and one.day > 0]

    def has_partner(one: Document) -> bool:
        return single(one) and one.day == 0 and any(apart(one.till, other.till) for other in later)

    first = planter.take(has_partner)
    return first, planter.take(lambda one: one in later and apart(first.till, one.till))


def _instead(document: Document, item: Item) -> None:
    """The document's only unit is that one."""
    place = next(n for n, one in enumerate(document.items) if one.unit is not None)
    document.items[place] = item
    document.told = [one.told() for one in document.items]


def _at_operator(planter: Planter) -> None:
    story = planter.story
    for _ in range(EACH):
        lost = planter.take(early)
        lost.told = None
        planter.one(Kind.SOLD_NOT_FISCALISED, "no-receipt", lost)
        # The vendor's history of a closed shift is final: what arrives late arrives in files.
        arrived = planter.take(lambda one: early(one) and one.till is not story.of_vendor)
        arrived.told_from = story.timeline.moment(DAYS, 9 * HOUR)
        planter.one(Kind.SOLD_NOT_FISCALISED, "no-receipt", arrived, heals=True)
        short = planter.take(lambda one: len(one.units) == 2)
        gone = _spoiled(short)
        short.told = [line for line in short.told or () if line.mark != gone.ki]
        planter.case(Case(Kind.SOLD_NOT_FISCALISED, "line-missing", short, gone))
        _marks(planter)
        cheap = planter.take(single)
        _line(cheap).sum_tiyn -= 10_000
        planter.one(Kind.AMOUNT_DIFFERS, "line-sum", cheap)
        wrong = planter.take(single)
        line = _line(wrong)
        line.gtin = next(good.gtin for good in story.marked if good.gtin != line.gtin)
        planter.one(Kind.WRONG_GTIN, "gtin-differs", wrong)
        doubled = planter.take(single)
        twin = Document(doubled.till, doubled.day, doubled.at + MINUTE, Operation.SALE, doubled.items, None, Fate.PAST)
        twin.told = [item.told() for item in twin.items]
        story.documents.append(twin)
        planter.one(Kind.DUPLICATE_DOCUMENT, "second-document", doubled)


def _marks(planter: Planter) -> None:
    """A mark that did not arrive, one that arrived damaged, and one of another unit."""

    def without(_one: Unit) -> str:
        return ""

    def scratched(one: Unit) -> str:
        return damaged(planter.chance, one.ki)

    def of_another(one: Unit) -> str:
        return _spare(planter, one).ki

    ways: tuple[tuple[Kind, str, Callable[[Unit], str]], ...] = (
        (Kind.FISCAL_WITHOUT_MARK, "mark-missing", without),
        (Kind.MARK_DIFFERS, "damaged", scratched),
        (Kind.MARK_DIFFERS, "other-unit", of_another),
    )
    for kind, cause, spoil in ways:
        document = planter.take()
        one = _spoiled(document)
        line = next(line for line in document.told or () if line.mark == one.ki)
        line.mark = spoil(one)
        planter.case(Case(kind, cause, document, one, other=line.mark))


def _spoiled(document: Document) -> Unit:
    return document.units[0]


def _line(document: Document) -> Told:
    return next(line for line in document.told or () if line.mark)


def _spare(planter: Planter, like: Unit) -> Unit:
    """Another unit of the same good, that lies on the shelf."""
    found = unit(planter.chance, like.good)
    planter.story.spare.append(found)
    return found


def _past(planter: Planter) -> None:
    """Receipts no till of ours speaks of."""
    story, chance = planter.story, planter.chance
    unknown = Till(
        "", Shop("", "", "", 0), "SWK00990017", "010199001700", "", "", operator=0
    )  # A register of somebody else in the operator's file.
    for n in range(EACH):
        till = chance.choice(planter.ordinary)
        day, at = planter.slot(till, 0)
        past = sale(chance, story, till, day, at, 1)
        past.fate = Fate.PAST
        story.documents.append(past)
        planter.one(Kind.FISCALISED_NOT_IN_JOURNAL, "not-in-journal", past)
        stranger = sale(chance, story, unknown, n % DAYS, story.timeline.moment(n % DAYS, 12 * HOUR), 1)
        stranger.fate = Fate.PAST
        story.strangers.append(stranger)
        planter.one(Kind.FISCALISED_NOT_IN_JOURNAL, "unknown-register", stranger)


def _in_registry(planter: Planter) -> None:
    story, chance = planter.story, planter.chance
    day_s = 24 * HOUR
    for n in range(EACH):
        stuck = planter.take(early)
        stuck.units[0].stuck_until = NEVER
        planter.one(Kind.SOLD_NOT_WITHDRAWN, "still-in-circulation", stuck)
        slow = planter.take(lambda one: single(one) and one.day == 0)
        slow.units[0].stuck_until = story.timeline.moment(DAYS, 9 * HOUR)
        planter.one(Kind.SOLD_NOT_WITHDRAWN, "still-in-circulation", slow, heals=True)
        unknown = planter.take(early)
        unknown.units[0].unknown = True
        planter.one(Kind.SOLD_NOT_WITHDRAWN, "not-in-registry", unknown)
        blocked = planter.take(single)
        blocked.units[0].written_off_at = blocked.at - 2 * day_s
        planter.one(Kind.SOLD_AFTER_BLOCK, "written-off", blocked)
        gone = planter.take(single)
        gone.units[0].withdrawn_at = gone.at - 3 * day_s
        planter.one(Kind.SOLD_AFTER_BLOCK, "withdrawn-before", gone)
        old = planter.take(single)
        old.units[0].expires_at = story.timeline.moment(old.day - 3, 0)
        planter.one(Kind.SOLD_AFTER_EXPIRY, "expired", old)
        never = unit(chance, chance.choice(story.marked))
        never.withdrawn_at = story.timeline.moment(0, (11 + n) * HOUR + 7 * MINUTE)
        story.spare.append(never)
        planter.case(Case(Kind.WITHDRAWN_NOT_SOLD, "no-sale", unit=never))


def _numbers(planter: Planter) -> None:
    story = planter.story
    for _ in range(EACH):
        behind = planter.take(lambda one: one.at > story.timeline.moment(one.day, 12 * HOUR))
        behind.skipped = 1
        planter.case(Case(Kind.NUMBER_GAP, "receipt-numbers", behind))
    for heals in (False, False, True):
        aside = planter.take(lambda one: single(one) and one.till.name not in story.aside)
        story.aside[aside.till.name] = aside
        if heals:
            story.released.add(aside.till.name)
        planter.case(Case(Kind.NUMBER_GAP, "journal-rows", till=aside.till), heals=heals)


def _normal_life(planter: Planter) -> None:
    """A till in two has something of it every day; none of it is a discrepancy."""
    for _ in range(len(planter.ordinary)):
        planter.take(single).fate = Fate.SETTLED
        planter.take(single).fate = Fate.REFUSED_FIRST


def findings(cases: list[Case], story: Story) -> Iterator[Finding]:
    return (case.finding(story) for case in cases)
