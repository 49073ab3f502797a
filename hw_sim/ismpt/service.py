"""The IS MPT service (xTrace 1.0): login, code look-ups, documents, exports.

Written from the description of the API for the role "user" of 31.10.2025 (MarkSolutions) and what two public clients
report about it. A code the registry does not know is simply missing from the answer.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs

from hw_sim.exchange import Clock, SimReply, SimRequest, json_reply, text_reply
from hw_sim.faults import ERROR_PAGE, TRANSPORT_KINDS, Fault, Kind, Place, aimed
from hw_sim.ismpt import documents
from hw_sim.ismpt.accounts import FULL_READ, SHRINK_READ, Account, Sessions
from hw_sim.ismpt.codes import Code, CodeStore
from hw_sim.ismpt.errors import ACCESS_DENIED, INACTIVE_TOKEN, INVALID_FORMAT, ErrorShape, Rejected, bad_parameter
from hw_sim.ismpt.exports import Exports
from hw_sim.ismpt.views import private_view, public_view
from hw_sim.server import Server

AUTHENTICATE, REFRESH = "/api/users/authenticate", "/api/users/tokens/refresh"
PUBLIC_CODES, PRIVATE_CODES = "/public/api/cod/public/codes", "/public/api/cod/private/codes"
DOCUMENTS, STORAGE, EXPORTS = "/public/api/v1/doc/", "/public/api/v1/doc/storage/", "/public/api/cod/exports"

KINDS = {
    **aimed(TRANSPORT_KINDS, "/codes"),
    "token_expired": Kind(Place.BEFORE, "/codes", "the access token ends before this request: 401"),
    "refresh_fails": Kind(Place.BEFORE, "refresh", "401 to a refresh"),
    "not_acceptable": Kind(Place.BEFORE, "/codes", "406 with an empty body"),
    "redirect_to_public": Kind(Place.BEFORE, "private_codes", "307 to the public look-up"),
    "missing_code": Kind(Place.BEFORE, "/codes", "the first code asked for is left out of the answer"),
    "batch_refused": Kind(Place.BEFORE, "/codes", "400 as for a batch over the cap"),
    "denied": Kind(Place.BEFORE, "/codes", "403"),
}


class Shape(StrEnum):
    """How public/codes wraps its answer; the sources disagree. OBJECT is one bare object when one code was found."""

    ARRAY = "array"
    OBJECT = "object"
    RESULTS = "results"
    CODES = "codes"


class Ismpt(Server):
    """The whole service around one registry of codes."""

    def __init__(
        self, now: Clock, rng: random.Random, codes: Iterable[Code] = (), accounts: Iterable[Account] = ()
    ) -> None:
        super().__init__(now, rng, KINDS)
        self.codes = CodeStore(codes)
        self.sessions = Sessions(self.now, rng, accounts)
        self.documents = documents.DocumentStore(self.now, rng, self.codes)
        self.exports = Exports(self.now, rng, self.codes)
        self.shape = Shape.ARRAY
        self.error_shape = ErrorShape.ARRAY
        self.batch_max = 100
        self.full_codes = False  # Whether `code` of a public record carries the tail too.
        self.accept_strict = True
        self.before_each.append(self.documents.step)
        self.views["codes"] = lambda: [public_view(code) for code in self.codes]
        self.switches["shape"] = lambda value: setattr(self, "shape", Shape(value))
        self.switches["error_shape"] = lambda value: setattr(self, "error_shape", ErrorShape(value))
        self.switches["batch_max"] = lambda value: setattr(self, "batch_max", int(value))
        self.switches["strict_order"] = lambda value: setattr(self.documents, "strict_order", bool(value))
        self.switches["trailing_brackets"] = lambda value: setattr(self.documents, "trailing_brackets", bool(value))
        self.switches["refused_codes"] = lambda value: setattr(self.documents, "refused_codes", dict(value))
        self.switches["search_lag_s"] = lambda value: setattr(self.documents, "search_lag_s", float(value))
        self.views["documents"] = lambda: [
            {**self.documents.card(document), "path": document.path, "body": document.body}
            for document in self.documents.documents.values()
        ]

    def operation(self, request: SimRequest) -> str:
        """authenticate, refresh, public_codes, private_codes, storage, exports, or the name of a document's path."""
        path = request.path
        fixed = {
            AUTHENTICATE: "authenticate",
            REFRESH: "refresh",
            PUBLIC_CODES: "public_codes",
            PRIVATE_CODES: "private_codes",
        }
        if path in fixed:
            return fixed[path]
        if path.startswith(EXPORTS):
            return "exports"
        if path.startswith(STORAGE):
            return "storage"
        name = path.removeprefix(DOCUMENTS)
        return name if name in documents.PATHS else ""

    def answer(self, request: SimRequest, operation: str, faults: list[Fault]) -> SimReply:
        try:
            return self._answer(request, operation, {fault.name for fault in faults})
        except Rejected as rejected:
            if rejected.status == 406:
                return SimReply(406)
            return rejected.reply(self.error_shape)

    def _answer(self, request: SimRequest, operation: str, faults: set[str]) -> SimReply:
        if not operation:
            return text_reply(ERROR_PAGE.format("404 Not Found"), 404)
        if operation == "authenticate":
            body = _object(request)
            return json_reply(self.sessions.login(body.get("login"), body.get("password")))
        if operation == "refresh":
            return json_reply(self._refresh(request, faults))
        header = request.headers.get("authorization", "")
        if "token_expired" in faults:
            self.sessions.end(header)
        account = self.sessions.account_of(header)
        if "denied" in faults:
            raise Rejected(403, ACCESS_DENIED)
        if "not_acceptable" in faults or (self.accept_strict and "*/*" not in request.headers.get("accept", "")):
            raise Rejected(406, "not-acceptable")
        if operation in ("public_codes", "private_codes"):
            return self._look_up(request, operation, account, faults)
        if operation == "storage":
            return self._storage(request)
        if operation == "exports":
            return self._export(request, account)
        if "WITHDRAWAL" not in account.rights:
            raise Rejected(403, ACCESS_DENIED)
        return json_reply({"documentId": self.documents.accept(operation, _object(request))})

    def _refresh(self, request: SimRequest, faults: set[str]) -> dict[str, Any]:
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise bad_parameter("refreshToken", "expected a form")
        token = parse_qs(request.body.decode("utf-8", "replace")).get("refreshToken", [""])[0]
        if "refresh_fails" in faults:
            raise Rejected(401, INACTIVE_TOKEN, _cause=INACTIVE_TOKEN)
        return self.sessions.refresh(token)

    def _look_up(self, request: SimRequest, operation: str, account: Account, faults: set[str]) -> SimReply:
        private = operation == "private_codes"
        if private and ("redirect_to_public" in faults or FULL_READ not in account.rights):
            return SimReply(307, (("Location", PUBLIC_CODES),))
        if SHRINK_READ not in account.rights:
            raise Rejected(403, ACCESS_DENIED)
        asked = _object(request).get("codes")
        if not isinstance(asked, list) or not asked or not all(isinstance(code, str) for code in asked):
            raise bad_parameter("codes", "expected a list of strings")
        if len(asked) > self.batch_max or "batch_refused" in faults:
            raise bad_parameter("codes", "too-many-codes")
        if "missing_code" in faults:
            asked = asked[1:]
        found = [code for code in map(self.codes.get, dict.fromkeys(asked)) if code is not None]
        if private:
            return json_reply({"results": [private_view(code) for code in found]})
        return json_reply(self._wrap([public_view(code, full_code=self.full_codes) for code in found]))

    def _wrap(self, records: list[dict[str, Any]]) -> Any:
        if self.shape is Shape.OBJECT and len(records) == 1:
            return records[0]
        if self.shape in (Shape.RESULTS, Shape.CODES):
            return {self.shape.value: records}
        return records

    def _storage(self, request: SimRequest) -> SimReply:
        store = self.documents
        kind, _, number = request.path.removeprefix(STORAGE).partition("/")
        if request.method != "GET":
            raise Rejected(405, ACCESS_DENIED)
        if (kind, number) == ("docs", "search"):
            return json_reply(store.search(request.query))
        if kind == "docs" and number.endswith("/codes"):
            return json_reply({"codes": store.find(number.removesuffix("/codes")).body["codes"]})
        if kind == "docs":
            return json_reply(store.card(store.find(number)))
        if kind == "json":
            return json_reply(store.find(number).body)
        if kind == "errors":
            return json_reply(store.errors(number, request.query))
        return text_reply(ERROR_PAGE.format("404 Not Found"), 404)

    def _export(self, request: SimRequest, account: Account) -> SimReply:
        tail = request.path.removeprefix(EXPORTS).strip("/")
        if not tail and request.method == "POST":
            return json_reply({"id": self.exports.order(_object(request), account.tin)})
        number, _, part = tail.partition("/")
        if part == "status":
            return json_reply(self.exports.status(number))
        if part == "result":
            return SimReply(200, (("Content-Type", "application/zip"),), self.exports.result(number))
        return text_reply(ERROR_PAGE.format("404 Not Found"), 404)


def _object(request: SimRequest) -> dict[str, Any]:
    """The body as a JSON object, or 400."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise bad_parameter("body", "expected application/json")
    try:
        body = json.loads(request.body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Rejected(400, INVALID_FORMAT, parameter="body") from error
    if not isinstance(body, dict):
        raise Rejected(400, INVALID_FORMAT, parameter="body")
    return body
