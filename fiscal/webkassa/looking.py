"""What a cashbox holds, for a person who compares: one document by our key, and the newest one.

Source: Webkassa API v4 (public collection, protocol 2.0.3).
"""

from __future__ import annotations

from fiscal.register import Failure, FailureKind, RegisterUnavailable, SeenDocument
from fiscal.webkassa.documents import FoundReceipt, Seen
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
        """A receipt by our key; None: not there. RegisterUnavailable when that could not be made sure."""
        found = self._search.receipt(key, shift)
        if isinstance(found, FoundReceipt):
            return shown(found.seen)
        if isinstance(found, Missing):
            return None
        raise RegisterUnavailable(found.failure)

    def last_document(self) -> SeenDocument | None:
        """The newest receipt. Cash moves are not in the vendor's history, so they are never the last one here."""
        newest = self._shifts.state().shift
        if newest is None:
            return None
        for shift in range(newest, max(0, newest - SHIFTS_BACK_MAX), -1):
            receipts = self._search.all_in(shift)
            if receipts:
                return shown(max(receipts, key=lambda one: one.number or 0))
        text = f"no receipt in the last {SHIFTS_BACK_MAX} shifts"
        if newest > SHIFTS_BACK_MAX:
            raise RegisterUnavailable(Failure(FailureKind.HUMAN, "too_far_back", text, "ShiftNumber"))
        return None


def shown(found: Seen) -> SeenDocument:
    kind = "" if found.operation is None else KINDS.get(found.operation, str(found.operation))
    number = "" if found.number is None else str(found.number)
    return SeenDocument(number, kind, found.total_tiyn, found.at, found.shift, found.fiscal_sign)
