"""A simulated server behind an httpx client without sockets: the transport of virtual time.

Delays are spent through the injected `sleep` and measured against the timeouts of the request, and what the real stack
raises is raised here: ConnectError, ConnectTimeout, ReadTimeout, ReadError, RemoteProtocolError.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping

import httpx

from hw_sim.exchange import Answers, Cut, SimReply, SimRequest

Sleep = Callable[[float], None]


class SimTransport(httpx.BaseTransport):
    """Hands requests to simulated servers in the same process.

    Args:
        servers: one server for every host, or a table of servers by host name (with port when the URL has one).
        sleep: spends virtual seconds; the clock of the servers must move with it.
        rng: source of the latency; needed only when `latency_s` is not zero.
        latency_s: lowest and highest round trip of the link, in seconds.

    `link_down` makes every connection fail at once; `black_hole` swallows packets until the client's own timeout. Both
    may change while a request waits: an answer due on a link that is down never arrives.
    """

    def __init__(
        self,
        servers: Answers | Mapping[str, Answers],
        sleep: Sleep,
        rng: random.Random | None = None,
        latency_s: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        self._servers = servers
        self._sleep = sleep
        self._rng = rng
        self.latency_s = latency_s
        self.link_down = False
        self.black_hole = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        limits = request.extensions.get("timeout") or {}
        server = self._server_of(request)
        if self.black_hole:
            self._give_up(limits.get("connect"), httpx.ConnectTimeout("connect timed out", request=request))
        if self.link_down or server is None:
            raise httpx.ConnectError("connection refused or host unknown", request=request)
        trip = self._rng.uniform(*self.latency_s) if self._rng and any(self.latency_s) else 0.0
        headers = {name.lower(): value for name, value in request.headers.items()}
        target = request.url.raw_path.decode("ascii")
        reply = server.handle(SimRequest(request.method, target, headers, request.read()))
        reply = self._wait(request, reply, trip, limits.get("read"))
        if reply.cut is Cut.BEFORE:
            raise httpx.ReadError("connection reset by peer", request=request)
        if reply.cut is Cut.AFTER:
            raise httpx.RemoteProtocolError("server disconnected without sending a response", request=request)
        return self._response(request, reply)

    def _server_of(self, request: httpx.Request) -> Answers | None:
        if not isinstance(self._servers, Mapping):
            return self._servers
        return self._servers.get(request.url.netloc.decode("ascii")) or self._servers.get(request.url.host)

    def _wait(self, request: httpx.Request, reply: SimReply, trip: float, limit: float | None) -> SimReply:
        waited = 0.0
        pause = trip + reply.delay_s
        while True:
            if limit is not None and waited + pause > limit:
                self._give_up(limit - waited, httpx.ReadTimeout("the read operation timed out", request=request))
            self._spend(pause)
            waited += pause
            if self.link_down or self.black_hole:
                left = None if limit is None else limit - waited
                self._give_up(left, httpx.ReadTimeout("the read operation timed out", request=request))
            if reply.finish is None:
                return reply
            reply = reply.finish()
            pause = reply.delay_s

    def _give_up(self, after_s: float | None, error: httpx.TimeoutException) -> None:
        if after_s is None:
            # Without a timeout the real stack would hang for ever, which virtual time cannot show.
            raise RuntimeError("a request without a timeout met a dead link") from error
        self._spend(after_s)
        raise error

    def _spend(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds)

    def _response(self, request: httpx.Request, reply: SimReply) -> httpx.Response:
        headers = [*reply.headers, ("Content-Length", str(len(reply.body)))]
        half = reply.cut is Cut.MID_BODY
        stream = _HalfBody(reply.body, request) if half else httpx.ByteStream(reply.body)
        return httpx.Response(reply.status, headers=headers, stream=stream, request=request)


class _HalfBody(httpx.SyncByteStream):
    """Half of a body, then the end of the connection."""

    def __init__(self, body: bytes, request: httpx.Request) -> None:
        self._half = body[: len(body) // 2]
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        yield self._half
        raise httpx.RemoteProtocolError(
            "peer closed connection without sending complete message body", request=self._request
        )
