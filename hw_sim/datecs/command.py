"""What the command tables of both protocols are made of, and the reading of fields."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hw_sim.datecs.refusals import Reason, Refused
from hw_sim.datecs.state import State

NEVER = datetime(2000, 1, 1)  # noqa: DTZ001 (a device's local time has no zone)
LONG_TIME = "%d-%m-%Y %H:%M:%S"
SHORT_TIME = "%d-%m-%y %H:%M:%S"
STAMP = "%d%m%y%H%M%S"
_ESCAPE = re.compile("\x10(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reply:
    """Data of an answer. `status` sends the status bytes where `{}` stands in it; `wait_s` is work before it."""

    data: str = ""
    status: bool = False
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a protocol. `run` gets the data as text and raises Refused."""

    title: str
    run: Callable[[State, str], Reply]
    fills_journal: bool = False  # Refused when the journal is full.
    reads: bool = False  # Allowed on a locked printer.


def plain(text: str) -> str:
    """Free text as meant: 10h and a code stand for the code less 40h. A tab or line end so hidden is a blank."""
    meant = _ESCAPE.sub(lambda found: chr(ord(found[1]) - 0x40) if "@" <= found[1] <= "_" else found[1], text)
    return meant.replace("\t", " ").replace("\n", " ")


def wrong(field: int = 0) -> Refused:
    """The data is not what the command takes; `field` counts from 1."""
    return Refused(Reason.SYNTAX, field)


def moment_of(text: str, *patterns: str) -> datetime | None:
    """A local time in one of the patterns; None: it is none."""
    for pattern in patterns:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 (a device's local time has no zone)
        except ValueError:
            continue
    return None
