"""The electronic journal of a printer: what documents were made, read one by one and remembered.

A document never changes, so each is read once; the memory of a process is enough, what it lacks is read again.
"""

from __future__ import annotations

from collections.abc import Iterator

from fiscal.datecs.counting import Tally
from fiscal.datecs.protocol import CANCELLED, RECEIPTS, RETURN, SALE, Entry
from fiscal.datecs.talk import Talk

REMEMBERED_MAX = 20_000
BACK_MAX = 20  # Documents looked at for the newest receipt.
SHIFT_MAX = 5_000  # Documents of one shift.


class Journal:
    """Reads entries through `talk`."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._known: dict[tuple[str, int], Entry] = {}

    def remember(self, identity: str, entry: Entry) -> None:
        """Keep what is known of a document without reading it."""
        if len(self._known) >= REMEMBERED_MAX:
            self._known.clear()
        self._known[identity, entry.number] = entry

    def entries(self, numbers: range) -> dict[int, Entry | None]:
        """Fresh from the printer, with their times: for a decision."""
        return {number: self._talk.entry(number, dated=True) for number in numbers}

    def newest_receipt(self, last: int) -> Entry | None:
        """The newest receipt, cancelled ones too, at or before a document; None: none among the last few."""
        for number in range(last, max(last - BACK_MAX, 0), -1):
            entry = self._talk.entry(number, dated=True)
            if entry is not None and entry.kind in (*RECEIPTS, CANCELLED):
                return entry
        return None

    def tally(self, identity: str, last: int, receipts: int) -> Tally:
        """Add up the last `receipts` fiscal receipts at or before a document: those of a shift."""
        found = list(self._receipts(identity, last, receipts))
        sums = {
            kind: [entry.total_tiyn or 0 for entry in found if entry.kind == kind]
            for kind in RECEIPTS
        }  # fmt: skip
        return Tally(len(sums[SALE]), sum(sums[SALE]), len(sums[RETURN]), sum(sums[RETURN]))

    def _receipts(self, identity: str, last: int, receipts: int) -> Iterator[Entry]:
        for number in range(last, max(last - SHIFT_MAX, 0), -1):
            if receipts <= 0:
                return
            entry = self._known.get((identity, number)) or self._talk.entry(number, dated=False)
            if entry is None:
                continue
            self.remember(identity, entry)
            if entry.kind in RECEIPTS:
                receipts -= 1
                yield entry
