"""What a person is told about simulated registers on 80 columns: which there are, their options, how to reach one."""

from __future__ import annotations

import json
import shlex
import sys
import textwrap
from collections.abc import Iterable, Iterator

from hw_sim.families import FAMILIES, HTTP, SERIAL, Family
from hw_sim.listing import WIDTH, aligned, columns
from hw_sim.options import Option
from pos_agent.demo.register_running import Running, is_loopback

VARIABLE = "SIM_"  # Before the name of a secret, in the environment.
MARKS = {
    "text": "No field for marking codes, only lines of text.",
    "none": "This register takes no marking codes.",
}


def families_text() -> str:
    """Every family, how it is reached, what it is."""
    rows = [(family.name, _ways(family), family.about) for family in FAMILIES.values()]
    return "\n".join(
        (
            "Simulated cash registers. Nothing they make is fiscal.",
            "",
            aligned(rows),
            "",
            "pos-agent sim fiscal FAMILY             starts one",
            "pos-agent sim fiscal FAMILY --options   what can be chosen of it",
        )
    )


def _ways(family: Family) -> str:
    if HTTP in family.links:
        return "HTTP"
    return "TCP, pty" if SERIAL in family.links else "TCP"


def options_text(family: Family) -> str:
    """Every option of a family with its meaning, its values and its default."""
    head = f"Options of {family.name}, given as --option NAME=VALUE. Times are in seconds."
    return f"{head}\n\n{columns((option.name, _told(option)) for option in family.options())}"


def _told(option: Option) -> str:
    about = option.about[:1].upper() + option.about[1:]
    values = f"{', '.join(choice or '(empty)' for choice in option.choices)}" if option.choices else ""
    stop = "" if about.endswith((".", "?")) else "."
    return f"{about}{stop}" + (f" [{values}]" if values else "") + f" Default: {option.default_text or '(empty)'}"


def greeting(running: Running) -> str:
    """What it is, its URL, and what to put into the configuration of the agent."""
    return "\n".join(_greeting(running))


def _greeting(running: Running) -> Iterator[str]:
    yield from _wrapped(f"Simulated: {running.family.about}.", *running.played.greeting)
    yield from _wrapped("Nothing it makes is fiscal: its documents are memory of this program and end with it.")
    yield from ("", "Register URL:", "", f"  {running.url}", "")
    if running.link == SERIAL:
        yield from (f"Terminal: {running.place}", "")
    yield from ("Configuration of the agent, to paste:", "", configuration(running), "")
    variables = environment(running)
    if variables:
        yield from ("Before `pos-agent run`, in the same terminal:", "")
        yield from (f"  {_assigned(name, value)}" for name, value in variables.items())
        yield ""


def configuration(running: Running) -> str:
    """The `[register]` block with this register in it; secrets by reference."""
    reach = running.played.reach
    lines = ["[register]", f"url = {json.dumps(running.url)}"]
    if reach.marks in MARKS:
        lines.append(f'marks = "{reach.marks}"  # {MARKS[reach.marks]}')
    if reach.test_only:
        lines.append("test_only = true  # Not for a shop without a registration of its own.")
    if reach.secrets:
        lines += ["", "[register.secrets]"]
        lines += [f'{name} = "env:{_variable(name)}"' for name in reach.secrets]
    return "\n".join(lines)


def environment(running: Running) -> dict[str, str]:
    """The variables the references of `configuration` name."""
    return {_variable(name): value for name, value in running.played.reach.secrets.items()}


def warning(host: str, link: str) -> str:
    """What to say when others than this machine can reach it; "" when none can."""
    if is_loopback(host):
        return ""
    near = " The agent itself calls a cloud service without TLS on its own machine only." if link == HTTP else ""
    text = f"Warning: at {host or '*'} other machines reach it too; it keeps nobody out. For a test network only.{near}"
    return "\n".join(_wrapped(text))


def _variable(secret: str) -> str:
    return f"{VARIABLE}{secret.upper()}"


def _assigned(name: str, value: str) -> str:
    """The line for the shell of this system."""
    return f"$env:{name} = '{value}'" if sys.platform == "win32" else f"export {name}={shlex.quote(value)}"


def _wrapped(*lines: str) -> Iterable[str]:
    return (part for line in lines for part in textwrap.wrap(line, WIDTH, break_on_hyphens=False))
