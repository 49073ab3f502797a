"""Looking at the registry for a document that may have arrived: its stored body tells, not its date or type alone."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from sync.hq.actions.documents import same
from sync.ismpt.channel import Trouble
from sync.ismpt.document_answers import DocumentCard, DocumentError
from sync.ismpt.documents import NotSent, Refused, Sent, Unanswered

NS = 1_000_000_000
# Types that no document of ours can have: their bodies need not be read.
OTHERS = frozenset(
    {
        "AGGREGATION",
        "UTILISATION",
        "IMPORT",
        "VALIDATION",
        "TYPOGRAPHIC",
        "ORDER",
        "ORIGINAL_INVOICE",
        "ADDITIONAL_INVOICE",
        "CORRECTED_INVOICE",
        "ORIGINAL_CUSTOMS_DECLARATION",
        "CUSTOMS_CODE_REGISTRATION",
        "CUSTOMS_CODE_WITHDRAWAL",
        "TRANSPORT_CODE_DISAGGREGATION",
        "CODE_CORRECTION",
    }
)


class Registry(Protocol):
    """The registry's documents: sync.ismpt.documents.DocumentClient."""

    def send(self, path: str, body: bytes) -> Sent | Refused | NotSent | Unanswered: ...

    def search(self, path: str, since: str, *, any_type: bool = False) -> list[DocumentCard] | Trouble: ...

    def card(self, document_id: str) -> DocumentCard | Trouble: ...

    def stored(self, document_id: str) -> dict[str, Any] | Trouble: ...

    def errors(self, document_id: str) -> list[DocumentError] | Trouble: ...


def find(
    registry: Registry, kind: str, attempts: Sequence[Any], claimed: Collection[str | None], skew_s: float
) -> tuple[int, str] | Trouble | None:
    """The attempt that the registry has and its id there; None when no document since is like any attempt.

    First among the documents of the expected type, then among all: the name of a type is not sure enough to file a
    document a second time. Whatever could not be read makes the whole search a Trouble, never an absence.
    """
    bodies = [(one.number, json.loads(one.body)) for one in attempts]
    oldest_ns = min(one.at_ns for one in attempts) - round(skew_s * NS)
    since = datetime.fromtimestamp(oldest_ns // NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    seen = set(claimed)
    for any_type in (False, True):
        cards = registry.search(kind, since, any_type=any_type)
        if isinstance(cards, Trouble):
            return cards
        for card in cards:
            if card.document_id in seen or card.type in OTHERS:
                continue
            seen.add(card.document_id)
            stored = registry.stored(card.document_id)
            if isinstance(stored, Trouble):
                return stored
            number = next((number for number, ours in bodies if same(ours, stored)), None)
            if number is not None:
                return number, card.document_id
    return None
