"""How every command fails: words on standard error, or one JSON object with the problem in it, and exit 2."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

import typer

FAILED: Final = 2


def fail(*lines: str) -> NoReturn:
    """Exit 2 with words on standard error."""
    for line in lines:
        typer.echo(line, err=True)
    raise typer.Exit(FAILED)


def fail_as(text: str, as_json: bool, **facts: Any) -> NoReturn:
    """The same; with `--json` an object on standard output, `problem` beside what else a program may want of it."""
    if not as_json:
        fail(text)
    typer.echo(json.dumps({**facts, "problem": text}, ensure_ascii=False))
    raise typer.Exit(FAILED)
