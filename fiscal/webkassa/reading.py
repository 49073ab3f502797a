"""What the service keeps of a cashbox, read for reports, reconciliation and paper. Nothing here changes anything.

The cashbox's lock is taken for each request and not for a whole list, so that a sale waits for one page at most. Lists
come page by page, from any row on; every row has its place (fiscal/webkassa/rows.py).
Source: Webkassa API v4 (public collection, protocol 2.0.3).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from fiscal.escpos.labels import Language
from fiscal.escpos.lines import Paper
from fiscal.https.fields import Json
from fiscal.https.readable import readable
from fiscal.webkassa import print_form
from fiscal.webkassa.history import ReceiptRow, receipt_row
from fiscal.webkassa.info import CashboxState, ClientInfo, client_info
from fiscal.webkassa.listings import ShiftRow, TapeRow, ZRow, shift_row, tape_row, z_row
from fiscal.webkassa.paging import (
    CONTROL_TAPE,
    HISTORY,
    SHIFTS,
    UNITS,
    Z_HISTORY,
    Listed,
    Lists,
    ask,
)
from fiscal.webkassa.print_form import PRINT_FORMAT, PrintForm
from fiscal.webkassa.rows import Page, Parse, Place, read_page
from fiscal.webkassa.search import HISTORY_BY_NUMBER, only_one
from fiscal.webkassa.session import Session
from fiscal.webkassa.shifts import Z_BY_SHIFT, Shifts
from fiscal.webkassa.units import VendorUnit, vendor_unit

CLIENT_INFO = "/api-portal/v4/cashbox/client-info"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading:
    """Questions to one cashbox.

    Each raises RegisterUnavailable when there is no answer or none that can be read, and its kind NotThere for a shift,
    receipt or report the service does not know.
    """

    session: Session
    standing: Shifts
    lock: threading.RLock

    def receipts(self, shift: int, skip: int = 0) -> Iterator[Page[ReceiptRow]]:
        """Receipts of one shift, from row `skip` on."""
        return self._pages(HISTORY, receipt_row, {"ShiftNumber": shift}, skip)

    def receipt(self, number: str, shift: int) -> ReceiptRow:
        """One receipt by its fiscal sign or autonomous code."""
        with self.lock:
            envelope = ask(self.session, HISTORY_BY_NUMBER, {"Number": number, "ShiftNumber": shift})
        with readable(HISTORY_BY_NUMBER):
            return receipt_row(only_one(envelope), Place(HISTORY_BY_NUMBER, 0, shift), self.session.settings)

    def shifts(self, skip: int = 0) -> Iterator[Page[ShiftRow]]:
        return self._pages(SHIFTS, shift_row, {}, skip)

    def z_reports(self, skip: int = 0) -> Iterator[Page[ZRow]]:
        return self._pages(Z_HISTORY, z_row, {}, skip)

    def z_report(self, shift: int) -> ZRow:
        """The Z-report of a closed shift."""
        with self.lock:
            envelope = ask(self.session, Z_BY_SHIFT, {"ShiftNumber": shift})
        with readable(Z_BY_SHIFT):
            return z_row(envelope.fields(), Place(Z_BY_SHIFT, 0, shift), self.session.settings)

    def tape(self, shift: int) -> Page[TapeRow]:
        """Every operation of a shift, cash moves too."""
        return self._whole(CONTROL_TAPE, tape_row, {"ShiftNumber": shift})

    def units(self) -> Page[VendorUnit]:
        return self._whole(UNITS, vendor_unit, {})

    def info(self) -> ClientInfo:
        with self.lock:
            envelope = ask(self.session, CLIENT_INFO, {})
        with readable(CLIENT_INFO):
            return client_info(envelope, self.session.settings)

    def state(self) -> CashboxState:
        with self.lock:
            return self.standing.state()

    def print_form(
        self, key: str, paper: Paper, language: Language = Language.KK_RU, *, copy: bool = False
    ) -> PrintForm:
        """The vendor's own form of a receipt, by our key. A receipt that stands is not touched by a form that fails."""
        with self.lock:
            envelope = ask(
                self.session,
                PRINT_FORMAT,
                print_form.asked(key, paper, copy=copy),
                print_form.LANGUAGE_HEADERS[language],
            )
        with readable(PRINT_FORMAT):
            return print_form.print_form(envelope, paper)

    def _pages(self, of: Listed, parse: Parse[T], asked: Json, skip: int) -> Iterator[Page[T]]:
        pages = Lists(self.session).pages(of, asked, skip)
        while True:
            with self.lock:
                page = next(pages, None)
            if page is None:
                return
            yield read_page(page, parse, self.session.settings)

    def _whole(self, of: Listed, parse: Parse[T], asked: Json) -> Page[T]:
        with self.lock:
            page = Lists(self.session).whole(of, asked)
        return read_page(page, parse, self.session.settings)
