"""Tills that talk to the simulated cloud registers without a socket, and a clock that stands still."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import tomllib
import uuid
from pathlib import Path
from typing import Any, ClassVar

from hw_sim.device.memory import ClosedShift
from hw_sim.exchange import SimReply, SimRequest
from hw_sim.ledger import Operation
from hw_sim.rekassa import Rekassa
from hw_sim.rekassa import make as make_rekassa
from hw_sim.ukassa import Ukassa
from hw_sim.ukassa import make as make_ukassa

NS = 1_000_000_000
HOUR_S = 3600
NINE_OCLOCK_NS = 1_784_088_000 * NS  # 15.07.2026 09:00:00 in Almaty, UTC+5.
VECTORS = Path(__file__).parents[1] / "vectors"


def vectors(family: str) -> dict[str, Any]:
    return tomllib.loads((VECTORS / f"{family}.toml").read_text(encoding="utf-8"))


class Clock:
    """Virtual UTC nanoseconds."""

    def __init__(self, at_ns: int = NINE_OCLOCK_NS) -> None:
        self.at_ns = at_ns

    def __call__(self) -> int:
        return self.at_ns

    def sleep(self, seconds: float) -> None:
        self.at_ns += round(seconds * NS)


class RekassaSide:
    """Talks to a simulated reKassa as a till would."""

    ROOT = "/api/crs/1042"

    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        self.service: Rekassa = make_rekassa(self.clock, random.Random(5), **options)
        self.memory = self.service.memory
        self.till = self.service.till
        self.token = self.login().json()["token"]

    def login(self, query: str = "apiKey=sim-partner-key&format=json", **changes: str) -> SimReply:
        body = json.dumps({"number": "RK00000001", "password": "integration", **changes}).encode()
        return self.service.handle(SimRequest("POST", f"/api/auth/login?{query}", {}, body))

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> SimReply:
        """One request below the till's path; `headers` are named with underscores."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        all_headers = {"authorization": f"Bearer {self.token}", **given}
        return self.service.handle(SimRequest(method, self.ROOT + path, all_headers, body))

    def get(self, path: str) -> Any:
        reply = self.send("GET", path)
        assert reply.status == 200, reply
        return reply.json()

    def sell(self, body: Any, key: str = "sale-1", **headers: str) -> SimReply:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send("POST", "/tickets", raw, x_request_id=key, **headers)

    def cash(self, body: Any, key: str = "cash-1") -> SimReply:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send("POST", "/cash", raw, x_request_id=key)

    def close(self, shift: int, pin: str = "1234") -> SimReply:
        return self.send("POST", f"/shifts/{shift}/close", b"{}", cash_register_password=pin)


class UkassaSide:
    """Talks to a simulated uKassa as a till would."""

    LOGIN: ClassVar[dict[str, str]] = {
        "email": "till@example.kz",
        "password": "integration",
        "hashline": "UK00000001",
    }
    TICKET = "v2/operation/ticket/"

    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        self.service: Ukassa = make_ukassa(self.clock, random.Random(5), **options)
        self.memory = self.service.memory
        self.till = self.service.till
        self.token = token_in(self.login().json())

    def login(self, **changes: str) -> SimReply:
        return self.service.handle(
            SimRequest("POST", "/api/auth/login/", {}, json.dumps({**self.LOGIN, **changes}).encode())
        )

    def send(self, method: str, path: str, body: Any = b"", **headers: str) -> SimReply:
        """One request below /api/; `headers` are named with underscores."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.service.handle(
            SimRequest(method, f"/api/{path}", {"authorization": f"Token {self.token}", **given}, raw)
        )

    def get(self, path: str) -> Any:
        reply = self.send("GET", path)
        assert reply.status == 200, reply
        return reply.json()

    def sell(self, body: Any, key: str | None = None, path: str = TICKET) -> SimReply:
        """`key` names a key, so that tests need not write UUIDs; None sends none."""
        return self.send("POST", path, body, **({} if key is None else {"idempotency_key": uuid4(key)}))

    def cash(self, body: Any, key: str | None = None) -> SimReply:
        return self.sell(body, key, "operation/cash_operation/")

    def shift(self, what: str, **fields: Any) -> SimReply:
        return self.send("POST", f"kassa/{what}/", {"kassa": 3868, "html_code": False, **fields})


def uuid4(name: str) -> str:
    """A UUID of version 4 whose digits come from a name."""
    return str(uuid.UUID(bytes=hashlib.sha256(name.encode()).digest()[:16], version=4))


def token_in(answer: dict[str, Any]) -> str:
    """The token, wherever a login answer has it."""
    found = {**answer, **answer.get("data", {})}
    return str(next(found[name] for name in ("auth_token", "token", "access_token") if name in found))


def with_history(side: Any) -> Any:
    """Shift 6 closed yesterday, receipts of earlier years in the counters, the vectors' fiscal signs to come."""
    memory = side.memory
    yesterday_ns = side.clock() - 24 * HOUR_S * NS
    none = dict.fromkeys(Operation, 0)
    memory.closed.append(ClosedShift(6, yesterday_ns, yesterday_ns + 13 * HOUR_S * NS, none, none, 0))
    memory.next_shift = 7
    memory.counts |= {Operation.SALE: 119, Operation.SALE_RETURN: 3}
    side.till.sums_before_tiyn |= {Operation.SALE: 50_000_000, Operation.SALE_RETURN: 400_000}
    signs = itertools.chain(["4228143550"], map(str, itertools.count(5_000_000_000)))
    side.service.ofd.next_sign = lambda: next(signs)
    return side


def put(message: Any, path: str, value: Any) -> None:
    """Set `a.0.b` of a message; an ellipsis removes it."""
    *way, last = path.split(".")
    for step in way:
        message = message[int(step) if isinstance(message, list) else step]
    name: Any = int(last) if isinstance(message, list) else last
    if value is ...:
        del message[name]
    else:
        message[name] = value


def code(reply: SimReply) -> str:
    """The code of a refusal of reKassa, "" for a document."""
    return str(reply.json().get("code", "")) if reply.status != 200 else ""
