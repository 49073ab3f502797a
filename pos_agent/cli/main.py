"""The command line: `pos-agent COMMAND`. Every command exits 0 when all is well, 1 with warnings, 2 when it failed."""

from __future__ import annotations

import json
import logging
from typing import Annotated

import typer

from pos_agent import __version__
from pos_agent.cli import cache, journal
from pos_agent.cli.demo import demo_command
from pos_agent.cli.options import ConfigOption, configured
from pos_agent.cli.parse import parse_command

app = typer.Typer(
    name="pos-agent",
    help="On-premises agent for retail goods-marking: scanners, cash registers, identification codes, proof.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
app.command("parse")(parse_command)
app.command("demo")(demo_command)
app.add_typer(cache.app, name="cache")
app.add_typer(journal.app, name="journal")


@app.command()
def run(config: ConfigOption = None) -> None:
    """Run the agent of this till: scanners, register, printer, API, delivery."""
    # Imported here: `parse` and `journal` must start at once, also on a machine with a broken web stack.
    from pos_agent.config import ConfigError
    from pos_agent.journal.database import JournalUnusable
    from pos_agent.runner import ApiStopped, Runner, serve_until_told, server
    from pos_agent.secrets import SecretMissing
    from pos_agent.wiring import build

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = configured(config)
    try:
        agent = build(settings)
        runner = Runner(agent)
        api = server(agent)
    except (ConfigError, SecretMissing, JournalUnusable) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    runner.start()
    try:
        serve_until_told(api)
    except ApiStopped as error:
        typer.echo(f"{error} (api.port = {settings.api.port})", err=True)
        raise typer.Exit(2) from error
    finally:
        runner.stop()


@app.command()
def status(
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
) -> None:
    """Ask the running agent how it is. Exit 0 well, 1 something waits, 2 not running."""
    import httpx

    from pos_agent.secrets import SecretMissing, read_secret

    settings = configured(config)
    api = settings.api
    if not api.clients:
        typer.echo("api.clients is empty: no client, no way to ask (docs/integrate.md)", err=True)
        raise typer.Exit(2)
    try:
        token = read_secret(api.clients[0].token)
        answer = httpx.get(
            f"http://{api.host}:{api.port}/v1/status", headers={"Authorization": f"Bearer {token}"}, timeout=5
        )
        answer.raise_for_status()
    except (httpx.HTTPError, SecretMissing) as error:
        typer.echo(f"the agent does not answer at {api.host}:{api.port}: {error}", err=True)
        raise typer.Exit(2) from error
    facts = answer.json()
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        for name, value in facts.items():
            typer.echo(f"{name:<12} {json.dumps(value, ensure_ascii=False)}")
    waits = facts["undecided"] or facts["queue"]["set_aside"] or not facts["journal"]["writable"]
    raise typer.Exit(1 if waits else 0)


@app.command()
def version() -> None:
    """Version of the agent."""
    typer.echo(__version__)
