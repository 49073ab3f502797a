"""The one path from an order to the register: intent, decisive request, outcome; and the way out of silence.

    document_intended  committed before the first byte
    document_made | document_refused | document_in_doubt
    document_in_doubt -> document_made | document_absent   by asking the register, never by a second document

Only one order is undecided at any time: the next one first settles it or is turned away (RegisterBlocked).
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fiscal.register import (
    Ability,
    Absent,
    Baseline,
    Done,
    Failure,
    FailureKind,
    NotSent,
    Outcome,
    Prepared,
    Receipt,
    Refused,
    Register,
    RegisterUnavailable,
    Settlement,
    ShiftClose,
    ShiftOpen,
    Unknown,
)
from pos_agent.clock import NS_PER_S
from pos_agent.document_rows import Answer, Case, OutcomeRows, Ticket, intent, no_answer
from pos_agent.doubts import Doubts, Verdict
from pos_agent.journal.journal import Journal
from pos_agent.problems import Problem, doubt_code, of_doubt
from pos_agent.sale import DocumentState
from pos_agent.till import HandedOver, Till, Undecided
from pos_agent.turns import Turns

__all__ = [
    "Answer", "Case", "DeskRules", "RegisterBlocked", "RegisterDesk", "Ticket",
    "blocked", "no_answer", "shift_close", "shift_open",
]  # fmt: skip

EXECUTIONS_MAX = 2  # The first, and one more with the same key after the register proved it has nothing.


@dataclass(frozen=True, slots=True)
class DeskRules:
    """Configured: [register] of the configuration."""

    doubt_wait_s: float = 60.0  # How long the register is asked before a person is.
    auto_z: bool = True  # Close a shift over 24 h on the way to a sale, as a document of its own.
    clock_skew_max_s: float = 43_200.0  # A register's clock that is off by more makes no documents.


class RegisterBlocked(Exception):
    """An earlier document is still undecided; no other may be made before."""

    def __init__(self, pending: Undecided, failure: Failure, handed_over: HandedOver | None) -> None:
        super().__init__(f"document {pending.key} is undecided: {failure.text}")
        self.pending = pending
        self.failure = failure
        self.handed_over = handed_over


class RegisterDesk:
    """Owns the register. Every call that writes to it goes through here, one at a time."""

    def __init__(self, journal: Journal, till: Till, register: Register, rules: DeskRules | None = None) -> None:
        self._journal = journal
        self._till = till
        self.register = register
        self._rules = rules or DeskRules()
        self._rows = OutcomeRows(journal, till)
        self._turns = Turns()
        self._doubts = Doubts(journal, till, register, self._rows, self._turns, self._rules.doubt_wait_s)

    def submit(self, case: Case) -> Outcome:
        """Make one document.

        Before anything was sent it raises OrderInvalid, RegisterBlocked (at once while another thread asks about a
        doubt), DiskFull, and what the intent runs into: UnitTakenError, SaleChangedError, TransitionError (the sale was
        decided meanwhile), KeyReusedError. A JournalUnusable after the register worked leaves the document to
        `settle_all`.
        """
        with self._turn_of_an_order():
            self._clear_the_way()
            prepared = self.register.prepare(case.order)
            outcome, begun = self._make(case, prepared, first=True)
            if not self._is_expired(case, outcome) or not self._close_expired():
                return outcome
            return self._make(case, prepared, first=not begun)[0]

    def settle_all(self) -> tuple[tuple[Undecided, Settlement], ...]:
        """Ask the register about every undecided document: at start, on a timer, and on demand."""
        with self._turns.patient():
            return self._settled()

    def settle_unless_asked(self) -> None:
        """The same for a caller that is waited for: a question that is under way is not queued behind."""
        if self._turns.take():
            try:
                self._settled()
            finally:
                self._turns.give_back()

    def decide(self, key: str, verdict: Verdict) -> Settlement | None:
        """A person's word on a document that was handed over; None when it is not undecided (any more).

        Raises Problem T-119, T-120.
        """
        with self._turns.patient():
            pending = next((one for one in self._till.undecided() if one.key == key), None)
            return None if pending is None else self._doubts.decide(pending, verdict)

    def handed_over(self, key: str) -> HandedOver | None:
        """What a person was given about an undecided document; None when nothing is undecided under this key."""
        pending = next((one for one in self._till.undecided() if one.key == key), None)
        return None if pending is None else self._till.handed_over(key, pending.intent_row)

    def undecided(self, key: str, **facts: Any) -> Problem:
        """What a cashier sees of a document whose outcome is not known: R-203, R-215 or R-216. Asks nothing."""
        handed_over = self.handed_over(key) is not None
        return of_doubt(self._doubts.heard(key), handed_over=handed_over, document=key, **facts)

    @contextmanager
    def _turn_of_an_order(self) -> Iterator[None]:
        while not self._turns.take():
            for pending in self._till.undecided():
                if pending.state is DocumentState.IN_DOUBT:
                    raise self._blocked(pending)
        try:
            yield
        finally:
            self._turns.give_back()

    def _settled(self) -> tuple[tuple[Undecided, Settlement], ...]:
        return tuple((pending, self._doubts.settle(pending)) for pending in self._till.undecided())

    def _clear_the_way(self) -> None:
        for pending in self._till.undecided():
            if isinstance(self._doubts.settle(pending), Unknown):
                raise self._blocked(pending)

    def _blocked(self, pending: Undecided) -> RegisterBlocked:
        handed_over = self._till.handed_over(pending.key, pending.intent_row)
        return RegisterBlocked(pending, self._doubts.heard(pending.key), handed_over)

    def _make(self, case: Case, prepared: Prepared, *, first: bool) -> tuple[Outcome, bool]:
        """The outcome, and whether an intent was written: the row that opens a one-shot receipt's sale."""
        ticket = Ticket(prepared.key, prepared.kind, case.sale)
        evidence = ""
        begun = False
        for _ in range(EXECUTIONS_MAX):
            baseline = self._baseline_in_shift(case, prepared)
            if isinstance(baseline, Failure):
                return NotSent(baseline), begun
            row = self._journal.append(intent(ticket, case, prepared, baseline, first=first and not begun))[0]
            begun = True
            outcome = self.register.execute(prepared, baseline)
            if not isinstance(outcome, Unknown):
                self._rows.decide(ticket, outcome, case.answer, by_itself=case.by_itself)
                return outcome, begun
            self._rows.doubt(ticket, outcome)
            settlement = self._doubts.ask(ticket, prepared, baseline, case.answer, since_row=row.number)
            if not isinstance(settlement, Absent):
                return settlement, begun
            evidence = settlement.evidence
        text = f"the register gave no answer and does not have the document ({evidence}); it may be tried again"
        return Refused(Failure(FailureKind.NO_ANSWER, "absent", text)), begun

    def _baseline_in_shift(self, case: Case, prepared: Prepared) -> Baseline | Failure:
        """With the shift opened before, where the register has a command for it: its first sale would be refused."""
        baseline = self._baseline(prepared)
        if isinstance(baseline, Failure) or baseline.shift_open or isinstance(case.order, ShiftOpen | ShiftClose):
            return baseline
        if Ability.SHIFT_OPEN not in self.register.capabilities.can:
            return baseline
        cashier = case.order.cashier if isinstance(case.order, Receipt) else ""
        order = shift_open(self._journal, (baseline.shift or 0) + 1, cashier)
        outcome, _ = self._make(Case(order=order, by_itself=True), self.register.prepare(order), first=True)
        return self._baseline(prepared) if isinstance(outcome, Done) else outcome.failure

    def _baseline(self, prepared: Prepared) -> Baseline | Failure:
        """The register's counters just before an order: older ones are void, a shift may have ended on the way."""
        try:
            baseline = self.register.baseline()
        except RegisterUnavailable as error:
            return error.failure
        if prepared.kind != "shift_close" and baseline.clock_at is not None:
            skew_s = _seconds_at(baseline.clock_at) - self._journal.now() / NS_PER_S
            if abs(skew_s) > self._rules.clock_skew_max_s:
                text = f"the register shows {baseline.clock_at}, {skew_s / 3600:+.1f} hours from the till's clock"
                return Failure(FailureKind.CLOCK, "clock", text)
        return baseline

    def _is_expired(self, case: Case, outcome: Outcome) -> bool:
        if isinstance(case.order, ShiftClose) or not self._rules.auto_z or not isinstance(outcome, NotSent | Refused):
            return False
        return outcome.failure.kind is FailureKind.SHIFT_EXPIRED

    def _close_expired(self) -> bool:
        """The Z-report that is due, as a document of its own. False: it was not made, and says so itself."""
        shift = self.register.status().shift
        if shift is None:
            return False
        case = Case(order=shift_close(self._journal, self._till, shift), by_itself=True)
        outcome, _ = self._make(case, self.register.prepare(case.order), first=True)
        return isinstance(outcome, Done)


def blocked(error: RegisterBlocked) -> Problem:
    """What a cashier sees whose document has to wait for another one: why, and what a person may compare."""
    handed_over = error.handed_over
    because = doubt_code(error.failure.kind, handed_over=handed_over is not None)
    compare = {} if handed_over is None else {"compare": handed_over.comparison()}
    facts = {"document": error.pending.key, "sale": error.pending.sale, "because": because, **compare}
    return Problem("R-204", str(error), **facts)


def shift_open(journal: Journal, number: int, cashier: str) -> ShiftOpen:
    """The order that opens a shift, where the register has a command for it."""
    return ShiftOpen(f"{journal.till}-o{number}-{journal.head()[0] + 1}-{journal.epoch}", number, cashier)


def shift_close(journal: Journal, till: Till, shift: int) -> ShiftClose:
    """The order that closes a shift. A register that was exchanged counts its shifts anew: the moment of opening keeps
    the keys apart, and where the journal has never seen it opened, a count does."""
    known = till.open_shift()
    opened_s = known.opened_ns // NS_PER_S if known is not None and known.number == shift else 0
    name = f"{journal.till}-z{shift}-{opened_s}-{journal.epoch}"
    keys = (name if count == 1 else f"{name}-{count}" for count in itertools.count(1))
    return ShiftClose(key=next(key for key in keys if not _is_made(till, key)), shift=shift)


def _is_made(till: Till, key: str) -> bool:
    document = till.document(key)
    return document is not None and document.state is DocumentState.MADE


def _seconds_at(iso: str) -> float:
    return dt.datetime.fromisoformat(iso).timestamp()
