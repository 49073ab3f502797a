"""A whole agent in virtual time on hw_sim's world: the shop of the checkout, closing, intake and printing tests."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from fiscal.register import Operation, Payment, PaymentKind
from hw_sim.inprocess import SimTransport
from hw_sim.ledger import FiscalDocument
from hw_sim.printer.interpreter import Interpreter
from hw_sim.printer.model import model_named
from hw_sim.registry import DEFAULT_AT_NS, Fate, Mark
from hw_sim.world import World as SimWorld
from marking.groups import standard
from pos_agent.agent import Agent
from pos_agent.basket import lines_from, total_tiyn
from pos_agent.cache.importing import Kind, import_file
from pos_agent.cache.lines import BadRow
from pos_agent.cache.rows import Context
from pos_agent.checkout import Scanned
from pos_agent.clock import VirtualClock
from pos_agent.closing import Paid
from pos_agent.config import WebhookSection, from_mapping
from pos_agent.demo.devices import printer_on
from pos_agent.demo.shop import SECRETS, configuration, stock_cache
from pos_agent.journal.verify import verify
from pos_agent.wiring import World, build, start
from scanners.scan import Scan, Terminator

MS = 1_000_000
HOOK_SECRET = "between-the-till-and-the-erp"
CATALOGUE = ("gtin", "ntin", "name_ru", "name_kk", "unit", "vat", "group", "price", "templates")


class Line(SimTransport):
    """The line to the register, with a moment for something else to happen on it."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.paths: list[str] = []
        self.meanwhile: dict[str, Callable[[], object]] = {}  # End of a path -> what happens before its next request.

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.paths.append(path)
        for end in [end for end in self.meanwhile if path.lower().endswith(end.lower())]:
            self.meanwhile.pop(end)()
        return super().handle_request(request)


class ShopTill:
    """One agent, restartable on the same files. `ismpt`: with the registry online; `printer`: with paper; `register`:
    keys of that section."""

    def __init__(
        self,
        folder: Path,
        *,
        ismpt: bool = False,
        printer: bool = False,
        clock: Any = None,
        webhooks: Sequence[WebhookSection] = (),
        **register: Any,
    ) -> None:
        self.folder = folder
        self._register_keys = register
        self._webhooks = tuple(webhooks)
        self.clock: Any = clock or VirtualClock(DEFAULT_AT_NS)
        self.sim = SimWorld(self.clock.now_ns, random.Random(5), codes=220, mark_delay_s=(1.0, 2.0))
        self.register = Line(self.sim.webkassa, self.clock.sleep)
        self.ismpt = SimTransport(self.sim.ismpt, self.clock.sleep)
        self.paper = Interpreter(model_named("epson"))
        self._with = {"ismpt": ismpt, "printer": printer}
        self._marks: Iterator[Mark] = iter([mark for mark in self.sim.shop.codes if mark.fate is Fate.SELLABLE])
        self.agent: Agent = self._started()
        stock_cache(self.agent.cache, self.sim.shop, self.clock.now_ns())

    def _started(self) -> Agent:
        full, plain = configuration(self.folder), from_mapping({})
        register = full.register_.model_copy(update=self._register_keys)
        without = {} if self._with["ismpt"] else {"ismpt": plain.ismpt}
        config = full.model_copy(
            update={"sync": plain.sync, "register_": register, "webhooks": self._webhooks, **without}
        )
        paper, clock = self.paper, self.clock
        world = World(
            clock=clock,
            rng=random.Random(1),
            secret={**SECRETS, "env:HOOK_SECRET": HOOK_SECRET}.__getitem__,
            register_transport=self.register,
            ismpt_transport=self.ismpt,
            scanners=lambda _config, _around: [],
            printer=lambda _config: printer_on(paper, clock.monotonic, clock.sleep) if self._with["printer"] else None,
        )
        agent = build(config, world)
        start(agent)
        return agent

    def restart(self) -> None:
        self.agent.close()
        self.agent = self._started()

    def close(self) -> None:
        self.agent.close()
        verdict = verify(self.folder / "journal.sqlite")
        assert verdict.good, verdict

    def stock(self, **row: Any) -> None:
        """One more row of the catalogue."""
        line = ",".join(CATALOGUE) + "\n" + ",".join(str(row.get(name, "")) for name in CATALOGUE) + "\n"
        bad: list[BadRow] = []
        context = Context(standard(), self.clock.now_ns())
        import_file(self.agent.cache, io.BytesIO(line.encode()), context, kind=Kind.CATALOGUE, on_bad=bad.append)
        assert not bad, bad

    def unit(self) -> Mark:
        return next(self._marks)

    def mark(self, fate: Fate) -> Mark:
        return next(mark for mark in self.sim.shop.codes if mark.fate is fate)

    def plain_gtin(self) -> str:
        return next(one.gtin for one in self.sim.shop.products if not one.group)

    def open(self, **options: Any) -> str:
        operation = Operation.SALE_RETURN if options else Operation.SALE
        return self.agent.checkout.open(operation, "Айгүл", **options)

    def scan(self, sale: str, code: str | bytes) -> Scanned:
        data = code.encode() if isinstance(code, str) else code
        return self.agent.checkout.scan(sale, data)

    def with_units(self, count: int = 1) -> tuple[str, list[Mark]]:
        sale, marks = self.open(), [self.unit() for _ in range(count)]
        for mark in marks:
            scanned = self.scan(sale, mark.text)
            assert scanned.line is not None, scanned.judged.verdict
        return sale, marks

    def total(self, sale: str) -> int:
        return total_tiyn(lines_from(self.agent.till.sale(sale).lines))

    def pay(self, sale: str, *, card: bool = False) -> Paid:
        kind = PaymentKind.CARD if card else PaymentKind.CASH
        return self.agent.closing.pay(sale, [Payment(kind, self.total(sale))])

    def sold(self, count: int = 1) -> tuple[str, list[Mark]]:
        sale, marks = self.with_units(count)
        self.pay(sale)
        return sale, marks

    def receipts(self) -> Sequence[FiscalDocument]:
        return [document for document in self.sim.ledger() if document.operation.is_receipt]

    def rows(self, kind: str) -> list[dict[str, Any]]:
        head, _ = self.agent.journal.head()
        return [json.loads(row.body) for row in self.agent.journal.rows_after(0, head) if row.kind == kind]

    def silence(self, *, made: bool) -> None:
        """The next receipt gets no answer, and for a while the register cannot be asked about it."""
        faults = self.sim.webkassa.faults
        faults.add("answer_lost_after_fiscalising" if made else "answer_lost_before")
        faults.add("lookup_down", count=40)
        for path in ("/Check/History", "/Cashbox/ShiftHistory", "/Check/HistoryByNumber"):
            faults.add("http_500", match=path, count=40)

    def frame(self, data: str | bytes, after_ms: int = 0, device: str = "counter", **options: Any) -> Scan:
        """A read that ends `after_ms` after now."""
        raw = data.encode() if isinstance(data, str) else data
        at_ns = self.clock.now_ns() + after_ms * MS
        facts: Mapping[str, Any] = {"terminator": Terminator.SUFFIX, **options}
        return Scan(raw, None, device, at_ns, first_at_ns=at_ns, **facts)
