"""One webhook's place in the journal, and what it still has to be told. The place is a journal row itself.

An event that was told moves the place past its row; rows that concern nobody move it only now and then, so that a quiet
hook writes nothing. After a crash what was told last may be told again, under its same id.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from pos_agent.hooks.events import KINDS, Told, events_of
from pos_agent.journal.journal import Event, Journal
from pos_agent.queue import JournalQueue
from pos_agent.till import Till

PAGE_ROWS = 200
SKIPPED_ROWS = 2_000  # So many rows that concern nobody are worth a row of the place.
LOOK_BACK_ROWS = 5_000  # Of a document that was intended anew since: its doubt lies not far before its end.
IN_DOUBT = """
SELECT 1 FROM journal
WHERE number > :after AND number < :row AND kind = 'document_in_doubt' AND body ->> '$.key' = :key LIMIT 1
"""


class HookOutbox:
    """Of one thread; `given_up` of any."""

    def __init__(self, journal: Journal, till: Till, name: str, events: Collection[str]) -> None:
        self._journal = journal
        self._till = till
        self._name = name
        self._events = frozenset(events)
        self._place = JournalQueue(journal, f"hook:{name}")
        through, _ = self._place.delivered_through()
        if through == 0:  # New here: it hears what happens from now on.
            through, digest = journal.head()
            self._place.set_delivered(through, digest)
        self._kept = self._seen = through
        self._told: set[str] = set()  # Of the row after `_seen`.

    def next(self) -> Told | None:
        """The oldest event that was not told."""
        while rows := self._journal.rows_after(self._seen, PAGE_ROWS):
            for row in rows:
                body = json.loads(row.body) if row.kind in KINDS else None
                if body is not None:
                    for event in events_of(row, body, self._journal.epoch, self._in_doubt):
                        if event.event in self._events and event.id not in self._told:
                            return event
                self._pass(row.number)
            if self._seen - self._kept >= SKIPPED_ROWS:
                self._keep()
        return None

    def told(self, event: Told) -> None:
        """It was taken."""
        self._told.add(event.id)
        if self._is_last(event):
            self._pass(event.row)
            self._keep()

    def set_aside(self, event: Told, reason: str) -> None:
        """It is given up, and stays visible."""
        facts = {"hook": self._name, "id": event.id, "row": event.row, "event": event.event, "reason": reason}
        self._journal.append(Event("hook_set_aside", facts))
        self.told(event)

    def given_up(self) -> list[Mapping[str, Any]]:
        return [{"id": name, **facts} for name, facts in self._till.given_up(self._name)]

    def _is_last(self, event: Told) -> bool:
        row = self._journal.row(event.row)
        wanted = events_of(row, json.loads(row.body), self._journal.epoch, self._in_doubt)
        return all(one.id in self._told for one in wanted if one.event in self._events)

    def _pass(self, number: int) -> None:
        self._seen = number
        self._told.clear()

    def _keep(self) -> None:
        self._place.set_delivered(self._seen, self._journal.row(self._seen).hash)
        self._kept = self._seen

    def _in_doubt(self, key: str, row: int) -> bool:
        document = self._till.document(key)
        if document is None:
            return False
        after = document.intent_row if document.intent_row < row else row - LOOK_BACK_ROWS
        return bool(self._journal.query(IN_DOUBT, {"row": row, "key": key, "after": after}))
