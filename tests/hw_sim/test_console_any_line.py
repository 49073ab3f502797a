"""Whatever is typed at a console is answered in words, and leaves a register that can still be looked at."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw_sim.console import CSV
from hw_sim.device.machine import Machine
from hw_sim.families import FAMILIES, Played, family

NUMBERS = ("0", "1", "-1", "5", "nan", "inf", "-inf", "1e308", "-1e20", "1e9", "9" * 25, "0x1F", "1.5", "FFFFFFFFFF")
WORDS = ("", "on", "off", "up", "down", "age", "jump", "show", "sale", "receipt", "reset", "close", "low", "=", "a=b")
ARGUMENTS = st.lists(st.sampled_from(NUMBERS + WORDS) | st.text(max_size=8), max_size=3)
HOUR_NS = 3600 * 10**9


class Clock:
    def __init__(self) -> None:
        self.at_ns = 1_784_088_000 * 10**9

    def __call__(self) -> int:
        return self.at_ns


def looked_at(played: Played, clock: Clock) -> None:
    """An hour later somebody calls, and somebody looks."""
    clock.at_ns += HOUR_NS
    machine = played.answers if isinstance(played.answers, Machine) else played.behind
    if machine is not None:
        machine.host_opened()
        machine.receive(b"\x05")
        machine.take()
        machine.next_due_ns()
    for word in ("documents", "totals", "faults", "frames"):
        assert played.console.run(word)


def lines(words: list[str]) -> st.SearchStrategy[str]:
    """A word of this register with arguments that fit it, or do not."""
    return st.tuples(st.sampled_from(words), ARGUMENTS).map(lambda pair: " ".join((pair[0], *pair[1])))


def heads(played: Played) -> list[str]:
    """Every word of a register, every fault and every switch, each up to where arguments begin."""
    switches = getattr(played.answers, "switches", {})
    return [
        *played.console.words,
        *(f"fault {name} {key}=" for name, kind in played.faults.kinds.items() for key in kind.params or ("seconds",)),
        *(f"switch {name}" for name in switches),
    ]


def answered(played: Played, line: str) -> None:
    answer = played.console.run(line)
    assert isinstance(answer, str) and all(one.isprintable() or one == "\n" for one in answer), line


@pytest.mark.parametrize("name", FAMILIES)
def test_no_number_behind_any_word_is_too_much(name: str) -> None:
    for head in heads(family(name).start(Clock(), random.Random(1), {})):
        clock = Clock()
        played = family(name).start(clock, random.Random(1), {})
        for sale in ("jump", "foreign", "foreign sale"):
            answered(played, sale)  # A shift is open where one of these is known.
        for verb in ("",) if head.endswith("=") else ("", " age", " jump", " show", " sale", " off"):
            for number in NUMBERS:
                answered(played, f"{head}{number}" if head.endswith("=") else f"{head}{verb} {number}")
        looked_at(played, clock)


@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_line_is_answered_and_the_register_stands(name: str, data: st.DataObject) -> None:
    clock = Clock()
    played = family(name).start(clock, random.Random(1), {})
    any_line = lines(heads(played)).filter(lambda text: CSV not in text)
    for line in data.draw(st.lists(any_line, min_size=1, max_size=6)):
        answered(played, line)
    looked_at(played, clock)
