"""What came of one HTTP request, told apart by what may have happened to it. Pure.

Answer   an answer came whole, whatever it says
Unsent   certainly no byte of the request left the program
Lost     it may have been processed: ask before anything else
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fiscal.failures import Failure, FailureKind

HIDDEN_LENGTH_MIN = 16


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # Names in lower case; one that came twice is joined with ", ".
    body: bytes


@dataclass(frozen=True, slots=True)
class Unsent:
    failure: Failure


@dataclass(frozen=True, slots=True)
class Lost:
    failure: Failure


Reply = Answer | Unsent | Lost


class Gathering:
    """The pieces of a body, within a size and until a moment, however fast each piece comes."""

    def __init__(self, bytes_max: int, until_s: float) -> None:
        self._bytes_max, self._until_s = bytes_max, until_s
        self._body = bytearray()

    def add(self, piece: bytes, now_s: float) -> str:
        """Take a piece; what is wrong with the body by now, or ""."""
        self._body += piece
        if len(self._body) > self._bytes_max:
            return f"the answer is longer than {self._bytes_max} bytes"
        return "the answer did not end in time" if now_s > self._until_s else ""

    def body(self, hidden: Iterable[str]) -> bytes:
        """All of it, without secrets of ours: a server that quotes a request must not carry them into a journal.

        Only secrets of some length are looked for: a short one could be part of a sum.
        """
        body = bytes(self._body)
        for secret in hidden:
            body = body.replace(secret.encode(), b"***") if len(secret) >= HIDDEN_LENGTH_MIN else body
        return body


def lost(code: str, text: str, place: str) -> Lost:
    return Lost(Failure(FailureKind.NO_ANSWER, code, text, place))


# Statuses that a server or a box on the way gives before it has processed a body, by HTTP (RFC 9110). A family whose
# service refuses orders with other statuses adds its own; whatever is in no table leaves the order in doubt.
UNPROCESSED: dict[int, FailureKind] = {
    400: FailureKind.INVALID,
    401: FailureKind.CONFIGURATION,
    402: FailureKind.CONFIGURATION,
    403: FailureKind.CONFIGURATION,
    404: FailureKind.CONFIGURATION,
    405: FailureKind.CONFIGURATION,
    406: FailureKind.CONFIGURATION,
    411: FailureKind.INVALID,
    413: FailureKind.INVALID,
    414: FailureKind.INVALID,
    415: FailureKind.CONFIGURATION,
    421: FailureKind.CONFIGURATION,
    422: FailureKind.INVALID,
    431: FailureKind.INVALID,
    451: FailureKind.CONFIGURATION,
}
