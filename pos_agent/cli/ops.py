"""The commands of store IT, put on the command line in one place. Each imports what it needs when it runs."""

from __future__ import annotations

import typer

from pos_agent.cli.doctor import doctor_command
from pos_agent.cli.init import init_command
from pos_agent.cli.later import group
from pos_agent.cli.logs import logs_command
from pos_agent.cli.selftest import selftest_command
from pos_agent.cli.support_bundle import support_bundle_command


def add_ops(app: typer.Typer) -> None:
    app.command("init")(init_command)
    app.command("doctor")(doctor_command)
    app.command("selftest")(selftest_command)
    app.command("logs")(logs_command)
    app.command("support-bundle")(support_bundle_command)
    app.add_typer(
        group("pos_agent.cli.config", help="The configuration: is it right, and where each value comes from."),
        name="config",
    )
