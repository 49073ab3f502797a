"""What came of a print job, and the words for it in three languages (catalogue `printer`). Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from marking.words import catalogue

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


OK = "ok"
# What a printer's state (`status`) or a broken line (`links`) may be told as.
CAUSES = (
    OK, "paper_out", "cover_open", "offline", "feeding", "unknown", "cutter", "head_hot", "unrecoverable", "error",
    "not_found", "denied", "busy", "stalled", "closed",
)  # fmt: skip


@cache
def messages() -> Mapping[str, tuple[Message, Message]]:
    """(what happened, what to do) by cause; nothing is to be done when all went well."""
    words = catalogue("fiscal", "printer")
    nothing = Message("", "", "")
    return {
        cause: (
            Message(**words.texts(cause)),
            nothing if cause == OK else Message(**words.texts(f"{cause}.action")),
        )
        for cause in CAUSES
    }
