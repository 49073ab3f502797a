"""The command line: `pos-agent COMMAND`. Every command exits 0 when all is well, 1 with warnings, 2 when it failed."""

from __future__ import annotations

import json
import logging
from typing import Annotated, NoReturn

import typer

from pos_agent import __version__
from pos_agent.cli.decode import decode_command
from pos_agent.cli.demo import demo_command
from pos_agent.cli.later import group
from pos_agent.cli.options import ConfigOption, configured
from pos_agent.cli.parse import parse_command
from pos_agent.cli.print_test import print_test_command

app = typer.Typer(
    name="pos-agent",
    help="On-premises agent for retail goods-marking: scanners, cash registers, identification codes, proof.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
app.command("parse")(parse_command)
app.command("decode")(decode_command)
app.command("demo")(demo_command)
app.command("print-test")(print_test_command)
app.add_typer(group("pos_agent.cli.cache", help="Catalogue and code statuses of this till."), name="cache")
app.add_typer(
    group("pos_agent.cli.devices", help="Scanners and cameras: what is plugged in, and what it sends."), name="devices"
)
app.add_typer(group("pos_agent.cli.journal", help="The till's journal."), name="journal")


@app.command()
def run(config: ConfigOption = None) -> None:
    """Run the agent of this till: scanners, register, printer, API, delivery."""
    # Imported here: `parse` and `journal` must start at once, also on a machine with a broken web stack.
    from pos_agent.cache.store import CacheError
    from pos_agent.config import ConfigError
    from pos_agent.journal.database import JournalUnusable
    from pos_agent.runner import ApiUnavailable, run_until_told, stop_signals
    from pos_agent.secrets import SecretMissing
    from pos_agent.wiring import build

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = configured(config)
    try:
        with stop_signals() as told:
            run_until_told(build(settings), told)
    except (ConfigError, SecretMissing, JournalUnusable, CacheError, ApiUnavailable) as error:
        _fail(str(error))


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
        _fail("api.clients is empty: no client, no way to ask (docs/integrate.md)")
    try:
        token = read_secret(api.clients[0].token)
        host = f"[{api.host}]" if ":" in api.host else api.host
        # Loopback: a proxy of the environment is for the internet.
        with httpx.Client(trust_env=False, timeout=5) as client:
            answer = client.get(f"http://{host}:{api.port}/v1/status", headers={"Authorization": f"Bearer {token}"})
        answer.raise_for_status()
        facts = answer.json()
        waits = facts["undecided"] or facts["queue"]["set_aside"] or not facts["journal"]["writable"]
    except (httpx.HTTPError, SecretMissing) as error:
        _fail(f"the agent does not answer at {api.host}:{api.port}: {error}")
    except (ValueError, LookupError, TypeError):
        _fail(f"what answers at {api.host}:{api.port} is no agent")
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        for name, value in facts.items():
            typer.echo(f"{name:<12} {json.dumps(value, ensure_ascii=False)}")
    raise typer.Exit(1 if waits else 0)


@app.command()
def version() -> None:
    """Version of the agent."""
    typer.echo(__version__)


def _fail(text: str) -> NoReturn:
    typer.echo(text, err=True)
    raise typer.Exit(2)
