"""Paper for documents that exist. What the printer does never changes what the register did."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from fiscal.escpos.layout import layout_receipt
from fiscal.escpos.layout_reports import layout_cash, layout_shift_report
from fiscal.escpos.letters import layout_letters
from fiscal.escpos.lines import PrintLine
from fiscal.escpos.outcome import Handover, PrintOutcome
from fiscal.escpos.status import PrintState
from fiscal.register import (
    CashDocument,
    CashMove,
    Document,
    FiscalDocument,
    NotCapable,
    Paper,
    PaymentKind,
    Receipt,
    Register,
    RegisterUnavailable,
    ShiftReport,
)
from pos_agent.journal.database import JournalUnusable
from pos_agent.journal.journal import Event, Journal
from pos_agent.problems import Problem
from pos_agent.shifts import asked
from pos_agent.stationery import Stationery
from pos_agent.till import Till

log = logging.getLogger(__name__)

OK = "ok"
NO_PRINTER = "no_printer"
MAY_BE_OUT = frozenset({OK, "unknown"})  # What follows one of these is a copy: two originals must not be about.


class PrintsLines(Protocol):
    def print_lines(self, lines: Iterable[PrintLine]) -> PrintOutcome: ...

    def open_drawer(self) -> PrintOutcome: ...


class Printing:
    """Prints a document once as original and afterwards as a copy, and journals what became of it."""

    def __init__(self, journal: Journal, till: Till, printer: PrintsLines | None, stationery: Stationery) -> None:
        self._journal = journal
        self._till = till
        self._printer = printer
        self._look = stationery
        self._lock = threading.Lock()  # What is printed second must know that it is the copy.
        self.last: PrintOutcome | None = None  # For the status strip.

    def receipt(self, key: str, receipt: Receipt, document: FiscalDocument) -> str:
        """ "ok", or the cause why the paper is missing ("paper_out")."""
        cash = any(payment.kind is PaymentKind.CASH for payment in receipt.payments)
        look = self._look
        with self._lock:
            copy = self._till.printed(key) in MAY_BE_OUT
            lines = layout_receipt(
                receipt,
                document,
                look.paper,
                look.language,
                copy=copy,
                mark_form=look.mark_form,
                tenge=look.tenge,
                zone=look.zone,
                drawer=cash,
            )
            return self._print(key, lines)

    def report(self, key: str, document: Document) -> str:
        """Z-reports and cash slips."""
        look = self._look
        with self._lock:
            copy = self._till.printed(key) in MAY_BE_OUT
            if isinstance(document, ShiftReport):
                lines = layout_shift_report(
                    document, look.paper, look.language, copy=copy, tenge=look.tenge, zone=look.zone
                )
                return self._print(key, lines)
            known = self._till.document(key)
            order = self._till.order(known.intent_row) if known else None
            if not isinstance(document, CashDocument) or not isinstance(order, CashMove):
                raise TypeError(f"{key} is neither a report nor a cash move")
            slip = layout_cash(order, document, look.paper, look.language, copy=copy, tenge=look.tenge, zone=look.zone)
            return self._print(key, slip)

    @property
    def can_test(self) -> bool:
        """Whether there is a printer of ours for a page that is no document."""
        return self._printer is not None

    def test(self, title: str) -> PrintOutcome | None:
        """A page of letters that says what it is: nothing fiscal, and no row of the journal. None: no printer."""
        if self._printer is None:
            return None
        with self._lock:
            self.last = self._printer.print_lines(layout_letters(title, self._look.paper))
        log.info("a test page was printed: %s", self.last.cause)
        return self.last

    def open_drawer(self) -> None:
        """The drawer on the printer's contact. Raises Problem: T-121 without a printer, T-122 when it failed."""
        if self._printer is None:
            raise Problem("T-121", "no printer is configured, and the register opens no drawer")
        with self._lock:
            outcome = self._printer.open_drawer()
        if outcome.handover is not Handover.ALL:
            raise Problem("T-122", outcome.detail or outcome.cause, cause=outcome.cause)

    def _print(self, key: str, lines: Iterable[PrintLine]) -> str:
        if self._printer is None:
            return NO_PRINTER  # Nothing was tried, nothing is journalled.
        outcome = self._printer.print_lines(lines)
        self.last = outcome
        if not outcome.exact:
            log.warning("the paper of %s is not what was written: %s", key, outcome.detail)
        # A printer that cannot tell its state and took every byte has most likely printed.
        printed = outcome.state is PrintState.OK or (
            outcome.state is PrintState.UNKNOWN and outcome.handover is Handover.ALL
        )
        word = OK if printed else outcome.cause
        _keep(self._journal, key, word, outcome.detail)
        return word


class RegisterPaper:
    """The same for a register that prints itself: the first paper came with the document, a copy is asked for."""

    def __init__(self, journal: Journal, till: Till, register: Register) -> None:
        self._journal = journal
        self._till = till
        self._register = register
        self._lock = threading.Lock()
        self.last: PrintOutcome | None = None  # The register's own state says more: /v1/register.

    def receipt(self, key: str, _receipt: Receipt, document: FiscalDocument) -> str:
        """ "ok", "paper_out", or why the paper is not known to be out."""
        with self._lock:
            if self._till.printed(key) == OK:
                return self._brought_out(key, lambda: self._register.reprint(document))
            return self._brought_out(key, self._register.finish_printing)

    def report(self, key: str, _document: Document) -> str:
        """Z-reports and cash slips: they have no copy at the register."""
        with self._lock:
            return self._brought_out(key, self._register.finish_printing)

    @property
    def can_test(self) -> bool:
        return False

    def test(self, _title: str) -> PrintOutcome | None:
        """None: no register of ours has a command for text that is no document."""
        return None

    def open_drawer(self) -> None:
        """The drawer on the register's contact. Raises Problem."""
        asked(self._register.open_drawer)

    def _brought_out(self, key: str, work: Callable[[], Paper]) -> str:
        detail = ""
        try:
            word = _WORDS[work()]
        except (RegisterUnavailable, NotCapable) as trouble:
            word, detail = "unknown", str(trouble)
        _keep(self._journal, key, word, detail)
        return word


_WORDS = {Paper.OK: OK, Paper.LOW: OK, Paper.OUT: "paper_out", Paper.UNKNOWN: "unknown"}


def _keep(journal: Journal, key: str, word: str, detail: str) -> None:
    try:
        journal.append(Event("printed", {"key": key, "outcome": word, "detail": detail}))
    except JournalUnusable as error:
        # The document stands in the register and in the journal; a full disk must not make that look undone.
        log.error("what became of the paper of %s was not kept: %s", key, error)  # noqa: TRY400 - the text says it
