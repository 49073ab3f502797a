"""A register that prints itself: its first paper came with the document, a copy is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from fiscal.register import Failure, FailureKind, Paper
from pos_agent.printing import RegisterPaper


@pytest.fixture
def sold(bench: Any) -> Any:
    bench.sale("S1", "KI-1")
    bench.desk.submit(bench.case("S1"))
    return bench


def printed(bench: Any, register: Any, words: Any) -> str:
    paper = RegisterPaper(bench.journal, bench.till, register)
    return paper.receipt("S1-key", words.receipt("S1-key"), words.fiscal(1))


def test_the_first_paper_is_brought_to_its_end_and_the_next_is_a_copy(sold: Any, register: Any, words: Any) -> None:
    assert printed(sold, register, words) == "ok"
    assert printed(sold, register, words) == "ok"
    assert [what for what, _ in register.calls[-2:]] == ["finish_printing", "reprint"]
    assert sold.till.printed("S1-key") == "ok" and sold.verify().good


@pytest.mark.parametrize(("state", "word"), [(Paper.OUT, "paper_out"), (Paper.UNKNOWN, "unknown"), (Paper.LOW, "ok")])
def test_what_became_of_the_paper_is_kept(sold: Any, register: Any, words: Any, state: Paper, word: str) -> None:
    register.paper = state
    assert printed(sold, register, words) == word
    assert sold.body("printed") == {"key": "S1-key", "outcome": word, "detail": ""}


def test_paper_that_was_missing_is_finished_and_no_copy_is_made(sold: Any, register: Any, words: Any) -> None:
    register.paper = Paper.OUT
    printed(sold, register, words)
    register.paper = Paper.OK
    assert printed(sold, register, words) == "ok"
    assert [what for what, _ in register.calls[-2:]] == ["finish_printing", "finish_printing"]


def test_a_register_that_does_not_answer_leaves_the_paper_unknown(sold: Any, register: Any, words: Any) -> None:
    register.unavailable = Failure(FailureKind.UNAVAILABLE, "connect", "no link")
    assert printed(sold, register, words) == "unknown"
    assert sold.body("printed")["detail"] == "connect: no link"


def test_reports_have_no_copy(sold: Any, register: Any, words: Any) -> None:
    paper = RegisterPaper(sold.journal, sold.till, register)
    assert paper.report("S1-key", words.z_report(1)) == "ok"
    assert paper.report("S1-key", words.z_report(1)) == "ok"
    assert [what for what, _ in register.calls[-2:]] == ["finish_printing", "finish_printing"]
