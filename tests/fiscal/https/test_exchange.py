"""One request and its answer over real sockets: what came whole, what was lost, and what certainly never left."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fiscal.failures import FailureKind
from fiscal.https.exchange import Exchange, Limits
from fiscal.https.reply import Answer, Lost, Unsent

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Name: a\r\nX-Name: b\r\n\r\nok"
CLOSE = object()


def send(exchange: Exchange, url: str, **more: Any) -> Any:
    return exchange.send("POST", url + "/path", b"body", **({"deadline_s": 5, "place": "/path"} | more))


def test_an_answer_comes_with_status_headers_and_body(server: Any, exchange: Exchange) -> None:
    server.plays(OK)
    reply = send(exchange, server.url)
    assert (reply.status, reply.body) == (200, b"ok")
    assert reply.headers["x-name"] == "a, b"


def test_method_headers_and_body_go_out_as_they_were_given(server: Any, exchange: Exchange) -> None:
    server.plays(OK, OK)
    exchange.send(
        "PUT", server.url + "/a", b"\x00\xff", deadline_s=5, place="/a", headers={"Authorization": "Bearer t"}
    )
    exchange.send("GET", server.url + "/b?c=1", deadline_s=5, place="/b")
    put, get = server.requests
    assert put.startswith(b"PUT /a HTTP/1.1\r\n")
    assert put.endswith(b"\r\n\r\n\x00\xff")
    assert b"\r\nAuthorization: Bearer t\r\n" in put
    assert get.startswith(b"GET /b?c=1 HTTP/1.1\r\n")
    assert b"Authorization" not in get
    for request in (put, get):
        assert b"\r\nx-api-key: k\r\n" in request
        assert b"\r\nAccept-Encoding: identity\r\n" in request


@pytest.mark.parametrize("status", [301, 307, 400, 404, 500, 503])
def test_every_status_is_an_answer_and_no_redirect_is_followed(server: Any, exchange: Exchange, status: int) -> None:
    server.plays(f"HTTP/1.1 {status} X\r\nLocation: {server.url}/other\r\nContent-Length: 0\r\n\r\n".encode())
    assert send(exchange, server.url).status == status
    assert len(server.requests) == 1


def test_nobody_listening_is_certainly_not_sent(exchange: Exchange) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # Bound, not listening: refused.
        reply = send(exchange, f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert isinstance(reply, Unsent)
    assert (reply.failure.kind, reply.failure.code, reply.failure.place) == (
        FailureKind.UNAVAILABLE, "connect", "/path",
    )  # fmt: skip


def test_a_failed_tls_handshake_is_certainly_not_sent(server: Any, exchange: Exchange) -> None:
    assert isinstance(send(exchange, server.url.replace("http://", "https://")), Unsent)
    assert server.requests == []


def hang_up(connection: socket.socket) -> object:
    return CLOSE


def reset(connection: socket.socket) -> object:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return CLOSE


def half(connection: socket.socket) -> object:
    connection.sendall(OK[:-1])
    return CLOSE


def no_http(connection: socket.socket) -> object:
    connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")
    return CLOSE


@pytest.mark.parametrize("end", [hang_up, reset, half, no_http])
def test_a_connection_that_ends_after_the_request_leaves_it_lost(server: Any, exchange: Exchange, end: Any) -> None:
    server.plays(end)
    reply = send(exchange, server.url)
    assert isinstance(reply, Lost)
    assert (reply.failure.kind, reply.failure.code) == (FailureKind.NO_ANSWER, "connection")
    assert len(server.requests) == 1


def test_silence_is_lost_at_the_deadline(server: Any, exchange: Exchange) -> None:
    server.plays(lambda connection: connection.recv(1) or CLOSE)  # Waits for the client to give up.
    reply = send(exchange, server.url, deadline_s=0.05)
    assert isinstance(reply, Lost)
    assert reply.failure.code == "timeout"


def test_a_connection_the_server_has_closed_is_not_used_again(server: Any, exchange: Exchange) -> None:
    def last(connection: socket.socket) -> object:
        connection.sendall(OK)
        return CLOSE

    server.plays(OK, last, OK)
    assert isinstance(send(exchange, server.url), Answer)
    assert isinstance(send(exchange, server.url), Answer)
    assert server.connections == 1
    while server.connections == 1 and len(server.requests) == 2:  # Until the close has arrived.
        reply = send(exchange, server.url)
    assert isinstance(reply, Answer)
    assert server.connections == 2


def test_a_body_longer_than_the_limit_is_lost_and_one_of_the_limit_is_not(server: Any) -> None:
    limited = Exchange(transport=None, monotonic=time.monotonic, headers={}, limits=Limits(body_bytes_max=2))
    server.plays(OK, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nlon")
    assert isinstance(send(limited, server.url), Answer)
    reply = send(limited, server.url)
    assert isinstance(reply, Lost)
    assert reply.failure.text == "the answer is longer than 2 bytes"
    limited.close()


def test_a_packed_body_is_not_unpacked(server: Any, exchange: Exchange) -> None:
    server.plays(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b")
    reply = send(exchange, server.url)
    assert isinstance(reply, Lost)
    assert reply.failure.code == "answer"


def test_secrets_of_the_request_do_not_come_back_inside_the_answer(server: Any, exchange: Exchange) -> None:
    body = b"token " + b"a" * 32 + b" and 12"
    server.plays(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    assert send(exchange, server.url, hidden=("a" * 32, "12", "")).body == b"token *** and 12"


def test_a_proxy_of_the_environment_is_used_only_when_wanted(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused.getsockname()[1]}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        server.plays(OK)
        for wanted, kind in ((False, Answer), (True, Unsent)):
            client = Exchange(transport=None, monotonic=time.monotonic, headers={}, env_proxy=wanted)
            assert isinstance(send(client, server.url), kind)
            client.close()


class Dripping(httpx.BaseTransport):
    """Every byte comes quickly, the body never ends; a second passes with each byte."""

    seconds = 0.0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=self._drops())

    def _drops(self) -> Iterator[bytes]:
        for _ in range(1000):
            self.seconds += 1.0
            yield b" "

    def monotonic(self) -> float:
        return self.seconds


def test_a_body_that_drips_for_ever_is_given_up_at_the_deadline() -> None:
    tap = Dripping()
    exchange = Exchange(transport=tap, monotonic=tap.monotonic, headers={})
    reply = send(exchange, "http://till", deadline_s=7)
    assert isinstance(reply, Lost)
    assert tap.seconds == 8.0
    exchange.close()


def all_of(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from all_of(inner)


RAISED = [*all_of(httpx.TransportError), *all_of(httpx.StreamError), httpx.InvalidURL, httpx.TooManyRedirects, OSError]
NEVER_LEFT = {"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol", "InvalidURL"}


@pytest.mark.parametrize("kind", RAISED, ids=lambda kind: kind.__name__)
def test_only_what_is_raised_before_the_first_byte_is_unsent(kind: type[Exception]) -> None:
    class Failing(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            raise made

    empty = kind in (httpx.StreamConsumed, httpx.StreamClosed, httpx.ResponseNotRead, httpx.RequestNotRead)
    made = kind() if empty else kind("x" * 999)
    exchange = Exchange(transport=Failing(), monotonic=lambda: 0.0, headers={})
    reply = send(exchange, "http://till")
    assert isinstance(reply, Unsent if kind.__name__ in NEVER_LEFT else Lost)
    assert reply.failure.text.startswith(kind.__name__)
    assert len(reply.failure.text) <= 300
    exchange.close()
