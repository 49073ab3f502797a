"""Options as a person types them, and what the fields of a profile say of themselves."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim import options
from hw_sim.families import FAMILIES, family
from hw_sim.option_values import choices, read, readable, shown


class Colour(StrEnum):
    """What it looks like."""

    RED = "red"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Inner:
    deep: int = 1


@dataclass(frozen=True, slots=True)
class Sample:
    """A profile. Times in seconds.

    Attributes:
        told: by its line of the docstring,
            which goes on below.
        one, other: both of them.
        behind: not this.
    """

    told: int = 1
    one: bool = True
    other: float = 0.5
    behind: str = "#text"  # The comment behind it.
    # The comment above it,
    # in two lines.
    above: tuple[int, ...] = (1, 2)
    colour: Colour = Colour.RED
    table: Mapping[str, int] = field(default_factory=lambda: {"a": 1})  # Behind its end.
    silent: int = 0

    between: int = 0
    inner: Inner = field(default_factory=Inner)
    anything: Any = None


def test_a_field_says_what_it_means_in_a_comment_a_docstring_or_its_type() -> None:
    told = {option.name: option.about for option in options.of(Sample())}
    assert told == {
        "told": "by its line of the docstring, which goes on below.",
        "one": "both of them.",
        "other": "both of them.",
        "behind": "The comment behind it.",
        "above": "The comment above it, in two lines.",
        "colour": "What it looks like.",
        "table": "Behind its end.",
        "silent": "",
        "between": "",
    }
    assert "inner" not in told and "anything" not in told, "no value of these can be typed"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (bool, "on", True),
        (bool, "No", False),
        (int, "-5", -5),
        (int, "0x1D", 29),
        (int, "007", 7),
        (float, "1e3", 1000.0),
        (str, "a=b, c", "a=b, c"),
        (Colour, "red", Colour.RED),
        (Colour, "", Colour.NONE),
        (int | None, "none", None),
        (int | None, "3", 3),
        (str | None, "none", "none"),
        (tuple[int, ...], "1,2", (1, 2)),
        (tuple[int, ...], "none", ()),
        (tuple[int | None, ...], "1,none", (1, None)),
        (tuple[int, float], "1,2", (1, 2.0)),
        (tuple[str, ...], "a, b|c", ("a, b", "c")),
        (tuple[tuple[int, str], ...], "1:a,2:b", ((1, "a"), (2, "b"))),
        (frozenset[int], "3,1", frozenset((1, 3))),
        (Mapping[str, float], "a:1.5", {"a": 1.5}),
        (Mapping[int, frozenset[int]], "1:1/30,2:30", {1: frozenset((1, 30)), 2: frozenset((30,))}),
    ],
)
def test_a_text_is_read_by_the_type_of_the_option(kind: Any, text: str, value: Any) -> None:
    assert readable(kind)
    assert read(kind, text) == value


def test_a_table_is_changed_and_not_replaced() -> None:
    assert read(Mapping[str, int], "b:3,c:4", {"a": 1, "b": 2}) == {"a": 1, "b": 3, "c": 4}


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        (bool, "maybe", "on or off"),
        (int, "1.5", "a whole number"),
        (int, "0xZZ", "a whole number"),
        (float, "nan", "a number"),
        (float, "much", "a number"),
        (Colour, "blue", r"one of red, \(empty\)"),
        (tuple[int, int], "1", "2 values are wanted, with , between them"),
        (tuple[tuple[int, str], ...], "1", "2 values are wanted, with : between them"),
        (Mapping[str, int], "a", "a: key:value is wanted"),
        (frozenset[int], "1,x", "a whole number"),
    ],
)
def test_a_text_that_is_no_value_says_what_is_wanted(kind: Any, text: str, wanted: str) -> None:
    with pytest.raises(ValueError, match=wanted):
        read(kind, text)


@pytest.mark.parametrize("kind", [Any, dict, list[int], Inner, Mapping[str, Inner], bytes])
def test_what_cannot_be_typed_is_no_option(kind: Any) -> None:
    assert not readable(kind)


# "none" alone says that there are no values, not that the only one is none.
_SEVERAL = st.lists(st.integers() | st.none()).map(tuple).filter(lambda values: values != (None,))


@given(
    st.one_of(
        st.tuples(st.just(bool), st.booleans()),
        st.tuples(st.just(int), st.integers()),
        st.tuples(st.just(tuple[int | None, ...]), _SEVERAL),
        st.tuples(st.just(frozenset[int]), st.frozensets(st.integers())),
        st.tuples(st.just(Mapping[int, int]), st.dictionaries(st.integers(), st.integers())),
        st.tuples(st.just(Mapping[int, frozenset[int]]), st.dictionaries(st.integers(), st.frozensets(st.integers()))),
    )
)
def test_what_is_shown_can_be_typed(case: tuple[Any, Any]) -> None:
    kind, value = case
    assert read(kind, shown(value)) == value


def test_all_values_are_told_where_there_are_few() -> None:
    assert (choices(bool), choices(Colour), choices(int)) == (("on", "off"), ("red", ""), ())


@pytest.mark.parametrize("name", FAMILIES)
def test_the_default_of_every_option_is_a_value_it_takes(name: str) -> None:
    for option in family(name).options():
        if option.default is not None:
            assert option.read(option.default_text) == option.default, option.name
        assert option.about, f"{option.name} says nothing of itself"


@pytest.mark.parametrize("name", FAMILIES)
def test_a_register_made_with_every_default_typed_is_the_one_made_with_none(name: str) -> None:
    known = family(name)
    typed = {option.name: option.default_text for option in known.options() if option.default is not None}
    made = [known.start(lambda: 0, random.Random(1), chosen) for chosen in (typed, {})]
    assert made[0].greeting == made[1].greeting
    assert made[0].reach == made[1].reach


def test_values_of_a_group_are_one_object() -> None:
    inner = options.grouped({"a": 1, "g.deep": 5}, {"g": Inner()})
    assert inner == {"a": 1, "g": Inner(5)}
    assert options.find(options.of(Inner(), "g"), "g.deep", "it").default == 1
    with pytest.raises(ValueError, match=r"it has no option 'g.deap'; did you mean g.deep\?"):
        options.find(options.of(Inner(), "g"), "g.deap", "it")


def test_an_unknown_family_is_told_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean rekassa"):
        family("recassa")
    with pytest.raises(ValueError, match="known: shtrih, datecs-p"):
        family("")
