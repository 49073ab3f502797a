"""What came of a print job, and the words for it in three languages. Values only; the words are in messages.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from .status import DrawerState, PrintState


class Handover(StrEnum):
    """How much of the job the printer was given: what may be on paper."""

    NONE = "none"
    PART = "part"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Message:
    kk: str
    ru: str
    en: str


@dataclass(frozen=True, slots=True)
class PrintOutcome:
    state: PrintState
    cause: str  # Stable key: "paper_out", "cutter", "denied", ...
    handover: Handover
    message: Message  # What happened.
    action: Message  # The one next action; empty texts when there is nothing to do.
    detail: str = ""  # For the log: what the line said, and what is not on paper as it was written.
    paper_low: bool = False
    warn_paper: bool = False  # True once per roll: the first job that saw the near end.
    drawer: DrawerState = DrawerState.UNKNOWN
    exact: bool = True  # False: letters were replaced or printed as `?`; `detail` names them.


@cache
def messages() -> Mapping[str, tuple[Message, Message]]:
    """(what happened, what to do) by cause."""
    rows = tomllib.loads(files(__package__).joinpath("messages.toml").read_text("utf-8"))
    return {
        cause: (
            Message(row["kk"], row["ru"], row["en"]),
            Message(row["action_kk"], row["action_ru"], row["action_en"]),
        )
        for cause, row in rows.items()
    }
