"""One order on its way to the cashbox: send, and do what the answer says. Never a second key, never a second body.

Every repeat here is of the same bytes with the same key, after an answer that says the last one was not taken in; each
reason to repeat has its own budget, so no answer can keep the till in a loop.
"""

from __future__ import annotations

from dataclasses import replace

from fiscal.https.fields import AnswerMalformed
from fiscal.https.reply import Unsent
from fiscal.register import (
    Baseline,
    Document,
    Done,
    Failure,
    FailureKind,
    Outcome,
    Prepared,
    Refused,
    RegisterUnavailable,
    Unknown,
)
from fiscal.webkassa import verdicts
from fiscal.webkassa.codes import Reaction
from fiscal.webkassa.documents import FoundCash, FoundReceipt, cash_document, contradiction, is_complete, seen
from fiscal.webkassa.search import Missing, Search, Unclear
from fiscal.webkassa.session import BUSY_PAUSE_S, BUSY_TRIES, Session, failure_of, reaction_of
from fiscal.webkassa.settle import settle_shift
from fiscal.webkassa.shifts import Shifts, outcome_of
from fiscal.webkassa.wire import Envelope

_BUDGET = {Reaction.CLOSE_SHIFT: 1, Reaction.SHIFT_CLOSED: 1, Reaction.WAIT: BUSY_TRIES}


class Attempt:
    """A receipt or a cash move. The caller holds the cashbox's lock."""

    def __init__(
        self, session: Session, shifts: Shifts, search: Search, prepared: Prepared, baseline: Baseline
    ) -> None:
        self._session, self._shifts, self._search = session, shifts, search
        self._prepared, self._baseline = prepared, baseline
        self._settings = session.settings
        self._path: str = prepared.payload["path"]
        self._is_cash = prepared.kind.startswith("cash_")
        self._budget = dict(_BUDGET)
        self._was_busy = False
        self._side: tuple[Document, ...] = ()

    def run(self) -> Outcome:
        outcome: Outcome | None = None
        while outcome is None:
            reply = self._session.write(self._path, self._prepared.payload["body"])
            if isinstance(reply, Envelope):
                outcome = self._step(reply)
            elif isinstance(reply, Unsent) and self._was_busy:
                # "Busy" may have been an earlier request with this very key, still under way over there.
                outcome = Unknown(reply.failure)
            else:
                outcome = outcome_of(reply)
        return replace(outcome, side=self._side)

    def _step(self, answer: Envelope) -> Outcome | None:
        """What an answer makes of the order; None: send the same bytes again."""
        reaction = reaction_of(answer)
        if reaction is None:
            return self._accept(answer, recovered=False)
        if reaction is Reaction.DUPLICATE:
            return self._duplicate(answer)
        failure = failure_of(answer, self._path)
        if answer.data:
            # A document and a refusal at once: neither can be believed.
            return Unknown(failure)
        if reaction is Reaction.REFUSE:
            return Refused(failure)
        if reaction not in self._budget:
            return Unknown(failure)
        if self._budget[reaction] == 0:
            return Unknown(failure) if reaction is Reaction.WAIT else Refused(failure)
        self._budget[reaction] -= 1
        if reaction is Reaction.WAIT:
            return self._wait()
        if reaction is Reaction.CLOSE_SHIFT:
            return self._close_shift(failure)
        return self._look_at_shift(failure)

    def _accept(self, answer: Envelope, recovered: bool) -> Outcome:
        try:
            data = answer.fields()
            if not self._is_cash:
                return verdicts.answered(
                    seen(data, self._settings), self._prepared, self._settings, answer.raw, recovered
                )
            identity = data.optional_object("Cashbox").text("UniqueNumber")
            if identity and identity.upper() != self._settings.cashbox.upper():
                text = f"the answer is of cashbox {identity}"
                return Unknown(Failure(FailureKind.HUMAN, "identity", text, "Cashbox.UniqueNumber"))
            return Done(cash_document(data, self._settings, self._baseline.shift, answer.raw), recovered=recovered)
        except AnswerMalformed as malformed:
            return Unknown(
                Failure(FailureKind.NO_ANSWER, "answer", malformed.text, f"{self._path} {malformed.place}".strip())
            )

    def _duplicate(self, answer: Envelope) -> Outcome:
        """Code 14: our key has a document. With its data it is compared; without, or in part, it is looked up."""
        return self._duplicate_cash(answer) if self._is_cash else self._duplicate_receipt(answer)

    def _duplicate_receipt(self, answer: Envelope) -> Outcome:
        hint: int | None = None
        if isinstance(answer.data, dict):
            try:
                first = seen(answer.fields(), self._settings)
            except AnswerMalformed:
                first = None
            if first is not None and is_complete(first):
                return verdicts.answered(first, self._prepared, self._settings, answer.raw, recovered=True)
            if first is not None and first.fiscal_sign:
                if (against := contradiction(first, self._prepared, self._settings)) is not None:
                    return Unknown(against)
                hint = first.shift
        found = self._search.receipt(self._prepared.key, self._baseline.shift, hint)
        if isinstance(found, Missing):
            # It exists, so it is older than our baseline: look as far back as the cashbox shows.
            found = self._search.receipt(self._prepared.key, None)
        if isinstance(found, FoundReceipt):
            return verdicts.found_receipt(found, self._prepared, self._settings)
        return self._used_but_not_found(found, answer)

    def _duplicate_cash(self, answer: Envelope) -> Outcome:
        found = self._search.cash(self._prepared, self._baseline.shift)
        if isinstance(found, FoundCash):
            return verdicts.found_cash(found, self._prepared)
        if answer.data:
            return self._accept(answer, recovered=True)
        return self._used_but_not_found(found, answer)

    def _used_but_not_found(self, found: Missing | Unclear, answer: Envelope) -> Outcome:
        if isinstance(found, Unclear):
            return Unknown(found.failure)
        text = f"the key is used, yet there is {found.evidence}"
        return Unknown(Failure(FailureKind.HUMAN, failure_of(answer, self._path).code, text, self._path))

    def _wait(self) -> Outcome | None:
        """Another request is in flight, perhaps our own of before: look first, then knock again."""
        self._was_busy = True
        self._session.sleep(BUSY_PAUSE_S)
        if self._is_cash:
            cash = self._search.cash(self._prepared, self._baseline.shift)
            if isinstance(cash, FoundCash):
                return verdicts.found_cash(cash, self._prepared)
            return Unknown(cash.failure) if isinstance(cash, Unclear) else None
        receipt = self._search.receipt(self._prepared.key, self._baseline.shift)
        if isinstance(receipt, FoundReceipt):
            return verdicts.found_receipt(receipt, self._prepared, self._settings)
        return Unknown(receipt.failure) if isinstance(receipt, Unclear) else None

    def _close_shift(self, expired: Failure) -> Outcome | None:
        """Code 11: close the shift of more than 24 h, then the order goes out again as it is."""
        if not self._settings.auto_z:
            return Refused(expired)
        try:
            state = self._shifts.state()
        except RegisterUnavailable:
            return Refused(expired)
        if state.shift is None:
            return Refused(expired)
        if not state.shift_open:
            return None  # Somebody closed it meanwhile: not our document.
        closed = self._shifts.close(state.shift)
        if isinstance(closed, Unknown):
            closed = self._after_silence(state.shift)
        if not isinstance(closed, Done):
            text = f"{expired.text}; closing shift {state.shift}: {closed.failure.text}"
            return Refused(replace(expired, text=text))
        self._side = (*self._side, closed.document)
        return None

    def _after_silence(self, shift: int) -> Outcome:
        settled = settle_shift(self._session, self._shifts, shift)
        if isinstance(settled, Done | Unknown):
            return settled
        return self._shifts.close(shift)

    def _look_at_shift(self, refusal: Failure) -> Outcome | None:
        """Codes 12 and 13 on an order that opens a shift by itself: read the state again, then repeat."""
        try:
            self._shifts.state()
        except RegisterUnavailable:
            return Refused(refusal)
        return None
