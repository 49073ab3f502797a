"""What a register in software knows of itself, and a document on its way: the values its store keeps. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Stage(StrEnum):
    """How far a document got."""

    SENDING = "sending"  # Its request may have left; the number and token it went with are kept.
    DONE = "done"  # The operator has it.
    QUEUED = "queued"  # Made autonomously; waits to be handed over, in order.
    REFUSED = "refused"  # The operator said no: it was never made.
    DOUBT = "doubt"  # The operator's numbers and ours do not fit: a person compares.
    ASIDE = "aside"  # A queued one the operator refused, taken out by a person.


@dataclass(frozen=True, slots=True)
class Kkm:
    """The register. Times in UTC nanoseconds, money in tiyn."""

    token: int
    reqnum: int = 0  # Of the last request.
    greeted: bool = False  # COMMAND_INFO was answered once: registration and token are proven.
    shift: int = 0  # The open one, or the last.
    opened_ns: int | None = None
    documents: int = 0  # Of the shift.
    counters: Mapping[str, int] = field(default_factory=dict)  # Of the shift.
    before: Mapping[str, int] = field(default_factory=dict)  # Of all shifts before.
    cash_tiyn: int = 0
    offline_since_ns: int | None = None  # First document made without the operator; None: online.
    tried_ns: int = 0  # Last attempt to restore the link.
    offline_number: int = 0  # Last autonomous number given out.
    blocked: str = ""  # Why nothing works until someone acts: "ofd:15: ...".
    given_token: int = 0  # The token as the configuration had it; another one there is a new one typed by an engineer.
    facts: Mapping[str, str] = field(default_factory=dict)  # Names and addresses as the operator told them.


@dataclass(frozen=True, slots=True)
class Doc:
    """One document. `number` is its place in the store, given once."""

    number: int
    key: str
    kind: str
    stage: Stage
    command: int
    body: Mapping[str, Any]  # The part of the request the command names, whole.
    total_tiyn: int
    shift: int
    place: int  # Number in the shift.
    at_ns: int
    counts: Mapping[str, Any]  # What it adds to the register once it exists: kkm.Counts.
    reqnum: int | None = None  # With which it was last sent, and the token.
    token: int | None = None
    offline_number: int | None = None
    sign: str = ""  # The operator's, once it has it.
    qr: str = ""
    answer: str = ""  # Payload of the operator's answer in hex: evidence.
    note: str = ""  # Why it was refused, is held or in doubt, and what people decided.
    held: bool = False  # A queued one that only a person can send on.
