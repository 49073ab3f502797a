"""Why something at a register did not go through, as values: each vendor's code maps to exactly one kind. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FailureKind(StrEnum):
    """What the till does about it; each vendor's code maps to exactly one."""

    INVALID = "invalid"  # The order itself is wrong; repeat makes no sense.
    REFUSED = "refused"  # Register said no, definitely not fiscalised.
    MARK_REFUSED = "mark_refused"  # The register does not take a marking code: `line` and `mark` say which.
    TOTALS = "totals"  # The register adds up to another sum than we do.
    PAPER = "paper"  # No paper, or the cover is open.
    OPEN_DOCUMENT = "open_document"  # A document that is not ours stands open at the register.
    CLOCK = "clock"  # The register's clock cannot be right.
    DEVICE = "device"  # Mechanics, fiscal memory: a service case.
    CONFIGURATION = "configuration"  # Stop the till until someone repairs the set-up.
    UNAVAILABLE = "unavailable"  # No link; certainly nothing was sent.
    SHIFT_EXPIRED = "shift_expired"  # Over 24 h: a Z-report is due.
    OFFLINE_LIMIT = "offline_limit"  # Autonomous over 72 h.
    KEY_COLLISION = "key_collision"  # Our key names a document with another sum: alarm, a person decides.
    NO_ANSWER = "no_answer"  # Sent, and silence or rubbish came back.
    HUMAN = "human"  # The register cannot be asked further; a person compares.


@dataclass(frozen=True, slots=True)
class Failure:
    kind: FailureKind
    code: str  # Vendor code or ours ("webkassa:18", "timeout").
    text: str  # The vendor's words or ours, for the log and the support call.
    place: str = ""  # Endpoint or field.
    line: int | None = None  # Index of the offending line in the receipt, where one offends.
    mark: int | None = None  # Index of the offending mark in that line.
