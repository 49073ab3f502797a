"""A till for the pages of store IT: two scanners, a printer, headquarters on a line that is cut; virtual time."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from api_server import api_of
from shop_till import ShopTill

from fiscal.register import Payment, PaymentKind
from hw_sim.inprocess import SimTransport
from hw_sim.optics.camera import VirtualCamera
from hw_sim.scanner.memory import MemoryLine
from pos_agent.agent import Agent
from pos_agent.clock import Clock
from pos_agent.config import Config, from_mapping
from pos_agent.demo.devices import printer_on, scanner_on
from pos_agent.demo.shop import SECRETS, configuration
from pos_agent.pages.sessions import Role
from pos_agent.wiring import World, build, start
from scanners.camera.capture import Capture
from scanners.camera.cascade import Cascade
from scanners.camera.device import Opened
from scanners.camera.driver import BUDGET_MS
from scanners.camera.reading import Sorts
from scanners.camera.scanner import CameraScanner
from scanners.framing import Framing
from scanners.registry import Scanner, Surroundings, open_scanner
from scanners.scan import Health, HealthChange, ScannerEvent

DAY_S = 86_400
SCANNERS = (
    {"name": "counter", "url": "serial://usb/05e0:1701?serial=S123"},
    {"name": "hand", "url": "serial:///dev/ttyUSB7?baud=9600"},
)
HOSTILE = "<img src=x onerror=alert(1)>\"'&{{7*7}}"


class ItShop(ShopTill):
    """`plain`: nothing but the register, as in a new shop. `port`, `camera`: the only scanner, read for real."""

    def __init__(
        self,
        folder: Path,
        *,
        plain: bool = False,
        port: Path | None = None,
        camera: VirtualCamera | None = None,
        clock: Clock | None = None,
        **register: Any,
    ) -> None:
        self.plain = plain
        self.port = port
        self.camera = camera
        self.lines: dict[str, MemoryLine] = {}
        self.extra: dict[str, Any] = {}
        super().__init__(folder, ismpt=not plain, printer=not plain, clock=clock, **register)

    def _started(self) -> Agent:
        clock = self.clock
        self.office = SimTransport({}, clock.sleep)
        self.office.link_down = True
        paper = self.paper
        world = World(
            clock=clock,
            rng=random.Random(1),
            secret=SECRETS.__getitem__,
            register_transport=self.register,
            ismpt_transport=self.ismpt,
            hq_transport=self.office,
            scanners=self._scanners,
            printer=lambda _config: None if self.plain else printer_on(paper, clock.monotonic, clock.sleep),
        )
        agent = build(self._config(), world)
        start(agent)
        return agent

    def _config(self) -> Config:
        full = configuration(
            self.folder,
            scanners=self._sections(),
            printer_url="" if self.plain else "escpos+tcp://192.168.0.50:9100?profile=epson-tm-t20",
        )
        left_out = {"ismpt", "sync"} if self.plain else set()
        data = {name: value for name, value in full.written.file.items() if name not in left_out}
        data["register"] = {**data["register"], **self._register_keys}
        return from_mapping(data, "/etc/pos-agent/agent.toml", {"POS_AGENT__SCAN__JOIN_MS": "60"})

    def _sections(self) -> Sequence[Mapping[str, str]]:
        if self.port is not None:
            return [{"name": "counter", "url": f"serial://{self.port}?baud=115200&suffix=cr"}]
        if self.camera is not None:
            return [{"name": "eye", "url": "camera:0"}]
        return () if self.plain else SCANNERS

    def _scanners(self, config: Config, around: Surroundings) -> list[Scanner]:
        if self.port is not None:
            return [open_scanner(one.name, one.url, around) for one in config.scanners]
        if self.camera is not None:
            opened = Opened(self.camera)
            capture = Capture("eye", lambda: opened, now=around.now, monotonic=around.monotonic)
            reader = Cascade(frozenset({Sorts.DATA_MATRIX}), BUDGET_MS)
            return [CameraScanner("eye", capture, reader, now=around.now, monotonic=around.monotonic)]
        self.lines = {one.name: MemoryLine(around.monotonic, self.clock.sleep) for one in config.scanners}
        return [scanner_on(line, name, Framing(), around.now, around.monotonic) for name, line in self.lines.items()]

    def troubled(self) -> None:
        """A day on which much is wrong: what the pictures show."""
        agent = self.agent
        self.health("counter", Health.ONLINE)
        self.health("hand", Health.OFFLINE, "no such port: /dev/ttyUSB7")
        for _ in range(2):
            agent.intake.feed(self.frame(self.unit().text, device="counter"))
            self.pay(agent.till.open_sales()[-1])
            self.clock.sleep(DAY_S * 2)
        agent.shifts.close()
        sale, _ = self.with_units(2)
        self.pay(sale, card=True)
        returned = self.open(original=sale)
        self.scan(returned, self.agent.till.sale(sale).lines[0]["full"])
        self.pay(returned)
        agent.register_watch.look()
        self.delivered_some()
        self.clock.sleep(3_700)

    def pay(self, sale: str, *, card: bool = False) -> Any:
        kind = PaymentKind.CARD if card else PaymentKind.CASH
        return self.agent.closing.pay(sale, [Payment(kind, self.total(sale))])

    def delivered_some(self) -> None:
        """Rows set aside as headquarters and delivery do it."""
        agent = self.agent
        intent = next(row for row in agent.journal.rows_after(0, 1_000) if row.kind == "document_intended")
        agent.queue.set_aside(intent.number, f"refused: unknown key {HOSTILE}")
        agent.queue.set_aside(intent.number + 1, f"held behind row {intent.number}")
        self.tried()

    def tried(self) -> None:
        """Three tries on a line that is cut."""
        assert self.agent.delivery is not None
        for _ in range(3):
            self.agent.delivery.step()
            self.clock.sleep(60)

    def delivered_one(self, reason: str) -> int:
        """A sale whose intent headquarters did not take; number of the row."""
        self.sold()
        rows = self.agent.journal.rows_after(0, 1_000)
        number = next(row.number for row in rows if row.kind == "document_intended")
        self.agent.queue.set_aside(number, f"refused: {reason}")
        return number

    def health_text(self, name: str, text: str) -> None:
        self.health(name, Health.OFFLINE, text)

    def doubted(self) -> str:
        """A sale whose outcome a person must decide."""
        sale, _ = self.with_units()
        self.silence(made=True)
        try:
            self.pay(sale)
        except Exception:  # noqa: BLE001 - whichever refusal the doubt is told with
            self.clock.sleep(61)
        self.agent.closing.settle()
        return sale

    def health(self, name: str, health: Health, text: str = "") -> None:
        self.agent.intake.feed(HealthChange(name, health, self.clock.now_ns(), text))

    def hostile_goods(self) -> str:
        """Goods whose name is markup; their number."""
        name = HOSTILE.replace('"', "")
        self.stock(gtin="04870249811936", name_ru=name, name_kk="Шай", unit=796, vat="base", price="100")
        return "4870249811936"

    @contextmanager
    def reading(self) -> Iterator[None]:
        """The scanners read on threads of their own, as in the running agent."""
        stop = threading.Event()
        threads = [threading.Thread(target=one.run, args=(stop, self._fed)) for one in self.agent.scanners]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def _fed(self, event: ScannerEvent) -> None:
        self.agent.intake.feed(event)

    def cookie(self, role: Role = Role.IT, name: str = "Ерлан, ноутбук") -> str:
        token, _ = self.agent.sessions.redeem(self.agent.sessions.offer(role, name))
        return token


@dataclass
class Desk:
    """The pages over HTTP, as a program with a token sees them, asking for HTML."""

    shop: ItShop
    http: httpx.Client

    @property
    def url(self) -> str:
        return str(self.http.base_url).rstrip("/")

    def get(self, path: str, lang: str = "en", **headers: str) -> httpx.Response:
        return self.http.get(path, headers={"Accept": "text/html", "Accept-Language": lang, **headers})

    def post(self, path: str, lang: str = "en", **form: str) -> httpx.Response:
        return self.http.post(path, data=form, headers={"Accept": "text/html", "Accept-Language": lang})


@contextmanager
def served(shop: ItShop) -> Iterator[Desk]:
    with api_of(shop.agent) as http:
        yield Desk(shop, http)


__all__ = ["HOSTILE", "Desk", "ItShop", "served"]
