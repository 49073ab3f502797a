"""A cashbox at the simulated Webkassa service and a till that sells at it: the day the reads read back."""

from __future__ import annotations

import itertools
import random
from typing import Any

from fiscal.register import (
    CashDirection,
    CashMove,
    Done,
    Line,
    Mark,
    Operation,
    Payment,
    PaymentKind,
    Receipt,
    ReturnBasis,
    ShiftClose,
)
from fiscal.registry import open_register
from hw_sim.ledger import FiscalDocument
from hw_sim.ofd import Ofd
from hw_sim.webkassa import Cashbox, Shift, User, Webkassa

NS = 1_000_000_000
NINE_OCLOCK_NS = 1_784_088_000 * NS  # 15.07.2026 09:00:00 in Almaty, UTC+5.
BOX, LOGIN = "SWK00000001", "till-1"
SECRETS = {"webkassa_password": "till-1-password", "webkassa_api_key": "sim-api-key"}
MARK = "0104870249811936213abc"


class Clock:
    """Virtual UTC nanoseconds; also a `sleep`."""

    at_ns = NINE_OCLOCK_NS

    def __call__(self) -> int:
        return self.at_ns

    def monotonic(self) -> float:
        return self.at_ns / NS

    def sleep(self, seconds: float) -> None:
        self.at_ns += round(seconds * NS)


def service_at(clock: Clock) -> Webkassa:
    rng = random.Random(11)
    users = [User(LOGIN, "till-1-password"), User("reader", "reader-password")]
    return Webkassa(clock, rng, Ofd(clock, rng), [Cashbox()], users)


class Shop:
    """`url` is where the service is reached: https://host, or the address of its socket."""

    def __init__(self, url: str, transport: Any, service: Webkassa, clock: Clock) -> None:
        self.clock, self.service = clock, service
        self.url = f"webkassa+{url}?cashbox={BOX}&login={LOGIN}"
        self.register: Any = open_register(
            f"{self.url}&read_s=2&write_s=2",
            secret=SECRETS.__getitem__,
            transport=transport,
            now=clock,
            monotonic=clock.monotonic,
            sleep=clock.sleep,
        )
        self._keys = itertools.count(1)

    @property
    def documents(self) -> list[FiscalDocument]:
        """What the service has registered, oldest first."""
        return self.service.cashboxes[BOX].documents

    @property
    def shifts(self) -> list[Shift]:
        return self.service.cashboxes[BOX].shifts

    def run(self, order: Any) -> None:
        outcome = self.register.execute(self.register.prepare(order), self.register.baseline())
        assert isinstance(outcome, Done), outcome
        self.clock.sleep(60)

    def sell(self, *marks: str, kind: PaymentKind = PaymentKind.CASH, name: str = "Сигареты") -> Receipt:
        """One line of 900 tenge a mark; keys are t-1, t-2, ..."""
        count = max(1, len(marks))
        coded = tuple(Mark(mark, mark) for mark in marks)
        line = Line(name, 90000, 1000 * count, 796, 1600, gtin="04870249811936", marks=coded)
        paid = (Payment(kind, 90000 * count),)
        order = Receipt(f"t-{next(self._keys)}", Operation.SALE, (line,), paid, order_number="9739")
        self.run(order)
        return order

    def day(self) -> list[Receipt]:
        """Cash in, two sales with marks, a return of the first, cash out, Z: the receipts."""
        self.run(CashMove("in-1", CashDirection.IN, 500000))
        first, second = self.sell(MARK), self.sell("m-2", "m-3", kind=PaymentKind.CARD)
        made = self.register.find(first.key, 1)
        basis = ReturnBasis(made.fiscal_sign, made.at, "010100000001", 90000, False)
        cash = (Payment(PaymentKind.CASH, 90000),)
        back = Receipt("t-back", Operation.SALE_RETURN, first.lines, cash, basis=basis)
        self.run(back)
        self.run(CashMove("out-1", CashDirection.OUT, 100000))
        self.run(ShiftClose("z-1", 1))
        return [first, second, back]

    def fault(self, name: str, match: str, **more: Any) -> None:
        self.service.faults.add(name, match, **more)

    def logins(self) -> int:
        return sum(1 for entry in self.service.journal if entry.operation == "authorize")

    def close(self) -> None:
        self.register.close()
