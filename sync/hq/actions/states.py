"""The life of a prepared document, as a table. Pure.

    PREPARED -> APPROVED -> SENDING -> SENT -> SUCCESS | PARTIAL | ERROR

Only a person leads from PREPARED to APPROVED. SENDING is committed before the first byte leaves; what then stays
without an answer is UNKNOWN_RESULT, and only a search at the registry, or a person, leads out of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class DocumentState(StrEnum):
    PREPARED = "PREPARED"
    APPROVED = "APPROVED"
    SENDING = "SENDING"
    SENT = "SENT"  # The registry gave it an id.
    UNKNOWN_RESULT = "UNKNOWN_RESULT"
    SUCCESS = "SUCCESS"
    PARTIAL = "PARTIAL"  # Some codes were refused; they wait in a new document.
    ERROR = "ERROR"
    CANCELLED = "CANCELLED"


class CodeState(StrEnum):
    WAITING = "WAITING"
    DONE = "DONE"
    FAILED = "FAILED"
    HEALED = "HEALED"  # The witnesses agreed before it was sent.
    UNCLEAR = "UNCLEAR"  # The registry refused some codes of the document and did not say which.
    DROPPED = "DROPPED"  # A person cancelled the document.


_S = DocumentState
TRANSITIONS: Mapping[DocumentState, frozenset[DocumentState]] = {
    _S.PREPARED: frozenset({_S.APPROVED, _S.CANCELLED}),
    # Cancelled by a person, or because every code healed. To SENT: an answer to an earlier attempt, very late.
    _S.APPROVED: frozenset({_S.SENDING, _S.CANCELLED, _S.SENT}),
    # Back to APPROVED when nothing left us.
    _S.SENDING: frozenset({_S.SENT, _S.ERROR, _S.UNKNOWN_RESULT, _S.APPROVED}),
    # Back to APPROVED when it is surely absent at the registry.
    _S.UNKNOWN_RESULT: frozenset({_S.SENT, _S.APPROVED}),
    _S.SENT: frozenset({_S.SUCCESS, _S.PARTIAL, _S.ERROR}),
    _S.SUCCESS: frozenset(),
    _S.PARTIAL: frozenset(),
    _S.ERROR: frozenset(),
    _S.CANCELLED: frozenset(),
}
UNAPPROVED = frozenset({_S.PREPARED, _S.CANCELLED})  # The only states without a person's name.
FINAL = frozenset(state for state, onward in TRANSITIONS.items() if not onward)
