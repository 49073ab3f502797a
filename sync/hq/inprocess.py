"""Headquarters at the end of a function call: the same answers as over HTTP, without sockets, threads or a loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import httpx

from sync.hq.callers import Credentials
from sync.hq.exchange import Exchange
from sync.hq.store import Collector


class CollectorTransport(httpx.BaseTransport):
    """A transport for DeliveryWorker. With `link_down` set no request leaves the shop."""

    def __init__(
        self,
        collector: Collector,
        tokens: Mapping[str, str],
        readers: Mapping[str, str] | None = None,
        *,
        keys: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self._exchange = Exchange(collector, Credentials(tokens, readers or {}, keys or {}))
        self.link_down = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.link_down:
            raise httpx.ConnectError("the link is down", request=request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        path = request.url.raw_path.decode("ascii")
        status, answered, body = self._exchange.handle(request.method, path, headers, request.read())
        return httpx.Response(status, headers=answered, stream=httpx.ByteStream(body), request=request)
