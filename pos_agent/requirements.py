"""What the configuration expects of the register, held against what the register can do: before the first customer.

A lack is a line of text with the way out; with any line the agent does not start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fiscal.register import Ability, Capabilities
from pos_agent.config import Config


@dataclass(frozen=True, slots=True)
class Requirement:
    wanted: Callable[[Config], bool]
    met: Callable[[Capabilities], bool]
    text: str


def _sends_marks(capabilities: Capabilities) -> bool:
    return Ability.MARKS in capabilities.can


def _marks_anyhow(capabilities: Capabilities) -> bool:
    return bool(capabilities.can & {Ability.MARKS, Ability.MARKS_AS_TEXT})


REQUIREMENTS = (
    Requirement(
        lambda config: not config.register_.test_only,
        lambda capabilities: not capabilities.test_only,
        "this register is for tests and certified integrators: set register.test_only = true to use it all the same",
    ),
    Requirement(
        lambda config: config.register_.marks == "field",
        _sends_marks,
        "this register has no field for marking codes: the OFD would get receipts without them. Take another register "
        'or protocol, or set register.marks = "text" (codes on paper only) or "none" (no marked goods at this till)',
    ),
    Requirement(
        lambda config: config.register_.marks == "text",
        _marks_anyhow,
        'this register cannot print marking codes either: only register.marks = "none" is left',
    ),
    Requirement(
        lambda config: config.receipt.group_marks,
        lambda capabilities: Ability.MARK_LIST in capabilities.can,
        "receipt.group_marks needs a register that takes several codes in one line: set it to false",
    ),
    Requirement(
        lambda config: bool(config.printer.url),
        lambda capabilities: Ability.PRINTS not in capabilities.can,
        "this register prints its receipts itself: take printer.url out, or every receipt comes twice",
    ),
)


def unmet(config: Config, capabilities: Capabilities) -> list[str]:
    """One line for each expectation the register cannot meet."""
    lines = [one.text for one in REQUIREMENTS if one.wanted(config) and not one.met(capabilities)]
    lacking = capabilities.lacking(config.register_.needs)
    lines += [f'register.needs: a register of family {capabilities.family} has no "{name}"' for name in lacking]
    return [f"register.url: {line}" if not line.startswith("register.") else line for line in lines]
