"""What a command loads before it works: `parse` is run by hand and in loops, and must not wait for a database."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from pos_agent.cli.main import app

# Typer itself brings pydantic from 0.29 on; our own models and everything behind them must stay away.
HEAVY = (
    "sqlalchemy",
    "fastapi",
    "httpx",
    "uvicorn",
    "pysqlite3",
    "pos_agent.config",
    "pos_agent.cache",
    "pos_agent.journal",
)
LOOK = """
import json, sys
from pos_agent.cli import main
try:
    main()
except SystemExit as end:
    print(json.dumps([end.code, [name for name in HEAVY if name in sys.modules]]), file=sys.stderr)
"""


def loaded_by(*arguments: str) -> tuple[int, list[str]]:
    """Exit status of a command in a process of its own, and what of HEAVY it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", f"HEAVY = {HEAVY!r}\n{LOOK}", *arguments],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "POS_AGENT_CONFIG": "none.toml"},
    )
    status, names = json.loads(done.stderr.splitlines()[-1])
    return status or 0, names


@pytest.mark.parametrize("arguments", [("parse", "4870249811936"), ("version",), ("--help",)])
def test_commands_that_need_no_database_load_none(arguments: tuple[str, ...]) -> None:
    assert loaded_by(*arguments) == (0, [])


def test_the_look_sees_what_a_command_does_load() -> None:
    status, names = loaded_by("journal", "verify")
    assert status == 2
    assert {"sqlalchemy", "pos_agent.config", "pos_agent.journal"} <= set(names)


def test_groups_that_come_later_have_their_commands_and_their_help() -> None:
    whole = get_command(app)
    assert isinstance(whole, TyperGroup)
    for name, words, commands in [
        ("cache", "Catalogue and code statuses of this till.", {"import", "stats", "show", "export"}),
        ("journal", "The till's journal.", {"verify", "export"}),
    ]:
        group = whole.commands[name]
        assert isinstance(group, TyperGroup)
        assert (group.help, set(group.commands)) == (words, commands)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["pos-agent", ""], ["parse", "demo", "run", "status", "version", "cache", "journal"]),
        (["pos-agent", "cache", ""], ["import", "stats", "show", "export"]),
        (["pos-agent", "journal", "verify", "--"], ["--config", "--database", "--json", "--help"]),
    ],
)
def test_the_shell_completes_every_command(typed: list[str], offered: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from pos_agent.cli.main import app; app(prog_name='pos-agent')"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={
            **os.environ,
            "_POS_AGENT_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(typed),
            "COMP_CWORD": str(len(typed) - 1),
        },
    )
    assert [word for word in done.stdout.split() if word in offered] == offered
