"""A till at a simulated cloud register, in virtual time: orders, faults, and what the service has registered."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from typing import Any

from fiscal.register import (
    Baseline,
    CashDirection,
    CashMove,
    Done,
    FailureKind,
    FiscalDocument,
    Line,
    Mark,
    Operation,
    Order,
    Outcome,
    Payment,
    PaymentKind,
    Prepared,
    Receipt,
    Refused,
    ReturnBasis,
    Settlement,
    ShiftClose,
    Unknown,
)
from fiscal.registry import OpenRegister, open_register
from hw_sim.cloud_service import CloudService
from hw_sim.inprocess import SimTransport
from hw_sim.ledger import FiscalDocument as Registered
from hw_sim.rekassa import make as make_rekassa
from hw_sim.ukassa import make as make_ukassa

NS = 1_000_000_000
NINE_NS = 1_784_088_000 * NS  # 15.07.2026 09:00:00 in Almaty.
PACK = "04870249811936{:07d}MD&5GhG"
MAKERS = {"rekassa": make_rekassa, "ukassa": make_ukassa}
URLS: Mapping[str, str] = {
    "rekassa": "{}?number=RK00000001",
    "ukassa": "{}?hashline=UK00000001&kassa=3868&section=5&email=till@example.kz",
}
SECRETS: Mapping[str, str] = {
    "rekassa_password": "integration",
    "rekassa_api_key": "sim-partner-key",
    "rekassa_pin": "1234",
    "ukassa_password": "integration",
}


class Clock:
    """Virtual UTC nanoseconds."""

    at_ns = NINE_NS

    def __call__(self) -> int:
        return self.at_ns

    def monotonic(self) -> float:
        return self.at_ns / NS

    def sleep(self, seconds: float) -> None:
        self.at_ns += round(seconds * NS)


class Shop:
    """`origin`: where the service is reached on a socket; "" for inside this process."""

    def __init__(self, family: str, options: str = "", *, origin: str = "", **profile: Any) -> None:
        self.family, self.options, self.origin = family, options, origin
        self.clock = Clock()
        self.service: CloudService = MAKERS[family](self.clock, random.Random(5), **profile)
        self._keys = itertools.count(1)
        self._serials = itertools.count(1)
        self.open()

    def open(self) -> None:
        """A driver, as after a start of the agent. `line` is what it takes for the network, unless it is one."""
        self.line = SimTransport(self.service, self.clock.sleep)
        url = URLS[self.family].format(f"{self.family}+{self.origin or 'https://service.kz'}")
        self.register: OpenRegister = open_register(
            f"{url}&{self.options}",
            secret=SECRETS.__getitem__,
            transport=None if self.origin else self.line,
            now=self.clock,
            monotonic=self.clock.monotonic,
            sleep=self.clock.sleep,
        )

    def close(self) -> None:
        self.register.close()

    @property
    def documents(self) -> list[Registered]:
        return self.service.memory.documents

    def fault(self, name: str, match: str = "receipt", **more: Any) -> None:
        self.service.faults.add(name, match, **more)

    def sale(
        self, count: int = 1, *, kind: PaymentKind = PaymentKind.CASH, marked: bool = True, **change: Any
    ) -> Receipt:
        """One line of `count` packs at 900 tenge, each with its mark; keys are t-1, t-2, ..."""
        codes = [PACK.format(next(self._serials)) for _ in range(count if marked else 0)]
        marks = tuple(Mark(code, code[:25]) for code in codes)
        line = Line("Сигареты", 90_000, 1_000 * count, 796, 1_600, gtin="04870249811936", marks=marks, **change)
        total = 90_000 * count - line.discount_tiyn + line.markup_tiyn
        return Receipt(f"t-{next(self._keys)}", Operation.SALE, (line,), (Payment(kind, total),))

    def refund(self, sold: Receipt, document: FiscalDocument) -> Receipt:
        basis = ReturnBasis(
            document.fiscal_sign, document.at, document.registration_number, document.total_tiyn, document.offline
        )
        paid = (Payment(PaymentKind.CASH, document.total_tiyn),)
        return Receipt(f"{sold.key}-back", Operation.SALE_RETURN, sold.lines, paid, basis=basis)

    def put(self, sum_tiyn: int = 5_000_000) -> CashMove:
        return CashMove(f"in-{next(self._keys)}", CashDirection.IN, sum_tiyn)

    def taken(self, sum_tiyn: int) -> CashMove:
        return CashMove(f"out-{next(self._keys)}", CashDirection.OUT, sum_tiyn)

    def z(self) -> ShiftClose:
        shift = self.register.status().shift
        assert shift is not None
        return ShiftClose(f"z-{shift}", shift)

    def begin(self, order: Order) -> tuple[Prepared, Baseline]:
        return self.register.prepare(order), self.register.baseline()

    def execute(self, order: Order) -> Outcome:
        prepared, baseline = self.begin(order)
        outcome = self.register.execute(prepared, baseline)
        self.clock.sleep(20)
        return outcome

    def made(self, order: Order) -> Any:
        """The document of an order that must go through."""
        outcome = self.execute(order)
        assert isinstance(outcome, Done), outcome
        return outcome.document

    def settled(self, prepared: Prepared, baseline: Baseline) -> Settlement:
        return self.register.settle(prepared, baseline)

    def brought_to_an_end(self, order: Order, tries: int = 20, pause_s: float = 30.0) -> Done | Refused:
        """What the desk does: asked while it is unknown, sent again with the same request when it is absent."""
        prepared, baseline = self.begin(order)
        outcome: Outcome | Settlement = self.register.execute(prepared, baseline)
        for _ in range(tries):
            if isinstance(outcome, Done | Refused):
                return outcome
            if isinstance(outcome, Unknown):
                assert outcome.failure.kind is FailureKind.NO_ANSWER, outcome
                outcome = self.register.settle(prepared, baseline)
                if isinstance(outcome, Unknown):
                    self.clock.sleep(pause_s)
            else:  # Absent, or not sent.
                baseline = self.register.baseline()
                outcome = self.register.execute(prepared, baseline)
        raise AssertionError(f"{order.key} never ends: {outcome}")
