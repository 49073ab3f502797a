"""A cloud service that plays what a test scripts, without a socket: the world outside the driver."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from fiscal.register import Baseline, Order, Outcome, Settlement
from fiscal.registry import OpenRegister, open_register

NS = 1_000_000_000
NINE_NS = 1_784_088_000 * NS  # 15.07.2026 09:00:00 in Almaty.
HTML = "<html><body>nginx</body></html>"  # What a box on the way says.
Play = Callable[[httpx.Request], httpx.Response]


@dataclass(frozen=True)
class Asked:
    method: str
    target: str  # Path with its query.
    headers: httpx.Headers
    body: bytes


def answer(body: Any = None, status: int = 200) -> Play:
    """bytes and str as they are, anything else as JSON."""
    raw = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda request: httpx.Response(status, content=raw, request=request)


def cut(request: httpx.Request) -> httpx.Response:
    """The request went out, the answer never came."""
    raise httpx.ReadError("connection reset by peer", request=request)


def refused(request: httpx.Request) -> httpx.Response:
    """Nobody is there."""
    raise httpx.ConnectError("connection refused", request=request)


@dataclass
class Played(httpx.BaseTransport):
    """Answers by method and path, in the order they were scripted; `always` from then on. Nothing scripted is a 404."""

    asked: list[Asked] = field(default_factory=list)
    queues: dict[str, deque[Play]] = field(default_factory=lambda: defaultdict(deque))
    fallback: dict[str, Play] = field(default_factory=dict)

    def then(self, where: str, *plays: Play | Any) -> None:
        self.queues[where] += [play if callable(play) else answer(play) for play in plays]

    def always(self, where: str, play: Play | Any) -> None:
        self.fallback[where] = play if callable(play) else answer(play)

    def sent(self, where: str) -> list[Asked]:
        """Every request of "METHOD /path", whatever its query."""
        return [one for one in self.asked if f"{one.method} {one.target.partition('?')[0]}" == where]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        self.asked.append(Asked(request.method, target, request.headers, request.read()))
        for where in (f"{request.method} {target}", f"{request.method} {target.partition('?')[0]}"):
            if self.queues[where]:
                return self.queues[where].popleft()(request)
            if where in self.fallback:
                return self.fallback[where](request)
        return answer("<html>not found</html>", 404)(request)


class Talk:
    """A till at a scripted service, on a clock of its own. A family says what was read before an order."""

    register: OpenRegister

    def __init__(self, service: Played, base: Baseline) -> None:
        self.service, self.base = service, base
        self.at_ns = NINE_NS
        self.pauses: list[float] = []

    def now(self) -> int:
        return self.at_ns

    def monotonic(self) -> float:
        return self.at_ns / NS

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.at_ns += round(seconds * NS)

    def open(self, url: str, secrets: dict[str, str]) -> Talk:
        self.register = open_register(
            url,
            secret=secrets.__getitem__,
            transport=self.service,
            now=self.now,
            monotonic=self.monotonic,
            sleep=self.sleep,
        )
        return self

    def execute(self, order: Order, base: Baseline | None = None) -> Outcome:
        return self.register.execute(self.register.prepare(order), base or self.base)

    def settle(self, order: Order, base: Baseline | None = None) -> Settlement:
        return self.register.settle(self.register.prepare(order), base or self.base)
