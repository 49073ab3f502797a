"""Result codes of protocol 2.0.3: what each means for the request, and what the register does. Pure.

Source: KGD protocol 2.0.2 (reactions); github texport/ofd-kt-proto (16 and 18).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from fiscal.failures import Failure, FailureKind


class Reaction(StrEnum):
    DONE = "done"
    REFUSE = "refuse"  # This document is not taken; the next may be.
    LOCK = "lock"  # Nothing is taken until the cause is removed; asked again now and then.
    TOKEN = "token"  # noqa: S105 - nothing is taken until an engineer types a new token.
    NUMBERS = "numbers"  # The operator's numbers and ours do not fit: a person compares.
    SHIFT = "shift"  # Over 24 h: a Z-report is due.
    AGAIN = "again"  # As if no answer had come.


UNDONE = frozenset({Reaction.LOCK, Reaction.TOKEN})
"""The request was not looked at, and the register is blocked."""


@dataclass(frozen=True, slots=True)
class ResultRow:
    reaction: Reaction
    kind: FailureKind
    meaning: str


_C = FailureKind.CONFIGURATION
RESULTS: Mapping[int, ResultRow] = {
    0: ResultRow(Reaction.DONE, FailureKind.NO_ANSWER, "taken"),
    1: ResultRow(Reaction.LOCK, _C, "the operator does not know this device"),
    2: ResultRow(Reaction.TOKEN, _C, "invalid token"),
    3: ResultRow(Reaction.LOCK, _C, "protocol error"),
    4: ResultRow(Reaction.LOCK, _C, "unknown command"),
    5: ResultRow(Reaction.LOCK, _C, "unsupported command"),
    6: ResultRow(Reaction.LOCK, _C, "invalid configuration"),
    7: ResultRow(Reaction.LOCK, _C, "SSL is not allowed"),
    8: ResultRow(Reaction.NUMBERS, FailureKind.HUMAN, "invalid request number"),
    9: ResultRow(Reaction.NUMBERS, FailureKind.HUMAN, "another command under the same request number"),
    10: ResultRow(Reaction.REFUSE, FailureKind.REFUSED, "the ticket cannot be cancelled"),
    11: ResultRow(Reaction.SHIFT, FailureKind.SHIFT_EXPIRED, "shift longer than 24 h"),
    12: ResultRow(Reaction.REFUSE, _C, "wrong login or password"),
    13: ResultRow(Reaction.REFUSE, FailureKind.INVALID, "incorrect request data"),
    14: ResultRow(Reaction.REFUSE, FailureKind.REFUSED, "not enough cash in the drawer"),
    15: ResultRow(Reaction.LOCK, _C, "blocked by the operator"),
    16: ResultRow(Reaction.NUMBERS, FailureKind.HUMAN, "shift already open"),
    17: ResultRow(Reaction.REFUSE, FailureKind.INVALID, "the buyer is the seller"),
    18: ResultRow(Reaction.REFUSE, FailureKind.INVALID, "barcode not in the national catalogue"),
    254: ResultRow(Reaction.AGAIN, FailureKind.NO_ANSWER, "service temporarily unavailable"),
    255: ResultRow(Reaction.AGAIN, FailureKind.NO_ANSWER, "unknown error"),
}
UNLISTED = ResultRow(Reaction.NUMBERS, FailureKind.HUMAN, "result code not in the protocol")


def row_for(code: int) -> ResultRow:
    return RESULTS.get(code, UNLISTED)


def failure(code: int, text: str) -> Failure:
    """In the port's terms: the operator's words, or the table's meaning when there are none."""
    row = row_for(code)
    return Failure(row.kind, f"ofd:{code}", text or row.meaning)
