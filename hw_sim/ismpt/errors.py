"""Error answers of IS MPT: a status and a body that is an array, one object, empty, or an HTML page."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from hw_sim.exchange import SimReply, json_reply, text_reply
from hw_sim.faults import ERROR_PAGE

BAD_CREDENTIALS = "user-incorrect-login-or-password"
INVALID_PARAMETER = "invalid-input-parameter"
INVALID_FORMAT = "invalid-format"
INACTIVE_TOKEN = "inactive-token"
ACCESS_DENIED = "access-denied"
NOT_FOUND = "not-found"


class ErrorShape(StrEnum):
    ARRAY = "array"
    OBJECT = "object"
    EMPTY = "empty"
    HTML = "html"


class Rejected(Exception):
    """The request is refused with an HTTP status and a code."""

    def __init__(self, status: int, code: str, **context: Any) -> None:
        self.status = status
        self.code = code
        self.context = context
        super().__init__(f"{status} {code}")

    def reply(self, shape: ErrorShape) -> SimReply:
        """The answer in the shape the service is switched to."""
        if shape is ErrorShape.EMPTY:
            return SimReply(self.status)
        if shape is ErrorShape.HTML:
            return text_reply(ERROR_PAGE.format(self.status), self.status)
        error = {"code": self.code, "context": self.context}
        return json_reply([error] if shape is ErrorShape.ARRAY else error, self.status)


def bad_parameter(parameter: str, cause: str) -> Rejected:
    """400: a parameter is missing or wrong."""
    return Rejected(400, INVALID_PARAMETER, parameter=parameter, _cause=cause)
