"""`pos-agent sync-key`: the key this till signs its requests to headquarters with."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Annotated

import typer

from pos_agent.cli.options import ConfigOption, configured


def sync_key_command(
    config: ConfigOption = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="Where the key lies; default: the file that sync.key names.")
    ] = None,
) -> None:
    """Make the till's key for headquarters, or show the public half of the one there is. Never replaces a key.

    Exit 0 with the line for headquarters' tokens file on standard output, 2 when there is no key and none can be made.
    """
    from sync.signing import SEED_BYTES, KeyInvalid, Signer

    settings = configured(config)
    path = file or _configured_file(settings.sync.key)
    try:
        if path.exists():
            signer = Signer.from_pem(path.read_text(encoding="utf-8-sig"))
            typer.echo(f"{path}: there already, left as it is", err=True)
        else:
            signer = Signer.from_seed(secrets.token_bytes(SEED_BYTES))
            _write(path, signer.pem())
            typer.echo(f"{path}: a new key, to be read by the agent alone", err=True)
    except (OSError, KeyInvalid, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        typer.echo(f"{path}: {reason}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f'{settings.till.name} = "{signer.public_text()}"')


def _configured_file(reference: str | None) -> Path:
    kind, _, place = (reference or "").partition(":")
    if kind != "file":
        typer.echo("sync.key names no file: say where the key shall lie with --file", err=True)
        raise typer.Exit(2)
    return Path(place)


def _write(path: Path, text: str) -> None:
    """Whole and durable, or not at all; readable by its owner from the first byte on."""
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
