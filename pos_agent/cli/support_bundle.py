"""`pos-agent support-bundle`: one archive for support, without secrets.

Exit codes: 0 made, 2 it could not be written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pos_agent.cli.failing import fail
from pos_agent.cli.options import ConfigOption
from pos_agent.cli.terminal import JsonOption, LangOption, columns, say_json, terminal


def support_bundle_command(
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The archive; default: here, dated.")] = None,
    names: Annotated[bool, typer.Option("--names", help="Leave the names of cashiers in.")] = False,
) -> None:
    """Collect versions, doctor, configuration, status, log and journal facts into one archive without secrets."""
    from datetime import datetime

    from pos_agent.bundle.writing import write
    from pos_agent.config import default_path
    from pos_agent.doctor.edge import Edge
    from pos_agent.speech import words_for

    words = words_for(lang)
    out = terminal()
    target = output or Path(f"pos-agent-support-{datetime.now().astimezone():%Y%m%dT%H%M%S}.zip")
    if not as_json and out.styled:
        out.say(words("bundle.collecting"), "dim")
    try:
        parts = write(target, config or default_path(), Edge(), names=names)
    except OSError as error:
        fail(words("bundle.unwritable", path=target, reason=error.strerror or error))
    if as_json:
        say_json({"file": str(target), "parts": [{"name": one.name, "bytes": one.size_bytes} for one in parts]})
        return
    out.exact(words("bundle.made", path=target.absolute()), "good")
    out.say(words("bundle.inside"))
    for line in columns((f"  {one.name}", f"{one.size_bytes:>9,}".replace(",", " ")) for one in parts):
        out.exact(line)
    out.say(words("bundle.named" if names else "bundle.hidden"))
