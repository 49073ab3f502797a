"""What the register lacks is told when the till is configured, in words that lead out."""

from __future__ import annotations

from typing import Any

import pytest

from fiscal.register import Ability, Capabilities, Recovery
from pos_agent.config import ConfigError, from_mapping
from pos_agent.requirements import unmet

FULL = frozenset({Ability.MARKS, Ability.MARK_LIST, Ability.RETURNS, Ability.DRAWER})


def lines(can: frozenset[Ability] = FULL, test_only: bool = False, **sections: Any) -> list[str]:
    capabilities = Capabilities("shtrih", can, (Recovery.COUNTERS,), test_only=test_only)
    return unmet(from_mapping(sections), capabilities)


def test_a_register_that_can_do_what_is_wanted_is_no_news() -> None:
    assert lines(receipt={"group_marks": True}, register={"needs": ["drawer", "returns"]}) == []


@pytest.mark.parametrize(
    ("can", "test_only", "sections", "words"),
    [
        (frozenset[Ability](), False, {}, 'register.url: this register has no field for marking codes.*"text".*"none"'),
        (frozenset({Ability.MARKS_AS_TEXT}), False, {}, "no field for marking codes"),
        (frozenset[Ability](), False, {"register": {"marks": "text"}}, 'only register.marks = "none" is left'),
        (FULL, True, {}, "register.test_only = true"),
        (FULL - {Ability.MARK_LIST}, False, {"receipt": {"group_marks": True}}, "receipt.group_marks needs a register"),
        (FULL | {Ability.PRINTS}, False, {"printer": {"url": "escpos+tcp://h"}}, "take printer.url out"),
        (FULL, False, {"register": {"needs": ["find-by-key"]}}, 'register.needs: .* shtrih has no "find-by-key"'),
    ],
)
def test_every_lack_is_a_line_with_the_way_out(
    can: frozenset[Ability], test_only: bool, sections: dict[str, Any], words: str
) -> None:
    import re

    (line,) = lines(can, test_only, **sections)
    assert re.search(words, line), line


def test_a_shop_may_say_that_it_knows() -> None:
    assert lines(frozenset(), register={"marks": "none"}) == []
    assert lines(frozenset({Ability.MARKS_AS_TEXT}), register={"marks": "text"}) == []
    assert lines(FULL, True, register={"test_only": True}) == []


def test_an_ability_nobody_knows_is_a_mistake_of_the_configuration() -> None:
    with pytest.raises(ConfigError, match=r"register\.needs\.0"):
        from_mapping({"register": {"needs": ["teleport"]}})
