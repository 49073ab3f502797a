"""What a client of ATOL's web server expects around our API: name and password, and errors in that server's shape.

    Authorization: Basic name:token    the name of a client of this agent and its token; Bearer goes too
    {"error": {"code": 505, ...}}      stands in every problem of these paths, beside our own members

Bare ASGI in front of the guard, which sees a bearer token as from everybody. Source of the shapes: github
avb56/kktsite-agent, src/server.js.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from pos_agent.api.answers import PROBLEM_TYPE
from pos_agent.api.atol.results import SERVER

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PREFIX = "/api/v2/"
CLAIMED = "claimed"  # Name in a Basic authorization; the route compares it with the client its token belongs to.


class Front:
    """Wraps the guarded application; paths of others pass untouched."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        scope = dict(scope)
        scope["headers"] = [self._header(scope, name, value) for name, value in scope["headers"]]
        await self._app(scope, receive, _Shaped(send).send)

    def _header(self, scope: Scope, name: bytes, value: bytes) -> tuple[bytes, bytes]:
        if name.lower() != b"authorization" or value[:6].lower() != b"basic ":
            return name, value
        claimed, _, token = _decoded(value[6:].strip()).partition(":")
        scope["state"] = {**scope.get("state", {}), CLAIMED: claimed}
        return name, b"Bearer " + token.encode("utf-8")


def _decoded(text: bytes) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


class _Shaped:
    """Adds `error` to a problem on its way out. Problems are one small message; streams are never problems."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: MutableMapping[str, Any] | None = None

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start" and _is_problem(message):
            self._start = message
            return
        if self._start is not None:
            message = await self._shaped(self._start, message)
            self._start = None
        await self._send(message)

    async def _shaped(
        self, start: MutableMapping[str, Any], message: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        problem = json.loads(message["body"])
        text = f"{problem['code']}: {problem['title']}" + (f" ({problem['detail']})" if problem["detail"] else "")
        body = json.dumps({**problem, "error": {"code": SERVER, "description": text}}, ensure_ascii=False).encode()
        kept = [one for one in start["headers"] if one[0].lower() not in (b"content-length", b"www-authenticate")]
        headers = [*kept, (b"content-length", str(len(body)).encode())]
        if start["status"] == 401:
            headers.append((b"www-authenticate", b'Basic realm="pos-agent", charset="UTF-8"'))
        await self._send({**start, "headers": headers})
        return {**message, "body": body}


def _is_problem(message: MutableMapping[str, Any]) -> bool:
    types = [value for name, value in message["headers"] if name.lower() == b"content-type"]
    return bool(types) and types[0].split(b";")[0].strip() == PROBLEM_TYPE.encode()
