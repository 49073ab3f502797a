"""`pos-agent backup` and `pos-agent restore`. Exit 0 done, 1 done with something left to do, 2 not done."""

from __future__ import annotations

import datetime as dt
import json
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pos_agent.cli.failing import fail_as
from pos_agent.cli.options import CONFIG_VARIABLE, ConfigOption, configured

if TYPE_CHECKING:
    from pos_agent.config import Config

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]


def backup_command(
    config: ConfigOption = None,
    to: Annotated[Path | None, typer.Option("--to", help="Folder; default: backups in the till's data folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Copy the journal, the cache and the configuration into one checked file; the till may go on selling."""
    from pos_agent.saving.backup import back_up

    settings = configured(config)
    with _explained(as_json):
        path, copied = back_up(settings, _configuration(config), to or settings.till.data / "backups", _now_ns())
    facts = {
        "file": str(path),
        "till": copied.till,
        "rows": copied.rows,
        "head": copied.head,
        "bytes": path.stat().st_size,
    }
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    typer.echo(f"{path}\n{copied.rows} rows, head {copied.head}; written, read back and compared")
    if to is None:
        typer.echo("It lies on the till's own disk: carry it elsewhere")


def restore_command(
    archive: Annotated[Path, typer.Argument(help="A file that `pos-agent backup` made.")],
    config: ConfigOption = None,
    force_older: Annotated[
        bool, typer.Option("--force-older", help="The copy lacks rows: begin a new journal, keep the copy to be read.")
    ] = False,
    nothing_sold_since: Annotated[
        bool, typer.Option("--nothing-sold-since", help="Your word, where no journal is left to show it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a copy back, the agent stopped. Refuses a copy that lacks rows: their numbers would be used twice."""
    from pos_agent.saving.headquarters import ask
    from pos_agent.saving.restore import Wish, restore

    target = _target(config)
    moment = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    wish = Wish(force_older, nothing_sold_since)
    with _explained(as_json):
        settings = configured(target) if target.exists() else _copied_settings(archive)
        done = restore(archive, settings, target, wish, lambda till: ask(settings, till), moment)
    facts = {
        "till": done.copied.till,
        "rows": done.copied.rows,
        "as_journal": done.as_journal,
        "journal": str(done.journal),
        "kept": None if done.kept is None else str(done.kept),
        "configuration": None if done.configuration is None else str(done.configuration),
    }
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        raise typer.Exit(0 if done.as_journal else 1)
    if done.as_journal:
        typer.echo(f"{done.journal}: {done.copied.rows} rows of {done.copied.made_at}; start the agent")
    else:
        typer.echo(
            f"{done.journal}: {done.copied.rows} rows, to be read with `pos-agent journal export --database`. The till "
            f"{settings.till.name} begins a new journal at its start: units sold before are unknown to it, and returns "
            "of those sales go by the register's receipt"
        )
    if done.kept is not None:
        typer.echo(f"{done.kept}: what was here before; nothing was deleted")
    raise typer.Exit(0 if done.as_journal else 1)


def _copied_settings(archive: Path) -> Config:
    """On a new machine the copy's own configuration says where its data belong."""
    from pos_agent.config import from_mapping
    from pos_agent.saving.archive import configuration_in

    return from_mapping(tomllib.loads(configuration_in(archive) or ""), f"{archive}: agent.toml")


def _now_ns() -> int:
    from pos_agent.clock import SystemClock

    return SystemClock().now_ns()


def _target(config: Path | None) -> Path:
    from pos_agent.config import default_path

    return config or Path(os.environ.get(CONFIG_VARIABLE) or default_path())


def _configuration(config: Path | None) -> Path | None:
    path = _target(config)
    return path if path.exists() else None


@contextmanager
def _explained(as_json: bool) -> Iterator[None]:
    from pos_agent.config import ConfigError
    from pos_agent.journal.database import JournalUnusable
    from pos_agent.saving.archive import BadCopy
    from pos_agent.saving.backup import NotSaved
    from pos_agent.saving.restore import NotRestored, Unanswered
    from sync.secret_reference import SecretMissing

    try:
        yield
    except NotRestored as error:
        fail_as(f"{error}. Nothing was changed.", as_json, obstacle=error.obstacle)
    except (BadCopy, NotSaved, Unanswered, JournalUnusable, ConfigError, SecretMissing, ValueError) as error:
        fail_as(str(error), as_json)
    except OSError as error:
        fail_as(f"{error.filename or 'disk'}: {error.strerror}", as_json)
