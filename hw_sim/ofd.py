"""The fiscal data operator: takes receipts from the registers and passes their marks on to the traceability system.

Online receipts get their fiscal sign here. Receipts made while the link was down wait, carry the register's own sign,
and arrive once the link is back. Marks travel later still, with a delay per mark that may be "never": reports from the
field say that codes left the balance late or not at all.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from typing import Any, Protocol

from hw_sim.exchange import NS, Clock, SimReply, SimRequest, json_reply, text_reply
from hw_sim.ledger import FiscalDocument, Link, Operation, tiyn

NEVER = None


class TakesMarks(Protocol):
    """The traceability system as the OFD sees it."""

    def receive_mark(self, mark: str, operation: Operation, sold_ns: int, arrived_ns: int, sign: str) -> None: ...


class Ofd:
    """One operator for every register of the simulation.

    Args:
        delivery_s: how long an online receipt is under way to the operator's store.
        mark_delay_s: lowest and highest delay between the receipt's arrival and the mark's arrival at IS MPT.
        loss_rate: share of marks that never arrive, 0 to 1.
        signs: source of fiscal signs; by default ten random digits.
    """

    def __init__(
        self,
        now: Clock,
        rng: random.Random,
        registry: TakesMarks | None = None,
        *,
        delivery_s: float = 0.0,
        mark_delay_s: tuple[float, float] = (0.0, 0.0),
        loss_rate: float = 0.0,
        signs: Callable[[], str] | None = None,
        utc_offset_h: int = 5,
    ) -> None:
        self.now = now
        self.link = Link()
        self.receipts: list[FiscalDocument] = []
        self.delivery_s = delivery_s
        self.mark_delay_s = mark_delay_s
        self.loss_rate = loss_rate
        self.lost_marks: list[tuple[str, FiscalDocument]] = []
        self.utc_offset_h = utc_offset_h
        self._rng = rng
        self.registry = registry
        self._signs = signs or self._random_sign
        self._queue: list[tuple[int, FiscalDocument]] = []
        self._marks: list[tuple[int, int, str, FiscalDocument]] = []
        self._sequence = itertools.count()
        self._told: list[tuple[str, float | None]] = []

    def is_up(self) -> bool:
        """Whether a register can reach the operator right now."""
        return self.link.is_up(self.now())

    def next_sign(self) -> str:
        """A fiscal sign for a new receipt."""
        return self._signs()

    def tell(self, mark: str, delay_s: float | None) -> None:
        """Fix the fate of marks that start with `mark` ("": all): a delay in seconds, or NEVER. The last word wins."""
        self._told.insert(0, (mark, delay_s))

    def submit(self, document: FiscalDocument) -> None:
        """Take a document from a register, at once or into the queue."""
        self._queue.append((document.at_ns + int(self.delivery_s * NS), document))
        self.step()

    def oldest_offline_ns(self, cashbox: str) -> int | None:
        """When the first autonomous receipt still waiting at this register was made; None: nothing waits."""
        waiting = [doc.at_ns for _, doc in self._queue if doc.offline and doc.cashbox == cashbox]
        return min(waiting, default=None)

    def waiting(self) -> int:
        """Receipts that have not reached the operator yet."""
        return len(self._queue)

    def marks_under_way(self) -> int:
        """Marks at the operator that IS MPT has not seen yet and will see."""
        return len(self._marks)

    def next_due_ns(self) -> int | None:
        """The moment of the next planned delivery, for a caller that moves a virtual clock; None: none is planned."""
        due = [at for at, _ in self._queue] if self.is_up() else []
        return min([*due, *(at for at, *_ in self._marks)], default=None)

    def step(self) -> None:
        """Deliver everything that is due."""
        at = self.now()
        if self.link.is_up(at):
            due = [pair for pair in self._queue if pair[0] <= at]
            self._queue = [pair for pair in self._queue if pair[0] > at]
            for ready_ns, document in due:
                self._accept(document, at if document.offline else ready_ns)
        while self._marks and self._marks[0][0] <= at:
            arrived, _, mark, document = heapq.heappop(self._marks)
            if self.registry is not None:
                self.registry.receive_mark(mark, document.operation, document.at_ns, arrived, document.sign)

    def _accept(self, document: FiscalDocument, at_ns: int) -> None:
        self.receipts.append(document)
        for mark in document.marks:
            delay = self._fate(mark)
            if delay is NEVER:
                self.lost_marks.append((mark, document))
            else:
                heapq.heappush(self._marks, (at_ns + int(delay * NS), next(self._sequence), mark, document))

    def _fate(self, mark: str) -> float | None:
        for start, delay in self._told:
            if mark.startswith(start):
                return delay
        if self.loss_rate and self._rng.random() < self.loss_rate:
            return NEVER
        return self._rng.uniform(*self.mark_delay_s)

    def _random_sign(self) -> str:
        return str(self._rng.randrange(1_000_000_000, 10_000_000_000))

    def handle(self, request: SimRequest) -> SimReply:
        """The public receipt page behind the QR: `?i=&f=&s=&t=`; JSON under /api/tickets/get-by-url."""
        self.step()
        query = request.query
        found = next((doc for doc in self.receipts if self._is_meant(doc, query)), None)
        if found is None:
            return text_reply("<html><body>Чек табылмады / Чек не найден</body></html>", 404)
        if request.path.endswith("/get-by-url"):
            return json_reply(found.row())
        lines = "".join(f"<p>{name}: {value}</p>" for name, value in found.row().items())
        return text_reply(f"<html><body><h1>Фискалдық чек / Фискальный чек</h1>{lines}</body></html>")

    def _is_meant(self, document: FiscalDocument, query: dict[str, str]) -> bool:
        same = document.sign == query.get("i") and document.registration_number == query.get("f")
        return same and f"{tiyn(document.total) / 100:.2f}" == query.get("s")

    def rows(self) -> list[dict[str, Any]]:
        """Everything that arrived, as JSON-ready rows."""
        return [document.row() for document in self.receipts]
