"""Counts and times every call that passed the guard. Bare ASGI, inside it."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from pos_agent.api.guard import App, Receive, Scope, Send
from pos_agent.metrics import Metrics

NO_ROUTE = "none"  # A path nobody serves: its name is the caller's, and there may be any number of them.


class Measured:
    def __init__(self, app: App, metrics: Metrics, monotonic: Callable[[], float]) -> None:
        self._app = app
        self._metrics = metrics
        self._monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = self._monotonic()

        async def noting(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", NO_ROUTE)  # Put there by the router.
                self._metrics.called(scope["method"], route, message["status"], self._monotonic() - begun)
            await send(message)

        await self._app(scope, receive, noting)
