"""Paper for documents that exist. What the printer does never changes what the register did."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from typing import Protocol

from fiscal.escpos.layout import layout_receipt
from fiscal.escpos.layout_reports import layout_cash, layout_shift_report
from fiscal.escpos.lines import PrintLine
from fiscal.escpos.outcome import Handover, PrintOutcome
from fiscal.escpos.status import PrintState
from fiscal.register import CashDocument, CashMove, Document, FiscalDocument, PaymentKind, Receipt, ShiftReport
from pos_agent.journal.database import JournalUnusable
from pos_agent.journal.journal import Event, Journal
from pos_agent.stationery import Stationery
from pos_agent.till import Till

log = logging.getLogger(__name__)

OK = "ok"
NO_PRINTER = "no_printer"
MAY_BE_OUT = frozenset({OK, "unknown"})  # What follows one of these is a copy: two originals must not be about.


class PrintsLines(Protocol):
    def print_lines(self, lines: Iterable[PrintLine]) -> PrintOutcome: ...


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
        try:
            self._journal.append(Event("printed", {"key": key, "outcome": word, "detail": outcome.detail}))
        except JournalUnusable as error:
            # The document stands in the register and in the journal; a full disk must not make that look undone.
            log.error("what became of the paper of %s was not kept: %s", key, error)  # noqa: TRY400 - the text says it
        return word
