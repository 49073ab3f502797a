"""The outside world of one till: a shop's codes, the cloud register, its operator and the traceability system.

`ledger()` lists what was fiscalised and `witness()` sums it up per mark: the independent account an auditor holds
against the agent's journal.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from hw_sim.exchange import NS, Clock
from hw_sim.http import Serving, serve
from hw_sim.ismpt import Account, Code, Ismpt
from hw_sim.ismpt.codes import WITHDRAWN
from hw_sim.ledger import FiscalDocument, Operation, tiyn
from hw_sim.ofd import Ofd
from hw_sim.registry import Fate, Mark, Shop, make_shop
from hw_sim.webkassa import Cashbox, Profile, User, Webkassa

_XTRACE_TEMPLATES: Mapping[str, str] = {
    "FULL44": "GS1_AISTR",
    "SHORT-7": "GS1_AISTR_SHORT",
    "SHORT-13": "GS1_AISTR_SHORT",
    "PACK29": "PG",
    "BLOCK": "GS1_AISTR_SHORT",
}
WEBKASSA_LOGIN = ("till-1", "till-1-password")
ISMPT_LOGIN = ("shop-user", "shop-password")


@dataclass(frozen=True, slots=True)
class MarkWitness:
    """One mark as the tax side saw it. `mark` is the КИ when the registry knows it, else the text of the receipt."""

    mark: str
    known: bool
    sales: tuple[str, ...]  # "cashbox/document number" of each sale that carries the mark.
    returns: tuple[str, ...]
    withdrawn: bool
    status: str

    @property
    def sold(self) -> int:
        """Sales not taken back. 0 or 1 for a healthy till, 2 is a double sale."""
        return len(self.sales) - len(self.returns)


@dataclass(frozen=True, slots=True)
class Witness:
    """The whole account: per mark, and totals in tiyn. The lists name the marks an auditor must explain."""

    marks: Mapping[str, MarkWitness]
    receipts: int
    sales: int
    returns: int
    sale_total_tiyn: int
    return_total_tiyn: int
    cash_tiyn: Mapping[str, int]
    offline_receipts: int
    waiting_at_ofd: int
    withdrawn: tuple[str, ...]
    still_on_balance: tuple[str, ...]
    sold_twice: tuple[str, ...]
    unknown: tuple[str, ...]

    def row(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


class World:
    """Everything a till talks to, wired together.

    Args:
        now: UTC nanoseconds.
        rng: the seed of everything: shop, signs, tokens, delays.
        shop: goods and codes; by default a shop with `codes` units is invented.
        mark_delay_s: lowest and highest delay between OFD and IS MPT.
        loss_rate: share of marks the OFD loses on the way to IS MPT.
    """

    def __init__(
        self,
        now: Clock,
        rng: random.Random,
        *,
        codes: int = 10_000,
        shop: Shop | None = None,
        cashboxes: Iterable[Cashbox] = (),
        users: Iterable[User] = (),
        accounts: Iterable[Account] = (),
        profile: Profile | None = None,
        mark_delay_s: tuple[float, float] = (5.0, 120.0),
        loss_rate: float = 0.0,
    ) -> None:
        self.shop = shop or make_shop(rng, codes, now())
        known = (registry_code(mark) for mark in self.shop.codes if mark.fate is not Fate.UNKNOWN)
        self.ismpt = Ismpt(now, rng, known, tuple(accounts) or (Account(*ISMPT_LOGIN),))
        self.ofd = Ofd(now, rng, self.ismpt.codes, mark_delay_s=mark_delay_s, loss_rate=loss_rate)
        boxes = tuple(cashboxes) or (Cashbox(),)
        self.webkassa = Webkassa(now, rng, self.ofd, boxes, tuple(users) or (User(*WEBKASSA_LOGIN),), profile)
        self.ismpt.before_each.insert(0, self.ofd.step)
        self.lock = threading.Lock()
        for server in (self.webkassa, self.ismpt):
            server.views["ledger"] = self.ledger_rows
            server.views["witness"] = lambda: self.witness().row()

    def step(self) -> None:
        """Let everything happen that is due by now."""
        self.webkassa.settle()
        self.ismpt.settle()

    def ledger(self) -> list[FiscalDocument]:
        """Every fiscal document of every cashbox, oldest first."""
        documents = [doc for box in self.webkassa.cashboxes.values() for doc in box.documents]
        return sorted(documents, key=lambda doc: (doc.at_ns, doc.cashbox, doc.document_number))

    def ledger_rows(self) -> list[dict[str, Any]]:
        """The ledger, JSON-ready."""
        return [document.row() for document in self.ledger()]

    def witness(self) -> Witness:
        """Sum up what the tax side knows by now."""
        self.step()
        documents = self.ledger()
        marks = self._marks(documents)
        amounts: Counter[Operation] = Counter()
        for document in documents:
            amounts[document.operation] += tiyn(document.total)
        kinds = Counter(document.operation for document in documents)
        sold = [mark for mark in marks.values() if mark.sold > 0]
        return Witness(
            marks=marks,
            receipts=sum(document.operation.is_receipt for document in documents),
            sales=kinds[Operation.SALE],
            returns=kinds[Operation.SALE_RETURN],
            sale_total_tiyn=amounts[Operation.SALE],
            return_total_tiyn=amounts[Operation.SALE_RETURN],
            cash_tiyn={number: tiyn(box.cash) for number, box in self.webkassa.cashboxes.items()},
            offline_receipts=sum(document.offline for document in documents),
            waiting_at_ofd=self.ofd.waiting(),
            withdrawn=tuple(mark.mark for mark in sold if mark.withdrawn),
            still_on_balance=tuple(mark.mark for mark in sold if mark.known and not mark.withdrawn),
            sold_twice=tuple(mark.mark for mark in sold if mark.sold > 1),
            unknown=tuple(mark.mark for mark in marks.values() if not mark.known),
        )

    def _marks(self, documents: list[FiscalDocument]) -> dict[str, MarkWitness]:
        sales: dict[str, list[str]] = {}
        returns: dict[str, list[str]] = {}
        codes: dict[str, Code | None] = {}
        for document in documents:
            for text in document.marks:
                code = self.ismpt.codes.owner_of_mark(text)
                key = code.ki if code else text
                codes[key] = code
                side = returns if document.operation is Operation.SALE_RETURN else sales
                side.setdefault(key, []).append(f"{document.cashbox}/{document.document_number}")
        return {
            key: MarkWitness(
                mark=key,
                known=code is not None,
                sales=tuple(sales.get(key, ())),
                returns=tuple(returns.get(key, ())),
                withdrawn=code is not None and code.status == WITHDRAWN,
                status=code.status if code else "",
            )
            for key, code in codes.items()
        }

    def serve(self, host: str = "127.0.0.1", webkassa_port: int = 0, ismpt_port: int = 0) -> tuple[Serving, Serving]:
        """Put both services on sockets; the caller closes them."""
        first = serve(self.webkassa, host, webkassa_port, self.lock)
        try:
            return first, serve(self.ismpt, host, ismpt_port, self.lock)
        except OSError:
            first.close()
            raise


def registry_code(mark: Mark) -> Code:
    """A unit of the shop as the registry records it."""
    return Code(
        ki=mark.ki,
        gtin=mark.product.gtin,
        full=mark.text,
        template=_XTRACE_TEMPLATES[mark.product.template],
        status=mark.status,
        extended=mark.extended,
        package_type=mark.package_type,
        owner_tin=mark.owner_tin,
        emission_ns=_midnight(mark.made_on),
        production_ns=_midnight(mark.made_on),
        expiration_ns=_midnight(mark.expires_on) if mark.expires_on else None,
    )


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp()) * NS
