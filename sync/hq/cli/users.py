"""`pos-hq user`: who may sign in to the pages. The first administrator is made here."""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from sync.hq.cli.options import ConfigOption, JsonOption, configured, fail, opened

if TYPE_CHECKING:
    from sync.hq.config import Config
    from sync.hq.headquarters import Held
    from sync.hq.pages.accounts import Accounts

BY, ADDRESS = "command line", "local"  # In the audit trail.
WORDS = {
    "name": "a name has 2 to 40 of a-z 0-9 . _ -",
    "name-taken": "this name is taken",
    "password": "a password has 10 to 200 characters",
    "role": "a role is viewer, controller or administrator",
    "last-administrator": "the last administrator cannot be shut out",
}
app = typer.Typer(help="Accounts of the pages.", no_args_is_help=True)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="a-z 0-9 . _ -")],
    role: Annotated[str, typer.Option(help="viewer, controller or administrator")] = "viewer",
    full_name: Annotated[str, typer.Option("--full-name")] = "",
    config: ConfigOption = None,
) -> None:
    """Make an account. The password is asked for, or read as one line from a pipe; never an argument."""
    settings = configured(config)
    password = _password()
    with opened(settings) as held:
        _refused_as_text(
            lambda: accounts(held, settings).create(name, full_name, role, password, by=BY, address=ADDRESS)
        )
    typer.echo(f"{name}: {role}")


@app.command("list")
def list_accounts(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Every account."""
    settings = configured(config)
    with opened(settings) as held:
        found = [
            {"name": one.name, "role": str(one.role), "full_name": one.full_name, "active": one.active}
            for one in accounts(held, settings).all()
        ]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        typer.echo(f"{one['name']:<20} {one['role']:<14} {'' if one['active'] else 'closed':<7} {one['full_name']}")


@app.command("disable")
def disable(name: str, config: ConfigOption = None) -> None:
    """Close an account and end its sessions."""
    settings = configured(config)
    with opened(settings) as held:
        own = accounts(held, settings)
        known = next((one for one in own.all() if one.name == name), None)
        if known is None:
            fail(f"{name}: there is no such account")
        role = str(known.role)
        _refused_as_text(lambda: own.change(name, role, False, "", by=BY, address=ADDRESS))
    typer.echo(f"{name}: closed")


def accounts(held: Held, config: Config) -> Accounts:
    from sync.hq.headquarters import pages_settings
    from sync.hq.pages.accounts import Accounts

    return Accounts(held.engine, pages_settings(config, config.listen.port), time.time_ns, secrets.token_bytes)


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _refused_as_text(act: Callable[[], None]) -> None:
    from sync.hq.pages.accounts import AccountInvalid

    try:
        act()
    except AccountInvalid as error:
        fail(WORDS.get(error.kind, error.kind))
