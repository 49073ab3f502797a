"""Journals of the demo chain have the kinds and keys of a journal that the real agent wrote."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from pos_agent.demo.headless import HeadlessDemo
from sync.hq.demo.show import make_world
from sync.hq.demo.timeline import HEADLESS_NOW

# Raw answers of a register are its own business and cut down here; the reader never looks into them.
RAW = ("raw", "body")
Shapes = dict[str, set[frozenset[str]]]


def shapes(rows: Iterable[tuple[str, str]]) -> Shapes:
    """Kind of row (with the kind of document) -> sets of dotted keys that its bodies have."""
    found: Shapes = defaultdict(set)
    for kind, text in rows:
        body = json.loads(text)
        name = f"{kind} {body['kind']}" if kind.startswith("document_") else kind
        found[name].add(frozenset(keys(body)))
    return found


def keys(value: Any, path: str = "") -> Iterable[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield f"{path}{name}"
            if name not in RAW:
                yield from keys(inner, f"{path}{name}.")
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner, f"{path}[].")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Shapes:
    demo = HeadlessDemo(tmp_path_factory.mktemp("agent"), seed=7, sales=60)
    try:
        demo.run()
        rows = demo.agent.journal.rows_after(0, demo.agent.journal.head()[0])
        return shapes((row.kind, row.body) for row in rows)
    finally:
        demo.close()


@pytest.fixture(scope="module")
def made_up() -> Shapes:
    world = make_world(3, 3, HEADLESS_NOW)
    return shapes((row.kind, row.body) for journal in world.journals for row in journal.rows)


def test_every_kind_of_row_but_two_was_met_in_the_real_journal(real: Shapes, made_up: Shapes) -> None:
    """A refusal of the register and a row set aside do not happen in the agent's own demo."""
    rare = {"document_refused sale", "set_aside", "document_in_doubt sale_return"}
    assert set(made_up) - set(real) <= rare
    assert {"document_made sale", "document_made sale_return", "units_rechecked", "shift_closed"} <= set(made_up)


def test_bodies_have_the_keys_of_the_real_ones(real: Shapes, made_up: Shapes) -> None:
    for name in sorted(set(made_up) & set(real)):
        every, always = frozenset().union(*real[name]), frozenset.intersection(*real[name])
        for shape in made_up[name]:
            assert shape <= every, (name, sorted(shape - every))
            assert always <= shape, (name, sorted(always - shape))
