"""Documents of IS MPT: withdrawal and return to turnover, from CREATED to SUCCESS row by row, and their storage.

`documentBody` is base64 of UTF-8 JSON whose object keys are sorted A-Z by code point at every level. A document takes
effect only when its processing ends; until then a status check shows the old state of its codes.
"""

from __future__ import annotations

import base64
import json
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hw_sim.exchange import NS, Clock
from hw_sim.ismpt.codes import INTRODUCED, WITHDRAWN, WRITTEN_OFF, Code, CodeStore, reintroduce, withdraw
from hw_sim.ismpt.errors import INVALID_FORMAT, NOT_FOUND, Rejected, bad_parameter
from hw_sim.ismpt.views import instant

STEPS = (("CREATED", 0.0), ("VALIDATING", 1.0), ("IN_PROCESS", 2.0), ("", 4.0))  # Status, seconds after acceptance.
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "withdrawal": ("businessPlaceId", "withdrawalType", "withdrawalDate", "withdrawalReason", "codes"),
    "return-to-turnover": ("businessDate", "businessPlaceId", "codes", "returnReason"),
}
_TYPES = {"withdrawal": "WITHDRAWAL", "return-to-turnover": "RETURN"}
PATHS = tuple(_REQUIRED)


@dataclass(slots=True)
class Document:
    """One accepted document. `final` is empty while it is still being processed."""

    number: str
    path: str
    body: dict[str, Any]
    created_ns: int
    final: str = ""
    errors: list[dict[str, Any]] = field(default_factory=list)


class DocumentStore:
    """Accepts, processes when due, and shows documents."""

    def __init__(self, now: Clock, rng: random.Random, codes: CodeStore) -> None:
        self.strict_order = True
        self.trailing_brackets = False  # The API's own examples show types with " ( )" behind them.
        self.refused_codes: dict[str, str] = {}  # КИ: the error its row gets, whatever its state.
        self.search_lag_s = 0.0  # How long a document is in no search yet, though it has an id.
        self.documents: dict[str, Document] = {}
        self._now = now
        self._rng = rng
        self._codes = codes

    def accept(self, path: str, envelope: Mapping[str, Any]) -> str:
        """Take a document and return its id; 400 when the body is not what it must be."""
        body = self._body_of(envelope)
        missing = [name for name in _REQUIRED[path] if body.get(name) in (None, "", [])]
        if missing:
            raise bad_parameter(missing[0], "required")
        if path == "withdrawal" and body["withdrawalType"] not in ("WITHDRAWAL", "WRITE_OFF"):
            raise bad_parameter("withdrawalType", "unknown")
        rows = body["codes"]
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) and isinstance(row.get("code"), str) for row in rows
        ):
            raise bad_parameter("codes", "expected objects with code")
        number = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        self.documents[number] = Document(number, path, body, self._now())
        return number

    def _body_of(self, envelope: Mapping[str, Any]) -> dict[str, Any]:
        encoded = envelope.get("documentBody")
        if not isinstance(encoded, str):
            raise bad_parameter("documentBody", "required")
        try:
            body = json.loads(base64.b64decode(encoded, validate=True).decode("utf-8"))
        except ValueError as error:
            raise Rejected(400, INVALID_FORMAT, parameter="documentBody") from error
        if not isinstance(body, dict):
            raise Rejected(400, INVALID_FORMAT, parameter="documentBody")
        if self.strict_order and not in_order(body):
            raise Rejected(400, INVALID_FORMAT, parameter="documentBody", _cause="keys-not-sorted")
        return body

    def step(self) -> None:
        """Finish every document whose processing time is over."""
        for document in self.documents.values():
            if not document.final and self._now() >= document.created_ns + int(STEPS[-1][1] * NS):
                self._finish(document)

    def _finish(self, document: Document) -> None:
        apply = _withdraw_row if document.path == "withdrawal" else _return_row
        at_ns = document.created_ns + int(STEPS[-1][1] * NS)
        for index, row in enumerate(document.body["codes"]):
            problem = self.refused_codes.get(row["code"]) or apply(self._codes.get(row["code"]), document, at_ns)
            if problem:
                error = {"propertyName": "codes", "index": index, "errorCode": problem, "errorTags": {}}
                document.errors.append(error)
        failed, total = len(document.errors), len(document.body["codes"])
        document.final = "SUCCESS" if not failed else "ERROR" if failed == total else "PARTIALLY_PROCESSED"

    def status(self, document: Document) -> str:
        """Where the document stands now."""
        if document.final:
            return document.final
        age_s = (self._now() - document.created_ns) / NS
        return [name for name, after_s in STEPS if name and age_s >= after_s][-1]

    def find(self, number: str) -> Document:
        """A document by id, or 404."""
        if number not in self.documents:
            raise Rejected(404, NOT_FOUND, parameter="documentId")
        return self.documents[number]

    def search(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Documents in order of arrival, after `cursor`, filtered by id, type, status and date."""
        types = {text for text in query.get("types", "").split(",") if text}
        known_ns = self._now() - int(self.search_lag_s * NS)
        rows = [self.card(document) for document in self.documents.values() if document.created_ns <= known_ns]
        tests: list[Callable[[dict[str, Any]], bool]] = [
            lambda row: query.get("documentId", row["documentId"]) == row["documentId"],
            lambda row: not types or row["type"].removesuffix(" ( )") in types,
            lambda row: query.get("status", row["status"]) == row["status"],
            lambda row: query.get("dateFrom", "") <= row["createDate"] <= query.get("dateTo", "9"),
        ]
        rows = [row for row in rows if all(test(row) for test in tests)]
        numbers = [row["documentId"] for row in rows]
        start = numbers.index(query["cursor"]) + 1 if query.get("cursor") in numbers else 0
        limit = query.get("limit", "50")
        if not limit.isdecimal():
            raise bad_parameter("limit", "expected a number")
        return {"documentInfos": rows[start : start + int(limit)]}

    def errors(self, number: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Errors of a document in order of their rows, after `lastIndex`, at most `limit`, of one property if asked."""
        after, limit = query.get("lastIndex", "-1"), query.get("limit", "50")
        if not limit.isdecimal() or not after.removeprefix("-").isdecimal():
            raise bad_parameter("limit", "expected a number")
        wanted = query.get("propertyName", "codes")
        rows = [error for error in self.find(number).errors if error["propertyName"] == wanted]
        return {"documentErrors": [error for error in rows if error["index"] > int(after)][: int(limit)]}

    def card(self, document: Document) -> dict[str, Any]:
        """The short description of a document."""
        kind = _TYPES[document.path] + (" ( )" if self.trailing_brackets else "")
        created = instant(document.created_ns)
        return {"documentId": document.number, "type": kind, "status": self.status(document), "createDate": created}


def in_order(value: Any) -> bool:
    """Whether the keys of every object are sorted by code point."""
    if isinstance(value, dict):
        return list(value) == sorted(value) and all(in_order(item) for item in value.values())
    return not isinstance(value, list) or all(in_order(item) for item in value)


def _withdraw_row(code: Code | None, document: Document, at_ns: int) -> str:
    if code is None:
        return "code-not-found"
    if code.status != INTRODUCED:
        return "incorrect-code-status"
    written_off = document.body["withdrawalType"] == "WRITE_OFF"
    reason = str(document.body["withdrawalReason"])
    withdraw(code, at_ns, reason, document.number, WRITTEN_OFF if written_off else WITHDRAWN)
    return ""


def _return_row(code: Code | None, document: Document, at_ns: int) -> str:
    if code is None:
        return "code-not-found"
    if code.status != WITHDRAWN:
        return "incorrect-code-status"
    reintroduce(code, at_ns, str(document.body["returnReason"]), document.number)
    return ""
