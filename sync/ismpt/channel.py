"""One HTTP exchange with the registry, within one deadline. Whatever the line or the server does comes back as a value.

A 307 is followed once with the same method and body, the token only to the same origin, and never down from https.
Source: description of the IS MPT API, xTrace 1.0 (MarkSolutions), chapter on HTTP codes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import httpx

from sync.ismpt.deadline import DeadlineTransport

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
BODY_BYTES_MAX = 16 * 1024 * 1024
TEXT_LENGTH_MAX = 300  # Of an exception's words.
SAME_METHOD = frozenset({307, 308})

_TROUBLES = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError)


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: bytes
    retry_after: str | None = None
    redirected: bool = False
    foreign: bool = False  # From another origin, which was not shown the token.


@dataclass(frozen=True, slots=True)
class Trouble:
    """There is no usable answer."""

    reason: str  # For people; holds no secret and no check part.
    transient: bool  # Asking again may help.
    wait_s: float | None = None  # The server's own wish.


@dataclass(frozen=True, slots=True)
class Limits:
    """How long an exchange may take."""

    until: float  # On the monotonic clock, everything included.
    connect_s: float


class Channel:
    """HTTP client of one registry. Safe for threads.

    Raises:
        ValueError: the base URL is not an http or https address.
    """

    def __init__(self, base_url: str, transport: httpx.BaseTransport | None, monotonic: Callable[[], float]) -> None:
        try:
            self._base = httpx.URL(base_url.rstrip("/"))
        except httpx.InvalidURL as error:
            raise ValueError(f"not an address: {base_url!r}") from error
        if not _is_web(self._base):
            raise ValueError(f"not an http or https address: {base_url!r}")
        self._monotonic = monotonic
        self._within: Callable[[float], AbstractContextManager[None]] = lambda _until: nullcontext()
        if transport is None:
            transport = real = DeadlineTransport(monotonic)
            self._within = real.within
        self._client = httpx.Client(
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            headers={
                # Without a fitting type the server answers 406 and nothing else.
                "Accept": "*/*",
                # A compressed answer could be small on the wire and endless in memory.
                "Accept-Encoding": "identity",
                "User-Agent": "pos-agent",
            },
        )

    def close(self) -> None:
        self._client.close()

    def left_s(self, limits: Limits) -> float:
        return limits.until - self._monotonic()

    def post(
        self, path: str, content: bytes, limits: Limits, *, content_type: str = JSON, bearer: str | None = None
    ) -> Answered | Trouble:
        """Send once. Without a bearer (a login) no redirect is followed: the password goes nowhere else."""
        return self._sent("POST", path, content, limits, content_type, bearer)

    def get(self, path: str, limits: Limits, *, bearer: str) -> Answered | Trouble:
        """Ask once; `path` carries its query."""
        # The description wants the content type on GET as well.
        return self._sent("GET", path, b"", limits, JSON, bearer)

    def _sent(
        self, method: str, path: str, content: bytes, limits: Limits, content_type: str, bearer: str | None
    ) -> Answered | Trouble:
        headers = {"Content-Type": content_type}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        path, _, query = path.partition("?")
        origin = self._base.copy_with(
            path=self._base.path.rstrip("/") + path, query=query.encode("ascii") if query else None
        )
        reply, location = self._exchange(method, origin, content, headers, limits)
        if bearer is None or not isinstance(reply, Answered) or reply.status not in SAME_METHOD or not location:
            return reply
        try:
            target = origin.join(location)
        except httpx.InvalidURL:
            target = httpx.URL()
        if not _is_web(target):
            return Trouble(f"HTTP {reply.status} to an address that is none", transient=False)
        if target.scheme != origin.scheme and target.scheme != "https":
            return Trouble(f"HTTP {reply.status} to an unprotected address", transient=False)
        foreign = _place(target) != _place(origin)
        if foreign:
            del headers["Authorization"]
        reply, _ = self._exchange(method, target, content, headers, limits)
        if isinstance(reply, Trouble):
            return reply
        return Answered(reply.status, reply.body, reply.retry_after, redirected=True, foreign=foreign)

    def _exchange(
        self, method: str, url: httpx.URL, content: bytes, headers: dict[str, str], limits: Limits
    ) -> tuple[Answered | Trouble, str | None]:
        left = self.left_s(limits)
        if left <= 0:
            return Trouble("no answer in time", transient=True), None
        if self._client.is_closed:
            return Trouble("the client is closed", transient=False), None
        timeout = httpx.Timeout(left, connect=min(limits.connect_s, left))
        try:
            with (
                self._within(limits.until),
                self._client.stream(method, url, content=content, headers=headers, timeout=timeout) as response,
            ):
                body = self._read(response, limits)
        except httpx.TimeoutException as trouble:
            return Trouble(f"no answer in time ({_text(trouble)})", transient=True), None
        except _TROUBLES as trouble:
            return Trouble(_text(trouble), transient=True), None
        if isinstance(body, Trouble):
            return body, None
        location = response.headers.get("Location")
        return Answered(response.status_code, body, response.headers.get("Retry-After")), location

    def _read(self, response: httpx.Response, limits: Limits) -> bytes | Trouble:
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                return Trouble(f"the answer is longer than {BODY_BYTES_MAX} bytes", transient=False)
            if self.left_s(limits) < 0:
                return Trouble("the answer did not end in time", transient=True)
        return bytes(body)


def _is_web(url: httpx.URL) -> bool:
    return url.scheme in ("http", "https") and url.host != ""


def _place(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)


def _text(trouble: Exception) -> str:
    # A refused header of httpx quotes its value, and one of ours is the token.
    if isinstance(trouble, httpx.LocalProtocolError):
        return type(trouble).__name__
    return f"{type(trouble).__name__}: {trouble}"[:TEXT_LENGTH_MAX]
