"""Error codes of reKassa as a table: what a code means for the order, and what the till does. Pure.

The HTTP statuses of single codes are not published, so the code goes before the status. A code that stands nowhere here
is a no that is decided by looking: what the service has then is what counts.
Sources: error table of github abylalai/integration-with-reKassa; a public Delphi client (DUPLICATE_EXTERNAL_ID).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from fiscal.failures import Failure, FailureKind


class Reaction(StrEnum):
    REFUSE = "refuse"  # Certainly nothing was registered.
    LOOK = "look"  # Refused, and what the service has decides.
    DUPLICATE = "duplicate"  # A document with our key exists.


@dataclass(frozen=True, slots=True)
class CodeRow:
    reaction: Reaction
    kind: FailureKind
    meaning: str


_N, _C = Reaction.REFUSE, FailureKind.CONFIGURATION
SHIFT_NOT_OPEN = "CASH_REGISTER_SHOULD_HAVE_SHIFT_OPEN"

CODES: Mapping[str, CodeRow] = {
    "ACCESS_DENIED": CodeRow(_N, _C, "the login was refused, or the token has ended"),
    "PERMISSION_ERROR": CodeRow(_N, _C, "the user has no right for this"),
    "WRONG_PASSWORD": CodeRow(_N, _C, "wrong PIN or password"),
    # The service may have kept the receipt before it met the trouble.
    "INVALID_TOKEN": CodeRow(Reaction.LOOK, _C, "trouble of the OFD's token inside the service"),
    "BLOCKED": CodeRow(_N, _C, "the till is blocked"),
    "CASH_REGISTER_BLOCKED": CodeRow(_N, _C, "the till is blocked"),
    "PROTOCOL_ERROR": CodeRow(_N, FailureKind.INVALID, "the request cannot be read"),
    "NOT_ENOUGH_CASH": CodeRow(_N, FailureKind.REFUSED, "not enough cash in the drawer"),
    "SAME_TAXPAYER_AND_CUSTOMER": CodeRow(_N, FailureKind.INVALID, "the buyer's IIN or BIN is the shop's own"),
    "CASH_REGISTER_WRONG_STATUS": CodeRow(_N, _C, "the till is not registered"),
    "CASH_REGISTER_OFFLINE_PERIOD_EXPIRED": CodeRow(_N, FailureKind.OFFLINE_LIMIT, "autonomous for more than 72 h"),
    "CASH_REGISTER_SHIFT_PERIOD_EXPIRED": CodeRow(_N, FailureKind.SHIFT_EXPIRED, "the shift is over 24 h"),
    SHIFT_NOT_OPEN: CodeRow(_N, FailureKind.REFUSED, "no shift is open"),
    "CANT_CANCEL_TICKET": CodeRow(_N, FailureKind.REFUSED, "the OFD does not support this"),
    "DUPLICATE_EXTERNAL_ID": CodeRow(Reaction.DUPLICATE, FailureKind.NO_ANSWER, "a document with this key exists"),
}
UNLISTED = CodeRow(Reaction.LOOK, FailureKind.REFUSED, "code not in the table")
CODE_LENGTH_MAX = 80


def row_for(code: str) -> CodeRow:
    return CODES.get(code, UNLISTED)


def failure(code: str, text: str, place: str) -> Failure:
    """A failure in the port's terms: the vendor's words, or the table's meaning when there are none."""
    row = row_for(code)
    return Failure(row.kind, f"rekassa:{code[:CODE_LENGTH_MAX]}", text or row.meaning, place)
