"""Answers of Webkassa as envelopes, requests with their token. Pure: no socket, no clock.

Field names are matched without case, because the vendor's own samples mix `cashboxUniqueNumber` with
`CashboxUniqueNumber` and `Gtin` with `GTIN`.
Source: Webkassa API v4 (public collection, protocol 2.0.3); captured answers of github VitalyKravtsov2016/OposWebkassa.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fiscal.https.fields import AnswerMalformed, Fields, Json, dump, load, objects, plain

ANSWER_BYTES_MAX = 4 * 1024 * 1024  # A shift's control tape with thousands of rows stays below one megabyte.
BULKY = frozenset({"ticketprintformat"})  # Ready-made printing lines with images: no evidence, and can be asked again.


def with_token(token: str, body: str) -> bytes:
    """The bytes to send: the stored body with the session token in front, where every sample has it."""
    rest = body[1:] if body == "{}" else "," + body[1:]
    return f'{{"Token":{dump(token)}{rest}'.encode()


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """`{"Data": ..., "Errors": [...]}`. Both may be there at once: code 14 comes with the first receipt."""

    data: Any  # Object, array, or None.
    errors: tuple[ErrorEntry, ...]
    raw: Json  # Whole answer in plain JSON types, decimals as text, for the journal.

    def fields(self) -> Fields:
        """Data as one object. AnswerMalformed when it is missing or something else."""
        return Fields.of(self.data, "Data")

    def listed(self, *containers: str) -> tuple[str, list[Any]]:
        """Place and items of a list: a bare array, or the array under one of these names (`Items`, `Rows`)."""
        if isinstance(self.data, list):
            return "Data", self.data
        name, value = self.fields().get(*containers)
        if value is None:
            raise AnswerMalformed(f"Data.{'|'.join(containers)}", "is missing")
        if not isinstance(value, list):
            raise AnswerMalformed(f"Data.{name}", "is not an array")
        return f"Data.{name}", value

    def rows(self, *containers: str) -> list[Fields]:
        """The same list, where every item must be an object."""
        place, items = self.listed(*containers)
        return objects(items, place)


def decode(content: bytes) -> Envelope:
    """Read an answer. AnswerMalformed for anything that is not an envelope; never another exception."""
    top = Fields.of(load(content), "")
    _, data = top.get("Data")
    if data is not None and not isinstance(data, dict | list):
        raise AnswerMalformed("Data", "is neither an object nor an array")
    errors = tuple(_error(row) for row in top.objects("Errors"))
    return Envelope(data, errors, evidence(top.origin))


def _error(row: Fields) -> ErrorEntry:
    name, value = row.get("Code")
    # The only place where a negative number may come as text.
    if isinstance(value, str) and value.removeprefix("-").isdigit() and value.isascii() and len(value) < 10:
        return ErrorEntry(int(value), row.optional_text("Text", "Message"))
    code = row.integer("Code")
    if code is None:
        raise AnswerMalformed(f"{row.place}.{name}", "is missing")
    return ErrorEntry(code, row.optional_text("Text", "Message"))


def evidence(value: Any) -> Any:
    """A copy for the journal in plain JSON types, without the bulky print lines."""
    return plain(value, BULKY)
