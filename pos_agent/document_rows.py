"""The journal rows of one document at the register: its intent, its outcome, and what that tells of the shift."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from fiscal.register import (
    Baseline,
    Document,
    Done,
    NotSent,
    Order,
    Outcome,
    Prepared,
    Refused,
    ShiftOpened,
    ShiftReport,
    Unknown,
)
from pos_agent.journal.journal import Event, Journal
from pos_agent.journal.projection import content_hash
from pos_agent.sale import SaleEvent
from pos_agent.stored import dump, dump_document, dump_order
from pos_agent.till import Till

Answer = Callable[[Outcome], Sequence[Event]]  # Events that must be committed together with the outcome.


def no_answer(_outcome: Outcome) -> Sequence[Event]:
    return ()


@dataclass(frozen=True, slots=True)
class Case:
    """An order on its way, with what the journal must say beside it."""

    order: Order
    sale: str | None = None
    lines: Sequence[Mapping[str, Any]] | None = None  # One-shot receipts carry their lines in the intent.
    scans: Sequence[Mapping[str, Any]] | None = None  # Judgements of those lines, kept as proof.
    seen: Sequence[tuple[int, int]] | None = None  # SaleView.seen behind the order: other lines by now, and it is off.
    request: Mapping[str, str] | None = None  # API call that asked, so that its repeat finds this document.
    answer: Answer = no_answer
    by_itself: bool = False  # The agent's own idea: the Z-report of a shift over 24 h, the opening of one.


@dataclass(frozen=True, slots=True)
class Ticket:
    """Which document a journal row speaks of."""

    key: str
    kind: str
    sale: str | None

    def row(self, event: SaleEvent, **facts: Any) -> Event:
        body = {"key": self.key, "kind": self.kind, **facts}
        return Event(event, body if self.sale is None else {**body, "sale": self.sale})


def intent(ticket: Ticket, case: Case, prepared: Prepared, baseline: Baseline, *, first: bool) -> Event:
    """`first`: the row that opens a one-shot receipt's sale carries its lines; a later try of it does not."""
    order = dump_order(case.order)
    facts: dict[str, Any] = {
        "order": order,
        "content": content_hash(order).hex(),
        "prepared": dump(prepared),
        "baseline": dump(baseline),
    }
    if case.lines is not None and first:
        facts["lines"] = list(case.lines)
    if case.scans is not None and first:
        facts["scans"] = list(case.scans)
    if case.seen is not None:
        facts["seen"] = [list(line) for line in case.seen]
    if case.request is not None:
        facts["request"] = dict(case.request)
    return ticket.row(SaleEvent.INTENDED, **facts)


class OutcomeRows:
    """Writes what became of a document."""

    def __init__(self, journal: Journal, till: Till) -> None:
        self._journal = journal
        self._till = till

    def doubt(self, ticket: Ticket, outcome: Unknown) -> None:
        doubted = ticket.row(SaleEvent.DOUBTED, failure=dump(outcome.failure))
        self._journal.append(*_closings(outcome), doubted, last_space=True)

    def decide(
        self,
        ticket: Ticket,
        outcome: Done | Refused | NotSent,
        answer: Answer = no_answer,
        *,
        by_itself: bool = False,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """`facts` stand beside the document: who decided a doubt, and why."""
        if isinstance(outcome, Done):
            events = self._made(ticket, outcome, by_itself, facts or {})
        else:
            sent = isinstance(outcome, Refused)
            events = [*_closings(outcome), ticket.row(SaleEvent.REFUSED, failure=dump(outcome.failure), sent=sent)]
        self._journal.append(*events, *answer(outcome), last_space=True)

    def _made(self, ticket: Ticket, done: Done, by_itself: bool, facts: Mapping[str, Any]) -> list[Event]:
        events = _closings(done)
        made = ticket.row(SaleEvent.MADE, recovered=done.recovered, document=dump_document(done.document), **facts)
        if isinstance(done.document, ShiftReport):
            return [*events, made, _shift_closed(done.document, automatic=by_itself)]
        closed_now = {event.body["shift"] for event in events}
        return [*events, *self._shift_of(done, closed_now), made]

    def _shift_of(self, done: Done, closed_now: Set[int]) -> list[Event]:
        """What the document tells of the shift: that it is open, and that the one we believed open is not."""
        number = done.document.shift
        known = self._till.open_shift()
        if known is not None and known.number in closed_now:
            known = None
        if known is not None and known.number == number:
            return []
        if done.recovered and (self._till.knows_shift(number) or (known is not None and number < known.number)):
            return []  # Found late: its shift may long be over.
        opened = Event("shift_opened", {"shift": number, "by": _by(done.document)})
        if known is None:
            return [opened]
        # Closed elsewhere (the vendor's cabinet, a new register): the journal learns it now.
        return [Event("shift_closed", {"shift": known.number, "automatic": True, "report": None}), opened]


def _by(document: Document) -> str:
    return "command" if isinstance(document, ShiftOpened) else "document"


def _closings(outcome: Outcome) -> list[Event]:
    """Shifts the register had to close on the way: they happened, whatever became of the order."""
    return [_shift_closed(side, automatic=True) for side in outcome.side if isinstance(side, ShiftReport)]


def _shift_closed(report: ShiftReport, *, automatic: bool) -> Event:
    return Event("shift_closed", {"shift": report.shift, "automatic": automatic, "report": dump_document(report)})
