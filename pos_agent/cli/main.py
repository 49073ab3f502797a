"""The command line: `pos-agent COMMAND`. Every command exits 0 when all is well, 1 with warnings, 2 when it failed."""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Annotated

import typer

from pos_agent import __version__
from pos_agent.cli.decode import decode_command
from pos_agent.cli.demo import demo_command
from pos_agent.cli.explain import explain_command
from pos_agent.cli.failing import fail
from pos_agent.cli.later import group
from pos_agent.cli.ops import add_ops
from pos_agent.cli.options import ConfigOption, configured
from pos_agent.cli.parse import parse_command
from pos_agent.cli.print_test import print_test_command
from pos_agent.cli.saving import backup_command, restore_command
from pos_agent.cli.sync_key import sync_key_command
from pos_agent.cli.update import rollback_command, update_command

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
app.command("explain")(explain_command)
app.command("print-test")(print_test_command)
app.command("sync-key")(sync_key_command)
app.add_typer(group("pos_agent.cli.cache", help="Catalogue and code statuses of this till."), name="cache")
app.add_typer(
    group("pos_agent.cli.devices", help="Scanners and cameras: what is plugged in, and what it sends."), name="devices"
)
app.add_typer(group("pos_agent.cli.journal", help="The till's journal."), name="journal")
app.add_typer(group("pos_agent.cli.page", help="Browsers that may show the agent's pages."), name="page")
app.add_typer(
    group("pos_agent.cli.register", help="The cash register, and documents whose outcome is not known."),
    name="register",
)
app.add_typer(
    group("pos_agent.cli.ofd", help="The fiscal memory of a register in software (ofd+tcp), the agent stopped."),
    name="ofd",
)
app.add_typer(
    group("pos_agent.cli.sim", help="Simulated devices to try the agent on, worked by hand. Nothing fiscal."),
    name="sim",
)
app.add_typer(
    group("pos_agent.cli.webkassa", help="What the Webkassa service keeps of the cashbox; changes nothing."),
    name="webkassa",
)
add_ops(app)  # init, doctor, selftest, config, logs, support-bundle.
# Operation: the agent as a service, its copies, its versions.
app.add_typer(group("pos_agent.cli.service", help="The agent as a service of this machine."), name="service")
app.command("backup")(backup_command)
app.command("restore")(restore_command)
app.command("update")(update_command)
app.command("rollback")(rollback_command)


@app.command()
def run(config: ConfigOption = None) -> None:
    """Run the agent of this till: scanners, register, printer, API, delivery."""
    # httpx offers a command line of its own wherever rich is installed, which loads rich, pygments and their lexers. An
    # agent of many months has no use for these 5 MB; None makes the import fail as if rich were not there.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
    # Imported here: `parse` and `journal` must start at once, also on a machine with a broken web stack.
    from pos_agent.cache.store import CacheError
    from pos_agent.config import ConfigError
    from pos_agent.journal.database import JournalUnusable
    from pos_agent.log_file import PlainLines, open_log_file
    from pos_agent.runner import ApiUnavailable, run_until_told, stop_signals
    from pos_agent.wiring import build
    from sync.secret_reference import SecretMissing

    shown = logging.StreamHandler()
    shown.setFormatter(PlainLines(os.environ))
    logging.basicConfig(level=logging.INFO, handlers=[shown])
    settings = configured(config)
    try:
        logging.getLogger().addHandler(open_log_file(settings.till.data))
    except OSError as error:  # What it means for the till, the journal says: it wants the same folder.
        logging.getLogger(__name__).warning("no log file in %s: %s", settings.till.data, error.strerror)
    try:
        with stop_signals() as told:
            run_until_told(build(settings), told)
    except (ConfigError, SecretMissing, JournalUnusable, CacheError, ApiUnavailable) as error:
        fail(str(error))


@app.command()
def status(
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
) -> None:
    """Ask the running agent how it is. Exit 0 well, 1 something waits, 2 not running."""
    from pos_agent.cli.asking import AgentApi

    settings = configured(config)
    facts = AgentApi(settings, timeout_s=5.0).get("/v1/status")
    try:
        waits = facts["undecided"] or facts["queue"]["set_aside"] or not facts["journal"]["writable"]
    except (LookupError, TypeError):
        fail(f"what answers at port {settings.api.port} is no agent")
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
