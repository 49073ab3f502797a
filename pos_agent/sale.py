"""The life of a sale as a table. Everything that affects a sale's state lives here; the diagram in
docs/sale-states.md is drawn from it (`python -m pos_agent.sale`).

    HELD         lines are being scanned; every unit in it belongs to no other sale of this till
    FISCALISING  the intent is in the journal; the register may or may not have it
    IN_DOUBT     the register went silent; only asking it leads out
    FISCALISED   the register made the document; units are sold (or taken back)
    CANCELLED    dropped by the cashier before any document; units are free
"""

from __future__ import annotations

from enum import StrEnum


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
}


class TransitionError(Exception):
    """The sale is in a state where this cannot happen."""

    def __init__(self, state: SaleState | None, event: SaleEvent) -> None:
        super().__init__(f"{event} is impossible for a sale that is {state or 'not there'}")
        self.state = state
        self.event = event


def after(state: SaleState | None, event: SaleEvent) -> SaleState:
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise TransitionError(state, event) from None


def diagram() -> str:
    """Mermaid text of the table above."""
    arrows = [f"    {state or '[*]'} --> {target}: {event}" for (state, event), target in TRANSITIONS.items()]
    ends = [f"    {state} --> [*]" for state in (SaleState.FISCALISED, SaleState.CANCELLED)]
    return "\n".join(["stateDiagram-v2", *arrows, *ends])


if __name__ == "__main__":
    print(diagram())
