"""Error codes of Webkassa as a table: what a code means for the order, and what the till does. Pure.

A code that stands nowhere here leaves the order in doubt: to call an order "not fiscalised" needs a reason.
Sources: Webkassa API v4 (public collection, protocol 2.0.3); texts of live answers in the public documentation of
github shtefanov/webkassa-iikofront-adapter.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fiscal.register import Failure, FailureKind


class Reaction(StrEnum):
    REFUSE = "refuse"  # Definitely not fiscalised.
    LOGIN = "login"  # Log in again, repeat the same body once.
    CLOSE_SHIFT = "close_shift"  # Z-report, then the same body with the same key.
    SHIFT_CLOSED = "shift_closed"  # A Z-report has what it wanted; anything else looks at the shift and repeats once.
    DUPLICATE = "duplicate"  # The key is known: the first document answers for it.
    WAIT = "wait"  # Another request is in flight: look up, then repeat the same body.
    SWITCH_HOST = "switch_host"
    ABSENT = "absent"  # A lookup's "not in this shift".
    DOUBT = "doubt"  # Ask before anything else.


@dataclass(frozen=True, slots=True)
class CodeRow:
    reaction: Reaction
    kind: FailureKind
    meaning: str


_N, _C = Reaction.REFUSE, FailureKind.CONFIGURATION

CODES: dict[int, CodeRow] = {
    -1: CodeRow(Reaction.DOUBT, FailureKind.NO_ANSWER, "unknown error"),
    1: CodeRow(_N, _C, "wrong login or password"),
    2: CodeRow(Reaction.LOGIN, _C, "session expired"),
    3: CodeRow(Reaction.LOGIN, _C, "not authorised"),
    4: CodeRow(_N, FailureKind.REFUSED, "the user has no right for this operation"),
    5: CodeRow(_N, _C, "no access to the cashbox"),
    6: CodeRow(_N, _C, "cashbox not found or not available to the user"),
    7: CodeRow(_N, _C, "cashbox blocked"),
    8: CodeRow(_N, FailureKind.REFUSED, "not enough cash in the drawer"),
    9: CodeRow(_N, FailureKind.INVALID, "the request failed validation"),
    10: CodeRow(_N, _C, "cashbox not activated"),
    11: CodeRow(Reaction.CLOSE_SHIFT, FailureKind.SHIFT_EXPIRED, "shift longer than 24 h"),
    12: CodeRow(Reaction.SHIFT_CLOSED, FailureKind.REFUSED, "shift already closed"),
    13: CodeRow(Reaction.SHIFT_CLOSED, FailureKind.REFUSED, "no open shift"),
    14: CodeRow(Reaction.DUPLICATE, FailureKind.NO_ANSWER, "external number already used"),
    15: CodeRow(Reaction.ABSENT, FailureKind.NO_ANSWER, "shift not found"),
    16: CodeRow(Reaction.ABSENT, FailureKind.NO_ANSWER, "receipt not registered in that shift"),
    17: CodeRow(_N, FailureKind.INVALID, "discount and markup together"),
    18: CodeRow(_N, FailureKind.OFFLINE_LIMIT, "autonomous for more than 72 h"),
    19: CodeRow(Reaction.ABSENT, FailureKind.NO_ANSWER, "no receipt with this external number"),
    20: CodeRow(_N, FailureKind.REFUSED, "data earlier than the connection date"),
    255: CodeRow(Reaction.DOUBT, FailureKind.NO_ANSWER, "error passed through from the OFD"),
    505: CodeRow(Reaction.SWITCH_HOST, FailureKind.NO_ANSWER, "service unavailable on this domain"),
    1007: CodeRow(_N, FailureKind.INVALID, "the sum must not be fractional"),
    1008: CodeRow(_N, FailureKind.INVALID, "the sum must not be negative"),
    1013: CodeRow(_N, FailureKind.REFUSED, "autonomous receipts are not supported"),
    1014: CodeRow(Reaction.ABSENT, FailureKind.NO_ANSWER, "Z-report not found or shift still open"),
    1019: CodeRow(_N, FailureKind.REFUSED, "the receipt cannot be cancelled"),
    1024: CodeRow(_N, _C, "restriction of the mobile package"),
    1025: CodeRow(_N, _C, "marking is not activated for the cashbox"),
    1404: CodeRow(_N, _C, "licence not found"),
}
# Administration and partner codes: the cashbox is not set up for what was asked.
_ADMINISTRATION = (range(1000, 1007), range(1009, 1013), range(1015, 1019), range(1020, 1024), range(1026, 1027),
                   range(1030, 1035), range(2001, 2008), range(3001, 3003))  # fmt: skip
CODES |= {code: CodeRow(_N, _C, "administration error") for codes in _ADMINISTRATION for code in codes}

UNLISTED = CodeRow(Reaction.DOUBT, FailureKind.NO_ANSWER, "code not in the vendor's table")

# Two codes mean different things by their text; stems of words, lower case.
SEQUENCE_STEMS = ("последовательн", "параллельн", "одновременн", "sequential", "parallel", "simultaneous")
BASIS_STEMS = ("основани", "basis", "негіз")

BUSY = CodeRow(Reaction.WAIT, FailureKind.NO_ANSWER, "another request of this cashbox is in flight")
BASIS_MISSING = CodeRow(_N, FailureKind.INVALID, "basis of the return is missing or wrong")
BY_TEXT = {9: (SEQUENCE_STEMS, BUSY), 255: (BASIS_STEMS, BASIS_MISSING)}


def row_for(code: int, text: str) -> CodeRow:
    """The table's row for an error as it came: code and words."""
    stems, other = BY_TEXT.get(code, ((), UNLISTED))
    if any(stem in text.lower() for stem in stems):
        return other
    return CODES.get(code, UNLISTED)


def failure(code: int, text: str, place: str) -> Failure:
    """A failure in the port's terms: the vendor's words, or the table's meaning when there are none."""
    row = row_for(code, text)
    return Failure(row.kind, f"webkassa:{code}", text or row.meaning, place)
