"""The journal of each till of the made-up chain: rows numbered and chained as the agent's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from sync.hq.demo import bodies
from sync.hq.demo.goods import Till
from sync.hq.demo.numbering import FIRST_SHIFT, RAW, Registry
from sync.hq.demo.story import CLOSES, OPENS, Document, Fate, Story
from sync.hq.demo.timeline import DAYS, HOUR, MINUTE
from sync.hq.witness import Operation, UnitStatus
from sync.wire import GENESIS, Row, row_hash

NS = 1_000_000_000
UNITS_AT_ONCE = 100  # Of a look at the registry.
ASIDE_REASON = "body: larger than this headquarters takes"
_SOLD_OUTCOME = {UnitStatus.WITHDRAWN: "withdrawn", UnitStatus.IN_CIRCULATION: "on_balance"}
_BACK_OUTCOME = {UnitStatus.IN_CIRCULATION: "reintroduced"}


@dataclass(slots=True)
class Journal:
    till: Till
    rows: list[Row] = field(default_factory=list)
    aside: int = 0  # Number of the row that was set aside; 0 none.

    def add(self, at_ns: int, kind: str, body: bodies.Body) -> int:
        """Append a row; its number. A journal's time never runs back."""
        number = len(self.rows) + 1
        previous = self.rows[-1].hash if self.rows else GENESIS
        at_ns = max(at_ns, self.rows[-1].at_ns if self.rows else 0)
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        digest = row_hash(self.till.name, number, at_ns, kind, text, previous)
        self.rows.append(Row(self.till.name, number, at_ns, kind, text, previous, digest))
        return number


@dataclass(slots=True)
class _Sold:
    """A document the till knows of, and what it still looks at."""

    document: Document
    decided_ns: int
    is_settled: bool = False


class Writer:
    """Writes one journal, event by event in order of time."""

    def __init__(self, story: Story, registry: Registry, till: Till) -> None:
        self._story, self._registry, self._till = story, registry, till
        self.journal = Journal(till)
        self._sales: dict[int, str] = {}  # id of a document -> its sale.
        self._sold: list[_Sold] = []

    def write(self) -> Journal:
        for at, event in sorted(self._events(), key=lambda one: one[0]):
            event(self._ns(at))
        return self.journal

    def _events(self) -> Iterator[tuple[int, Callable[[int], None]]]:
        when = self._story.timeline
        mine = [one for one in self._story.of(self._till) if one.fate is not Fate.PAST]
        yield when.moment(0, OPENS - 20 * MINUTE), self._created
        doubtful = any(one.fate in (Fate.DOUBT, Fate.SETTLED_LATE) for one in mine)
        for day in range(DAYS):
            today = [one for one in mine if one.day == day]
            yield when.moment(day, OPENS - 10 * MINUTE), partial(self._opened, day=day)
            if not doubtful or day < DAYS - 1:
                yield when.moment(day, CLOSES + 30 * MINUTE), partial(self._closed, day=day, made=today)
            yield when.moment(day, CLOSES + 40 * MINUTE), self._look
        for document in mine:
            yield document.at - 40, partial(self._document, one=document)
            if document.fate is Fate.SETTLED_LATE:
                yield when.moment(DAYS, 9 * HOUR), partial(self._settled, one=document)
        yield when.moment(DAYS, 6 * HOUR), self._look
        yield when.now - 2 * HOUR, self._look

    def _ns(self, at: int) -> int:
        """The till's clock."""
        day = min(max((at - self._story.timeline.moment(0, 0)) // (24 * HOUR), 0), DAYS)
        return (at + self._till.drift_s.get(day, 0)) * NS

    def _created(self, ns: int) -> None:
        self.journal.add(ns, "journal_created", bodies.created(self._till))
        self.journal.add(ns, "agent_started", bodies.started())

    def _opened(self, ns: int, day: int) -> None:
        self.journal.add(ns, "shift_opened", bodies.shift_opened(self._till, FIRST_SHIFT + day))

    def _closed(self, ns: int, day: int, made: Sequence[Document]) -> None:
        opened = self._story.timeline.moment(day, OPENS - 10 * MINUTE)
        body = bodies.shift_closed(self._till, FIRST_SHIFT + day, opened, ns // NS, made)
        self.journal.add(ns, "shift_closed", body)
        self._delivered(ns)

    def _delivered(self, ns: int) -> None:
        last = self.journal.rows[-1]
        self.journal.add(ns + NS, "delivered", bodies.delivered(last.number, last.hash))

    # --- documents ---

    def _document(self, ns: int, one: Document) -> None:
        journal, is_return = self.journal, one.operation is Operation.RETURN
        sale = f"{self._till.name}-{len(journal.rows) + 1}"
        self._sales[id(one)] = sale
        original = None if one.basis is None else self._sales.get(id(one.basis))
        journal.add(ns, "sale_opened", bodies.sale_opened(one, sale, original))
        seen = []
        for number, item in enumerate(one.items, 1):
            at_ns, scan = ns + 4 * number * NS, len(journal.rows) + 1
            if item.unit is None:
                continue  # Chosen on the till's screen.
            if number == 1 and one.number % 9 == 0:
                refused = bodies.scan_refused(sale, item.good.gtin, scan)
                journal.add(at_ns - 2 * NS, "scan_judged", refused)
                scan += 1
            journal.add(at_ns, "scan_judged", bodies.scan_allowed(sale, item.unit, scan, is_return=is_return))
            if self._story.aside.get(self._till.name) is one:
                journal.aside = scan
            seen.append([number, scan])
        for number, item in enumerate(one.items, 1):
            scan = next((scan for n, scan in seen if n == number), 0)
            body = bodies.line_added(sale, number, item, scan, is_return=is_return)
            journal.add(ns + 30 * NS, "line_added", body)
        self._at_register(ns + 40 * NS, one, sale, seen)

    def _at_register(self, ns: int, one: Document, sale: str, seen: Sequence[Sequence[int]]) -> None:
        journal, key = self.journal, f"{sale}-{self._till.epoch}"
        if one.fate is Fate.REFUSED_FIRST:
            journal.add(ns - 5 * NS, "document_intended", bodies.intended(one, key, sale, seen))
            journal.add(ns - 4 * NS, "document_refused", bodies.refused(one, key, sale))
            key = f"{sale}.2-{self._till.epoch}"
        journal.add(ns, "document_intended", bodies.intended(one, key, sale, seen))
        if one.fate in (Fate.DOUBT, Fate.SETTLED, Fate.SETTLED_LATE):
            journal.add(ns + 8 * NS, "document_in_doubt", bodies.in_doubt(one, key, sale))
        if one.fate in (Fate.DOUBT, Fate.SETTLED_LATE):
            return
        after_ns = 13 * NS if one.fate is Fate.SETTLED else NS // 8
        self._made(ns + after_ns, one, key, sale, recovered=one.fate is Fate.SETTLED)

    def _settled(self, ns: int, one: Document) -> None:
        sale = self._sales[id(one)]
        self._made(ns, one, f"{sale}-{self._till.epoch}", sale, recovered=True)

    def _made(self, ns: int, one: Document, key: str, sale: str, *, recovered: bool) -> None:
        self.journal.add(ns, "document_made", bodies.made(one, key, sale, recovered=recovered))
        self.journal.add(ns + NS // 4, "printed", bodies.printed(key))
        self._sold.append(_Sold(one, ns))

    # --- the registry, asked afterwards ---

    def _look(self, ns: int) -> None:
        """Ask where the units stand that are not where they should be."""
        at, found = ns // NS, []
        for sold in self._sold:
            if sold.is_settled:
                continue
            is_sale = sold.document.operation is Operation.SALE
            outcomes = _SOLD_OUTCOME if is_sale else _BACK_OUTCOME
            done = True
            for one in sold.document.units:
                stand = self._registry.stand(one.ki, at)
                outcome = outcomes.get(stand.status, "pending")
                done = done and outcome in ("withdrawn", "reintroduced")
                purpose = bodies.KIND[sold.document.operation]
                facts = (str(stand.status), RAW[stand.status], outcome, ns + 24 * HOUR * NS)
                found.append(bodies.rechecked_unit(one.ki, purpose, sold.decided_ns, *facts))
            sold.is_settled = done
        for start in range(0, len(found), UNITS_AT_ONCE):
            self.journal.add(ns, "units_rechecked", bodies.rechecked(ns, found[start : start + UNITS_AT_ONCE]))
        if self.journal.aside and not any(row.kind == "set_aside" for row in self.journal.rows):
            self.journal.add(ns, "set_aside", bodies.set_aside(self.journal.aside, ASIDE_REASON))
        self._delivered(ns + NS)


def write_journals(story: Story, registry: Registry) -> list[Journal]:
    return [Writer(story, registry, till).write() for till in story.tills]
