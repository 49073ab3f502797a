"""A cashbox to talk to: a small HTTP server on loopback that plays scripted answers and can cut or delay them."""

from __future__ import annotations

import json
import socket
import threading
import time
import tomllib
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from webkassa_shop import Clock, Shop, service_at
from webkassa_talk import SHIFTS, STATE, shifts, state

from fiscal.register import Baseline, Line, Operation, Payment, PaymentKind, Receipt
from fiscal.registry import OpenRegister, open_register
from hw_sim.http import serve
from hw_sim.inprocess import SimTransport

TOKEN = "0b8557d0139945a582fcfee661ffad49"


@dataclass
class Answer:
    body: Any = None  # dict: as JSON; bytes: as they are.
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: str = ""  # "instead": no answer at all; "inside": half of the body.
    delay_s: float = 0.0


@dataclass
class Seen:
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.raw))


Play = Answer | Callable[[dict[str, Any]], Answer]


class Cashbox:
    """Answers per path in the order they were scripted; the one put with `always` from then on."""

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.queues: dict[str, deque[Play]] = defaultdict(deque)
        self.fallback: dict[str, Play] = {}
        self.busy = 0
        self.busy_most = 0
        self.always("/api/v4/Authorize", {"Data": {"Token": TOKEN}})

    def then(self, path: str, body: Any = None, **more: Any) -> None:
        self.queues[path].append(body if callable(body) else Answer(body, **more))

    def always(self, path: str, body: Any = None, **more: Any) -> None:
        self.fallback[path] = body if callable(body) else Answer(body, **more)

    def asked(self, path: str) -> list[dict[str, Any]]:
        return [seen.json for seen in self.requests if seen.path == path]

    def raw(self, path: str) -> list[bytes]:
        return [seen.raw for seen in self.requests if seen.path == path]

    def answer(self, seen: Seen) -> Answer:
        self.requests.append(seen)
        queue = self.queues[seen.path]
        play = queue.popleft() if queue else self.fallback.get(seen.path, Answer({"Errors": []}, status=404))
        return play(seen.json) if callable(play) else play


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5
    wbufsize = -1  # Head and body in one packet.
    cashbox: Cashbox

    def do_POST(self) -> None:
        box = self.cashbox
        box.busy += 1
        box.busy_most = max(box.busy_most, box.busy)
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        answer = box.answer(Seen(self.path, {k.lower(): v for k, v in self.headers.items()}, raw))
        time.sleep(answer.delay_s)
        box.busy -= 1
        if answer.cut == "instead":
            self._hang_up()
            return
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        try:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if answer.cut == "inside" else body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True
            return
        if answer.cut == "inside":
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def start_server() -> Iterator[Callable[[Cashbox], int]]:
    servers: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(box: Cashbox) -> int:
        handler = type("Handler", (_Handler,), {"cashbox": box})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        return int(server.server_address[1])

    yield start
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def box() -> Cashbox:
    return Cashbox()


@pytest.fixture
def asks(box: Cashbox) -> Cashbox:
    """The cashbox with its questions answerable: shift 7 is open."""
    box.always(STATE, state(7))
    box.always(SHIFTS, shifts(6, open_=7))
    return box


@pytest.fixture
def new_box() -> Callable[[], Cashbox]:
    return Cashbox


@pytest.fixture
def sleeps() -> list[float]:
    """Pauses the driver asked for; none is really made."""
    return []


@pytest.fixture
def open_at(sleeps: list[float]) -> Iterator[Callable[..., OpenRegister]]:
    opened: list[OpenRegister] = []

    def open_(
        origin: str, options: str = "", transport: httpx.BaseTransport | None = None, cashbox: str = "SWK00000001"
    ) -> OpenRegister:
        secrets = {"webkassa_password": "pass-word-1", "webkassa_api_key": "integrator-key-of-the-shop"}
        register = open_register(
            f"webkassa+{origin}?cashbox={cashbox}&login=till7&{options}",
            secret=secrets.__getitem__,
            transport=transport,
            now=time.time_ns,
            monotonic=time.monotonic,
            sleep=sleeps.append,
        )
        opened.append(register)
        return register

    yield open_
    for register in opened:
        register.close()


@pytest.fixture
def register(
    box: Cashbox, start_server: Callable[[Cashbox], int], open_at: Callable[..., OpenRegister]
) -> OpenRegister:
    return open_at(f"http://127.0.0.1:{start_server(box)}", "read_s=2&write_s=2")


@pytest.fixture
def sale() -> Receipt:
    """1800 tenge in cash, 2000 handed over: the documented sample without marks."""
    line = Line("Cigarettes", 90000, 2000, 796, 1600, gtin="04870249811936")
    return Receipt("till7-000000123-sale", Operation.SALE, (line,), (Payment(PaymentKind.CASH, 200000),))


@pytest.fixture
def base() -> Baseline:
    return Baseline("SWK00000001", 7, True, 11)


VECTORS = Path(__file__).parents[2] / "vectors"


@pytest.fixture
def vectors() -> dict[str, Any]:
    return tomllib.loads((VECTORS / "webkassa.toml").read_text(encoding="utf-8"))


@pytest.fixture
def reads() -> dict[str, Any]:
    """Published answers to questions about what the service holds."""
    return tomllib.loads((VECTORS / "webkassa_reads.toml").read_text(encoding="utf-8"))


@pytest.fixture
def shop_at() -> Iterator[Callable[..., Shop]]:
    """A shop at a service on a clock; see webkassa_shop.Shop."""
    opened: list[Shop] = []

    def make(*where: Any) -> Shop:
        opened.append(Shop(*where))
        return opened[-1]

    yield make
    for shop in opened:
        shop.close()


@pytest.fixture(params=["in process", "sockets"])
def shop(request: pytest.FixtureRequest, shop_at: Callable[..., Shop]) -> Iterator[Shop]:
    """A shop at the simulated service, reached in both ways."""
    clock = Clock()
    service = service_at(clock)
    if request.param == "in process":
        yield shop_at("https://kkm.webkassa.kz", SimTransport(service, clock.sleep), service, clock)
        return
    with serve(service) as serving:
        yield shop_at(serving.url, None, service, clock)
