"""Looking for what a key has made: after a lost answer, after "key already used", after a crash.

A document is looked for in every shift it can be in: that of the baseline, the current one, and all between. Only when
each of them answered "not here" is it missing; one shift that could not be asked leaves the question open.
Sources: Webkassa API v4 (public collection, protocol 2.0.3); GetTicketByExternalCheckNumber needs the shift number:
live tests in github shtefanov/webkassa-iikofront-adapter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from fiscal.https.fields import AnswerMalformed, Fields
from fiscal.register import Failure, FailureKind, Prepared, RegisterUnavailable
from fiscal.webkassa.codes import Reaction
from fiscal.webkassa.documents import FoundCash, FoundReceipt, Seen, seen, taped_cash
from fiscal.webkassa.session import Session, failure_of, reaction_of
from fiscal.webkassa.shifts import PAGE, Shifts, total_of, unreadable
from fiscal.webkassa.wire import Envelope, evidence

TICKET_BY_KEY = "/api-history/v4/Ticket/GetTicketByExternalCheckNumber"
HISTORY = "/api/v4/Check/History"
HISTORY_BY_NUMBER = "/api/v4/Check/HistoryByNumber"
CONTROL_TAPE = "/api/v4/Reports/ControlTape"

SHIFTS_MAX = 10  # Searched for one document; more shifts than this since the intent is a case for a person.
PAGES_MAX = 100  # Of one shift's history.


@dataclass(frozen=True, slots=True)
class Missing:
    evidence: str


@dataclass(frozen=True, slots=True)
class Unclear:
    failure: Failure


@dataclass(frozen=True, slots=True)
class Range:
    shifts: tuple[int, ...]  # Newest first.
    gap: Failure | None  # Why there may be more.


class Search:
    """Questions about keys to one cashbox. The caller holds the cashbox's lock."""

    def __init__(self, session: Session, shifts: Shifts) -> None:
        self._session = session
        self._shifts = shifts

    def candidates(self, since: int | None) -> Range:
        """Shifts a document can be in that was sent while shift `since` was the newest; None: any shift at all."""
        numbers = set() if since is None else {since}
        gap: Failure | None = None
        answered = False
        try:
            rows = self._shifts.history(since or 0)
            numbers.update(row.number for row in rows)
            answered = True
        except RegisterUnavailable as trouble:
            gap = trouble.failure
        try:
            current = self._shifts.state().shift
            # Shift numbers have no holes: those between are there whether the list showed them or not.
            if current is not None and (since or current) <= current:
                numbers.update(range(max(since or current, current - SHIFTS_MAX), current + 1))
            answered = True
        except RegisterUnavailable as trouble:
            gap = gap or trouble.failure
        ordered = sorted(numbers, reverse=True)
        if len(ordered) > SHIFTS_MAX:
            text = f"more than {SHIFTS_MAX} shifts since the order"
            return Range(
                tuple(ordered[:SHIFTS_MAX]), Failure(FailureKind.HUMAN, "too_many_shifts", text, "ShiftNumber")
            )
        return Range(tuple(ordered), None if answered else gap)

    def receipt(self, key: str, since: int | None, hint: int | None = None) -> FoundReceipt | Missing | Unclear:
        """Look for a receipt; `hint` is the shift an answer has named."""
        scope = self.candidates(since)
        trouble = scope.gap
        for shift in _hint_first(scope.shifts, hint):
            try:
                found = self._in_shift(key, shift)
            except RegisterUnavailable as unavailable:
                trouble = trouble or unavailable.failure
                continue
            if found is not None:
                return self._enriched(found, shift)
        return Unclear(trouble) if trouble else Missing(_evidence("receipt", key, scope.shifts))

    def cash(self, prepared: Prepared, since: int | None) -> FoundCash | Missing | Unclear:
        """Look for a cash move on the control tapes, the only place that lists them."""
        scope = self.candidates(since)
        trouble = scope.gap
        for shift in scope.shifts:
            try:
                found = self._on_tape(prepared, shift)
            except RegisterUnavailable as unavailable:
                trouble = trouble or unavailable.failure
                continue
            if found is not None:
                return found
        return Unclear(trouble) if trouble else Missing(_evidence("cash move", prepared.key, scope.shifts))

    def _in_shift(self, key: str, shift: int) -> FoundReceipt | None:
        """None = the cashbox says it is not in this shift. RegisterUnavailable when neither way of asking answers."""
        try:
            envelope = self._session.read(TICKET_BY_KEY, {"ExternalCheckNumber": key, "ShiftNumber": shift})
            reaction = reaction_of(envelope)
            if reaction is Reaction.ABSENT and not envelope.data:
                return None
            if reaction is None:
                found = seen(envelope.fields(), self._session.settings)
                if found.fiscal_sign and found.key in ("", key):
                    return FoundReceipt(replace(found, key=key), {"lookup": envelope.raw})
        except RegisterUnavailable as trouble:
            if trouble.failure.kind is FailureKind.UNAVAILABLE:
                raise
        except AnswerMalformed:
            pass
        return self._in_history(key, shift)

    def _in_history(self, key: str, shift: int) -> FoundReceipt | None:
        for row in self._history(shift):
            try:
                if row.text("ExternalCheckNumber") == key:
                    return FoundReceipt(seen(row, self._session.settings), {"history": evidence(row.origin)})
            except AnswerMalformed as malformed:
                raise unreadable(malformed, HISTORY) from None
        return None

    def all_in(self, shift: int) -> list[Seen]:
        """Every receipt of a shift, in the vendor's order. RegisterUnavailable."""
        try:
            return [seen(row, self._session.settings) for row in self._history(shift)]
        except AnswerMalformed as malformed:
            raise unreadable(malformed, HISTORY) from None

    def _history(self, shift: int) -> Iterator[Fields]:
        """The rows of a shift's history, page by page as they are wanted. RegisterUnavailable."""
        skip, before = 0, ""
        for _ in range(PAGES_MAX):
            envelope = self._session.read(HISTORY, {"Skip": skip, "Take": PAGE, "ShiftNumber": shift})
            if reaction_of(envelope) is Reaction.ABSENT:
                return
            if envelope.errors:
                raise RegisterUnavailable(failure_of(envelope, HISTORY))
            try:
                rows, length = envelope.rows("Items", "Rows"), total_of(envelope)
                begins = rows[0].text("Number") if rows else ""
            except AnswerMalformed as malformed:
                raise unreadable(malformed, HISTORY) from None
            yield from rows
            skip += len(rows)
            # A short page is no end: the server may hand out fewer rows than were asked for.
            if not rows or skip >= (length or skip + 1):
                return
            if begins == before:
                break  # It does not turn the page: what is on the others stays unknown.
            before = begins
        raise RegisterUnavailable(Failure(FailureKind.NO_ANSWER, "answer", "the history does not end", HISTORY))

    def _enriched(self, found: FoundReceipt, shift: int) -> FoundReceipt:
        """Add what a lookup leaves out (number in the shift, QR). Best effort: the receipt is found either way."""
        known = found.seen if found.seen.shift is not None else replace(found.seen, shift=shift)
        if known.number is not None and known.qr and known.total_tiyn is not None:
            return FoundReceipt(known, found.raw)
        try:
            asked = {"Number": known.fiscal_sign, "ShiftNumber": known.shift}
            envelope = self._session.read_good(HISTORY_BY_NUMBER, asked)
            more = seen(_one(envelope), self._session.settings)
        except (RegisterUnavailable, AnswerMalformed):
            return FoundReceipt(known, found.raw)
        if more.fiscal_sign != known.fiscal_sign:
            return FoundReceipt(known, found.raw)
        return FoundReceipt(known.filled_from(more), {**found.raw, "history": envelope.raw})

    def _on_tape(self, prepared: Prepared, shift: int) -> FoundCash | None:
        envelope = self._session.read(CONTROL_TAPE, {"ShiftNumber": shift})
        if reaction_of(envelope) is Reaction.ABSENT:
            return None
        if envelope.errors:
            raise RegisterUnavailable(failure_of(envelope, CONTROL_TAPE))
        keyless = False
        try:
            for row in envelope.rows("Items", "Rows", "Operations"):
                if row.text("Number"):
                    continue  # Only fiscal receipts have one.
                # A number in the vendor's sample, a text elsewhere.
                name, amount = row.text("ExternalOperationId"), abs(row.money("Sum") or 0)
                if name == prepared.key:
                    return FoundCash(taped_cash(row, self._session.settings, shift), amount)
                keyless = keyless or (not name and amount == prepared.total_tiyn)
        except AnswerMalformed as malformed:
            raise unreadable(malformed, CONTROL_TAPE) from None
        if keyless:
            # The vendor's sample has rows without the key: one of our sum may be ours or may not.
            text = f"the tape of shift {shift} has a move of the same sum without a key"
            raise RegisterUnavailable(Failure(FailureKind.HUMAN, "keyless", text, CONTROL_TAPE))
        return None


def _one(envelope: Envelope) -> Fields:
    """One item, bare or as the only one of a list."""
    if isinstance(envelope.data, dict):
        data = envelope.fields()
        name, value = data.get("Items", "Rows")
        if value is None:
            return data
        return data.objects(name)[0] if data.objects(name) else data
    rows = envelope.rows()
    if not rows:
        raise AnswerMalformed("Data", "is empty")
    return rows[0]


def _hint_first(shifts: Iterable[int], hint: int | None) -> list[int]:
    rest = [shift for shift in shifts if shift != hint]
    return rest if hint is None else [hint, *rest]


def _evidence(what: str, key: str, shifts: tuple[int, ...]) -> str:
    where = ", ".join(map(str, sorted(shifts))) or "none: the cashbox has had no shift"
    return f"no {what} with key {key} in shifts {where}"
