"""`pos-agent update BUNDLE` and `pos-agent rollback`. Exit 0 the new version runs, 1 with a warning, 2 it does not."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from pos_agent.cli.failing import fail_as
from pos_agent.cli.options import CONFIG_VARIABLE, ConfigOption, configured

if TYPE_CHECKING:
    from pos_agent.install.updating import Outcome, Updater

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]


def update_command(
    bundle: Annotated[Path, typer.Argument(help="The file that your publisher made with deploy/bundle.")],
    config: ConfigOption = None,
    key: Annotated[
        Path | None, typer.Option("--key", help="Public key to trust; default: update.pub beside the configuration.")
    ] = None,
    allow_older: Annotated[bool, typer.Option("--allow-older", help="Also a version older than this one.")] = False,
    as_json: AsJson = False,
) -> None:
    """Install a signed bundle beside this version, switch to it, and go back by itself where it does not get well."""
    from pos_agent.install.bundle import pinned_key

    with _explained(as_json):
        updater = _updater(config)
        public = pinned_key(key or _beside(config))
        outcome = updater.update(bundle, public, allow_older=allow_older)
    _show(outcome, as_json)


def rollback_command(config: ConfigOption = None, as_json: AsJson = False) -> None:
    """Go back to the version before, unless the journal has a form that it cannot read."""
    with _explained(as_json):
        outcome = _updater(config).rollback()
    _show(outcome, as_json)


def _updater(config: Path | None) -> Updater:
    from pos_agent.clock import SystemClock
    from pos_agent.install.releases import Releases
    from pos_agent.install.service import supervisor
    from pos_agent.install.updating import Refused, Updater, asked
    from pos_agent.journal.database import schema_of

    settings = configured(config)
    releases = Releases.running()
    if sys.platform == "win32":
        raise Refused("on Windows the installer of the new version does it: deploy/windows/README.md")
    if not os.access(releases.root, os.W_OK):
        raise Refused(f"{releases.root} cannot be written: put sudo in front")
    if settings.api.port == 0:
        raise Refused("api.port is 0: give the API a port, so that the new version can be asked how it is")
    interpreter = Path(sys.executable).resolve()
    health = asked(settings, SystemClock())
    return Updater(releases, supervisor(), health, lambda: schema_of(settings.journal_path), interpreter)


def _beside(config: Path | None) -> Path:
    from pos_agent.config import default_path
    from pos_agent.install.bundle import KEY_NAME

    named = config or Path(os.environ.get(CONFIG_VARIABLE) or default_path())
    return named.parent / KEY_NAME


@contextmanager
def _explained(as_json: bool) -> Iterator[None]:
    from pos_agent.install.manifest import BadBundle
    from pos_agent.install.releases import NoReleases
    from pos_agent.install.service import NoSupervisor, SupervisorFailed
    from pos_agent.install.updating import Refused
    from pos_agent.journal.database import JournalUnusable

    try:
        yield
    except BadBundle as error:
        fail_as(f"{error}. Nothing was changed.", as_json, place=error.place)
    except (NoReleases, NoSupervisor, Refused, JournalUnusable) as error:
        fail_as(f"{error}. Nothing was changed.", as_json)
    except SupervisorFailed as error:
        fail_as(str(error), as_json)
    except OSError as error:
        fail_as(f"{error.filename or 'disk'}: {error.strerror}. The version before is still the current one.", as_json)


def _show(outcome: Outcome, as_json: bool) -> NoReturn:
    code = 2 if outcome.failed is not None else 1 if outcome.warnings else 0
    if as_json:
        facts = {
            "version": outcome.version,
            "before": outcome.before,
            "failed": outcome.failed,
            "warnings": list(outcome.warnings),
            "removed": list(outcome.removed),
        }
        typer.echo(json.dumps(facts, ensure_ascii=False))
        raise typer.Exit(code)
    if outcome.failed is not None:
        typer.echo(f"did not get well: {outcome.failed}", err=True)
    typer.echo(
        f"{outcome.version} is the current version" + (f", {outcome.before} was before" if outcome.before else "")
    )
    for text in outcome.warnings:
        typer.echo(text, err=True)
    raise typer.Exit(code)
