"""What a request must pass before any of our code sees it: Host, Origin, token, rate, size. Bare ASGI, one middleware.

Loopback alone protects nothing: a page from anywhere can call 127.0.0.1 or rebind its own name to it. So Host must be
ours, Origin (when a browser sends one) must be ours or configured, and every call carries a client's bearer token.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from pos_agent.api.answers import problem_response
from pos_agent.problems import Problem

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN_PATHS = frozenset({"/openapi.json", "/-/healthy"})
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class GuardRules:
    """`tokens`: client name -> SHA-256 of its bearer token."""

    tokens: Mapping[str, bytes]
    hosts: frozenset[str]
    origins: frozenset[str]
    body_bytes_max: int
    calls_per_s: float
    burst: int


def rules_for(
    tokens: Mapping[str, str],
    host: str,
    port: int,
    *,
    origins: tuple[str, ...] = (),
    body_bytes_max: int,
    calls_per_s: float,
    burst: int,
) -> GuardRules:
    """Names under which this agent may be called, with and without the port."""
    names = {*LOOPBACK, host}
    hosts = {f"{name}{suffix}" for name in names for suffix in ("", f":{port}")}
    own = {f"http://{name}:{port}" for name in names}
    hashed = {name: token_hash(token) for name, token in tokens.items()}
    return GuardRules(hashed, frozenset(hosts), frozenset({*own, *origins}), body_bytes_max, calls_per_s, burst)


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


@dataclass(slots=True)
class Bucket:
    """A token bucket: `burst` calls at once, `per_s` in the long run."""

    per_s: float
    burst: int
    level: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.level = float(self.burst)

    def take(self, now: float) -> bool:
        self.level = min(self.burst, self.level + (now - self.at) * self.per_s)
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


class Guard:
    """Wraps the application."""

    def __init__(self, app: App, rules: GuardRules, monotonic: Callable[[], float]) -> None:
        self._app = app
        self._rules = rules
        self._monotonic = monotonic
        self._buckets = {name: Bucket(rules.calls_per_s, rules.burst, monotonic()) for name in rules.tokens}
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            self._check_names(headers)
            if scope["path"] not in OPEN_PATHS:
                scope.setdefault("state", {})["client"] = self._client(headers)
            body = await self._body(headers, receive)
        except Problem as problem:
            await problem_response(problem, headers.get("accept-language", ""))(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)

    def _check_names(self, headers: Mapping[str, str]) -> None:
        host = headers.get("host", "").lower()
        if host not in self._rules.hosts:
            raise Problem("P-402", f"Host {host!r}")
        origin = headers.get("origin")
        if origin is not None and origin not in self._rules.origins:
            raise Problem("P-402", f"Origin {origin!r}")

    def _client(self, headers: Mapping[str, str]) -> str:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        given = token_hash(token.strip())
        # Every token is compared, in constant time each, so that timing tells nothing.
        matches = [name for name, known in self._rules.tokens.items() if hmac.compare_digest(given, known)]
        if scheme.lower() != "bearer" or not matches:
            raise Problem("P-401", "send Authorization: Bearer <token of this client>")
        with self._lock:
            allowed = self._buckets[matches[0]].take(self._monotonic())
        if not allowed:
            raise Problem("P-406", f"{self._rules.calls_per_s:g} calls a second, {self._rules.burst} at once")
        return matches[0]

    async def _body(self, headers: Mapping[str, str], receive: Receive) -> bytes:
        limit = self._rules.body_bytes_max
        declared = headers.get("content-length", "0")
        if declared.isascii() and declared.isdigit() and int(declared) > limit:
            raise Problem("P-405", f"{declared} bytes, at most {limit}")
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > limit:
                raise Problem("P-405", f"more than {limit} bytes")
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> MutableMapping[str, Any]:
        return pending.pop() if pending else await receive()

    return again
