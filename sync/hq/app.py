"""Headquarters over HTTP. Only the reading of bodies is done here; what a request means is sync.hq.exchange.

A bare ASGI application: routes and their parameters, as a framework offers them, cost more for each batch than the
database does, and sync.hq.exchange needs none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sync.batch import PACKED_BYTES_MAX
from sync.hq.callers import Credentials
from sync.hq.exchange import Answer, Exchange, too_large
from sync.hq.fleet.standing import Thresholds
from sync.hq.store import Collector


def create_app(
    collector: Collector,
    tokens: Mapping[str, str],
    readers: Mapping[str, str] | None = None,
    *,
    keys: Mapping[str, Iterable[str]] | None = None,
    thresholds: Thresholds | None = None,
) -> CollectorApp:
    """`tokens` and `readers`: name -> SHA-256 of its bearer token, in hexadecimal; `keys`: till -> its public keys.

    Raises KeyInvalid.
    """
    return CollectorApp(Exchange(collector, Credentials(tokens, readers or {}, keys or {}), thresholds))


class CollectorApp:
    """An ASGI application, of HTTP alone."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(f"the collector speaks HTTP and no {scope['type']}")
        answer = await self._answer(scope, receive)
        if answer is not None:
            status, headers, body = answer
            await Response(body, status, headers)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer | None:
        """None: the caller has gone."""
        method, query = scope["method"], scope["query_string"]
        path = (scope["raw_path"] + (b"?" + query if query else b"")).decode("latin-1")
        # Of a header that comes twice the first counts.
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}
        refused = self._exchange.precheck(method, path, headers)
        if refused is not None:
            return refused
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > PACKED_BYTES_MAX:
                return too_large()
            more = message.get("more_body", False)
        return await run_in_threadpool(self._exchange.handle, method, path, headers, bytes(body))
