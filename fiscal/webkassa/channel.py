"""One HTTP exchange with Webkassa, told apart by what may have happened to the request.

    Envelope   an answer came, whatever it says
    Denied     refused before it was processed: certainly nothing fiscalised
    Unsent     certainly no byte of the request left the program
    Lost       it may have been processed: ask before anything else

Nothing is ever repeated here, with one exception: a domain that says "not here, go there" (505) is followed to the
next host with the same bytes, and a borrowed host that cannot be reached gives way to our own.
Source: Webkassa API v4 (public collection, protocol 2.0.3).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from fiscal.register import Failure, FailureKind
from fiscal.webkassa import codes, domains
from fiscal.webkassa.settings import Settings
from fiscal.webkassa.wire import ANSWER_BYTES_MAX, AnswerMalformed, Envelope, decode

TEXT_LENGTH_MAX = 300  # Of a failure's words.
HIDDEN_LENGTH_MIN = 16
KEEPALIVE_S = 3.0  # A connection idle for longer may be dead at the other end: that would cost a lookup.

# Everything httpx raises before the first byte of a request is written: DNS, refused, TLS, no free connection.
_BEFORE_SENDING = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
# Everything else it raises; the request, or part of it, may have arrived.
_WHILE_SENDING = (httpx.HTTPError, httpx.StreamError, OSError)


@dataclass(frozen=True, slots=True)
class Denied:
    failure: Failure


@dataclass(frozen=True, slots=True)
class Unsent:
    failure: Failure


@dataclass(frozen=True, slots=True)
class Lost:
    failure: Failure


Reply = Envelope | Denied | Unsent | Lost


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """The domain is shut; these hosts were named."""

    origins: tuple[str, ...]


class Channel:
    """HTTP client of one cashbox. Not safe for threads by itself: the session above it holds the lock."""

    def __init__(
        self,
        settings: Settings,
        api_key: str,
        transport: httpx.BaseTransport | None,
        monotonic: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._host = settings.origin
        self._client = httpx.Client(
            transport=transport,
            verify=True if transport or settings.tls_seclevel is None else _tls_context(settings.tls_seclevel),
            trust_env=settings.env_proxy,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=KEEPALIVE_S),
            headers={
                "x-api-key": api_key,
                "Content-Type": "application/json; charset=utf-8",
                "Accept": "application/json",
                # A compressed answer could be small on the wire and endless in memory.
                "Accept-Encoding": "identity",
                "User-Agent": "pos-agent",
            },
        )

    def close(self) -> None:
        self._client.close()

    def post(self, path: str, content: bytes, deadline_s: float, hidden: str) -> Reply:
        """Send once. `hidden` is the session token: it must not come back to us inside an answer."""
        reply = self._exchange(self._host, path, content, deadline_s, hidden)
        if isinstance(reply, _Elsewhere):
            own = (self._settings.origin,) if self._host != self._settings.origin else ()
            return self._follow((*reply.origins, *own), path, content, deadline_s, hidden)
        if isinstance(reply, Unsent) and self._host != self._settings.origin:
            self._host = self._settings.origin
            reply = self._exchange(self._host, path, content, deadline_s, hidden)
        return _shut(path) if isinstance(reply, _Elsewhere) else reply

    def _follow(self, origins: tuple[str, ...], path: str, content: bytes, deadline_s: float, hidden: str) -> Reply:
        for origin in origins:
            reply = self._exchange(origin, path, content, deadline_s, hidden)
            if not isinstance(reply, Unsent | _Elsewhere):
                self._host = origin
                return reply
        # "Unavailable here" is no proof that the request was not taken in.
        return _shut(path)

    def _exchange(self, origin: str, path: str, content: bytes, deadline_s: float, hidden: str) -> Reply | _Elsewhere:
        timeout = httpx.Timeout(deadline_s, connect=self._settings.connect_s)
        until = self._monotonic() + deadline_s
        try:
            with self._client.stream("POST", origin + path, content=content, timeout=timeout) as response:
                body = self._read(response, until)
        except _BEFORE_SENDING as trouble:
            return Unsent(Failure(FailureKind.UNAVAILABLE, "connect", _words(trouble), path))
        except httpx.TimeoutException as trouble:
            return Lost(Failure(FailureKind.NO_ANSWER, "timeout", _words(trouble), path))
        except _WHILE_SENDING as trouble:
            return Lost(Failure(FailureKind.NO_ANSWER, "connection", _words(trouble), path))
        if isinstance(body, str):
            return Lost(Failure(FailureKind.NO_ANSWER, "answer", body, path))
        return self._classify(response, _without(body, hidden), path)

    def _read(self, response: httpx.Response, until: float) -> bytes | str:
        """The body, or what is wrong with it: packed, too long, or too slow as a whole however fast its pieces come."""
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            return "the answer is compressed, although that was not asked for"
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > ANSWER_BYTES_MAX:
                return f"the answer is longer than {ANSWER_BYTES_MAX} bytes"
            if self._monotonic() > until:
                return "the answer did not end in time"
        return bytes(body)

    def _classify(self, response: httpx.Response, body: bytes, path: str) -> Reply | _Elsewhere:
        status = response.status_code
        answer: Envelope | AnswerMalformed
        try:
            answer = decode(body)
        except AnswerMalformed as malformed:
            answer = malformed
        shut = isinstance(answer, Envelope) and any(error.code == 505 for error in answer.errors)
        if status == 505 or shut:
            return _Elsewhere(
                domains.origins(response.headers.get(domains.HEADER, "")) if self._settings.alternates else ()
            )
        if status in codes.HTTP_REFUSED:
            if isinstance(answer, Envelope) and answer.errors:
                return answer
            return Denied(Failure(codes.HTTP_REFUSED[status], f"http:{status}", "refused before processing", path))
        if not 200 <= status < 300:
            return Lost(Failure(FailureKind.NO_ANSWER, f"http:{status}", "the server or a box on the way failed", path))
        if isinstance(answer, AnswerMalformed):
            return Lost(Failure(FailureKind.NO_ANSWER, "answer", answer.text, f"{path} {answer.place}".strip()))
        return answer


def _tls_context(seclevel: int) -> ssl.SSLContext:
    """Certificates are still checked; only the strength demanded of signatures and ciphers changes."""
    context = ssl.create_default_context()
    context.set_ciphers(f"DEFAULT:@SECLEVEL={seclevel}")
    return context


def _shut(path: str) -> Lost:
    return Lost(Failure(FailureKind.NO_ANSWER, "webkassa:505", "service unavailable on every known domain", path))


def _without(body: bytes, token: str) -> bytes:
    """A server that quotes our request in its error text must not carry the session into logs and journal.

    Only a token of some length is looked for: a short one could be part of a sum.
    """
    return body.replace(token.encode(), b"***") if len(token) >= HIDDEN_LENGTH_MIN else body


def _words(trouble: Exception) -> str:
    return f"{type(trouble).__name__}: {trouble}"[:TEXT_LENGTH_MAX]
