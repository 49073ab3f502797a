"""The table of a sale's states: what it allows, what it can never allow, and the page that shows it."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pos_agent.journal.projection import PROJECTORS
from pos_agent.sale import (
    DOCUMENT_TRANSITIONS,
    TRANSITIONS,
    DocumentState,
    SaleEvent,
    SaleState,
    TransitionError,
    after,
    diagram,
    document_after,
    document_diagram,
)

PAGE = Path(__file__).parents[2] / "docs" / "sale-states.md"


def test_the_page_shows_the_diagrams_of_the_tables() -> None:
    shown = re.findall(r"```mermaid\n(.*?)\n```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert shown == [diagram(), document_diagram()]


def test_the_command_the_page_names_prints_both_diagrams() -> None:
    command = [sys.executable, "-m", "pos_agent.sale"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    assert printed == f"{diagram()}\n\n{document_diagram()}\n"


def test_the_page_explains_every_state() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"| {state} |" in text for state in SaleState)


@pytest.mark.parametrize(("state", "event"), list(itertools.product([None, *SaleState], SaleEvent)))
def test_every_pair_leads_somewhere_or_is_an_error_that_names_it(state: SaleState | None, event: SaleEvent) -> None:
    if (state, event) in TRANSITIONS:
        assert after(state, event) is TRANSITIONS[state, event]
        return
    with pytest.raises(TransitionError, match=str(event)) as caught:
        after(state, event)
    assert (caught.value.state, caught.value.event) == (state, event)


@pytest.mark.parametrize(("state", "event"), list(itertools.product([None, *DocumentState], SaleEvent)))
def test_every_pair_of_a_document_leads_somewhere_or_is_an_error(state: DocumentState | None, event: SaleEvent) -> None:
    if (state, event) in DOCUMENT_TRANSITIONS:
        assert document_after(state, event) is DOCUMENT_TRANSITIONS[state, event]
        return
    with pytest.raises(TransitionError, match="document"):
        document_after(state, event)


def reachable(start: SaleState, without: SaleEvent | None = None) -> set[SaleState]:
    found, edge = {start}, [start]
    while edge:
        state = edge.pop()
        for (origin, event), target in TRANSITIONS.items():
            if origin is state and event is not without and target not in found:
                found.add(target)
                edge.append(target)
    return found


def test_what_is_over_stays_over() -> None:
    for state in (SaleState.FISCALISED, SaleState.CANCELLED):
        assert reachable(state) == {state}


def test_nothing_is_dropped_while_the_register_may_have_it() -> None:
    for state in (SaleState.FISCALISING, SaleState.IN_DOUBT):
        assert (state, SaleEvent.CANCELLED) not in TRANSITIONS
        assert (state, SaleEvent.LINE_ADDED) not in TRANSITIONS
        assert (state, SaleEvent.INTENDED) not in TRANSITIONS  # No second document in the same breath.


def test_doubt_ends_with_the_register_s_word_only() -> None:
    ways_out = {event for (state, event), target in TRANSITIONS.items() if state is SaleState.IN_DOUBT is not target}
    assert ways_out == {SaleEvent.MADE, SaleEvent.ABSENT}


def test_a_sale_becomes_fiscal_by_a_made_document_only() -> None:
    assert SaleState.FISCALISED not in reachable(SaleState.HELD, without=SaleEvent.MADE)


def test_every_state_can_be_reached_and_every_open_one_can_end() -> None:
    assert reachable(SaleState.HELD) == set(SaleState)
    for state in SaleState:
        assert reachable(state) & {SaleState.FISCALISED, SaleState.CANCELLED}


def test_every_event_is_a_kind_of_journal_row() -> None:
    assert {str(event) for event in SaleEvent} <= set(PROJECTORS)
