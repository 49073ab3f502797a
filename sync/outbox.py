"""What of the journal goes into the next batch: rows in order, those set aside as tombstones, released ones late.

Knows the till's journal and never headquarters: which answers come back, and what follows, is delivery.py's business.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sync.batch import Entry, tombstone
from sync.delivery_state import DeliverySettings
from sync.holding import Holds, held_behind, survey
from sync.ports import DeliveryQueue
from sync.wire import GENESIS, Row

LOOK_ROWS = 500
BOOKKEEPING = frozenset({"delivered", "set_aside", "released"})


class Outbox:
    """The journal as a source of entries. Methods that write may raise QueueUnavailable."""

    def __init__(self, queue: DeliveryQueue, settings: DeliverySettings) -> None:
        self._queue, self._settings = queue, settings
        self._rows_max, self._bytes_max = settings.rows_max, settings.bytes_max
        self._aside: dict[int, str] = {}
        self._keys_of: dict[int, frozenset[str]] = {}
        self.late: set[int] = set()  # Released rows whose content headquarters still lacks.
        self.seen_through = 0  # Rows up to here need no sending: delivered, or bookkeeping only.

    def restart(self, missing: Collection[int]) -> None:
        """Begin again where headquarters stands; `missing` are the rows it holds without their content."""
        self.seen_through = 0
        self._aside = dict(self._queue.set_aside_rows())
        self.late = {number for number in missing if number not in self._aside}

    def survey(self, position: int) -> Holds:
        """What is set aside now; rows up to `position` that were released since the last look become late ones."""
        aside = dict(self._queue.set_aside_rows())
        holds, free = survey(list(aside.items()), self._keys_by_number)
        for number in free:
            self._queue.release(number)
            del aside[number]
        self.late |= {number for number in self._aside if number not in aside and number <= position}
        self.late -= set(aside)
        self._aside = aside
        self._keys_of = {number: keys for number, keys in self._keys_of.items() if number in aside}
        return holds

    def rows_after(self, position: int) -> Sequence[Row]:
        """The rows of the next batch; none when only bookkeeping waits, in them or behind them."""
        rows = self._queue.rows_after(position, rows_max=self._rows_max, bytes_max=self._bytes_max)
        look = rows
        while look:
            if any(row.kind not in BOOKKEEPING for row in look):
                return rows
            self.seen_through = look[-1].number
            look = self._queue.rows_after(look[-1].number, rows_max=LOOK_ROWS, bytes_max=self._settings.bytes_max)
        return ()

    def entries(self, rows: Sequence[Row], holds: Holds) -> tuple[Entry, ...]:
        """Rows as they are sent. A row behind a held one of the same code is set aside here, and added to `holds`."""
        entries: list[Entry] = []
        for row in rows:
            reason = self._aside.get(row.number)
            root = holds.root(row.number, self._keys(row)) if reason is None and holds.roots else None
            if root is not None:
                reason = held_behind(root)
                self.put_aside(row.number, reason)
                holds.add(row.number, self._keys(row))
            entries.append(row if reason is None else tombstone(row, reason))
        return tuple(entries)

    def put_aside(self, number: int, reason: str) -> None:
        self._queue.set_aside(number, reason)
        self._aside[number] = reason

    def halve(self, rows: int) -> None:
        """Smaller batches for the rest of this run: what refused so many rows, headquarters or a proxy, will again."""
        self._rows_max = max(1, rows // 2)
        self._bytes_max = max(1, self._bytes_max // 2)

    def whole(self) -> None:
        """Batches as large as configured again."""
        self._rows_max, self._bytes_max = self._settings.rows_max, self._settings.bytes_max

    def row(self, number: int) -> Row | None:
        if number < 1:
            return None
        rows = self._queue.rows_after(number - 1, rows_max=1, bytes_max=1)
        return rows[0] if rows and rows[0].number == number else None

    def hash_of(self, number: int, row: Row | None) -> bytes | None:
        """The hash of row `number`, read as `row`; None when the journal cannot tell it any more."""
        if row is not None:
            return row.hash
        # Retention may have taken the row away; what was acknowledged once is still known.
        through, digest = self._queue.delivered_through()
        return GENESIS if number == 0 else digest if number == through else None

    def _keys(self, row: Row) -> frozenset[str]:
        try:
            return self._queue.keys(row)
        except ValueError:  # A damaged body: headquarters will name the row, and its hash tells why.
            return frozenset()

    def _keys_by_number(self, number: int) -> frozenset[str]:
        if number not in self._keys_of:
            row = self.row(number)
            self._keys_of[number] = frozenset() if row is None else self._keys(row)
        return self._keys_of[number]
