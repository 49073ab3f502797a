"""What an HTTP request means to headquarters, without a server: request in, answer out.

    POST /v1/batches                        a packed batch of the caller's till
    GET  /v1/cursor                         where the caller's till stands
    POST /v1/heartbeat                      how the caller's till is
    GET  /v1/tills                          every till the caller may see
    GET  /v1/tills/{till}/rows?after&limit  its rows
    GET  /healthz                           open to all

A till's token or key speaks for that till only; a reader's token sees all tills and delivers nothing. Errors are
problem details (RFC 9457) with a stable `kind`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from sqlalchemy.exc import SQLAlchemyError

from sync.batch import PACKED_BYTES_MAX, cursor_to_json
from sync.heartbeat import HeartbeatInvalid
from sync.heartbeat import decode as decode_heartbeat
from sync.hq.callers import Caller, Callers, Credentials
from sync.hq.fleet.answer import till_out
from sync.hq.fleet.standing import Thresholds
from sync.hq.judge import Refusal, RefusalKind
from sync.hq.store import Ack, Collector, StoredRow
from sync.signing import SCHEME

log = logging.getLogger(__name__)

ROWS_LIMIT_MAX = 1_000
ROWS_LIMIT = 100
NUMBER_DIGITS_MAX = 18
RETRY_AFTER_S = 5

STATUS_OF: Mapping[RefusalKind, HTTPStatus] = {
    RefusalKind.MALFORMED: HTTPStatus.BAD_REQUEST,
    RefusalKind.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    RefusalKind.WRONG_TILL: HTTPStatus.FORBIDDEN,
    RefusalKind.GAP: HTTPStatus.CONFLICT,
    RefusalKind.FORK: HTTPStatus.CONFLICT,
    RefusalKind.CHAIN: HTTPStatus.CONFLICT,
    RefusalKind.BAD_ROWS: HTTPStatus.UNPROCESSABLE_ENTITY,
}
METHOD_OF: Mapping[str, str] = {
    "/v1/batches": "POST",
    "/v1/cursor": "GET",
    "/v1/heartbeat": "POST",
    "/v1/tills": "GET",
    "/healthz": "GET",
}

Answer = tuple[int, dict[str, str], bytes]


class Exchange:
    """Raises KeyInvalid for a public key that is none. `thresholds`: when a till is late, silent or in alarm."""

    def __init__(self, collector: Collector, credentials: Credentials, thresholds: Thresholds | None = None) -> None:
        self._collector = collector
        self._callers = Callers(credentials)
        self._thresholds = thresholds

    def precheck(self, method: str, path: str, headers: Mapping[str, str]) -> Answer | None:
        """An answer that needs no body: a server asks here before it reads one. `headers` in lower case."""
        place = urlsplit(path).path
        wanted = METHOD_OF.get(place) or ("GET" if _till_of_rows(place) is not None else None)
        if wanted is None:
            return _problem(HTTPStatus.NOT_FOUND, "not-found", f"there is nothing at {place[:200]}")
        if method != wanted:
            answer = _problem(HTTPStatus.METHOD_NOT_ALLOWED, "method", f"{place[:200]} takes {wanted}")
            answer[1]["allow"] = wanted
            return answer
        if place != "/healthz" and not self._callers.may_be_known(headers):
            return _unknown("a known bearer token or key is needed")
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or int(length[:NUMBER_DIGITS_MAX]) > PACKED_BYTES_MAX:
            return too_large()
        return None

    def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer a whole request; `path` with its query. Never raises for what a caller or the database does."""
        refused = self.precheck(method, path, headers)
        if refused is not None:
            return refused
        if len(body) > PACKED_BYTES_MAX:
            return too_large()
        try:
            return self._answer(method, path, headers, body)
        except SQLAlchemyError:
            log.exception("the database did not answer")
            answer = _problem(HTTPStatus.SERVICE_UNAVAILABLE, "storage", "the database does not answer; try again")
            answer[1]["retry-after"] = str(RETRY_AFTER_S)
            return answer

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        split = urlsplit(path)
        if split.path == "/healthz":
            self._collector.ping()
            return _json(HTTPStatus.OK, {"status": "ok"})
        caller = self._callers.caller(method, path, headers, body)
        if caller is None:
            return _unknown("the signature does not fit the request")
        if split.path == "/v1/tills":
            return self._tills(caller)
        if (till := _till_of_rows(split.path)) is not None:
            return self._rows(caller, till, split.query)
        if caller.till is None:
            return _problem(HTTPStatus.FORBIDDEN, "reader", "a reader's token is of no till")
        if split.path == "/v1/cursor":
            return _content(HTTPStatus.OK, cursor_to_json(self._collector.cursor(caller.till)))
        if split.path == "/v1/heartbeat":
            return self._heartbeat(caller.till, body)
        if headers.get("content-encoding", "").strip().lower() != "gzip":
            return _problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "encoding", "a batch is sent with gzip")
        return _verdict(self._collector.accept(caller.till, body))

    def _heartbeat(self, till: str, body: bytes) -> Answer:
        try:
            heartbeat = decode_heartbeat(body)
        except HeartbeatInvalid as error:
            return _problem(HTTPStatus.BAD_REQUEST, RefusalKind.MALFORMED, str(error))
        if heartbeat.till != till:
            return _problem(HTTPStatus.FORBIDDEN, RefusalKind.WRONG_TILL, "the token or key is of another till")
        is_news = self._collector.fleet.beat(till, heartbeat)
        return _json(HTTPStatus.OK, {"till": till, "news": is_news, "at_ns": self._collector.now()})

    def _tills(self, caller: Caller) -> Answer:
        now_ns, heard = self._collector.now(), self._collector.fleet.heard(caller.till)
        told = [
            till_out(state, heard.get(state.till), now_ns, self._thresholds)
            for state in self._collector.tills()
            if caller.till in (None, state.till)
        ]
        return _json(HTTPStatus.OK, {"tills": told})

    def _rows(self, caller: Caller, till: str, query: str) -> Answer:
        if caller.till not in (None, till):
            return _problem(HTTPStatus.FORBIDDEN, RefusalKind.WRONG_TILL, "the token is of another till")
        if not caller.may_read:
            return _problem(HTTPStatus.FORBIDDEN, "key", "rows are read with a token, not under a key")
        asked = parse_qs(query)
        after, limit = _number(asked, "after", 0), _number(asked, "limit", ROWS_LIMIT)
        if after is None or limit is None or not 1 <= limit <= ROWS_LIMIT_MAX:
            text = f"after is a row number, limit is 1 to {ROWS_LIMIT_MAX}"
            return _problem(HTTPStatus.BAD_REQUEST, "query", text)
        rows = self._collector.rows(till, after=after, limit=limit)
        return _json(HTTPStatus.OK, {"till": till, "rows": [_row_out(row) for row in rows]})


def _unknown(text: str) -> Answer:
    answer = _problem(HTTPStatus.UNAUTHORIZED, "token", text)
    answer[1]["www-authenticate"] = f"Bearer, {SCHEME}"
    return answer


def too_large() -> Answer:
    return _problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, RefusalKind.TOO_LARGE, f"a body has at most {PACKED_BYTES_MAX} bytes"
    )


def _verdict(decision: Ack | Refusal) -> Answer:
    if isinstance(decision, Ack):
        return _json(HTTPStatus.OK, {"till": decision.till, "through": decision.number, "hash": decision.hash.hex()})
    more: dict[str, Any] = {}
    if decision.expected is not None:
        more["expected"] = {"number": decision.expected.number, "previous": decision.expected.previous.hex()}
    if decision.rows:
        more["rows"] = [{"number": number, "reason": reason} for number, reason in decision.rows]
    return _problem(STATUS_OF[decision.kind], decision.kind, decision.text, more)


def _till_of_rows(place: str) -> str | None:
    parts = place.split("/")
    if len(parts) == 5 and parts[:3] == ["", "v1", "tills"] and parts[4] == "rows" and parts[3]:
        return unquote(parts[3])
    return None


def _number(asked: Mapping[str, list[str]], name: str, default: int) -> int | None:
    given = asked.get(name, [str(default)])[-1]
    return int(given) if given.isascii() and given.isdigit() and len(given) <= NUMBER_DIGITS_MAX else None


def _row_out(row: StoredRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "previous": row.previous.hex(),
        "hash": row.hash.hex(),
        "at_ns": row.at_ns,
        "kind": row.kind,
        "body": row.body,
        "reason": row.reason,
        "arrival": row.arrival,
        "received_ns": row.received_ns,
    }


def _problem(status: HTTPStatus, kind: str, detail: str, more: Mapping[str, Any] | None = None) -> Answer:
    content = {"type": "about:blank", "title": status.phrase, "status": int(status), "kind": str(kind)}
    return _json(status, {**content, "detail": detail, **(more or {})}, "application/problem+json")


def _json(status: HTTPStatus, content: Mapping[str, Any], media_type: str = "application/json") -> Answer:
    return _content(status, json.dumps(content, ensure_ascii=False).encode(errors="replace"), media_type)


def _content(status: HTTPStatus, body: bytes, media_type: str = "application/json") -> Answer:
    return int(status), {"content-type": media_type}, body
