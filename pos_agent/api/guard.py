"""What a request must pass before any of our code sees it: Host, Origin, token, rate, size. Bare ASGI, one middleware.

Loopback alone protects nothing: a page from anywhere can call 127.0.0.1 or rebind its own name to it. So Host must be
ours, Origin (when a browser sends one) must be ours or configured, and every call carries a client's bearer token or,
from a page of ours, the cookie of a signed-in browser. A browser adds a cookie by itself, so with one only our own
origin may change anything.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse

from pos_agent.api.answers import problem_response
from pos_agent.pages.sessions import Role, Session, Sessions
from pos_agent.problems import Problem

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN_PATHS = frozenset({"/openapi.json", "/-/healthy", "/-/ready", "/sign-in"})
OPEN_FOLDERS = ("/static/",)
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
HTTP_PORT = 80
SAFE_METHODS = frozenset({"GET", "HEAD"})
COOKIE = "pos_agent_page"
# First part of a path -> who of the signed-in browsers may go there. What a browser cannot go to is not for cookies.
PAGE_ROLES: Mapping[str, frozenset[Role]] = {
    "": frozenset(Role),
    "till": frozenset(Role),
    "v1": frozenset(Role),
    "sign-out": frozenset(Role),
    "it": frozenset({Role.IT}),
}
PAGES = frozenset({"", "till", "it"})  # Whoever is not signed in is led to the sign-in page.
OF_IT = ("/v1/pages/",)


@dataclass(frozen=True, slots=True)
class GuardRules:
    """`tokens`: client name -> SHA-256 of its bearer token."""

    tokens: Mapping[str, bytes]
    hosts: frozenset[str]
    origins: frozenset[str]
    body_bytes_max: int
    calls_per_s: float
    burst: int
    own_origins: frozenset[str] = frozenset()  # Of our pages alone.


class SignInNeeded(Exception):
    """A page was asked for by a browser that is not signed in."""


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
    names = {*LOOPBACK, host.lower()}  # As browsers send it.
    hosts = {f"{name}{suffix}" for name in names for suffix in ("", f":{port}")}
    own = {f"http://{name}:{port}" for name in names}
    if port == HTTP_PORT:  # Which browsers leave out of an origin.
        own |= {f"http://{name}" for name in names}
    hashed = {name: token_hash(token) for name, token in tokens.items()}
    return GuardRules(
        hashed, frozenset(hosts), frozenset({*own, *origins}), body_bytes_max, calls_per_s, burst, frozenset(own)
    )


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

    def __init__(self, app: App, rules: GuardRules, monotonic: Callable[[], float], sessions: Sessions) -> None:
        self._app = app
        self._rules = rules
        self._sessions = sessions
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
            if not _is_open(scope["path"]):
                self._admit(scope, headers)
            elif scope["method"] not in SAFE_METHODS:
                self._own_origin(headers)
            body = await self._body(headers, receive)
        except SignInNeeded:
            target = f"/sign-in?next={quote(scope['path'])}"
            await RedirectResponse(target, 303, {"Cache-Control": "no-store"})(scope, receive, send)
            return
        except Problem as problem:
            await problem_response(problem, headers.get("accept-language", ""))(scope, receive, send)
            return
        if body is not None:
            await self._app(scope, _replay(body, receive), send)

    def _check_names(self, headers: Mapping[str, str]) -> None:
        host = headers.get("host", "").lower()
        if host not in self._rules.hosts:
            raise Problem("P-402", f"Host {host!r}")
        origin = headers.get("origin")
        if origin is not None and origin not in self._rules.origins:
            raise Problem("P-402", f"Origin {origin!r}")

    def _admit(self, scope: Scope, headers: Mapping[str, str]) -> None:
        """Note in `scope` who calls. Raises Problem, or SignInNeeded where a page was asked for."""
        state = scope.setdefault("state", {})
        if "authorization" in headers:
            state["client"], state["session"] = self._client(headers), None
        else:
            session = self._session(scope, headers)
            state["client"], state["session"] = session.client, session
        self._take(state["client"])

    def _session(self, scope: Scope, headers: Mapping[str, str]) -> Session:
        part = scope["path"].split("/")[1]
        token = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        session = self._sessions.find(token) if token else None
        if session is None and part in PAGES and scope["method"] in SAFE_METHODS:
            raise SignInNeeded
        if session is None:
            raise Problem("P-401", "send Authorization: Bearer <token of this client>, or sign this page in")
        if session.role not in PAGE_ROLES.get(part, ()) or (
            session.role is not Role.IT and scope["path"].startswith(OF_IT)
        ):
            if part in PAGES and scope["method"] in SAFE_METHODS and "text/html" in headers.get("accept", ""):
                raise SignInNeeded  # A person at a cashier's browser: a code for store IT lets them in.
            raise Problem("P-411", f"signed in as {session.name} ({session.role})")
        if scope["method"] not in SAFE_METHODS:
            self._own_origin(headers)
        return session

    def _own_origin(self, headers: Mapping[str, str]) -> None:
        """A browser sends Origin with every POST; without one it is no page of ours."""
        if headers.get("origin") not in self._rules.own_origins:
            raise Problem("P-402", f"Origin {headers.get('origin')!r}: only pages of this agent may do this")

    def _client(self, headers: Mapping[str, str]) -> str:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        given = token_hash(token.strip())
        # Every token is compared, in constant time each, so that timing tells nothing.
        matches = [name for name, known in self._rules.tokens.items() if hmac.compare_digest(given, known)]
        if scheme.lower() != "bearer" or not matches:
            raise Problem("P-401", "send Authorization: Bearer <token of this client>")
        return matches[0]

    def _take(self, client: str) -> None:
        rules, now = self._rules, self._monotonic()
        with self._lock:
            bucket = self._buckets.setdefault(client, Bucket(rules.calls_per_s, rules.burst, now))
            allowed = bucket.take(now)
        if not allowed:
            raise Problem("P-406", f"{rules.calls_per_s:g} calls a second, {rules.burst} at once")

    async def _body(self, headers: Mapping[str, str], receive: Receive) -> bytes | None:
        """None when the caller went away in the middle of it: a part may read like a whole call, and its fingerprint
        would turn the repeat away."""
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
            if message["type"] == "http.disconnect":
                return None
            if not message.get("more_body", False):
                return bytes(body)


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDERS)


def _replay(body: bytes, receive: Receive) -> Receive:
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> MutableMapping[str, Any]:
        return pending.pop() if pending else await receive()

    return again
