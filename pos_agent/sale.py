"""The life of a sale as a table. Everything that affects a sale's state lives here; the diagrams in
docs/sale-states.md are drawn from it (`python -m pos_agent.sale`).

    HELD         lines are being scanned; every unit in it belongs to no other sale of this till
    FISCALISING  the intent is in the journal; the register may or may not have it
    IN_DOUBT     the register went silent; only asking it leads out
    FISCALISED   the register made the document; units are sold (or taken back)
    CANCELLED    dropped by the cashier before any document; units are free
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any


class SaleState(StrEnum):
    HELD = "HELD"
    FISCALISING = "FISCALISING"
    IN_DOUBT = "IN_DOUBT"
    FISCALISED = "FISCALISED"
    CANCELLED = "CANCELLED"


class SaleEvent(StrEnum):
    """Journal kinds that move a sale."""

    OPENED = "sale_opened"
    LINE_ADDED = "line_added"
    LINE_REMOVED = "line_removed"
    CANCELLED = "sale_cancelled"
    INTENDED = "document_intended"
    MADE = "document_made"
    REFUSED = "document_refused"
    DOUBTED = "document_in_doubt"
    HANDED_OVER = "document_handed_over"
    ABSENT = "document_absent"


START: None = None

TRANSITIONS: dict[tuple[SaleState | None, SaleEvent], SaleState] = {
    (START, SaleEvent.OPENED): SaleState.HELD,
    (START, SaleEvent.INTENDED): SaleState.FISCALISING,  # One-shot receipt of an integrator.
    (SaleState.HELD, SaleEvent.LINE_ADDED): SaleState.HELD,
    (SaleState.HELD, SaleEvent.LINE_REMOVED): SaleState.HELD,
    (SaleState.HELD, SaleEvent.CANCELLED): SaleState.CANCELLED,
    (SaleState.HELD, SaleEvent.INTENDED): SaleState.FISCALISING,
    (SaleState.FISCALISING, SaleEvent.MADE): SaleState.FISCALISED,
    (SaleState.FISCALISING, SaleEvent.REFUSED): SaleState.HELD,
    (SaleState.FISCALISING, SaleEvent.DOUBTED): SaleState.IN_DOUBT,
    (SaleState.IN_DOUBT, SaleEvent.MADE): SaleState.FISCALISED,
    (SaleState.IN_DOUBT, SaleEvent.ABSENT): SaleState.HELD,
    (SaleState.IN_DOUBT, SaleEvent.DOUBTED): SaleState.IN_DOUBT,  # Asked again, still silent: kept as evidence.
    (SaleState.IN_DOUBT, SaleEvent.HANDED_OVER): SaleState.IN_DOUBT,  # A person has what to compare; asking goes on.
}


class DocumentState(StrEnum):
    """How far one document got at the register: every sale, return, cash move and Z-report has one."""

    INTENDED = "INTENDED"
    IN_DOUBT = "IN_DOUBT"
    MADE = "MADE"
    REFUSED = "REFUSED"
    ABSENT = "ABSENT"


UNDECIDED = frozenset({DocumentState.INTENDED, DocumentState.IN_DOUBT})

DOCUMENT_TRANSITIONS: dict[tuple[DocumentState | None, SaleEvent], DocumentState] = {
    (START, SaleEvent.INTENDED): DocumentState.INTENDED,
    (DocumentState.INTENDED, SaleEvent.MADE): DocumentState.MADE,
    (DocumentState.INTENDED, SaleEvent.REFUSED): DocumentState.REFUSED,
    (DocumentState.INTENDED, SaleEvent.DOUBTED): DocumentState.IN_DOUBT,
    (DocumentState.IN_DOUBT, SaleEvent.MADE): DocumentState.MADE,
    (DocumentState.IN_DOUBT, SaleEvent.ABSENT): DocumentState.ABSENT,
    (DocumentState.IN_DOUBT, SaleEvent.DOUBTED): DocumentState.IN_DOUBT,
    (DocumentState.IN_DOUBT, SaleEvent.HANDED_OVER): DocumentState.IN_DOUBT,
    # The same key again, for the same content: it was proven that the register has nothing under it.
    (DocumentState.REFUSED, SaleEvent.INTENDED): DocumentState.INTENDED,
    (DocumentState.ABSENT, SaleEvent.INTENDED): DocumentState.INTENDED,
}


class TransitionError(Exception):
    """The sale, or its document, is in a state where this cannot happen."""

    def __init__(self, state: SaleState | DocumentState | None, event: SaleEvent, what: str = "sale") -> None:
        super().__init__(f"{event} is impossible for a {what} that is {state or 'not there'}")
        self.state = state
        self.event = event


def after(state: SaleState | None, event: SaleEvent) -> SaleState:
    """State of a sale after an event. Raises TransitionError."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise TransitionError(state, event) from None


def document_after(state: DocumentState | None, event: SaleEvent) -> DocumentState:
    """State of a document after an event. Raises TransitionError: a document that was made is never intended again."""
    try:
        return DOCUMENT_TRANSITIONS[state, event]
    except KeyError:
        raise TransitionError(state, event, "document") from None


def diagram() -> str:
    """Mermaid text of the sale's table."""
    return _drawn(TRANSITIONS, (SaleState.FISCALISED, SaleState.CANCELLED))


def document_diagram() -> str:
    """Mermaid text of the document's table."""
    return _drawn(DOCUMENT_TRANSITIONS, (DocumentState.MADE,))


def _drawn(table: Mapping[tuple[Any, SaleEvent], StrEnum], ends: Iterable[StrEnum]) -> str:
    arrows = [f"    {state or '[*]'} --> {target}: {event}" for (state, event), target in table.items()]
    return "\n".join(["stateDiagram-v2", *arrows, *(f"    {state} --> [*]" for state in ends)])


if __name__ == "__main__":
    print(diagram(), document_diagram(), sep="\n\n")
