"""What a Datecs printer has made: of an order since its baseline, last of all, and as documents. It only reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from fiscal.datecs import counting, papers
from fiscal.datecs.counting import Tally
from fiscal.datecs.journal import Journal
from fiscal.datecs.protocol import RECEIPTS, Entry, Language, Shown
from fiscal.datecs.settings import Settings
from fiscal.datecs.talk import Talk
from fiscal.device.family import Answered
from fiscal.device.looks import Look, Made
from fiscal.documents import Baseline, Document, SeenDocument
from fiscal.orders import Prepared

_NEEDED = ("document", "z")


class Evidence:
    """Looks back. `shown` is the newest whole look, kept by the family."""

    def __init__(self, talk: Talk, journal: Journal, language: Language, settings: Settings) -> None:
        self._talk = talk
        self._journal = journal
        self._language = language
        self._settings = settings
        self.shown = Shown()
        self._numbers: dict[int, int] = {}  # Of receipts that were found: document -> number in its shift.

    def made(self, prepared: Prepared, baseline: Baseline, look: Look) -> Made:
        before: Mapping[str, int] = baseline.extra.get("counters", {})
        now = look.counters
        if any(name not in before for name in _NEEDED):
            return Made(None, why="the baseline holds no counters of this family")
        if prepared.kind in RECEIPTS:
            return self._receipts(prepared.kind, baseline, before, now, look)
        if prepared.kind == "shift_close":
            why = f"Z-report {before['z']} before, {now['z']} now"
            return Made(now["z"] - before["z"], SeenDocument(str(now["z"]), "shift_close", None, ""), why)
        return _cash(prepared, before, now)

    def _receipts(
        self, kind: str, baseline: Baseline, before: Mapping[str, int], now: Mapping[str, int], look: Look
    ) -> Made:
        span = counting.span(before, now)
        if span is None:
            return Made(None, why=f"documents {before['document']} before, {now['document']} now")
        found = self._journal.entries(span)
        opened = look.document is not None
        all_kinds = self._language.journal_names_all
        counted = counting.count(kind, before, now, found, opened=opened, all_kinds=all_kinds)
        facts = {"journal": {str(number): entry.kind if entry else None for number, entry in found.items()}}
        if counted.count == 0 and before["z"] != now["z"]:
            objection = self._objection_over_z(baseline, before["document"], span)
            if objection is not None:
                return Made(None, why=f"{objection}: {counted.why}", facts=facts)
        seen = None
        if counted.newest is not None:
            total = counting.money_of(counted.newest, found, now["amount"])
            seen = _seen(counted.newest, total)
            self._numbers[counted.newest.number] = counting.number_in_shift(counted.newest, before, now, found)
        return Made(counted.count, seen, counted.why, facts)

    def _objection_over_z(self, baseline: Baseline, last: int, span: range) -> str | None:
        """Why the journal is no witness that there was no receipt. The counters began anew, so there is no other.

        Args:
            last: document number before the order.
        """
        if not span:
            return "a Z-report was made and the document number stands still: it went back"
        newest = self._journal.newest_receipt(last)
        if newest is None:
            return None if self._language.journal_names_all else "the journal shows no receipt at all"
        if newest.at and baseline.clock_at and _moment(newest.at) > _moment(baseline.clock_at):
            return f"document {newest.number} is younger than the order: the document number went back"
        return None

    def document(
        self, prepared: Prepared, baseline: Baseline, seen: SeenDocument | None, done: Sequence[Answered]
    ) -> Document:
        if prepared.kind in RECEIPTS:
            if seen is None:
                return self._fresh(prepared, baseline, done)
            return self._found(prepared, baseline, seen)
        counters: Mapping[str, int] = baseline.extra["counters"]
        clock, _status = self._talk.shown([self._language.clock])
        at = clock.clock or baseline.clock_at or ""
        said = done[-1].accepted.data if done else {}
        raw = papers.evidence(self.shown, done)
        if prepared.kind == "shift_close":
            shift = counters["z"] + 1
            tally = self._tally_of_z(baseline.identity, counters, said)
            return papers.report(counters, tally, at, shift=shift, closed=True, raw=raw)
        balance = said.get("cash", self.shown.cash)  # None: it does not tell.
        return papers.cash(baseline, self.shown, balance, at, raw)

    def _fresh(self, prepared: Prepared, baseline: Baseline, done: Sequence[Answered]) -> Document:
        """Of a receipt whose close was answered."""
        shown, _status = self._talk.shown(self._language.after)
        entry = self._own(prepared.kind, baseline, shown.document)
        at = entry.at or shown.clock or baseline.clock_at or ""
        number = done[-1].accepted.data.get("receipts", shown.receipts or 0)
        self._journal.remember(baseline.identity, Entry(entry.number, prepared.kind, shown.amount, at))
        seen = _seen(entry, shown.amount)
        return self._receipt(prepared, baseline, seen, number, at, done)

    def _own(self, kind: str, baseline: Baseline, last: int) -> Entry:
        """The receipt among the documents since the baseline; the printer may have added one of its own after it."""
        first = baseline.extra["counters"]["document"] + 1
        if last == first and not self._language.journal_names_all:
            return Entry(last, kind)
        for number in range(last, max(first, last - counting.DOCUMENTS_MAX) - 1, -1):
            entry = self._talk.entry(number, dated=True)
            if entry is not None and entry.kind == kind:
                return entry
        return Entry(last, kind)

    def _found(self, prepared: Prepared, baseline: Baseline, seen: SeenDocument) -> Document:
        """Of a receipt that was found after its answer had been lost."""
        at = seen.at or self.shown.clock or baseline.clock_at or ""
        return self._receipt(prepared, baseline, seen, self._numbers.get(int(seen.number), 0), at, ())

    def _receipt(
        self,
        prepared: Prepared,
        baseline: Baseline,
        seen: SeenDocument,
        number: int,
        at: str,
        done: Sequence[Answered],
    ) -> Document:
        total = prepared.total_tiyn if seen.total_tiyn is None else seen.total_tiyn
        return papers.receipt(
            prepared, baseline, self._settings, self.shown, document=int(seen.number), number=number, at=at,
            total_tiyn=total, raw=papers.evidence(self.shown, done),
        )  # fmt: skip

    def tally(self, identity: str, counters: Mapping[str, int]) -> Tally:
        """Receipts of the shift by counters of a look inside it."""
        if "sold" in counters and "returned_tiyn" in counters:
            returns = max(counters.get("receipts", counters["sold"]) - counters["sold"], 0)
            return Tally(counters["sold"], counters["sold_tiyn"], returns, counters["returned_tiyn"])
        return self._journal.tally(identity, counters["document"], counters.get("receipts", 0))

    def _tally_of_z(self, identity: str, counters: Mapping[str, int], said: Mapping[str, Any]) -> Tally:
        tally = self.tally(identity, counters)
        if "sold_tiyn" not in said:
            return tally
        return Tally(tally.sales, said["sold_tiyn"], tally.returns, said["returned_tiyn"])

    def last_document(self) -> SeenDocument | None:
        shown, _status = self._talk.look()
        if shown.document == 0:
            return None
        entry = self._journal.newest_receipt(shown.document)
        if entry is None:
            return SeenDocument(papers.sign_of(shown.document), "", None, "")
        return _seen(entry, shown.amount if entry.total_tiyn is None else entry.total_tiyn)


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _seen(entry: Entry, total_tiyn: int | None) -> SeenDocument:
    sign = papers.sign_of(entry.number)
    return SeenDocument(sign, entry.kind, total_tiyn, entry.at, None, sign)


def _cash(prepared: Prepared, before: Mapping[str, int], now: Mapping[str, int]) -> Made:
    """By the sums of the shift: they say how much, and one move of ours is exactly its sum."""
    name = "put" if prepared.kind == "cash_in" else "taken"
    if name not in before or name not in now:
        return Made(None, why=f"the printer does not tell what was {name}")
    why = f"{name} {before[name]} tiyn before, {now[name]} now"
    if before["z"] != now["z"]:
        return Made(None, why=f"a Z-report came between: {why}")
    moved = now[name] - before[name]
    if moved == 0:
        return Made(0, why=why)
    if moved != prepared.total_tiyn:
        return Made(None, why=f"another sum than the {prepared.total_tiyn} tiyn of the order: {why}")
    return Made(1, SeenDocument(papers.sign_of(now["document"]), prepared.kind, moved, ""), why)
