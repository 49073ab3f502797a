"""Shift and drawer: open, X, Z, cash in and out. Every register write goes through the desk, as receipts do."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fiscal.register import (
    Ability,
    CashDirection,
    CashMove,
    Document,
    Done,
    NotCapable,
    Order,
    OrderInvalid,
    Outcome,
    RegisterUnavailable,
    ShiftReport,
    Unknown,
)
from pos_agent.desk import Case, RegisterBlocked, RegisterDesk, blocked, shift_close, shift_open
from pos_agent.journal.journal import Event, Journal
from pos_agent.journal.projection import KeyReusedError
from pos_agent.problems import Problem, of_failure
from pos_agent.sale import TransitionError
from pos_agent.till import OpenShift, Till

SUM_TIYN_MAX = 10**13

T = TypeVar("T")

ReplyMade = Callable[["Made"], Sequence[Event]]
PrintReport = Callable[[str, Document], str]


@dataclass(frozen=True, slots=True)
class Made:
    """A shift or cash document, and what became of its paper."""

    key: str
    document: Document
    printed: str


def no_reply(_made: Made) -> Sequence[Event]:
    return ()


def asked(question: Callable[[], T]) -> T:
    """What a question to the register answers. Raises R-202 and its like, T-121 when it cannot be asked that."""
    try:
        return question()
    except RegisterUnavailable as error:
        raise of_failure(error.failure) from error
    except NotCapable as error:
        raise Problem("T-121", str(error)) from error


class Shifts:
    """Everything at the drawer that is not a sale."""

    def __init__(self, journal: Journal, till: Till, desk: RegisterDesk, print_: PrintReport) -> None:
        self._journal = journal
        self._till = till
        self._desk = desk
        self._print = print_
        self._moves = itertools.count(1)

    def open(
        self,
        cashier: str,
        *,
        request: Mapping[str, str] | None = None,
        reply: Callable[[OpenShift], Sequence[Event]] = lambda _shift: (),
    ) -> OpenShift:
        """Open the shift: by a command where the register has one, else by noting who opens it.

        Raises T-112 when one is open, R-202 when the register cannot be asked, and what the command runs into.
        """
        status = self._desk.register.status()
        if not status.reachable:
            raise of_failure(status.failure) if status.failure else Problem("R-202")
        known = self._till.open_shift()
        if known is not None and status.shift_open and status.shift == known.number:
            raise Problem("T-112", f"shift {known.number}", shift=known.number)
        if Ability.SHIFT_OPEN in self._desk.register.capabilities.can and not status.shift_open:
            return self._open_by_command((status.shift or 0) + 1, cashier, request, reply)
        number = status.shift if status.shift_open and status.shift is not None else (status.shift or 0) + 1
        opened = OpenShift(number, self._journal.now())
        rows = [Event("shift_opened", {"shift": number, "by": cashier})]
        if known is not None:  # Closed elsewhere (the vendor's cabinet): the journal learns it now.
            rows.insert(0, Event("shift_closed", {"shift": known.number, "automatic": True, "report": None}))
        self._journal.append(*rows, *reply(opened))
        return opened

    def _open_by_command(
        self,
        number: int,
        cashier: str,
        request: Mapping[str, str] | None,
        reply: Callable[[OpenShift], Sequence[Event]],
    ) -> OpenShift:
        def answer(outcome: Outcome) -> Sequence[Event]:
            return reply(self.opened(outcome.document.shift)) if isinstance(outcome, Done) else ()

        order = shift_open(self._journal, number, cashier)
        return self.opened(self._submitted(Case(order=order, request=request, answer=answer)).document.shift)

    def opened(self, number: int) -> OpenShift:
        """A shift the journal knows to be open, or one whose row is being written."""
        known = self._till.open_shift()
        return known if known is not None and known.number == number else OpenShift(number, self._journal.now())

    def x_report(self) -> ShiftReport:
        """Counters of the open shift; changes nothing. Raises R-202, T-121."""
        return asked(self._desk.register.x_report)

    def close(self, *, request: Mapping[str, str] | None = None, reply: ReplyMade = no_reply) -> Made:
        """Z-report. Raises T-113 when no shift is open, T-114 while a sale is."""
        known = self._till.open_shift()
        if known is None:
            raise Problem("T-113")
        waiting = self._till.open_sales()
        if waiting:
            raise Problem("T-114", ", ".join(waiting), sales=list(waiting))
        return self._make(shift_close(self._journal, self._till, known.number), request, reply)

    def cash(
        self,
        direction: CashDirection,
        sum_tiyn: int,
        *,
        request: Mapping[str, str] | None = None,
        reply: ReplyMade = no_reply,
    ) -> Made:
        """Cash put into or taken from the drawer."""
        if not 0 < sum_tiyn <= SUM_TIYN_MAX:
            raise Problem("T-115", f"sum_tiyn {sum_tiyn}")
        # Two moves at one moment see one head of the journal; the count keeps their keys apart.
        key = f"{self._journal.till}-c{self._journal.head()[0] + 1}.{next(self._moves)}-{self._journal.epoch}"
        return self._make(CashMove(key=key, direction=direction, sum_tiyn=sum_tiyn), request, reply)

    def made_again(self, key: str, document: Document) -> Made:
        """A document found again after its call was interrupted: only its paper is missing."""
        return Made(key, document, self._print(key, document))

    def _make(self, order: Order, request: Mapping[str, str] | None, reply: ReplyMade) -> Made:
        def answer(outcome: Outcome) -> Sequence[Event]:
            return reply(Made(order.key, outcome.document, "")) if isinstance(outcome, Done) else ()

        done = self._submitted(Case(order=order, request=request, answer=answer))
        return Made(order.key, done.document, self._print(order.key, done.document))

    def _submitted(self, case: Case) -> Done:
        """Raises Problem for everything but a document."""
        key = case.order.key
        try:
            outcome = self._desk.submit(case)
        except OrderInvalid as error:
            raise Problem("R-208", str(error), place=error.place) from error
        except (KeyReusedError, TransitionError) as error:
            raise Problem("P-409", str(error), document=key) from error
        except RegisterBlocked as error:
            raise blocked(error) from error
        if isinstance(outcome, Unknown):
            raise self._desk.undecided(key)
        if not isinstance(outcome, Done):
            raise of_failure(outcome.failure)
        return outcome
