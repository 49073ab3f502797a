"""One HTTP exchange as data: what a simulated server receives and what it tells the transport to do.

A simulated server never touches a socket. It answers with a `SimReply` that carries, besides status, headers and body,
what should go wrong on the way: a delay, a cut, work that is finished later. `hw_sim.http` realises that on real
sockets, `hw_sim.inprocess` inside an httpx client in virtual time; the same request gets the same answer both ways.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import parse_qsl

Clock = Callable[[], int]  # UTC, nanoseconds since 1970.

NS = 1_000_000_000


class Cut(StrEnum):
    """Where the connection dies. To the client BEFORE is a reset, AFTER a silent end, MID_BODY half an answer."""

    BEFORE = "before"
    AFTER = "after"
    MID_BODY = "mid-body"


@dataclass(frozen=True, slots=True)
class SimRequest:
    """A request as it came off the wire: `target` is the path with its query, header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        # Not urlsplit: to it "//[" is an address that cannot be read, to a server only a path it does not know.
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class SimReply:
    """An answer and the fate of the connection that carries it.

    `delay_s` passes before the first byte of the answer. `finish`, when present, is called after the delay and gives
    the real answer: the server does the work only then, whether or not the client is still waiting.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    delay_s: float = 0.0
    cut: Cut | None = None
    finish: Callable[[], SimReply] | None = None

    def json(self) -> Any:
        """The body read as JSON (for tests and for the control endpoint)."""
        return json.loads(self.body)


class Answers(Protocol):
    """Anything that answers requests: a simulated server."""

    def handle(self, request: SimRequest) -> SimReply: ...


def clock_text(at_ns: int) -> str:
    """The time of day in UTC as journals show it: `12:30:00.125`."""
    seconds, part = divmod(at_ns, NS)
    return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{part // 1_000_000:03}"


def plain_number(value: object) -> object:
    """Turn a Decimal into the JSON number the services send: whole tenge without a point, else decimals."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"not JSON: {type(value).__name__}")


def json_reply(content: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> SimReply:
    """An answer with a JSON body in UTF-8."""
    body = json.dumps(content, ensure_ascii=False, default=plain_number).encode("utf-8", "replace")
    return SimReply(status, (("Content-Type", "application/json; charset=utf-8"), *headers), body)


def text_reply(text: str, status: int = 200, content_type: str = "text/html; charset=utf-8") -> SimReply:
    """An answer with a text body, as gateways and error pages send it."""
    return SimReply(status, (("Content-Type", content_type),), text.encode())
