"""After silence or a crash: ask what became of an order. Nothing here changes anything at the cashbox.

Three rounds a second apart: an order whose answer was lost may still be on its way through the service. The last round
decides what is missing; a document found in any round decides at once. A round that ran into time limits is the last: a
service that takes every question and answers none costs minutes, and the till asks again on its own timer.
"""

from __future__ import annotations

from collections.abc import Callable

from fiscal.register import (
    Absent,
    Baseline,
    Done,
    Failure,
    FailureKind,
    Prepared,
    RegisterUnavailable,
    Settlement,
    Unknown,
)
from fiscal.webkassa import verdicts
from fiscal.webkassa.documents import FoundCash, FoundReceipt
from fiscal.webkassa.request import Z_REPORT
from fiscal.webkassa.search import Missing, Search
from fiscal.webkassa.session import Session
from fiscal.webkassa.shifts import Shifts

ROUNDS = 3
ROUND_PAUSE_S = 1.0
ROUND_SLOW_S = 5.0


class Settling:
    """The caller holds the cashbox's lock."""

    def __init__(
        self, session: Session, shifts: Shifts, search: Search, prepared: Prepared, baseline: Baseline
    ) -> None:
        self._session, self._shifts, self._search = session, shifts, search
        self._prepared, self._baseline = prepared, baseline

    def run(self) -> Settlement:
        if self._prepared.kind == "shift_close":
            return settle_shift(self._session, self._shifts, self._prepared.payload["shift"])
        ask = self._cash if self._prepared.kind.startswith("cash_") else self._receipt
        return _rounds(self._session, ask)

    def _receipt(self) -> Settlement:
        found = self._search.receipt(self._prepared.key, self._baseline.shift)
        if isinstance(found, FoundReceipt):
            return verdicts.found_receipt(found, self._prepared, self._session.settings)
        return Absent(found.evidence) if isinstance(found, Missing) else Unknown(found.failure)

    def _cash(self) -> Settlement:
        found = self._search.cash(self._prepared, self._baseline.shift)
        if isinstance(found, FoundCash):
            return verdicts.found_cash(found, self._prepared)
        return Absent(found.evidence) if isinstance(found, Missing) else Unknown(found.failure)


def settle_shift(session: Session, shifts: Shifts, shift: int) -> Settlement:
    """Whether a Z-report of this shift was made: by the state of the shift, before anything is repeated."""

    def ask() -> Settlement:
        try:
            closed = shifts.is_closed(shift)
            if closed:
                return Done(shifts.report(shift), recovered=True)
        except RegisterUnavailable as trouble:
            return Unknown(trouble.failure)
        if closed is None:
            return Unknown(Failure(FailureKind.HUMAN, "no_shift", f"the cashbox does not know shift {shift}", Z_REPORT))
        return Absent(f"shift {shift} is open")

    return _rounds(session, ask)


def _rounds(session: Session, ask: Callable[[], Settlement]) -> Settlement:
    began_s = session.monotonic()
    settlement = ask()
    for _ in range(ROUNDS - 1):
        slow = isinstance(settlement, Unknown) and session.monotonic() - began_s >= ROUND_SLOW_S
        if isinstance(settlement, Done) or _needs_person(settlement) or slow:
            return settlement
        session.sleep(ROUND_PAUSE_S)
        settlement = ask()
    return settlement


def _needs_person(settlement: Settlement) -> bool:
    return isinstance(settlement, Unknown) and settlement.failure.kind in (FailureKind.KEY_COLLISION, FailureKind.HUMAN)
