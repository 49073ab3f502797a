"""`pos-agent page`: let a browser in, see which are in, send one out. Asks the running agent."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import quote

import typer

from pos_agent.cli.options import ConfigOption, configured
from pos_agent.pages.sessions import Role

app = typer.Typer(no_args_is_help=True)
JsonOption = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]


@app.command()
def code(
    role: Annotated[Role, typer.Option(help="till: the cashier's page; it: also the pages for store IT.")] = Role.TILL,
    name: Annotated[str, typer.Option(help="For the list of signed-in pages.")] = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """A code of eight digits that signs one browser in."""
    from pos_agent.cli.asking import AgentApi

    settings = configured(config)
    made = AgentApi(settings, timeout_s=5.0).post("/v1/pages/codes", {"role": role, "name": name or settings.till.name})
    address = f"http://{settings.api.host}:{settings.api.port}/sign-in"
    if as_json:
        typer.echo(json.dumps({**made, "address": address}))
        return
    typer.echo(f"{made['code']}\n{address}\nvalid for {made['valid_s'] // 60} minutes, once")


@app.command("list")
def listed(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Browsers that are signed in."""
    from pos_agent.cli.asking import AgentApi

    pages = AgentApi(configured(config), timeout_s=5.0).get("/v1/pages/sessions")["pages"]
    if as_json:
        typer.echo(json.dumps(pages, ensure_ascii=False))
        return
    for page in pages:
        typer.echo(f"{page['role']:<5} {page['since'][:16]}  seen {page['seen'][:10]}  {page['name']}")
    if not pages:
        typer.echo("no browser is signed in: pos-agent page code", err=True)


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="As `page list` shows it.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign out every browser of that name. Exit 1 when there was none."""
    from pos_agent.cli.asking import AgentApi

    answer = AgentApi(configured(config), timeout_s=5.0).delete(f"/v1/pages/sessions/{quote(name, safe='')}")
    typer.echo(json.dumps(answer) if as_json else f"signed out: {answer['revoked']}")
    raise typer.Exit(0 if answer["revoked"] else 1)
