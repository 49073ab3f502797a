"""Every refusal has a stable code, an HTTP status and words in three languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pos_agent
from fiscal.register import Failure, FailureKind
from pos_agent.problems import LANGUAGES, OF_FAILURE, Problem, kinds, of_doubt, of_failure, read_kinds


@pytest.mark.parametrize("code", sorted(kinds()))
def test_every_problem_has_words_and_an_error_status(code: str) -> None:
    kind = kinds()[code]
    assert re.fullmatch(r"[TRSP]-[1-5]\d\d", code)
    assert 400 <= kind.status < 600
    assert all(kind.texts[language].strip() for language in LANGUAGES)
    assert len(set(kind.texts.values())) == len(LANGUAGES)
    assert re.search("[а-яё]", kind.texts["ru"]) and re.search("[a-z]", kind.texts["en"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('["T-101"]\nstatus = 404\nru = "Такого чека нет"\n', "T-101: ru: words of a code go into pos_agent/locale"),
        ('["T-999"]\nstatus = 404\n', "T-999 has no words: they go into pos_agent/locale"),
    ],
)
def test_a_code_without_words_or_with_words_in_its_row_is_told_where_they_go(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_kinds(text)


def test_every_failure_of_a_register_has_its_problem() -> None:
    assert set(OF_FAILURE) == set(FailureKind)
    for kind in FailureKind:
        problem = of_failure(Failure(kind, "webkassa:9", "the vendor's words", "/check"), sale="S1")
        assert problem.kind.code == OF_FAILURE[kind]
        assert problem.detail == "webkassa:9: the vendor's words (/check)"
        assert problem.facts == {"sale": "S1"}
    assert str(of_failure(Failure(FailureKind.HUMAN, "x", "y"))) == "R-205: x: y"


def test_a_doubt_says_who_has_to_act() -> None:
    def code(kind: FailureKind, *, handed_over: bool = False) -> str:
        return of_doubt(Failure(kind, "x", "y"), handed_over=handed_over).kind.code

    assert code(FailureKind.NO_ANSWER) == "R-203"  # Nobody: the register is being asked.
    assert code(FailureKind.PAPER) == "R-216"  # Whoever has paper.
    assert code(FailureKind.HUMAN) == code(FailureKind.NO_ANSWER, handed_over=True) == "R-215"  # A senior.


def test_what_is_undecided_may_be_repeated_and_what_was_refused_may_not() -> None:
    assert kinds()["R-203"].retry and kinds()["R-204"].retry
    assert not kinds()["R-201"].retry and not kinds()["R-208"].retry


def test_a_code_that_is_not_in_the_table_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        Problem("T-999")


def test_every_code_the_agent_raises_is_in_the_table_and_every_one_in_the_table_is_used() -> None:
    package = Path(pos_agent.__file__).parent
    text = "\n".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    used = set(re.findall(r'"([TRSP]-\d{3})"', text))
    assert used == set(kinds())
