"""The page of simulated registers: what it shows is what the command prints and what the consoles answer."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from hw_sim.families import FAMILIES, family
from pos_agent.cli.main import app
from pos_agent.config import from_mapping
from pos_agent.demo.register_running import Where, running
from pos_agent.demo.register_words import families_text, greeting

PAGE = (Path(__file__).parents[2] / "docs" / "simulators.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
START = "$ pos-agent sim fiscal "
OF_THE_AGENT = ("documents", "faults", "frames", "queue")  # What these answer depends on what was sold in between.


def sessions() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each start of a register on the page, and the words typed at it with the answers shown."""
    at = ""
    for block in BLOCKS:
        words: list[tuple[str, str]] = []
        for line in block.splitlines():
            if line.startswith(START):
                at = line.removeprefix(START)
            elif line.startswith("> "):
                words.append((line.removeprefix("> "), ""))
            elif line.startswith("$ "):
                words.append(("", ""))  # Another program's turn.
            elif words:
                words[-1] = (words[-1][0], f"{words[-1][1]}{line}\n")
        if at and words:
            yield at, [(word, answer) for word, answer in words if word]


SESSIONS = list(sessions())


def test_the_list_of_families_is_what_the_command_prints() -> None:
    assert f"$ pos-agent sim fiscal --list\n{families_text()}\n" in BLOCKS


def test_the_greeting_is_what_the_command_prints_and_its_block_is_a_configuration() -> None:
    (shown,) = [block for block in BLOCKS if "Register URL:" in block]
    with running(family("webkassa"), {}, Where()) as register:
        told = greeting(register).replace(register.place, "127.0.0.1:8080")
    assert f"$ pos-agent sim fiscal webkassa --port 8080\n{told}" in shown
    setup = re.search(r"cat > try.toml <<'END'\n(.*?)^END$", PAGE, re.MULTILINE | re.DOTALL)
    assert setup is not None and told[told.index("[register]") : told.index("\n\nBefore")] in setup[1]
    config = from_mapping(tomllib.loads(setup[1]), "try.toml", {})
    assert f"--port {config.api.port}" not in PAGE and f"127.0.0.1:{config.api.port}/v1/receipts" in PAGE
    assert f"export TRY_TOKEN=try {' '.join(re.findall('export (SIM_.*)', told))}\n" in PAGE


def test_every_family_has_an_example() -> None:
    assert {shlex.split(start)[0] for start, _ in SESSIONS} == set(FAMILIES)


def variants() -> Iterator[tuple[str, str, str]]:
    """(family, option, value) of the table of variants."""
    table = PAGE[PAGE.index("| family | variants") : PAGE.index("Each is chosen with `--option`")]
    for row in table.splitlines()[2:]:
        for name in re.findall(r"`([^`]*)`", row.split(" | ")[0]):
            for told in re.findall(r"`([a-z]+=[^`]+)`", row.split(" | ", 1)[1] if " | " in row else ""):
                option, _, value = told.partition("=")
                yield name, option, value


def test_every_variant_is_told_and_there_is_no_other() -> None:
    known = [
        (name, option.name, value)
        for name, each in FAMILIES.items()
        for option in each.options()
        if option.name in ("model", "layer", "ffxx", "api")
        for value in option.choices
    ]
    assert len(known) > 15 and sorted(variants()) == sorted(known)


@pytest.mark.parametrize(("name", "option", "value"), list(variants()))
def test_every_variant_starts_and_answers(name: str, option: str, value: str) -> None:
    with running(family(name), {option: value}, Where()) as register:
        assert "documents  0" in register.run("status").splitlines()


def test_every_option_of_the_command_is_told() -> None:
    (command,) = get_command(app).commands["sim"].commands.values()  # type: ignore[attr-defined]
    names = [name for one in command.params for name in (*one.opts, *one.secondary_opts) if name.startswith("--")]
    assert [name for name in names if name not in PAGE and name not in ("--help", "--console")] == []


@pytest.mark.parametrize(
    ("start", "words"), SESSIONS, ids=[f"{number} {start}" for number, (start, _) in enumerate(SESSIONS)]
)
def test_the_words_of_an_example_do_what_the_page_says(start: str, words: list[tuple[str, str]]) -> None:
    name, *arguments = shlex.split(start)
    chosen = [arguments[number + 1] for number, one in enumerate(arguments) if one == "--option"]
    with running(family(name), dict(one.split("=", 1) for one in chosen), Where()) as register:
        for word, shown in words:
            answer = register.run(word)
            assert "no such command" not in answer and not answer.startswith(("usage:", f"{word.split()[0]}:")), answer
            if word.split()[0] not in OF_THE_AGENT:
                assert f"{answer}\n" == shown, word


def test_every_word_told_for_all_registers_is_one_they_have() -> None:
    table = PAGE[PAGE.index("| word | does |") : PAGE.index("A fault of a device says")]
    first = [row.split(" | ")[0] for row in table.splitlines()[2:] if row]
    told = {word.split()[0] for cell in first for word in re.findall(r"`([^`]*)`", cell)}
    known: set[str] = set()
    for each in FAMILIES.values():
        with running(each, {}, Where()) as register:
            known |= set(register.played.console.words)
    assert "paper" in told and told - known == set()


@pytest.mark.parametrize("fault", re.findall(r"`fault ([a-z_0-9]+(?: [a-z]+=[0-9]+)?)`", PAGE))
def test_a_fault_named_on_the_page_can_be_ordered(fault: str) -> None:
    with running(family("webkassa"), {}, Where()) as register:
        assert register.run(f"fault {fault}") == f"{fault.split()[0]} waits"
