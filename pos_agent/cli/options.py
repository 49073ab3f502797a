"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pos_agent.config import Config

CONFIG_VARIABLE = "POS_AGENT_CONFIG"

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar=CONFIG_VARIABLE, help="Configuration file; default: the system's."),
]


def configured(path: Path | None) -> Config:
    """The configuration, or a clear text and exit 2."""
    from pos_agent.config import ConfigError, default_path, load  # `parse` starts without.

    try:
        if path is None and default_path().exists():
            path = default_path()
        return load(path)
    except PermissionError as error:
        typer.echo(f"{error.filename}: {error.strerror}; try with sudo", err=True)
        raise typer.Exit(2) from error
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def journal_path(path: Path | None) -> Path:
    return configured(path).journal_path
