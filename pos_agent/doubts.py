"""Documents whose outcome is not known: the register is asked, and what it cannot say is laid before a person.

    document_in_doubt -> document_made | document_absent          the register has said it
                      -> document_handed_over                     it cannot, or not within the configured wait
    document_handed_over -> document_made | document_absent       a person has, or the register after all

A person is never asked to guess: what the register shows as its last document stands beside ours, the register is asked
once more before the word of a person counts, and that word is kept with name and reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fiscal.register import (
    Ability,
    Absent,
    Baseline,
    CashDocument,
    Document,
    Done,
    Failure,
    FailureKind,
    FiscalDocument,
    NotCapable,
    Prepared,
    Register,
    RegisterUnavailable,
    SeenDocument,
    Settlement,
    ShiftOpened,
    ShiftReport,
    Unknown,
)
from pos_agent.clock import NS_PER_S, iso_utc
from pos_agent.document_rows import Answer, OutcomeRows, Ticket, no_answer
from pos_agent.journal.journal import Journal
from pos_agent.problems import Problem
from pos_agent.sale import DocumentState, SaleEvent
from pos_agent.stored import dump, load_baseline, load_prepared
from pos_agent.till import Till, Undecided
from pos_agent.turns import Turns

# What no further question to the register can settle.
_FOR_A_PERSON = frozenset({FailureKind.HUMAN, FailureKind.KEY_COLLISION})
# What waits for a hand at the register and not for a decision.
_FOR_A_HAND = frozenset({FailureKind.PAPER})
_ASKED = Failure(FailureKind.NO_ANSWER, "asked", "the register is being asked")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A person's word on a document that was handed over. Of a receipt that was made, what stands on its paper."""

    by: str
    why: str
    made: bool
    fiscal_sign: str = ""
    number: int = 0
    at: str = ""  # ISO 8601 with offset.
    shift: int | None = None
    registration_number: str = ""
    offline: bool = False


class Doubts:
    """Asks about undecided documents. The caller has its turn at the register."""

    def __init__(
        self, journal: Journal, till: Till, register: Register, rows: OutcomeRows, turns: Turns, wait_s: float
    ) -> None:
        self._journal = journal
        self._till = till
        self._register = register
        self._rows = rows
        self._turns = turns
        self._wait_s = wait_s
        self._heard: dict[str, Failure] = {}  # Key -> what keeps the document undecided, as last heard.
        self._began_ns: dict[str, int] = {}  # Key -> the earliest time at which this process has asked in vain.

    def heard(self, key: str) -> Failure:
        """What keeps a document undecided, as the register said last. Asks nothing."""
        return self._heard.get(key, _ASKED)

    def settle(self, pending: Undecided) -> Settlement:
        """Ask about one. After a crash the doubt itself is written first."""
        intended = self._till.intent(pending.intent_row)
        ticket = Ticket(pending.key, pending.kind, pending.sale)
        if pending.state is DocumentState.INTENDED:
            stopped = Failure(FailureKind.NO_ANSWER, "agent-stopped", "the agent stopped before the outcome was kept")
            self._rows.doubt(ticket, Unknown(stopped))
        prepared, baseline = load_prepared(intended["prepared"]), load_baseline(intended["baseline"])
        return self.ask(ticket, prepared, baseline, no_answer, since_row=pending.intent_row)

    def ask(
        self, ticket: Ticket, prepared: Prepared, baseline: Baseline, answer: Answer, *, since_row: int
    ) -> Settlement:
        """Ask what became of a document, and keep what the register says; silence alone is no news worth a row."""
        with self._turns.asking():
            settlement = self._register.settle(prepared, baseline)
        if not isinstance(settlement, Unknown):
            self._forget(ticket.key)
        if isinstance(settlement, Done):
            self._rows.decide(ticket, settlement, answer)
        elif isinstance(settlement, Absent):
            self._journal.append(ticket.row(SaleEvent.ABSENT, evidence=settlement.evidence), last_space=True)
        else:
            self._heard[ticket.key] = settlement.failure
            if settlement.side:
                self._rows.doubt(ticket, settlement)
            self._hand_over_if_due(ticket, prepared, settlement.failure, since_row)
        return settlement

    def _forget(self, key: str) -> None:
        self._heard.pop(key, None)
        self._began_ns.pop(key, None)

    def _hand_over_if_due(self, ticket: Ticket, prepared: Prepared, failure: Failure, since_row: int) -> None:
        """Once: at once where asking further is pointless, else when the wait is over."""
        if failure.kind in _FOR_A_HAND or self._till.handed_over(ticket.key, since_row) is not None:
            return
        since_ns, now_ns = self._journal.row(since_row).at_ns, self._journal.now()
        # Rows never step back in time, the clock may: then the wait begins anew with the next question.
        self._began_ns[ticket.key] = min(self._began_ns.get(ticket.key, now_ns), now_ns)
        waited_ns = now_ns - min(since_ns, self._began_ns[ticket.key])
        if failure.kind not in _FOR_A_PERSON and waited_ns < self._wait_s * NS_PER_S:
            return
        theirs, silent = self._shown()
        ours = {"kind": prepared.kind, "total_tiyn": prepared.total_tiyn, "at": iso_utc(since_ns), "key": prepared.key}
        beside = {"ours": ours, "register": None if theirs is None else dump(theirs), "register_silent": silent}
        handed = ticket.row(SaleEvent.HANDED_OVER, failure=dump(failure), **beside)
        self._journal.append(handed, last_space=True)

    def _shown(self) -> tuple[SeenDocument | None, str]:
        """The register's last document, or why there is none to lay beside ours."""
        if Ability.LAST_DOCUMENT not in self._register.capabilities.can:
            return None, "the register cannot be asked for its last document: look at its paper"
        try:
            with self._turns.asking():
                shown = self._register.last_document()
        except RegisterUnavailable as trouble:
            return None, f"{trouble.failure.code}: {trouble.failure.text}"
        except NotCapable as lack:
            return None, str(lack)
        return shown, "" if shown is not None else "the register holds no document"

    def decide(self, pending: Undecided, verdict: Verdict) -> Settlement:
        """Carry out a person's decision. Raises T-119 before the doubt was handed over, T-120 for what cannot be.

        The register is asked first; what it can say by now goes before the person's word.
        """
        if self._till.handed_over(pending.key, pending.intent_row) is None:
            raise Problem("T-119", pending.key, document=pending.key)
        settlement = self.settle(pending)
        if not isinstance(settlement, Unknown):
            return settlement
        intended = self._till.intent(pending.intent_row)
        prepared, baseline = load_prepared(intended["prepared"]), load_baseline(intended["baseline"])
        ticket = Ticket(pending.key, pending.kind, pending.sale)
        decided = {"by": verdict.by, "why": verdict.why, "register": settlement.failure.text}
        if not verdict.made:
            evidence = f"decided by {verdict.by}: {verdict.why}"
            absent = ticket.row(SaleEvent.ABSENT, evidence=evidence, decided=decided)
            self._journal.append(absent, last_space=True)
            self._forget(pending.key)
            return Absent(evidence)
        rnm = verdict.registration_number or self._till.registration_number(baseline.identity)
        done = Done(_told(prepared, baseline, replace(verdict, registration_number=rnm)), recovered=True)
        self._refuse_anothers(done.document)
        self._rows.decide(ticket, done, facts={"decided": decided})
        self._forget(pending.key)
        return done

    def _refuse_anothers(self, document: Document) -> None:
        """Raises T-120 for a receipt that is known as that of another sale: a wrong assignment would lose one."""
        if isinstance(document, FiscalDocument):
            other = self._till.receipt_known_as(document)
            if other is not None:
                text = f"receipt {document.number} of shift {document.shift} is that of {other}"
                raise Problem("T-120", text, document=other)


def _told(prepared: Prepared, baseline: Baseline, verdict: Verdict) -> Document:
    """The document as a person read it from the register or its paper."""
    raw: Mapping[str, Any] = {"decided_by": verdict.by, "why": verdict.why}
    # The receipt may have opened a shift, and then the number seen before it is that of a closed one.
    before = baseline.shift if baseline.shift_open else None
    shift = before if verdict.shift is None else verdict.shift
    if not verdict.at or shift is None:
        raise Problem("T-120", "the time and the shift of the document are needed")
    if prepared.kind.startswith("cash_"):
        return CashDocument(verdict.at, shift, None, verdict.offline, raw)
    if prepared.kind == "shift_open":
        return ShiftOpened(verdict.at, shift, raw)
    if prepared.kind == "shift_close":
        return ShiftReport(verdict.at, verdict.number or None, shift, True, 0, 0, 0, 0, 0, 0, raw=raw)
    if not verdict.fiscal_sign or verdict.number <= 0:
        raise Problem("T-120", "the number and the fiscal sign on the receipt are needed")
    return FiscalDocument(
        fiscal_sign=verdict.fiscal_sign,
        at=verdict.at,
        number=verdict.number,
        shift=shift,
        offline=verdict.offline,
        total_tiyn=prepared.total_tiyn,
        qr="",
        identity=baseline.identity,
        registration_number=verdict.registration_number,
        raw=raw,
    )
