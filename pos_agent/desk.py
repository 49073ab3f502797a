"""The one path from an order to the register: intent, decisive request, outcome; and the way out of silence.

    document_intended  committed before the first byte
    document_made | document_refused | document_in_doubt
    document_in_doubt -> document_made | document_absent   by asking the register, never by a second document

Only one order is undecided at any time: the next one first settles it or is turned away (RegisterBlocked).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
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
from pos_agent.sale import SaleEvent
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
        """Make one document. Raises OrderInvalid, RegisterBlocked, DiskFull (all before anything was sent)."""
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
            doubt = ticket.row(SaleEvent.DOUBTED, failure=dump(outcome.failure))
            self._journal.append(*_closings(outcome), doubt, last_space=True)
            settlement = self.register.settle(prepared, baseline)
            if isinstance(settlement, Done):
                self._decide(ticket, settlement, case.answer)
            if not isinstance(settlement, Absent):
                return settlement
            self._journal.append(ticket.row(SaleEvent.ABSENT, evidence=settlement.evidence), last_space=True)
            evidence = settlement.evidence
        text = f"the register gave no answer and does not have the document ({evidence}); it may be tried again"
        return Refused(Failure(FailureKind.NO_ANSWER, "absent", text))

    def _settle(self, pending: Undecided) -> Settlement:
        intent = self._till.intent(pending.intent_row)
        ticket = Ticket(pending.key, pending.kind, pending.sale)
        if pending.state == "INTENDED":
            stopped = Failure(FailureKind.NO_ANSWER, "agent-stopped", "the agent stopped before the outcome was kept")
            self._journal.append(ticket.row(SaleEvent.DOUBTED, failure=dump(stopped)), last_space=True)
        settlement = self.register.settle(load_prepared(intent["prepared"]), load_baseline(intent["baseline"]))
        if isinstance(settlement, Done):
            self._decide(ticket, settlement, no_answer)
        elif isinstance(settlement, Absent):
            self._journal.append(ticket.row(SaleEvent.ABSENT, evidence=settlement.evidence), last_space=True)
        return settlement

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
        known = self._till.open_shift()
        closed_now = {event.body["shift"] for event in events}
        if known is None or known.number in closed_now or known.number != done.document.shift:
            events.append(Event("shift_opened", {"shift": done.document.shift, "by": "document"}))
        return [*events, made]


def _intent(ticket: Ticket, case: Case, prepared: Prepared, baseline: Baseline, *, first: bool) -> Event:
    facts: dict[str, Any] = {
        "order": dump_order(case.order),
        "prepared": dump(prepared),
        "baseline": dump(baseline),
    }
    if case.lines is not None and first:
        facts["lines"] = list(case.lines)
    if case.scans is not None and first:
        facts["scans"] = list(case.scans)
    if case.request is not None:
        facts["request"] = dict(case.request)
    return ticket.row(SaleEvent.INTENDED, **facts)


def _closings(outcome: Outcome) -> list[Event]:
    """Shifts the register had to close on the way: they happened, whatever became of the order."""
    return [_shift_closed(side, automatic=True) for side in outcome.side if isinstance(side, ShiftReport)]


def _shift_closed(report: ShiftReport, *, automatic: bool) -> Event:
    return Event("shift_closed", {"shift": report.shift, "automatic": automatic, "report": dump_document(report)})
