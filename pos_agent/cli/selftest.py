"""`pos-agent selftest`: one try of everything a sale needs, without a sale.

Exit codes: 0 all of it works, 1 warnings, 2 something does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pos_agent.cli.doctor import SIGNS, STYLES
from pos_agent.cli.options import ConfigOption, configured
from pos_agent.cli.terminal import JsonOption, LangOption, Terminal, say_json, terminal

if TYPE_CHECKING:
    from pos_agent.selftest.steps import Step
    from pos_agent.speech import Words

TITLE_WIDTH = 66  # Where the timings stand.


def selftest_command(
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    on_paper: Annotated[bool, typer.Option("--print", help="Print the sample receipt as well.")] = False,
) -> None:
    """Try codes, verdicts, disk, receipt, register and servers, and say how long each took. Nothing fiscal."""
    from pos_agent.doctor.edge import Edge
    from pos_agent.selftest.steps import run
    from pos_agent.speech import words_for

    words = words_for(lang)
    settings = configured(config)
    out = terminal()
    steps = []
    for step in run(settings, Edge(), on_paper=on_paper):
        steps.append(step)
        if not as_json:
            _tell(out, words, step)
    grade = max(max(0, int(step.state)) for step in steps)
    if as_json:
        say_json({"exit": grade, "steps": [_facts(step) for step in steps]})
    else:
        out.say()
        out.say(words("selftest.well" if grade == 0 else "selftest.see_doctor"), STYLES[grade])
    raise typer.Exit(grade)


def _tell(out: Terminal, words: Words, step: Step) -> None:
    from pos_agent.doctor.verdict import State

    values = {**step.values, "name": words(f"server.{step.values['name']}")} if step.name == "server" else step.values
    good = step.state in (State.OK, State.SKIPPED)
    part = "ok" if step.state is State.OK else "title"
    title = f"{SIGNS[step.state]} {words(f'selftest.{step.name}.{part}', **values)}"
    took = f"{step.ms:8.1f} ms"
    if len(title) <= TITLE_WIDTH:
        out.exact(f"{title.ljust(TITLE_WIDTH)}{took}", STYLES[step.state])
    else:
        out.say(title, STYLES[step.state], hang=2)
        out.exact(f"{' ' * TITLE_WIDTH}{took}", STYLES[step.state])
    if not good:
        out.say(str(step.values.get("reason", "")), indent=2, hang=2)


def _facts(step: Step) -> dict[str, Any]:
    from pos_agent.doctor.report import NAMES

    return {"step": step.name, "state": NAMES[step.state], "ms": round(step.ms, 3), **step.values}
