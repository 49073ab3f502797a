"""Result codes of the operator, and a refusal that carries one. Source: ofd-kt-proto, message.proto."""

from __future__ import annotations

from enum import IntEnum


class Result(IntEnum):
    OK = 0
    UNKNOWN_ID = 1
    INVALID_TOKEN = 2
    PROTOCOL_ERROR = 3
    UNKNOWN_COMMAND = 4
    UNSUPPORTED_COMMAND = 5
    INVALID_CONFIGURATION = 6
    SSL_IS_NOT_ALLOWED = 7
    INVALID_REQUEST_NUMBER = 8
    INVALID_RETRY_REQUEST = 9
    CANT_CANCEL_TICKET = 10
    OPEN_SHIFT_TIMEOUT_EXPIRED = 11
    INVALID_LOGIN_PASSWORD = 12
    INCORRECT_REQUEST_DATA = 13
    NOT_ENOUGH_CASH = 14
    BLOCKED = 15
    SHIFT_ALREADY_OPENED = 16
    SAME_TAXPAYER_AND_CUSTOMER = 17
    ELEMENT_NOT_FOUND_BY_BARCODE = 18
    SERVICE_TEMPORARILY_UNAVAILABLE = 254
    UNKNOWN_ERROR = 255


NOT_TAKEN = frozenset(
    {
        Result.UNKNOWN_ID,
        Result.INVALID_TOKEN,
        Result.PROTOCOL_ERROR,
        Result.INVALID_REQUEST_NUMBER,
        Result.INVALID_RETRY_REQUEST,
        Result.SERVICE_TEMPORARILY_UNAVAILABLE,
        Result.UNKNOWN_ERROR,
    }
)
"""Codes under which the request was never taken: its repeat with the same REQNUM and TOKEN is looked at afresh."""


class Refusal(Exception):
    """The request is answered with `code`; nothing has been registered."""

    def __init__(self, code: int, text: str = "") -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


def wrong(text: str) -> Refusal:
    """Data that are right for the protocol and wrong in their context."""
    return Refusal(Result.INCORRECT_REQUEST_DATA, text)
