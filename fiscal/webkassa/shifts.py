"""What shift a cashbox is in, which shifts it had, and how one is closed without ever closing the next.

There is no "open shift" request: the first operation opens it. A repeated Z-report would therefore close a shift that
opened by itself in between; so the shift is looked at before every Z-report that is sent.
Source: Webkassa API v4 (public collection, protocol 2.0.3).
"""

from __future__ import annotations

from fiscal.https.fields import AnswerMalformed, dump
from fiscal.https.readable import readable, unreadable
from fiscal.https.reply import Lost, Unsent
from fiscal.register import (
    Done,
    Failure,
    FailureKind,
    NotSent,
    Outcome,
    Refused,
    RegisterUnavailable,
    ShiftReport,
    Unknown,
)
from fiscal.webkassa.channel import Denied
from fiscal.webkassa.codes import Reaction
from fiscal.webkassa.documents import shift_report
from fiscal.webkassa.info import CashboxState, cashbox_state
from fiscal.webkassa.listings import ShiftRow, shift_row
from fiscal.webkassa.paging import SHIFTS, Lists
from fiscal.webkassa.request import Z_REPORT
from fiscal.webkassa.rows import RawPage, read_page
from fiscal.webkassa.session import BUSY_PAUSE_S, BUSY_TRIES, Session, failure_of, reaction_of
from fiscal.webkassa.wire import Envelope

STATE_PATHS = ("/api-portal/cashbox/state", "/api/cashbox/state")  # Newer, older.
Z_BY_SHIFT = "/api/v4/ZReport/ByShiftNumber"
X_REPORT = "/api/v4/XReport"
ROWS_MAX = 2000  # Shifts of five years, where the list does not tell its length.


def _is_final(failure: Failure) -> bool:
    """Whether asking the same in another way is pointless: no link, or the service itself said no."""
    return failure.kind is FailureKind.UNAVAILABLE or failure.code.startswith("webkassa:")


class Shifts:
    """Shift questions to one cashbox. The caller holds the cashbox's lock."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lists = Lists(session)
        self._state_paths: tuple[str, ...] = STATE_PATHS

    def state(self) -> CashboxState:
        """Where the cashbox stands now. RegisterUnavailable when neither the state nor the list of shifts can be read.

        The state request is not in the vendor's collection, so a server without it is asked for its shifts instead.
        """
        for path in self._state_paths:
            try:
                state = cashbox_state(self._session.read_good(path, {}), self._session.settings)
            except AnswerMalformed:
                continue
            except RegisterUnavailable as trouble:
                if _is_final(trouble.failure):
                    raise
                continue
            self._own(state)
            if state.shift is not None:
                self._state_paths = (path,)
                return state
        rows = self.history(0)
        newest = max(rows, key=lambda row: row.number, default=None)
        if newest is None:
            return CashboxState(None, False)
        return CashboxState(newest.number, not newest.closed, newest.opened_at or None)

    def _own(self, state: CashboxState) -> None:
        cashbox = self._session.settings.cashbox
        if state.identity and state.identity.upper() != cashbox.upper():
            text = f"asked cashbox {cashbox}, {state.identity} answered"
            raise RegisterUnavailable(Failure(FailureKind.HUMAN, "identity", text, STATE_PATHS[0]))

    def history(self, since: int) -> list[ShiftRow]:
        """Shifts from number `since` on, as far as one page at each end of the list shows. RegisterUnavailable."""
        pages = self._lists.pages(SHIFTS, {})
        first = next(pages)
        rows = self._rows(first)
        # The sample is ascending, nothing promises it: the newest are on the first page or on the last.
        if first.total:
            if len(rows) < first.total:
                rows += self._rows(self._lists.page(SHIFTS, {}, first.total - len(rows)))
        else:
            while len(rows) < ROWS_MAX and (more := next(pages, None)) is not None:
                rows += self._rows(more)
        by_number = {row.number: row for row in rows if row.number >= since}
        return [by_number[number] for number in sorted(by_number)]

    def _rows(self, page: RawPage) -> list[ShiftRow]:
        """Every row of a page; one that cannot be read may be the very shift in question. RegisterUnavailable."""
        return list(read_page(page, shift_row, self._session.settings).whole())

    def is_closed(self, shift: int) -> bool | None:
        """Whether this shift is over; None when the cashbox does not know it. RegisterUnavailable."""
        state = self.state()
        if state.shift is None or state.shift < shift:
            return None
        return state.shift > shift or not state.shift_open

    def report(self, shift: int) -> ShiftReport:
        """The Z-report of a closed shift. RegisterUnavailable."""
        envelope = self._session.read_good(Z_BY_SHIFT, {"ShiftNumber": shift})
        with readable(Z_BY_SHIFT):
            return shift_report(envelope, True, self._session.settings)

    def x_report(self) -> ShiftReport:
        envelope = self._session.read_good(X_REPORT, {})
        with readable(X_REPORT):
            return shift_report(envelope, False, self._session.settings)

    def close(self, shift: int) -> Outcome:
        """Close this shift and no other."""
        for _ in range(BUSY_TRIES):
            try:
                closed = self.is_closed(shift)
                if closed:
                    return Done(self.report(shift), recovered=True)
            except RegisterUnavailable as trouble:
                return NotSent(trouble.failure)
            if closed is None:
                return Refused(Failure(FailureKind.REFUSED, "no_shift", f"shift {shift} is not open", Z_REPORT))
            outcome = self._send(shift)
            if outcome is not None:
                return outcome
            self._session.sleep(BUSY_PAUSE_S)
        return Unknown(Failure(FailureKind.NO_ANSWER, "busy", "the cashbox stays busy", Z_REPORT))

    def _send(self, shift: int) -> Outcome | None:
        """One Z-report; None when the cashbox was busy with another request."""
        reply = self._session.write(Z_REPORT, dump({"CashboxUniqueNumber": self._session.settings.cashbox}))
        if not isinstance(reply, Envelope):
            return outcome_of(reply)
        reaction = reaction_of(reply)
        if reaction is None:
            try:
                return Done(shift_report(reply, True, self._session.settings))
            except AnswerMalformed as malformed:
                return Unknown(unreadable(malformed, Z_REPORT).failure)
        if reaction is Reaction.SHIFT_CLOSED:
            try:
                return Done(self.report(shift), recovered=True)
            except RegisterUnavailable as trouble:
                return Unknown(trouble.failure)
        if reaction is Reaction.WAIT:
            return None
        failure = failure_of(reply, Z_REPORT)
        return Refused(failure) if reaction is Reaction.REFUSE and not reply.data else Unknown(failure)


def outcome_of(reply: Denied | Unsent | Lost) -> Outcome:
    """The port's word for a request that got no answer of the service."""
    if isinstance(reply, Unsent):
        return NotSent(reply.failure)
    return Refused(reply.failure) if isinstance(reply, Denied) else Unknown(reply.failure)
