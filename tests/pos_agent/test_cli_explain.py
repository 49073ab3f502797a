"""`pos-agent explain`: every code in every language, codes as people read them out, and codes that do not exist."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from marking import reasons
from pos_agent import problems, support
from pos_agent.cli.main import app


def explain(*arguments: str) -> Result:
    return CliRunner().invoke(
        app, ["explain", *arguments], env={"LANG": "ru_KZ.UTF-8", "LC_ALL": "", "LC_MESSAGES": ""}
    )


def test_a_verdict_is_told_with_its_action_cause_and_remedy_in_the_language_of_the_terminal() -> None:
    done = explain("M-204")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[:2] == ["M-204  Этот товар уже продан", "       Уберите товар"]
    assert lines[2].startswith("Причина: В журнале этой кассы есть фискальный чек")
    assert lines[3].startswith("Что делать: Отложите товар")


@pytest.mark.parametrize(("lang", "title"), [("kk", "Ауысым ашылмаған"), ("en", "No shift is open")])
def test_a_refusal_is_told_in_the_language_asked_for(lang: str, title: str) -> None:
    lines = explain("T-113", "--lang", lang).stdout.splitlines()
    assert lines[0] == f"T-113  {title}"
    assert len(lines) == 3


@pytest.mark.parametrize("asked", ["m-204", "M204", "m 204", "М-204", " м204 "])
def test_a_code_is_understood_as_people_read_it_out(asked: str) -> None:
    assert support.explain(asked).code == "M-204"


@pytest.mark.parametrize(("asked", "nearest"), [("M-999", "M-499"), ("R-2003", "R-203"), ("", ""), ("paper", "")])
def test_a_code_that_does_not_exist_is_told_with_the_nearest_one(asked: str, nearest: str) -> None:
    done = explain(asked)
    assert done.exit_code == 2
    assert f"Ближайший из известных: {nearest}" in done.stderr
    body = json.loads(explain(asked, "--json").stdout)
    assert body["nearest"] in support.codes()
    assert body["nearest"] == (nearest or body["nearest"])


def test_every_code_is_explained_to_a_program_in_three_languages() -> None:
    assert set(support.codes()) == reasons.known() | set(problems.kinds())
    for code in support.codes():
        found = support.explain(code)
        for texts in (found.title, found.cause, found.remedy):
            assert set(texts) == {"kk", "ru", "en"}
            assert len(set(texts.values())) == 3
        assert (found.action is None) == (code not in reasons.known())
    body = json.loads(explain("R-203", "--json").stdout)
    assert body["code"] == "R-203"
    assert body["action"] is None
    assert body["remedy"]["en"].startswith("Wait")
