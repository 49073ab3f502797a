"""Words for every verdict, in three languages."""

from __future__ import annotations

import pytest

from marking import reasons
from marking.rules import table


def spoken() -> set[str]:
    rules = table("kz")
    return {rule.reason for rule in rules.rules} | {rules.fallback.reason}


@pytest.mark.parametrize("lang", reasons.LANGUAGES)
def test_every_reason_a_rule_names_has_a_text_and_an_action(lang: str) -> None:
    for code in spoken():
        assert reasons.text(code, lang).strip()
        assert reasons.action(code, lang).strip()


def test_no_reason_is_left_that_no_rule_gives() -> None:
    assert reasons.known() == spoken()


def test_no_action_is_left_that_no_reason_names() -> None:
    assert {reasons.action_key(code) for code in reasons.known()} == reasons.action_keys()


def test_texts_are_short_enough_for_a_till_screen() -> None:
    for code in reasons.known():
        for lang in reasons.LANGUAGES:
            assert len(reasons.text(code, lang)) <= 60
            assert len(reasons.action(code, lang)) <= 45


def test_the_three_languages_differ() -> None:
    for code in reasons.known():
        assert len({reasons.text(code, lang) for lang in reasons.LANGUAGES}) == 3


@pytest.mark.parametrize(("code", "lang"), [("M-999", "ru"), ("M-001", "de")])
def test_an_unknown_code_or_language_is_said_so(code: str, lang: str) -> None:
    with pytest.raises(reasons.UnknownReason):
        reasons.text(code, lang)
