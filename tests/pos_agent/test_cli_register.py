"""`pos-agent register` against a running agent: clear words, the right exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from served_till import Served, cash
from typer.testing import CliRunner, Result

from fiscal.register import Ability, Capabilities, Failure, FailureKind, Recovery, RegisterStatus, Unknown, Waiting
from pos_agent.cli.main import app
from pos_agent.demo.shop import API_TOKEN

HUMAN = Unknown(Failure(FailureKind.HUMAN, "person", "2 documents of this kind since the order"))


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    yield served
    served.down()


@pytest.fixture
def config(till: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLI_TOKEN", API_TOKEN)
    path = tmp_path / "agent.toml"
    client = '[[api.clients]]\nname = "cli"\ntoken = "env:CLI_TOKEN"\n'
    path.write_text(f'[till]\ndata = "{tmp_path}"\n[api]\nport = {till.port}\n{client}')
    return path


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["register", *arguments, "--config", str(config)])


def test_the_register_shows_how_it_is(till: Served, config: Path) -> None:
    well = run(config, "status")
    assert well.exit_code == 0 and "webkassa" in well.output
    assert json.loads(run(config, "status", "--json").stdout)["reachable"] is True
    till.register.link_down = True
    silent = run(config, "status")
    assert silent.exit_code == 2 and "the register does not answer: connect" in silent.output


def test_a_register_that_waits_for_something_is_a_warning(
    till: Served, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(till.agent.register, "status", lambda: RegisterStatus(True, waits_for=Waiting.PAPER))
    answer = run(config, "status")
    assert answer.exit_code == 1 and '"paper"' in answer.output


def test_documents_of_the_register_are_shown_or_said_to_be_missing(till: Served, config: Path) -> None:
    assert run(config, "last").output == "the register holds no document\n"
    assert run(config, "last").exit_code == 1
    _, answer = till.paid()
    sign = answer["document"]["fiscal_sign"]
    assert run(config, "last").exit_code == 0 and sign in run(config, "last").output
    key = till.sim.ledger()[-1].external_number
    assert json.loads(run(config, "find", key, "--json").stdout)["fiscal_sign"] == sign
    missing = run(config, "find", "other")
    assert (missing.exit_code, missing.output) == (1, "the register has nothing under other\n")


def test_what_a_register_cannot_do_is_said(till: Served, config: Path) -> None:
    answer = run(config, "drawer")
    assert answer.exit_code == 2 and answer.output.startswith("T-121")


def test_a_drawer_is_opened(till: Served, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    monkeypatch.setattr(till.agent.printing, "open_drawer", lambda: opened.append(1))
    answer = run(config, "drawer")
    assert (answer.exit_code, answer.output, opened) == (0, "opened\n", [1])


def test_a_doubt_is_shown_with_what_to_compare_and_decided(
    till: Served, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (run(config, "doubts").exit_code, run(config, "doubts").output) == (0, "none\n")
    sale, total, _ = till.with_unit()
    till.sim.webkassa.faults.add("answer_lost_before")
    monkeypatch.setattr(till.agent.register, "settle", lambda _prepared, _baseline: HUMAN)
    till.post(f"/v1/sales/{sale}/payment", cash(total))
    shown = run(config, "doubts")
    assert shown.exit_code == 1 and "2 documents of this kind" in shown.output and "register decide" in shown.output
    doubt: dict[str, Any] = json.loads(run(config, "doubts", "--json").stdout)[0]
    key = doubt["document"]
    short = run(config, "decide", key, "--made", "--by", "Ерлан", "--why", "на ленте")
    assert short.exit_code == 2 and short.output.startswith("T-120")
    word = run(config, "decide", key, "--not-made", "--by", "Ерлан", "--why", "на ленте нет")
    assert (word.exit_code, word.output) == (0, f"{key}: ABSENT\n")
    assert till.http.get(f"/v1/sales/{sale}").json()["state"] == "HELD"


def test_a_word_that_came_too_late_is_said_to_be_none(
    till: Served, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale, total, _ = till.with_unit()
    till.sim.webkassa.faults.add("answer_lost_after")
    answers = [HUMAN]
    settle = till.agent.register.settle
    monkeypatch.setattr(till.agent.register, "settle", lambda *order: answers.pop() if answers else settle(*order))
    key = till.post(f"/v1/sales/{sale}/payment", cash(total)).json()["document"]
    word = run(config, "decide", key, "--not-made", "--by", "Ерлан", "--why", "на ленте нет")
    assert word.exit_code == 1
    assert word.output == f"{key}: MADE, by the register or an earlier word; this one was not needed\n"


def test_a_decision_is_given_the_time_the_register_takes(
    till: Served, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed: list[float] = []
    client = httpx.Client

    def watched(**options: Any) -> httpx.Client:
        allowed.append(options["timeout"])
        return client(**options)

    monkeypatch.setattr(httpx, "Client", watched)
    run(config, "decide", "unknown", "--not-made", "--by", "Ерлан", "--why", "на ленте нет")
    # A settling that runs into every time limit of Webkassa's driver, behind one that the timer has begun.
    assert allowed == [300.0]


def test_a_register_of_another_kind_names_itself(till: Served, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    capabilities = Capabilities("shtrih", frozenset({Ability.PRINTS}), (Recovery.COUNTERS,))
    monkeypatch.setattr(type(till.agent.register), "capabilities", property(lambda _self: capabilities))
    answer = json.loads(run(config, "status", "--json").stdout)
    assert (answer["family"], answer["can"], answer["recovery"]) == ("shtrih", ["prints"], ["counters"])


def test_without_an_agent_the_command_says_so(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(f'[till]\ndata = "{tmp_path}"\n')
    answer = run(path, "status")
    assert answer.exit_code == 2 and "api.clients is empty" in answer.output
