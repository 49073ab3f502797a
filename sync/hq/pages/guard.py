"""What a request must pass before a page sees it, and what every answer carries. Bare ASGI.

Host must be ours, or a foreign name was rebound to our address. A change must come from our own pages: browsers send
Origin with every POST, so one without it is refused. Nothing inline runs: scripts and styles are our own files.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from sync.hq.pages.settings import PagesSettings
from sync.page_headers import HEADERS

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_BYTES_MAX = 256 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD"})


class Guard:
    def __init__(self, app: App, settings: PagesSettings) -> None:
        self._app, self._settings = app, settings
        headers = dict(HEADERS)
        if settings.secure:
            headers["strict-transport-security"] = "max-age=31536000"
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused is not None:
            status, text = refused
            start = {"type": "http.response.start", "status": status}
            await send(start | {"headers": [(b"content-type", b"text/plain; charset=utf-8"), *self._headers]})
            await send({"type": "http.response.body", "body": text.encode()})
            return
        await self._app(scope, _bounded(receive), self._with_headers(scope["path"], send))

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if headers.get("host", "").lower() not in self._settings.hosts:
            return 421, "This name is not served here."
        if "\0" in scope["path"] or b"%00" in scope.get("query_string", b""):
            return 422, "This address cannot be read."  # No text of a database holds a NUL.
        if scope["method"] in SAFE_METHODS:
            return None
        if headers.get("origin") not in self._settings.origins:
            return 403, "A change must come from a page of this server."
        size = headers.get("content-length", "0")
        if not size.isascii() or not size.isdigit() or int(size) > BODY_BYTES_MAX:
            return 413, "The form is too large."
        return None

    def _with_headers(self, path: str, send: Send) -> Send:
        # A page holds what its reader may see: after signing out the back button must not bring it back from a cache.
        cached = b"max-age=3600" if path.startswith("/static/") else b"no-store"

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                own = [*self._headers, (b"cache-control", cached)]
                message = dict(message) | {"headers": [*message.get("headers", []), *own]}
            await send(message)

        return sending


def _bounded(receive: Receive) -> Receive:
    """A body without a length, in chunks, ends as a broken connection when it grows too large."""
    left = BODY_BYTES_MAX

    async def counted() -> MutableMapping[str, Any]:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        return message if left >= 0 else {"type": "http.disconnect"}

    return counted
