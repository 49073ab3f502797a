"""`pos-agent doctor`: one line for each check, and for what is not well the step that fixes it.

Exit codes: 0 all well, 1 warnings, 2 something is broken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from pos_agent.cli.options import ConfigOption
from pos_agent.cli.terminal import JsonOption, LangOption, Terminal, say_json, terminal

if TYPE_CHECKING:
    from pos_agent.doctor.facts import Facts
    from pos_agent.doctor.verdict import Line
    from pos_agent.speech import Words

SIGNS: Final = ("✔", "!", "✖", "·")  # By state; the last is of checks that do not apply.
STYLES: Final = ("good", "warn", "bad", "dim")
DETAIL_LENGTH_MAX: Final = 30


def doctor_command(
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
    everything: Annotated[bool, typer.Option("--all", help="Also checks that do not apply here.")] = False,
) -> None:
    """Look for everything that keeps this till from selling, and say how to fix it. Changes nothing."""
    from pos_agent.config import default_path
    from pos_agent.doctor.checks import CHECKS
    from pos_agent.doctor.edge import Edge
    from pos_agent.doctor.gather import gather
    from pos_agent.doctor.report import data
    from pos_agent.doctor.verdict import judged, worst
    from pos_agent.speech import words_for

    words = words_for(lang)
    out = terminal()
    if not as_json and out.styled:
        out.say(words("doctor.looking"), "dim")
    facts = gather((config or default_path()).absolute(), Edge())
    lines = judged(CHECKS, facts)
    if as_json:
        say_json(data(lines, facts, words))
    else:
        tell(out, words, lines, facts, everything=everything)
    raise typer.Exit(worst(lines))


def tell(out: Terminal, words: Words, lines: tuple[Line, ...], facts: Facts, *, everything: bool = False) -> None:
    from pos_agent.doctor.report import title, told
    from pos_agent.doctor.verdict import State

    hidden = 0
    for line in lines:
        state = line.outcome.state
        if state is State.SKIPPED and not everything:
            hidden += 1
            continue
        detail = line.outcome.detail
        detail = f"  {detail}" if detail and len(detail) <= DETAIL_LENGTH_MAX else ""
        out.say(f"{SIGNS[state]} {line.check.id}  {title(line, words)}{detail}", STYLES[state], hang=9)
        if state in (State.WARNING, State.FAILURE):
            bad, fix, command = told(line, facts, words)
            out.say(bad, indent=9, hang=9)
            out.say(f"→ {fix}", indent=9, hang=11)
            if command:
                out.exact(f"         $ {command}", "step")
    out.say()
    _sum_up(out, words, lines, hidden)


def _sum_up(out: Terminal, words: Words, lines: tuple[Line, ...], hidden: int) -> None:
    from pos_agent.doctor.verdict import State, worst

    states = [line.outcome.state for line in lines]
    grade = worst(lines)
    if grade == 0:
        out.say(words("doctor.well"), "good")
    for state, key in ((State.FAILURE, "doctor.failures"), (State.WARNING, "doctor.warnings")):
        if count := states.count(state):
            out.say(words.count(key, count), STYLES[state])
    if hidden:
        out.say(words.count("doctor.hidden", hidden), "dim")
