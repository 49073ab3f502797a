"""Headquarters over HTTP. Only the reading of bodies is done here; what a request means is sync.hq.exchange."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from sync.batch import PACKED_BYTES_MAX
from sync.hq.callers import Credentials
from sync.hq.exchange import Answer, Exchange, too_large
from sync.hq.fleet.standing import Thresholds
from sync.hq.store import Collector

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_app(
    collector: Collector,
    tokens: Mapping[str, str],
    readers: Mapping[str, str] | None = None,
    *,
    keys: Mapping[str, Iterable[str]] | None = None,
    thresholds: Thresholds | None = None,
) -> FastAPI:
    """An ASGI application. `tokens` and `readers`: name -> SHA-256 of its bearer token, in hexadecimal; `keys`: till ->
    its public keys. Raises KeyInvalid.
    """
    exchange = Exchange(collector, Credentials(tokens, readers or {}, keys or {}), thresholds)
    app = FastAPI(title="Headquarters collector", openapi_url=None)

    @app.api_route("/{path:path}", methods=METHODS)
    async def answer(request: Request) -> Response:
        query = request.url.query
        path = request.scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        headers = dict(request.headers)
        refused = exchange.precheck(request.method, path, headers)
        if refused is not None:
            return _response(refused)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > PACKED_BYTES_MAX:
                return _response(too_large())
        return _response(await run_in_threadpool(exchange.handle, request.method, path, headers, bytes(body)))

    return app


def _response(answer: Answer) -> Response:
    status, headers, body = answer
    return Response(body, status, headers)
