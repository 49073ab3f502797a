"""Cases planted in the lake of the benchmarks: each is one disagreement and nothing else, with the name it has to get.

A case is documents and what the registry says afterwards. So that only its own kind is found, the registry agrees with
the agent wherever it is not the one that is wrong; documents that one witness lacks are the last of their shift, so
that nobody's numbers have a gap.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.hq_goods import DAMAGED, GTINS, NO_MARK, codes_of, gtin_of, price_of, signs_of
from sync.hq.finding import CAUSES
from sync.hq.kinds import KINDS, Kind, Subject
from sync.hq.witness import UnitStatus

US_PER_S = 1_000_000
HOUR_US = 3_600 * US_PER_S
DAY_US = 24 * HOUR_US
UNIT_FIRST = 1 << 34  # Numbers of planted units: no ordinary one reaches them.
ORDINAL_FIRST = 1 << 30  # Likewise of documents. Both signs stay below ten digits' worth of numbers.
EVENING_US = (21 * HOUR_US + 300 * US_PER_S, 23 * HOUR_US)  # Of the day, in Kazakhstan: after the ordinary receipts.
LAST_US = (23 * HOUR_US, 24 * HOUR_US - 60 * US_PER_S)
SALE, RETURN = 1, -1
TILLS_PER_SHOP = 5


@dataclass(frozen=True, slots=True)
class Told:
    """A line as one witness tells it."""

    unit: int
    gtin: int
    sum_tiyn: int


@dataclass(frozen=True, slots=True)
class Document:
    day: int
    at_us: int  # Of the day.
    till: int
    operation: int
    ordinal: int
    agent: tuple[Told, ...] | None  # None: this witness has no such document.
    ofd: tuple[Told, ...] | None


@dataclass(frozen=True, slots=True)
class Said:
    """What the registry says; times are from the midnight of the first day."""

    day: int
    unit: int
    status: UnitStatus
    status_us: int
    observed_us: int
    expires_us: int = 0


@dataclass(slots=True)
class Planted:
    documents: list[Document] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    truth: dict[str, list[str]] = field(default_factory=dict)  # Kind -> subjects, as sync.hq.finding names them.
    causes: dict[str, dict[str, int]] = field(default_factory=dict)


class Planter:
    """Plants cases of every kind whose subject is a unit, the same from the same seed."""

    def __init__(self, days: int, tills: int, rng: random.Random, register: Callable[[int], str]) -> None:
        self._days = days
        self._tills = tills
        self._rng = rng
        self._register = register
        self._unit = UNIT_FIRST
        self._ordinal = ORDINAL_FIRST
        self.planted = Planted()

    def plant(self, count: int) -> Planted:
        cases = [
            (kind, cause)
            for kind in Kind
            if KINDS[kind].subject is Subject.UNIT
            for cause in CAUSES[kind]
            if (kind, cause) in MAKERS
        ]
        for number in range(count):
            kind, cause = cases[number % len(cases)]
            subject = MAKERS[kind, cause](self, cause)
            self.planted.truth.setdefault(str(kind), []).append(subject)
            counted = self.planted.causes.setdefault(str(kind), {})
            counted[cause] = counted.get(cause, 0) + 1
        return self.planted

    # --- parts of a case ---

    def unit(self) -> Told:
        self._unit += 1
        gtin = int(gtin_of(np.array([self._unit]))[0])
        return Told(self._unit, gtin, int(price_of(np.array([gtin]))[0]))

    def till(self, parity: int | None = None) -> int:
        """Even tills keep what the operator lacks, odd ones what the journal lacks: each last in its shift."""
        if parity is None:
            return self._rng.randrange(self._tills)
        return self._rng.randrange(parity, self._tills, 2)

    def day(self, first: int = 0, last: int | None = None) -> int:
        return self._rng.randint(first, self._days - 1 if last is None else last)

    def document(
        self,
        agent: tuple[Told, ...] | None,
        ofd: tuple[Told, ...] | None,
        *,
        day: int,
        till: int | None = None,
        operation: int = SALE,
    ) -> Document:
        self._ordinal += 1
        alone = agent is None or ofd is None
        parity = (0 if ofd is None else 1) if alone else None
        place = self.till(parity) if till is None else till
        at_us = self._rng.randrange(*(LAST_US if alone else EVENING_US), US_PER_S)
        made = Document(day, at_us, place, operation, self._ordinal, agent, ofd)
        self.planted.documents.append(made)
        return made

    def says(self, made: Document, unit: Told, status: UnitStatus, *, days_after: int = 1, **more: int) -> None:
        at = made.day * DAY_US + made.at_us
        facts = {"status_us": at + 600 * US_PER_S, "observed_us": at + days_after * DAY_US + 2 * HOUR_US, **more}
        self.planted.said.append(Said(made.day, unit.unit, status, **facts))

    def withdrawn(self, made: Document, *units: Told) -> None:
        for unit in units:
            self.says(made, unit, UnitStatus.WITHDRAWN)

    def subject(self, made: Document, unit: Told) -> str:
        sign = signs_of(np.array([made.ordinal]))[0].as_py()
        return f"{ki_of(unit)}|{self._register(made.till)}|{sign}"

    # --- the kinds ---

    def not_fiscalised(self, cause: str) -> str:
        unit, other = self.unit(), self.unit()
        if cause == "no-receipt":
            made = self.document((unit,), None, day=self.day())
            self.withdrawn(made, unit)
        else:
            made = self.document((unit, other), (other,), day=self.day())
            self.withdrawn(made, unit, other)
        return self.subject(made, unit)

    def not_in_journal(self, _cause: str) -> str:
        unit = self.unit()
        made = self.document(None, (unit,), day=self.day())
        self.withdrawn(made, unit)
        return self.subject(made, unit)

    def without_mark(self, _cause: str) -> str:
        unit, other = self.unit(), self.unit()
        made = self.document((unit, other), (replace(unit, unit=NO_MARK), other), day=self.day())
        self.withdrawn(made, unit, other)
        return self.subject(made, unit)

    def mark_differs(self, cause: str) -> str:
        unit = self.unit()
        wrong = unit.unit + DAMAGED if cause == "damaged" else self._alike(unit)
        made = self.document((unit,), (replace(unit, unit=wrong),), day=self.day())
        self.withdrawn(made, unit)
        return self.subject(made, unit)

    def _alike(self, unit: Told) -> int:
        """Another unit of the same goods."""
        candidates = np.arange(self._unit + 1, self._unit + 20 * GTINS)
        self._unit = int(candidates[gtin_of(candidates) == unit.gtin][0])
        return self._unit

    def amount_differs(self, _cause: str) -> str:
        unit = self.unit()
        made = self.document((unit,), (replace(unit, sum_tiyn=unit.sum_tiyn + 100),), day=self.day())
        self.withdrawn(made, unit)
        return self.subject(made, unit)

    def duplicate(self, _cause: str) -> str:
        unit = self.unit()
        till, day = self.till(1), self.day()
        made = self.document((unit,), (unit,), day=day, till=till)
        self.document(None, (unit,), day=day, till=till)
        self.withdrawn(made, unit)
        return self.subject(made, unit)

    def not_withdrawn(self, cause: str) -> str:
        unit = self.unit()
        made = self.document((unit,), (unit,), day=self.day())
        status = UnitStatus.NOT_FOUND if cause == "not-in-registry" else UnitStatus.IN_CIRCULATION
        self.says(made, unit, status, status_us=0, days_after=2)
        return self.subject(made, unit)

    def withdrawn_not_sold(self, _cause: str) -> str:
        unit, day = self.unit(), self.day()
        seen = day * DAY_US + 12 * HOUR_US
        self.planted.said.append(Said(day, unit.unit, UnitStatus.WITHDRAWN, seen - 5 * HOUR_US, seen))
        return ki_of(unit)

    def sold_twice(self, cause: str) -> str:
        unit, day, till = self.unit(), self.day(0, self._days - 3), self.till()
        shop = till - till % TILLS_PER_SHOP
        others = {
            "same-till": [till],
            "two-tills": [one for one in range(shop, min(shop + TILLS_PER_SHOP, self._tills)) if one != till],
            "two-shops": [*range(shop), *range(shop + TILLS_PER_SHOP, self._tills)],
        }[cause]
        self.document((unit,), (unit,), day=day, till=till)
        made = self.document((unit,), (unit,), day=day + self._rng.randint(1, 2), till=self._rng.choice(others))
        self.withdrawn(made, unit)
        return ki_of(unit)

    def after_block(self, cause: str) -> str:
        unit, day = self.unit(), self.day()
        made = self.document((unit,), (unit,), day=day)
        status = UnitStatus.WRITTEN_OFF if cause == "written-off" else UnitStatus.WITHDRAWN
        self.says(made, unit, status, status_us=(day - 5) * DAY_US + HOUR_US)
        return self.subject(made, unit)

    def after_expiry(self, _cause: str) -> str:
        unit, day = self.unit(), self.day()
        made = self.document((unit,), (unit,), day=day)
        self.says(made, unit, UnitStatus.WITHDRAWN, expires_us=(day - 3) * DAY_US + HOUR_US)
        return self.subject(made, unit)

    def still_withdrawn(self, cause: str) -> str:
        """In term: returned on the last day. Over: so early that three working days have passed by any calendar."""
        unit = self.unit()
        back = self._days - 1 if cause == "in-term" else self.day(1, max(1, self._days - 15))
        till = self.till()
        sold = self.document((unit,), (unit,), day=back - 1, till=till)
        self.says(sold, unit, UnitStatus.WITHDRAWN, observed_us=sold.day * DAY_US + sold.at_us + HOUR_US)
        returned = self.document((unit,), (unit,), day=back, till=till, operation=RETURN)
        status_us, seen = sold.day * DAY_US + sold.at_us + 600 * US_PER_S, self._days * DAY_US + 4 * HOUR_US
        self.says(returned, unit, UnitStatus.WITHDRAWN, status_us=status_us, observed_us=seen)
        return self.subject(returned, unit)

    def wrong_gtin(self, _cause: str) -> str:
        unit = self.unit()
        made = self.document((unit,), (replace(unit, gtin=(unit.gtin + 1) % GTINS),), day=self.day())
        self.withdrawn(made, unit)
        return self.subject(made, unit)


def ki_of(unit: Told) -> str:
    return str(codes_of(np.array([unit.unit]))[0].as_py())


MAKERS: dict[tuple[Kind, str], Callable[[Planter, str], str]] = {
    (Kind.SOLD_NOT_FISCALISED, "no-receipt"): Planter.not_fiscalised,
    (Kind.SOLD_NOT_FISCALISED, "line-missing"): Planter.not_fiscalised,
    (Kind.FISCALISED_NOT_IN_JOURNAL, "not-in-journal"): Planter.not_in_journal,
    (Kind.FISCAL_WITHOUT_MARK, "mark-missing"): Planter.without_mark,
    (Kind.MARK_DIFFERS, "damaged"): Planter.mark_differs,
    (Kind.MARK_DIFFERS, "other-unit"): Planter.mark_differs,
    (Kind.AMOUNT_DIFFERS, "line-sum"): Planter.amount_differs,
    (Kind.DUPLICATE_DOCUMENT, "second-document"): Planter.duplicate,
    (Kind.SOLD_NOT_WITHDRAWN, "still-in-circulation"): Planter.not_withdrawn,
    (Kind.SOLD_NOT_WITHDRAWN, "not-in-registry"): Planter.not_withdrawn,
    (Kind.WITHDRAWN_NOT_SOLD, "no-sale"): Planter.withdrawn_not_sold,
    (Kind.SOLD_TWICE, "same-till"): Planter.sold_twice,
    (Kind.SOLD_TWICE, "two-tills"): Planter.sold_twice,
    (Kind.SOLD_TWICE, "two-shops"): Planter.sold_twice,
    (Kind.SOLD_AFTER_BLOCK, "written-off"): Planter.after_block,
    (Kind.SOLD_AFTER_BLOCK, "withdrawn-before"): Planter.after_block,
    (Kind.SOLD_AFTER_EXPIRY, "expired"): Planter.after_expiry,
    (Kind.RETURNED_STILL_WITHDRAWN, "in-term"): Planter.still_withdrawn,
    (Kind.RETURN_OVERDUE, "term-over"): Planter.still_withdrawn,
    (Kind.WRONG_GTIN, "gtin-differs"): Planter.wrong_gtin,
}
