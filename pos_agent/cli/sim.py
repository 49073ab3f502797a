"""`pos-agent sim`: simulated devices to try the agent, or any other program, on; worked by hand.

Only the demonstration (pos_agent/demo) starts simulators: this is its command line.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Annotated

import typer

FAILED = 2

app = typer.Typer(no_args_is_help=True)  # Its help stands in pos_agent/cli/main.py.


@app.callback()
def group() -> None:
    """Simulated devices."""


@app.command()
def fiscal(
    family: Annotated[str, typer.Argument(metavar="FAMILY", help="Which kind of register; none: list them.")] = "",
    listed: Annotated[bool, typer.Option("--list", help="The families, each in one line.")] = False,
    options: Annotated[bool, typer.Option("--options", help="What can be chosen of a family.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="TCP or HTTP port; 0 takes a free one.")] = 0,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    pty: Annotated[
        bool, typer.Option("--pty", help="A pseudo-terminal instead: a serial line. Not on Windows.")
    ] = False,
    option: Annotated[
        list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="Choose something; see --options.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of signs, tokens and damaged bits.")] = 1,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="NAME[,KEY=VALUE...]", help="Let something go wrong from the start."),
    ] = None,
    frames: Annotated[bool, typer.Option("--frames", help="Print what goes over the line, both ways.")] = False,
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="The same at the end of a file.")] = None,
    console: Annotated[
        bool, typer.Option("--console/--no-console", help="Read commands from standard input until its end.")
    ] = True,
) -> None:
    """Run a simulated cash register until `quit`, the end of input or Ctrl+C. Exit 0, or 2 when it cannot start."""
    from pos_agent.demo.register_running import CannotStart, Where
    from pos_agent.demo.register_session import Screen, Wishes, caution, ended_by_signals, known_family, play
    from pos_agent.demo.register_words import families_text, options_text

    _forgiving()
    where = Where(host, port, pty)
    wishes = Wishes(tuple(option or ()), tuple(fault or ()), seed, frames, log)
    try:
        if listed or not family:
            typer.echo(families_text())
        elif options:
            typer.echo(options_text(known_family(family)))
        else:
            kind = known_family(family)
            if warning := caution(kind, where):
                typer.echo(warning, err=True)
            screen = Screen(sys.stdout, prompts=console and sys.stdin.isatty())
            with ended_by_signals():
                play(kind, where, wishes, screen, sys.stdin if console else None)
    except CannotStart as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(FAILED) from problem


def _forgiving() -> None:
    """A letter this terminal cannot show, or a byte it cannot read, is no reason to stop."""
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
