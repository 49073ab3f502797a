"""The one path from an order to the register: intent, decisive request, outcome; and the way out of silence.

    document_intended  committed before the first byte
    document_made | document_refused | document_in_doubt
    document_in_doubt -> document_made | document_absent   by asking the register, never by a second document

Only one order is undecided at any time: the next one first settles it or is turned away (RegisterBlocked).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from fiscal.register import (
    Absent,
    Baseline,
    Done,
    Failure,
    FailureKind,
    NotSent,
    Order,
    Outcome,
    Prepared,
    Refused,
    Register,
    RegisterUnavailable,
    Settlement,
    ShiftReport,
    Unknown,
)
from pos_agent.journal.journal import Event, Journal
from pos_agent.journal.projection import content_hash
from pos_agent.sale import DocumentState, SaleEvent
from pos_agent.stored import dump, dump_document, dump_order, load_baseline, load_prepared
from pos_agent.till import Till, Undecided

EXECUTIONS_MAX = 2  # The first, and one more with the same key after the register proved it has nothing.

Answer = Callable[[Outcome], Sequence[Event]]  # Events that must be committed together with the outcome.


def no_answer(_outcome: Outcome) -> Sequence[Event]:
    return ()


class RegisterBlocked(Exception):
    """An earlier document is still undecided; no other may be made before."""

    def __init__(self, pending: Undecided, failure: Failure) -> None:
        super().__init__(f"document {pending.key} is undecided: {failure.text}")
        self.pending = pending
        self.failure = failure


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


@dataclass(frozen=True, slots=True)
class Ticket:
    """Which document a journal row speaks of."""

    key: str
    kind: str
    sale: str | None

    def row(self, event: SaleEvent, **facts: Any) -> Event:
        body = {"key": self.key, "kind": self.kind, **facts}
        return Event(event, body if self.sale is None else {**body, "sale": self.sale})


class RegisterDesk:
    """Owns the register. Every call that writes to it goes through here, one at a time."""

    def __init__(self, journal: Journal, till: Till, register: Register) -> None:
        self._journal = journal
        self._till = till
        self.register = register
        self._lock = threading.Lock()

    def submit(self, case: Case) -> Outcome:
        """Make one document.

        Before anything was sent it raises OrderInvalid, RegisterBlocked, DiskFull, and what the intent runs into:
        UnitTakenError, SaleChangedError, TransitionError (the sale was decided meanwhile), KeyReusedError. A
        JournalUnusable after the register worked leaves the document to `settle_all`.
        """
        with self._lock:
            self._clear_the_way()
            prepared = self.register.prepare(case.order)
            try:
                baseline = self.register.baseline()
            except RegisterUnavailable as error:
                return NotSent(error.failure)
            return self._make(case, prepared, baseline)

    def settle_all(self) -> tuple[tuple[Undecided, Settlement], ...]:
        """Ask the register about every undecided document: at start, on a timer, and on demand."""
        with self._lock:
            return tuple((pending, self._settle(pending)) for pending in self._till.undecided())

    def _clear_the_way(self) -> None:
        for pending in self._till.undecided():
            settlement = self._settle(pending)
            if isinstance(settlement, Unknown):
                raise RegisterBlocked(pending, settlement.failure)

    def _make(self, case: Case, prepared: Prepared, baseline: Baseline) -> Outcome:
        ticket = Ticket(prepared.key, prepared.kind, case.sale)
        evidence = ""
        for attempt in range(EXECUTIONS_MAX):
            self._journal.append(_intent(ticket, case, prepared, baseline, first=attempt == 0))
            outcome = self.register.execute(prepared, baseline)
            if not isinstance(outcome, Unknown):
                self._decide(ticket, outcome, case.answer)
                return outcome
            self._doubt(ticket, outcome)
            settlement = self._ask(ticket, prepared, baseline, case.answer)
            if not isinstance(settlement, Absent):
                return settlement
            evidence = settlement.evidence
            try:
                baseline = self.register.baseline()  # The old one is void: a shift may have ended on the way.
            except RegisterUnavailable as error:
                return NotSent(error.failure)
        text = f"the register gave no answer and does not have the document ({evidence}); it may be tried again"
        return Refused(Failure(FailureKind.NO_ANSWER, "absent", text))

    def _settle(self, pending: Undecided) -> Settlement:
        intent = self._till.intent(pending.intent_row)
        ticket = Ticket(pending.key, pending.kind, pending.sale)
        if pending.state is DocumentState.INTENDED:
            stopped = Failure(FailureKind.NO_ANSWER, "agent-stopped", "the agent stopped before the outcome was kept")
            self._doubt(ticket, Unknown(stopped))
        prepared, baseline = load_prepared(intent["prepared"]), load_baseline(intent["baseline"])
        return self._ask(ticket, prepared, baseline, no_answer)

    def _ask(self, ticket: Ticket, prepared: Prepared, baseline: Baseline, answer: Answer) -> Settlement:
        """Ask what became of a document, and keep what the register says; silence alone is no news worth a row."""
        settlement = self.register.settle(prepared, baseline)
        if isinstance(settlement, Done):
            self._decide(ticket, settlement, answer)
        elif isinstance(settlement, Absent):
            self._journal.append(ticket.row(SaleEvent.ABSENT, evidence=settlement.evidence), last_space=True)
        elif settlement.side:
            self._doubt(ticket, settlement)
        return settlement

    def _doubt(self, ticket: Ticket, outcome: Unknown) -> None:
        doubt = ticket.row(SaleEvent.DOUBTED, failure=dump(outcome.failure))
        self._journal.append(*_closings(outcome), doubt, last_space=True)

    def _decide(self, ticket: Ticket, outcome: Done | Refused | NotSent, answer: Answer) -> None:
        if isinstance(outcome, Done):
            events = self._made(ticket, outcome)
        else:
            sent = isinstance(outcome, Refused)
            events = [*_closings(outcome), ticket.row(SaleEvent.REFUSED, failure=dump(outcome.failure), sent=sent)]
        self._journal.append(*events, *answer(outcome), last_space=True)

    def _made(self, ticket: Ticket, done: Done) -> list[Event]:
        events = _closings(done)
        made = ticket.row(SaleEvent.MADE, recovered=done.recovered, document=dump_document(done.document))
        if isinstance(done.document, ShiftReport):
            return [*events, made, _shift_closed(done.document, automatic=False)]
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
        opened = Event("shift_opened", {"shift": number, "by": "document"})
        if known is None:
            return [opened]
        # Closed elsewhere (the vendor's cabinet, a new register): the journal learns it now.
        return [Event("shift_closed", {"shift": known.number, "automatic": True, "report": None}), opened]


def _intent(ticket: Ticket, case: Case, prepared: Prepared, baseline: Baseline, *, first: bool) -> Event:
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


def _closings(outcome: Outcome) -> list[Event]:
    """Shifts the register had to close on the way: they happened, whatever became of the order."""
    return [_shift_closed(side, automatic=True) for side in outcome.side if isinstance(side, ShiftReport)]


def _shift_closed(report: ShiftReport, *, automatic: bool) -> Event:
    return Event("shift_closed", {"shift": report.shift, "automatic": automatic, "report": dump_document(report)})
