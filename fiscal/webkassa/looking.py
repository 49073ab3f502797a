"""What a cashbox holds, for a person who compares: one document by our key, and the newest one.

The service does not promise the order of its history. Within a shift receipts are numbered as they are made, autonomous
ones too; where a number is left out, times decide.
Source: Webkassa API v4 (public collection, protocol 2.0.3).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from fiscal.register import Failure, FailureKind, RegisterUnavailable, SeenDocument
from fiscal.webkassa.documents import FoundReceipt, Seen
from fiscal.webkassa.listings import TapeRow
from fiscal.webkassa.paging import CONTROL_TAPE, HISTORY
from fiscal.webkassa.request import OPERATION_TYPES
from fiscal.webkassa.search import Missing, Search
from fiscal.webkassa.shifts import Shifts

SHIFTS_BACK_MAX = 3  # A shift without a receipt is common, three in a row are a closed shop.

KINDS: dict[int, str] = {number: str(operation) for operation, number in OPERATION_TYPES.items()}
KINDS |= {0: "purchase", 1: "purchase_return"}


class Looking:
    """The caller holds the cashbox's lock."""

    def __init__(self, shifts: Shifts, search: Search) -> None:
        self._shifts = shifts
        self._search = search

    def find(self, key: str, shift: int | None) -> SeenDocument | None:
        """A receipt or a cash move by our key; None: not there. RegisterUnavailable when that is not sure."""
        found = self._search.receipt(key, shift)
        if isinstance(found, FoundReceipt):
            return shown(found.seen)
        if not isinstance(found, Missing):
            raise RegisterUnavailable(found.failure)
        keyless: TapeRow | None = None
        scope = self._search.candidates(shift)
        if scope.gap is not None:
            raise RegisterUnavailable(scope.gap)
        for number in scope.shifts:
            for move in self._search.moves(number):
                if move.key == key:
                    return shown_move(move)
                keyless = move if not move.key else keyless
        if keyless is not None:
            text = f"no receipt has this key; {keyless.place} is a cash move without a key, which may be the one"
            raise RegisterUnavailable(Failure(FailureKind.HUMAN, "keyless", text, CONTROL_TAPE.path))
        return None

    def last_document(self) -> SeenDocument | None:
        """The newest receipt. Cash moves are not in the vendor's history, so they are never the last one here."""
        top = self._shifts.state().shift
        if top is None:
            return None
        for shift in range(top, max(0, top - SHIFTS_BACK_MAX), -1):
            receipts = self._search.all_in(shift)
            if receipts:
                return shown(newest(receipts))
        if top > SHIFTS_BACK_MAX:
            text = f"no receipt in the last {SHIFTS_BACK_MAX} shifts"
            raise RegisterUnavailable(Failure(FailureKind.HUMAN, "too_far_back", text, "ShiftNumber"))
        return None


def newest(receipts: Iterable[Seen]) -> Seen:
    """The newest of one shift. RegisterUnavailable when neither numbers nor times tell."""
    rows = list(receipts)
    if all(row.number is not None for row in rows):
        return max(rows, key=lambda row: (row.number or 0, _moment(row.at)))
    if all(row.at for row in rows):
        return max(rows, key=lambda row: (_moment(row.at), row.number or 0))
    text = "a receipt tells neither its number nor its time: which is the newest cannot be told"
    raise RegisterUnavailable(Failure(FailureKind.HUMAN, "no_order", text, HISTORY.path))


def _moment(at: str) -> float:
    return dt.datetime.fromisoformat(at).timestamp() if at else 0.0


def shown(found: Seen) -> SeenDocument:
    kind = "" if found.operation is None else KINDS.get(found.operation, str(found.operation))
    number = "" if found.number is None else str(found.number)
    return SeenDocument(number, kind, found.total_tiyn, found.at, found.shift, found.fiscal_sign)


def shown_move(move: TapeRow) -> SeenDocument:
    """A cash move has neither a number nor a fiscal sign."""
    return SeenDocument("", move.kind or move.words, move.sum_tiyn, move.at, move.place.shift)
