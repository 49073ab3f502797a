"""Options that several commands share, and how they open headquarters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from sync.hq.config import Config
    from sync.hq.headquarters import Held

WARNED, FAILED = 1, 2

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="POS_HQ_CONFIG", help="Configuration file; default: the system's."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]


def configured(path: Path | None) -> Config:
    """The configuration, or a clear text and exit 2."""
    from sync.hq.config import DEFAULT_PATH, ConfigError, load

    if path is None and DEFAULT_PATH.exists():
        path = DEFAULT_PATH
    try:
        return load(path)
    except ConfigError as error:
        fail(str(error))


@contextmanager
def opened(config: Config) -> Iterator[Held]:
    """Database and lake, or a clear text and exit 2."""
    from sqlalchemy.exc import SQLAlchemyError

    from sync.hq import headquarters
    from sync.hq.config import ConfigError
    from sync.hq.embedded import EmbeddedUnfit
    from sync.hq.engine import DatabaseUnfit
    from sync.hq.imports import ImportBusy
    from sync.hq.lake.parts import LakeError
    from sync.secret_reference import SecretMissing

    try:
        with headquarters.opened(config) as held:
            yield held
    except SQLAlchemyError as error:
        fail(f"database: {str(error).splitlines()[0]}")
    except (EmbeddedUnfit, DatabaseUnfit, SecretMissing, ConfigError, ImportBusy, LakeError, OSError) as error:
        fail(str(error))


def fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(FAILED)
