"""`pos-agent journal`: is it what was written, and what stands in it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn

from pos_agent.cli.options import ConfigOption, journal_path
from pos_agent.journal.database import JournalUnusable, reading
from pos_agent.journal.journal import exported
from pos_agent.journal.verify import rows_of
from pos_agent.journal.verify import verify as verify_journal
from sync.wire import Row

app = typer.Typer(no_args_is_help=True)  # Its help stands in pos_agent/cli/main.py.

ROWS_END = 2**63 - 1  # SQLite numbers no row beyond.

PathOption = Annotated[Path | None, typer.Option("--database", help="A journal file, instead of the configured one.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object instead of words.")]


@app.command()
def verify(config: ConfigOption = None, database: PathOption = None, as_json: JsonOption = False) -> None:
    """Check the chain and the projections; name the first bad row. Exit 0 good, 2 bad."""
    path = database or journal_path(config)
    try:
        with Progress(TextColumn("{task.completed} rows"), console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("rows", total=None)
            verdict = verify_journal(path, lambda rows: progress.update(task, completed=rows))
    except JournalUnusable as error:
        typer.echo(json.dumps({"good": False, "problem": str(error)}) if as_json else f"BAD  {error}")
        raise typer.Exit(2) from error
    if as_json:
        facts = {"good": verdict.good, "rows": verdict.rows, "head": verdict.head}
        typer.echo(json.dumps({**facts, "row": verdict.row, "table": verdict.table, "problem": verdict.problem}))
    elif verdict.good:
        typer.echo(f"good  {verdict.rows} rows, head {verdict.head}")
    else:
        typer.echo(f"BAD   {verdict.problem}")
        typer.echo(f"      {verdict.rows} rows before it are good; nothing was changed.")
        typer.echo("      Stop selling on this till, keep the file, call support (docs/durability.md).")
    raise typer.Exit(0 if verdict.good else 2)


@app.command()
def export(
    config: ConfigOption = None,
    database: PathOption = None,
    after: Annotated[int, typer.Option(min=0, max=ROWS_END, help="Only rows after this number.")] = 0,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file instead of standard output.")] = None,
) -> None:
    """Write rows as JSON lines: number, time, kind, body, hashes."""
    path = database or journal_path(config)
    try:
        with reading(path) as db, _bytes_to(output) as stream:
            for row in rows_of(db, after):
                stream.write(_line(row))
    except JournalUnusable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    except OSError as error:
        typer.echo(f"{output or 'standard output'}: {error.strerror}", err=True)
        raise typer.Exit(2) from error


@contextmanager
def _bytes_to(output: Path | None) -> Iterator[BinaryIO]:
    """A file, or standard output as bytes: a Windows console encoding holds no Kazakh letters."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with output.open("wb") as stream:
        yield stream


def _line(row: Row) -> bytes:
    try:
        return f"{next(exported([row]))}\n".encode(errors="backslashreplace")
    except ValueError as error:
        raise JournalUnusable(f"row {row.number} ({row.kind}) holds no JSON: run `pos-agent journal verify`") from error
