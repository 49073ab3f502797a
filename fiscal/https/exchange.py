"""One HTTP request and its answer. Nothing is ever repeated here: what a repeat means is for the family to know.

    exchange = Exchange(transport=None, monotonic=time.monotonic, headers={"x-api-key": key})
    reply = exchange.send("POST", "https://host/path", content, deadline_s=25, place="/path", hidden=(token,))

`deadline_s` bounds every read of the answer's head, and the body as a whole. Redirects are not followed: they would
carry an order, and what opens the account, to a place nobody configured.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import httpx

from fiscal.failures import Failure, FailureKind
from fiscal.https.reply import Answer, Gathering, Reply, Unsent, lost

TEXT_LENGTH_MAX = 300  # Of a failure's words.

# Everything httpx raises before the first byte of a request is written: DNS, refused, TLS, no free connection.
BEFORE_SENDING = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
# Everything else it raises; the request, or part of it, may have arrived.
WHILE_SENDING = (httpx.HTTPError, httpx.StreamError, OSError)


@dataclass(frozen=True, slots=True)
class Limits:
    connect_s: float = 3.0
    body_bytes_max: int = 4 * 1024 * 1024
    keepalive_s: float = 3.0  # A connection idle for longer may be dead at the other end: that would cost a lookup.


class Exchange:
    """HTTP client of one register. Not safe for threads by itself: the session above it holds the register's lock."""

    def __init__(
        self,
        *,
        transport: httpx.BaseTransport | None,  # None: the real network.
        monotonic: Callable[[], float],
        headers: Mapping[str, str],  # Sent with every request.
        limits: Limits = Limits(),
        tls_seclevel: int | None = None,  # OpenSSL security level; None: the system's.
        env_proxy: bool = False,
    ) -> None:
        self._monotonic = monotonic
        self._limits = limits
        self._client = httpx.Client(
            transport=transport,
            verify=True if transport or tls_seclevel is None else _tls_context(tls_seclevel),
            trust_env=env_proxy,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=limits.keepalive_s),
            headers={
                # A compressed answer could be small on the wire and endless in memory.
                "Accept-Encoding": "identity",
                "User-Agent": "pos-agent",
                **headers,
            },
        )

    def close(self) -> None:
        """Close the connections, and the injected transport with them."""
        self._client.close()

    def send(
        self,
        method: str,
        url: str,
        content: bytes = b"",
        *,
        deadline_s: float,
        place: str,  # Of the failures: the endpoint's path.
        headers: Mapping[str, str] | None = None,
        hidden: Iterable[str] = (),  # Secrets of the request that must not come back to us inside the answer.
    ) -> Reply:
        timeout = httpx.Timeout(deadline_s, connect=self._limits.connect_s)
        gathering = Gathering(self._limits.body_bytes_max, self._monotonic() + deadline_s)
        try:
            with self._client.stream(method, url, content=content, headers=headers, timeout=timeout) as response:
                wrong = self._read(response, gathering)
        except BEFORE_SENDING as trouble:
            return Unsent(Failure(FailureKind.UNAVAILABLE, "connect", _words(trouble), place))
        except httpx.TimeoutException as trouble:
            return lost("timeout", _words(trouble), place)
        except WHILE_SENDING as trouble:
            return lost("connection", _words(trouble), place)
        if wrong:
            return lost("answer", wrong, place)
        return Answer(response.status_code, dict(response.headers.items()), gathering.body(hidden))

    def _read(self, response: httpx.Response, gathering: Gathering) -> str:
        """Take in the body; what is wrong with it, or ""."""
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            return "the answer is compressed, although that was not asked for"
        for piece in response.iter_bytes():
            if wrong := gathering.add(piece, self._monotonic()):
                return wrong
        return ""


def _tls_context(seclevel: int) -> ssl.SSLContext:
    """Certificates are still checked; only the strength demanded of signatures and ciphers changes."""
    context = ssl.create_default_context()
    context.set_ciphers(f"DEFAULT:@SECLEVEL={seclevel}")
    return context


def _words(trouble: Exception) -> str:
    return f"{type(trouble).__name__}: {trouble}"[:TEXT_LENGTH_MAX]
