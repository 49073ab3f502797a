"""The command line: `pos-hq COMMAND`. Every command exits 0 when all is well, 1 with warnings, 2 when it failed."""

from __future__ import annotations

import typer

from sync.hq.cli.demo import demo_command
from sync.hq.cli.exporting import export_command
from sync.hq.cli.importing import app as importing
from sync.hq.cli.reconcile import reconcile_command
from sync.hq.cli.serve import serve_command
from sync.hq.cli.status import status_command
from sync.hq.cli.users import app as users

app = typer.Typer(
    name="pos-hq",
    help="Headquarters of a chain: every till, every unit on which the witnesses disagree.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo_command)
app.command("serve")(serve_command)
app.command("reconcile")(reconcile_command)
app.add_typer(importing, name="import")
app.command("export")(export_command)
app.command("status")(status_command)
app.add_typer(users, name="user")
