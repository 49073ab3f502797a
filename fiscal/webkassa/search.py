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
from fiscal.https.readable import readable
from fiscal.register import Failure, FailureKind, Prepared, RegisterUnavailable
from fiscal.webkassa.codes import Reaction
from fiscal.webkassa.documents import FoundCash, FoundReceipt, Seen, seen
from fiscal.webkassa.listings import TapeRow, tape_row
from fiscal.webkassa.paging import CONTROL_TAPE, HISTORY, Listed, Lists, NotThere
from fiscal.webkassa.session import Session, reaction_of
from fiscal.webkassa.shifts import Shifts
from fiscal.webkassa.wire import Envelope, evidence

TICKET_BY_KEY = "/api-history/v4/Ticket/GetTicketByExternalCheckNumber"
HISTORY_BY_NUMBER = "/api/v4/Check/HistoryByNumber"

SHIFTS_MAX = 10  # Searched for one document; more shifts than this since the intent is a case for a person.


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
        self._lists = Lists(session)

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
        with readable(HISTORY.path):
            for row in self._rows(HISTORY, shift):
                if row.text("ExternalCheckNumber") == key:
                    return FoundReceipt(seen(row, self._session.settings), {"history": evidence(row.origin)})
        return None

    def all_in(self, shift: int) -> list[Seen]:
        """Every receipt of a shift, in the service's order. RegisterUnavailable."""
        with readable(HISTORY.path):
            return [seen(row, self._session.settings) for row in self._rows(HISTORY, shift)]

    def _rows(self, of: Listed, shift: int) -> Iterator[Fields]:
        """The rows of a shift, page by page as they are wanted. RegisterUnavailable, AnswerMalformed."""
        for page in self._lists.of_shift(of, shift):
            for item in page.items:
                yield Fields.of(item.value, f"row {item.place.index}")

    def _enriched(self, found: FoundReceipt, shift: int) -> FoundReceipt:
        """Add what a lookup leaves out (number in the shift, QR). Best effort: the receipt is found either way."""
        known = found.seen if found.seen.shift is not None else replace(found.seen, shift=shift)
        if known.number is not None and known.qr and known.total_tiyn is not None:
            return FoundReceipt(known, found.raw)
        try:
            asked = {"Number": known.fiscal_sign, "ShiftNumber": known.shift}
            envelope = self._session.read_good(HISTORY_BY_NUMBER, asked)
            more = seen(only_one(envelope), self._session.settings)
        except (RegisterUnavailable, AnswerMalformed):
            return FoundReceipt(known, found.raw)
        if more.fiscal_sign != known.fiscal_sign:
            return FoundReceipt(known, found.raw)
        return FoundReceipt(known.filled_from(more), {**found.raw, "history": envelope.raw})

    def moves(self, shift: int) -> list[TapeRow]:
        """What a shift's tape shows besides receipts: cash moves. RegisterUnavailable."""
        try:
            items = self._lists.whole(CONTROL_TAPE, {"ShiftNumber": shift}).items
        except NotThere:
            return []
        with readable(CONTROL_TAPE.path):
            rows = [(Fields.of(item.value, f"row {item.place.index}"), item.place) for item in items]
            # Receipts have a number; whatever is wrong with theirs is for who looks for receipts.
            return [tape_row(row, place, self._session.settings) for row, place in rows if not row.text("Number")]

    def _on_tape(self, prepared: Prepared, shift: int) -> FoundCash | None:
        keyless = False
        for row in self.moves(shift):
            amount = abs(row.sum_tiyn or 0)
            if row.key == prepared.key:
                return FoundCash(row.cash_document(), amount)
            keyless = keyless or (not row.key and amount == prepared.total_tiyn)
        if keyless:
            # The vendor's sample has rows without the key: one of our sum may be ours or may not.
            text = f"the tape of shift {shift} has a move of the same sum without a key"
            raise RegisterUnavailable(Failure(FailureKind.HUMAN, "keyless", text, CONTROL_TAPE.path))
        return None


def only_one(envelope: Envelope) -> Fields:
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
