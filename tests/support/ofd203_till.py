"""A till as the simulated operator meets it: requests put together field by field, TOKEN and REQNUM kept by hand."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hw_sim.device.lines import InProcessLine
from hw_sim.device.simulated import Simulated
from hw_sim.exchange import NS
from hw_sim.ofd203 import OfdServer, make
from hw_sim.ofd203.frames import VERSION, Frame, Framer, Header, framed
from hw_sim.ofd203.wire import read, write

NINE_OCLOCK_NS = 1_784_088_000 * NS  # 15.07.2026 09:00:00 in Almaty, UTC+5.
FIRST_TOKEN = 0x12345678
MARK = "04870249811936t1Xrb-xQWhpeGhG"
OTHER_MARK = "04870249811936'dTOZwQTEMrcDNE"

SYSTEM, TICKET, CLOSE_SHIFT, REPORT, NOMENCLATURE, INFO, MONEY, CANCEL, AUTH, RESERVED = 0, 1, 2, 3, 4, 5, 6, 7, 8, 127
PARTS: Mapping[int, str] = {
    TICKET: "ticket",
    CLOSE_SHIFT: "close_shift",
    REPORT: "report",
    NOMENCLATURE: "nomenclature",
    MONEY: "money_placement",
    AUTH: "auth",
}
BUY, BUY_RETURN, SELL, SELL_RETURN = range(4)

REG_INFO = {
    "kkm": {"fns_kkm_id": "010100000001", "serial_number": "00012345", "kkm_id": "203001"},
    "org": {"title": "ТОО Пример", "address": "Алматы", "inn": "000000000000", "okved": "47111"},
}


class Clock:
    """Virtual UTC nanoseconds; also a `sleep`."""

    def __init__(self, at_ns: int = NINE_OCLOCK_NS) -> None:
        self.at_ns = at_ns

    def __call__(self) -> int:
        return self.at_ns

    def sleep(self, seconds: float) -> None:
        self.at_ns += round(seconds * NS)


def tenge(tiyn: int) -> dict[str, int]:
    return {"bills": tiyn // 100, "coins": tiyn % 100}


def at(hour: int, minute: int = 0, second: int = 0, day: int = 15) -> dict[str, Any]:
    return {
        "date": {"year": 2026, "month": 7, "day": day},
        "time": {"hour": hour, "minute": minute, "second": second},
    }


def period(begin: dict[str, Any], end: dict[str, Any]) -> dict[str, Any]:
    return {"begin_time": begin, "end_time": end}


def tax(amount: int, percent: int = 16000, inside: bool = True) -> dict[str, Any]:
    return {"tax_type": 100, "percent": percent, "sum": tenge(amount), "is_in_total_sum": inside}


def goods(price: int = 90_000, quantity: int = 1000, **more: Any) -> dict[str, Any]:
    """One line of a ticket; the sum is right unless told otherwise."""
    row = {
        "name": "Cig",
        "section_code": "1",
        "quantity": quantity,
        "price": tenge(price),
        "sum": tenge((price * quantity + 500) // 1000),
        "measure_unit_code": "796",
    }
    return {"type": 1, "commodity": row | more}


def pack(mark: str = MARK) -> dict[str, Any]:
    """A pack for 900.00, with its 16 % inside."""
    return goods(taxes=[tax(12_414)], list_excise_stamp=[mark])


def modifier(kind: int, name: str, amount: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, name: {"name": name, "sum": tenge(amount), **more}}


def ticket(*items: dict[str, Any], total: int = 90_000, operation: int = SELL, **more: Any) -> dict[str, Any]:
    """A ticket paid in cash to the tiyn, made at 9:30."""
    body = {
        "operation": operation,
        "date_time": at(9, 30),
        "operator": {"code": 1},
        "domain": {"type": 0},
        "items": list(items) or [pack()],
        "payments": [{"type": 0, "sum": tenge(total)}],
        "amounts": {"total": tenge(total), "taken": tenge(total), "change": tenge(0)},
    }
    return copy.deepcopy(body | more)


def basis(sign: str, total: int = 90_000, when: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "parent_ticket_number": sign,
        "parent_ticket_data_time": when or at(9, 30),
        "kgd_kkm_id": "010100000001",
        "parent_ticket_total": tenge(total),
        "parent_ticket_is_offline": False,
        **more,
    }


def money_placement(amount: int, operation: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "datetime": at(9, 15),
        "operation": operation,
        "sum": tenge(amount),
        "operator": {"code": 1},
        **more,
    }


def empty_report(**more: Any) -> dict[str, Any]:
    revenue = {"sum": tenge(0), "is_negative": False}
    return {"date_time": at(20), "shift_number": 1, "cash_sum": tenge(0), "revenue": revenue, **more}


def close_shift(**more: Any) -> dict[str, Any]:
    return {"close_time": at(20), "operator": {"code": 1}, "z_report": empty_report(), **more}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the header and the Response."""

    header: Header
    message: dict[str, Any]

    @property
    def code(self) -> int:
        return int(self.message["result"]["result_code"])

    @property
    def text(self) -> str:
        return str(self.message["result"].get("result_text", ""))

    @property
    def sign(self) -> str:
        return str(self.message["ticket"]["ticket_number"])

    @property
    def report(self) -> dict[str, Any]:
        return dict(self.message["report"]["zx_report"])


def answers_of(data: bytes) -> Iterator[Answer]:
    """Every whole answer in a run of bytes."""
    framer = Framer()
    framer.receive(data)
    while isinstance(event := framer.next_event(), Frame):
        yield Answer(event.header, read("Response", event.payload))


@dataclass(slots=True)
class Till:
    """One register. `ask` sends a new request; what it sent last stays in `sent`."""

    clock: Clock
    simulated: Simulated
    line: InProcessLine
    id: int = 203001
    token: int = FIRST_TOKEN
    reqnum: int = 100
    sent: bytes = b""
    service: dict[str, Any] = field(default_factory=lambda: {"reg_info": REG_INFO})

    @property
    def server(self) -> OfdServer:
        assert isinstance(self.simulated.machine, OfdServer)
        return self.simulated.machine

    def frame(self, command: int, part: Mapping[str, Any] | None = None, **more: Any) -> bytes:
        """The bytes of a request under the TOKEN and REQNUM of the moment."""
        request: dict[str, Any] = {"command": command, **more}
        if part is not None:
            request[PARTS[command]] = part
        service = {**self.service, **more.get("service", {})}
        if service:
            request["service"] = service
        return framed(Header(VERSION, self.id, self.token, self.reqnum), write("Request", request))

    def heard(self, data: bytes, timeout_s: float = 5.0) -> bytes:
        """Send bytes over a connection of their own; everything that comes back."""
        self.sent = data
        self.line.open()
        return self.kept(data, timeout_s)

    def kept(self, data: bytes, timeout_s: float = 5.0) -> bytes:
        """The same over the connection that is open."""
        came = b""
        try:
            self.line.write(data)
            while piece := self.line.read(timeout_s):
                came += piece
        except ConnectionResetError:
            pass
        return came

    def answer(self, data: bytes, timeout_s: float = 5.0) -> Answer | None:
        """The one answer to these bytes; its token is kept when it belongs to the request."""
        came = list(answers_of(self.heard(data, timeout_s)))
        if not came:
            return None
        (answer,) = came
        if (answer.header.id, answer.header.reqnum) == (self.id, self.reqnum):
            self.token = answer.header.token
        return answer

    def try_ask(self, command: int, part: Mapping[str, Any] | None = None, **more: Any) -> Answer | None:
        """A new request; None: nothing came back."""
        self.reqnum = (self.reqnum + 1) % 65536
        return self.answer(self.frame(command, part, **more))

    def ask(self, command: int, part: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        """A new request that is answered."""
        answer = self.try_ask(command, part, **more)
        assert answer is not None
        return answer

    def again(self) -> Answer | None:
        """The same bytes once more."""
        return self.answer(self.sent)

    def repeat(self, command: int, part: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        """Under the REQNUM of before."""
        answer = self.answer(self.frame(command, part, **more))
        assert answer is not None
        return answer

    def documents(self) -> list[str]:
        """What the operator has registered."""
        return [f"{document.operation} {document.total}" for document in self.simulated.memory.documents]

    def console(self, line: str) -> str:
        return self.simulated.console().run(line)

    @contextmanager
    def fault(self, name: str, match: str = "", **params: Any) -> Iterator[None]:
        """A fault that must be used up inside."""
        self.server.faults.add(name, match, **params)
        yield
        assert self.server.faults.waiting() == []


def till(**options: Any) -> Till:
    """A till and its operator, tokens counting up so that they can be told apart."""
    clock = Clock()
    options.setdefault("tokens", lambda token: (token + 1) % 2**32)
    simulated = make(clock, random.Random(7), **options)
    return Till(clock, simulated, InProcessLine(simulated.machine, clock.sleep))


def local(stamp: Mapping[str, Any]) -> datetime:
    return datetime(*stamp["date"].values(), *stamp["time"].values())  # noqa: DTZ001 (the protocol knows no zone)
