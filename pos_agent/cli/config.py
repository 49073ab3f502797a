"""`pos-agent config`: is the configuration right, and where does each value come from.

Exit codes: 0 right, 1 something to look at, 2 mistakes, or it cannot be read.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pos_agent.cli.failing import fail
from pos_agent.cli.options import ConfigOption
from pos_agent.cli.terminal import JsonOption, LangOption, Terminal, say_json, terminal

if TYPE_CHECKING:
    from pos_agent.config_check import Checked
    from pos_agent.config_sources import Shown
    from pos_agent.speech import Words

app = typer.Typer(no_args_is_help=True)  # Its help stands in pos_agent/cli/ops.py.

VALUE_WIDTH = 52  # Where the sources begin, unless a value is longer.


def config_path(path: Path | None, words: Words) -> Path:
    """The file in question, there or not. Ends the command when there is none."""
    from pos_agent.config import default_path

    found = path or default_path()
    try:
        if not found.exists():
            fail(words("config.none", path=found))
    except PermissionError as error:
        fail(words("config.unreadable", path=found, reason=error.strerror))
    return found


@app.command("check")
def check_(config: ConfigOption = None, lang: LangOption = None, as_json: JsonOption = False) -> None:
    """Every mistake of the configuration, with its line and the nearest key. Asks no device and no server."""
    from pos_agent.config_check import check_file
    from pos_agent.speech import words_for

    words = words_for(lang)
    path = config_path(config, words)
    try:
        found = check_file(path, os.environ)
    except OSError as error:
        fail(words("config.unreadable", path=path, reason=error.strerror or error))
    grade = 2 if not found.is_usable else 1 if found.mistakes else 0
    if as_json:
        say_json({"exit": grade, "file": str(path), "mistakes": _facts(found)})
    else:
        _tell(terminal(), words, path, found, grade)
    raise typer.Exit(grade)


def _facts(found: Checked) -> list[dict[str, object]]:
    return [
        {"key": ".".join(one.place), "line": one.line, "variable": one.variable, "text": one.text,
         "grade": "failure" if one.serious else "warning"}
        for one in found.mistakes
    ]  # fmt: skip


def _tell(out: Terminal, words: Words, path: Path, found: Checked, grade: int) -> None:
    for one in found.mistakes:
        out.say(("✖ " if one.serious else "! ") + one.told(path), "bad" if one.serious else "warn", hang=2)
    if grade == 2:
        out.say(words.count("config.mistakes", sum(one.serious for one in found.mistakes)))
    else:
        out.say(words("config.good", path=path), "good")


@app.command()
def show(
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    own: Annotated[bool, typer.Option("--changed", help="Without the values that stand at their default.")] = False,
) -> None:
    """Each value with its source: line of the file, environment variable, default. Secrets: only where they lie."""
    from pos_agent.config import ConfigError
    from pos_agent.config_sources import shown
    from pos_agent.speech import words_for

    words = words_for(lang)
    path = config_path(config, words)
    try:
        _, rows = shown(path, os.environ)
    except ConfigError as error:
        fail(str(error), words("config.see_check"))
    except ValueError as error:  # No TOML, or no UTF-8.
        fail(f"{path}: {error}", words("config.see_check"))
    except OSError as error:
        fail(words("config.unreadable", path=path, reason=error.strerror or error))
    kept = [row for row in rows if not own or row.source(path) != "default"]
    grade = 1 if any(row.missing for row in kept) else 0
    if as_json:
        say_json({"exit": grade, "file": str(path), "values": [row.facts(path) for row in kept]})
    else:
        _list(terminal(), words, path, kept)
    raise typer.Exit(grade)


def _list(out: Terminal, words: Words, path: Path, rows: list[Shown]) -> None:
    out.exact(f"# {path}", "dim")
    for row in rows:
        source = words("config.default") if row.source(path) == "default" else _short(row, words)
        setting = f"{row.key} = {json.dumps(row.value, ensure_ascii=False)}"
        style = "dim" if row.line is None and row.variable is None else ""
        if len(setting) <= VALUE_WIDTH:
            out.exact(f"{setting.ljust(VALUE_WIDTH)}  # {source}", style)
        else:
            out.exact(setting, style)
            out.exact(f"{' ' * VALUE_WIDTH}  # {source}", style)
        if row.missing:
            out.say(f"! {row.missing}", "warn", indent=4, hang=6)


def _short(row: Shown, words: Words) -> str:
    return row.variable or words("config.line", number=row.line)
