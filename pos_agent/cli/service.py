"""`pos-agent service`: the agent as a service of this machine. Exit 0 done, 1 it does not run well, 2 not done."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from pos_agent import __version__
from pos_agent.cli.failing import fail_as
from pos_agent.cli.options import ConfigOption, configured
from pos_agent.clock import SystemClock
from pos_agent.install.service import NoSupervisor, SupervisorFailed, Systemd, WinSw, supervisor

app = typer.Typer(no_args_is_help=True)  # Its help stands in pos_agent/cli/main.py.

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]


@app.command()
def install(as_json: AsJson = False, dry_run: DryRun = False) -> None:
    """Make a service of this agent: user, folders, unit, rules for scanners. May be repeated. Starts nothing."""
    found = _supervisor(as_json)
    if isinstance(found, WinSw):
        _steps("installed", [("WinSW makes the service pos-agent", found.install)], as_json, dry_run)
        return
    from pos_agent.install.placing import Places, installation  # Not on Windows.

    _not_debians(as_json)
    steps = [(step.text, step.do) for step in installation(Places(), found)]
    _steps("installed", steps, as_json, dry_run, "set register.url in agent.toml, then `pos-agent service start`")


@app.command()
def uninstall(as_json: AsJson = False, dry_run: DryRun = False) -> None:
    """Stop the service and take it off this machine. The journal, the configuration and the user stay."""
    found = _supervisor(as_json)
    if isinstance(found, WinSw):
        _steps("removed", [("WinSW removes the service pos-agent", found.uninstall)], as_json, dry_run)
        return
    from pos_agent.install.placing import Places, removal

    _not_debians(as_json)
    steps = [(step.text, step.do) for step in removal(Places(), found)]
    _steps("removed", steps, as_json, dry_run, "the journal stays in /var/lib/pos-agent: keep it at least five years")


@app.command()
def start(as_json: AsJson = False) -> None:
    """Start the service; comes back once it sells, or with the reason why it does not."""
    found = _supervisor(as_json)
    _steps("started", [(f"{found.name} starts the agent", found.start)], as_json)


@app.command()
def stop(as_json: AsJson = False) -> None:
    """Stop the service in order: what is on its way to the register is finished or noted."""
    found = _supervisor(as_json)
    _steps("stopped", [(f"{found.name} stops the agent", found.stop)], as_json)


@app.command()
def status(config: ConfigOption = None, as_json: AsJson = False) -> None:
    """Whether the service runs, and whether what runs is well. Exit 0 well, 1 not, 2 nothing can be said."""
    from pos_agent.install.updating import asked

    found = _supervisor(as_json)
    state = found.state()
    trouble = asked(configured(config), SystemClock(), wait_s=0.0)(__version__) if state == "active" else None
    well = state == "active" and trouble is None
    facts = {"supervisor": found.name, "state": state, "version": __version__, "well": well, "problem": trouble}
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        typer.echo(f"{state}, version {__version__}" + ("" if trouble is None else f"\n{trouble}"))
        if state != "active":
            typer.echo("`pos-agent service start` starts it; `journalctl -u pos-agent` says why it ended")
    raise typer.Exit(0 if well else 1)


def _supervisor(as_json: bool) -> Systemd | WinSw:
    try:
        return supervisor()
    except NoSupervisor as error:
        fail_as(str(error), as_json)


def _not_debians(as_json: bool) -> None:
    from pos_agent.install.placing import OF_DEBIAN

    if any(path.exists() for path in OF_DEBIAN):
        fail_as("the Debian package pos-agent has made the service: use `apt install` and `apt remove`", as_json)


def _steps(
    word: str, steps: list[tuple[str, Callable[[], object]]], as_json: bool, dry_run: bool = False, after: str = ""
) -> None:
    """Do one after another, and say each; stop at the first that fails."""
    if not dry_run and sys.platform != "win32" and os.geteuid() != 0:
        fail_as("only root may do this: put sudo in front", as_json)
    done: list[str] = []
    for text, do in steps:
        try:
            if not dry_run:
                do()
        except (SupervisorFailed, OSError) as error:
            told = error if isinstance(error, SupervisorFailed) else f"{error.filename}: {error.strerror}"
            fail_as(f"{text}: {told}", as_json, done=done)
        done.append(text)
        if not as_json:
            typer.echo(text)
    if as_json:
        typer.echo(json.dumps({word: not dry_run, "steps": done, "next": after or None}, ensure_ascii=False))
    elif after and not dry_run:
        typer.echo(f"Next: {after}")
