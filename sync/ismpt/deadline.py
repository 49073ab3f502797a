"""The real network under one deadline for a whole exchange.

The timeouts of httpx begin anew with every packet: a server that sends one header byte a second never meets them, and
a name that does not resolve meets none at all. Here every wait of a connection is cut to what is left.
"""

from __future__ import annotations

import math
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

KEEPALIVE_S = 15.0

_ERRORS: dict[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.PoolTimeout: httpx.PoolTimeout,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteError: httpx.WriteError,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
}


class Deadline(threading.local):
    """The end of the exchange this thread is in, on the monotonic clock."""

    until: float = math.inf


class DeadlineTransport(httpx.BaseTransport):
    """HTTP/1.1 over sockets. `within` sets the deadline of everything this thread does inside it.

    Args:
        admits: whether an address that a name resolved to may be connected to; it is that very one that is.
        context: certificates to trust, the system's when None.
    """

    def __init__(
        self,
        monotonic: Callable[[], float],
        *,
        admits: Callable[[str], bool] = lambda _address: True,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._deadline = Deadline()
        self._pool = httpcore.ConnectionPool(
            ssl_context=context or httpx.create_ssl_context(trust_env=False),
            max_connections=8,
            max_keepalive_connections=2,
            keepalive_expiry=KEEPALIVE_S,
            network_backend=_Backend(self._deadline, monotonic, admits),
        )

    @contextmanager
    def within(self, until: float) -> Iterator[None]:
        before, self._deadline.until = self._deadline.until, until
        try:
            yield
        finally:
            self._deadline.until = before

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        asked = httpcore.Request(
            request.method, url, headers=request.headers.raw, content=request.read(), extensions=request.extensions
        )
        with _as_httpx():
            answer = self._pool.handle_request(asked)
        assert isinstance(answer.stream, Iterable)  # noqa: S101 - the pool of this class is the synchronous one
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    def close(self) -> None:
        self._pool.close()


@contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except tuple(_ERRORS) as error:
        raise _ERRORS[type(error)](str(error) or type(error).__name__) from error


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: Deadline, monotonic: Callable[[], float], admits: Callable[[str], bool]) -> None:
        self._inner = httpcore.SyncBackend()
        self._admits = admits
        self._deadline = deadline
        self._monotonic = monotonic
        self._known: dict[tuple[str, int], list[str]] = {}  # Last good addresses, for a minute without DNS.

    def left(self, timeout: float | None, late: type[httpcore.TimeoutException]) -> float | None:
        if math.isinf(self._deadline.until):
            return timeout
        left = self._deadline.until - self._monotonic()
        if left <= 0:
            raise late("the deadline of the whole exchange has passed")
        return left if timeout is None else min(timeout, left)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        budget = self.left(timeout, httpcore.ConnectTimeout)
        until = math.inf if budget is None else self._monotonic() + budget
        addresses = self._addresses(host, port, budget)
        if not all(map(self._admits, addresses)):
            raise httpcore.ConnectError("the name leads to an address that is not allowed")
        trouble: Exception = httpcore.ConnectError("the name has no address")
        for waiting, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            # An equal share each: a dead first address must not eat the time of a live second one.
            share = None if budget is None else max(0.001, (until - self._monotonic()) / waiting)
            try:
                stream = self._inner.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
            else:
                return _Stream(stream, self)
        raise trouble

    def _addresses(self, host: str, port: int, budget: float | None) -> list[str]:
        """Look the name up in a thread of its own, for the system's resolver knows no deadline."""
        answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

        def ask() -> None:
            try:
                found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:
                answers.put(error if isinstance(error, OSError) else OSError(str(error)))
            else:
                answers.put(list(dict.fromkeys(str(entry[4][0]) for entry in found)))

        # With addresses in hand the resolver gets half of the time only.
        known = self._known.get((host, port))
        patience = budget / 2 if budget is not None and known else budget
        threading.Thread(target=ask, name="ismpt-resolver", daemon=True).start()
        try:
            answer = answers.get(timeout=patience)
        except queue.Empty:
            if known:
                return known
            raise httpcore.ConnectTimeout("the name was not resolved in time") from None
        if isinstance(answer, OSError):
            if known:
                return known
            raise httpcore.ConnectError(str(answer))
        self._known[host, port] = answer
        return answer


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, backend: _Backend) -> None:
        self._inner = inner
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._backend.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._backend.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._backend.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
