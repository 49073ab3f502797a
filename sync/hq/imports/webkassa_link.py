"""Questions to Webkassa's API v4 that change nothing: one at a time, with a token, kindly spaced, repeated when lost.

A token lives until the next login of the same user: give headquarters a login of its own, or it ends a till's session.
Source: Webkassa API v4 (public collection, protocol 2.0.3).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from sync.answers import retry_after_s
from sync.hq.imports.fields import Fields
from sync.link import Broken, Limits, Reply, exchange, open_client

AUTHORIZE = "/api/v4/Authorize"
NO_SESSION = frozenset({2, 3})
NOT_THERE = frozenset({15, 16, 19, 1014})
VALIDATION = 9  # Also "one request at a time": told apart by words.
SEQUENCE_WORDS = ("последовательн", "параллельн", "одновремен", "sequential")
TRIES = 4
BUSY_S = 1.0
RETRY_S = 0.5  # First pause after a lost answer; it doubles.
RETRY_AFTER_S_MAX = 60.0
ANSWER_BYTES_MAX = 16 * 1024 * 1024


class VendorTrouble(RuntimeError):
    """The vendor did not answer, or said no. `code` 0: there was no answer of its own."""

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.code = code


class NotThere(VendorTrouble):
    """The vendor answered, and does not know what it was asked about."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where and as whom; the secrets come from outside."""

    url: str  # "https://kkm.webkassa.kz"
    login: str
    password: str
    api_key: str
    pause_s: float = 0.2  # After each answer: the vendor asks integrators not to press.
    read_s: float = 20.0


class WebkassaLink:
    """One login. Safe for threads: they wait for each other."""

    def __init__(
        self,
        access: Access,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"x-api-key": access.api_key, "Content-Type": "application/json; charset=utf-8"}
        self.url = access.url
        self._access = access
        self._client = open_client(access.url, headers=headers, transport=transport)
        self._limits = Limits(access.read_s, min(5.0, access.read_s), ANSWER_BYTES_MAX)
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._token = ""

    def close(self) -> None:
        self._client.close()

    def read(self, path: str, asked: Mapping[str, Any]) -> Any:
        """`Data` of the answer: an object as `Fields`, or a list. Raises VendorTrouble, NotThere."""
        with self._lock:
            return self._read(path, asked)

    def _read(self, path: str, asked: Mapping[str, Any]) -> Any:
        logged_in = False
        for turn in range(TRIES):
            if not self._token:
                self._log_in()
                logged_in = True
            answer = self._sent(path, {"Token": self._token, **asked})
            error = _error_of(answer)
            if error is None:
                data = answer.get("Data")
                return Fields(data) if isinstance(data, dict) else data
            code, text = error
            if code in NO_SESSION and not logged_in:
                self._token = ""
            elif code == VALIDATION and any(word in text.lower() for word in SEQUENCE_WORDS) and turn < TRIES - 1:
                self._sleep(BUSY_S)
            else:
                raise (NotThere if code in NOT_THERE else VendorTrouble)(f"{path}: {code} {self._hidden(text)}", code)
        raise VendorTrouble(f"{path}: the cashbox stays busy", VALIDATION)

    def _log_in(self) -> None:
        answer = self._sent(AUTHORIZE, {"Login": self._access.login, "Password": self._access.password})
        if (error := _error_of(answer)) is not None:
            raise VendorTrouble(f"{AUTHORIZE}: {error[0]} {self._hidden(error[1])}", error[0])
        data = answer.get("Data")
        token = Fields(data).get("Token") if isinstance(data, dict) else None
        if not isinstance(token, str) or not 0 < len(token) <= 512:
            raise VendorTrouble(f"{AUTHORIZE}: the answer has no token")
        self._token = token

    def _sent(self, path: str, body: Mapping[str, Any]) -> Fields:
        """An envelope, after as many tries as are kind: reading twice does no harm."""
        content = json.dumps(body, ensure_ascii=False).encode()
        trouble, wait_s = "", RETRY_S
        for turn in range(TRIES):
            if turn:
                self._sleep(wait_s)
                wait_s *= 2
            reply = exchange(
                self._client, "POST", path, limits=self._limits, monotonic=self._monotonic, content=content
            )
            self._sleep(self._access.pause_s)
            if isinstance(reply, Broken):
                trouble = reply.text
                continue
            envelope = _envelope(reply)
            if envelope is not None:
                return envelope
            trouble = f"HTTP {reply.status}" if reply.status != 200 else "the answer is no JSON envelope"
            if 400 <= reply.status < 500 and reply.status != 429:
                break
            wait_s = max(wait_s, min(retry_after_s(reply.headers), RETRY_AFTER_S_MAX))
        raise VendorTrouble(f"{path}: {self._hidden(trouble)}")

    def _hidden(self, text: str) -> str:
        for secret in (self._access.password, self._access.api_key, self._token):
            if len(secret) >= 4:
                text = text.replace(secret, "***")
        return text[:300]


def _envelope(reply: Reply) -> Fields | None:
    if reply.status != 200:
        return None
    try:
        # Sums stay as they are written: a binary fraction is no sum.
        value = json.loads(reply.body, parse_float=str)
    except (ValueError, RecursionError):
        return None
    return (
        Fields(value) if isinstance(value, dict) and ({"data", "errors"} & {name.lower() for name in value}) else None
    )


def _error_of(answer: Fields) -> tuple[int, str] | None:
    errors = answer.get("Errors")
    if not errors:
        return None
    first = errors[0] if isinstance(errors, list) and isinstance(errors[0], dict) else {}
    fields = Fields(first)
    code = fields.get("Code")
    known = int(code) if isinstance(code, int | str) and str(code).removeprefix("-").isdecimal() else -1
    return known, str(fields.get("Text") or fields.get("Message") or "")
