"""The judge of a random day: the register's ledger on one side, the journal on the other.

Sales are told apart by their marks and, where the register keeps none, by their sums.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from recovery_shop import Rig, Shop

from fiscal.orders import Receipt
from hw_sim.ledger import Operation, tiyn
from pos_agent.doubts import Verdict
from pos_agent.sale import DocumentState, SaleState
from pos_agent.till import Undecided

FOREIGN_TIYN = frozenset({100, 10_000})  # Receipts of other programs: no sale of ours comes to such a sum.
UNIT_PREFIX, PACK_PREFIX = 31, 21  # What of a code, without GS, belongs to one unit alone.
GS = "\x1d"


class Wrong(AssertionError):
    """The promise is broken: a document twice, or lost."""


@dataclass
class Sold:
    """A sale or return of the till."""

    name: str
    order: Receipt
    total_tiyn: int
    marks: frozenset[str]

    @property
    def operation(self) -> Operation:
        return Operation(self.order.operation)


def prefix_of(mark: str) -> str:
    """What tells the unit of a mark, however the register keeps it."""
    plain = mark.replace(GS, "")
    return plain[: UNIT_PREFIX if plain.startswith("01") else PACK_PREFIX]


class Judge:
    def __init__(self, shop: Shop, rig: Rig) -> None:
        self.shop = shop
        self.rig = rig
        self.sold: dict[str, Sold] = {}
        self.z_elsewhere = 0  # Z-reports other people made.
        self.z_by_person = 0  # Z-reports of the till that a person found on the tape: their reports nobody has.
        self._keys: set[str] = set()  # Of every document ever intended.
        self._closed: set[int] = set()  # Shifts of which the journal has a Z-report.
        self._head = 0  # Journal rows looked at for them.

    def check(self, *, final: bool) -> None:
        ledger = list(self.rig.registered())
        self._explained(ledger)
        for one in self.sold.values():
            self._exactly_once(one, final=final)
        if not self.rig.lags or final:
            self._alike_counted(ledger)
            self._others()
        self._one_document_each()

    def _explained(self, ledger: Sequence[Any]) -> None:
        ours = {(one.operation, one.total_tiyn) for one in self.sold.values()}
        for document in ledger:
            total = tiyn(document.total)
            if (document.operation, total) not in ours and total not in FOREIGN_TIYN:
                raise Wrong(f"nobody rang up {document}")

    def _exactly_once(self, one: Sold, *, final: bool) -> None:
        """By its marks."""
        if not self.rig.marks_a_sale or one.operation is not Operation.SALE:
            return
        found = self._documents_of(one)
        state = self.shop.state(one.name)
        if len(found) > 1:
            raise Wrong(f"{one.name} was made {len(found)} times")
        if found and len(found[0].marks) != self.rig.marks_a_sale:
            raise Wrong(f"{one.name} has the marks {found[0].marks}")
        if found and tiyn(found[0].total) != one.total_tiyn:
            raise Wrong(f"{one.name} is {one.total_tiyn} tiyn, the register has {tiyn(found[0].total)}")
        settled = final or not self.rig.lags
        if state is SaleState.FISCALISED and settled and not found:
            raise Wrong(f"{one.name} is FISCALISED and the register does not have it")
        if state is SaleState.FISCALISED and found and not self.rig.is_same(found[0], self.shop.document(one.name)):
            raise Wrong(f"{one.name}: {self.shop.document(one.name)} is not {found[0]}")
        late = state is SaleState.HELD and self.rig.tells_apart  # Made late: the next try finds it by its key.
        if found and not late and state in (SaleState.HELD, SaleState.CANCELLED):
            raise Wrong(f"{one.name} is {state} and the register has it")

    def _alike_counted(self, ledger: Sequence[Any]) -> None:
        """By kind and sum: as many documents as sales that were made, and at most those in doubt besides."""
        made = Counter((document.operation, tiyn(document.total)) for document in ledger)
        groups = {(one.operation, one.total_tiyn) for one in self.sold.values()}
        for kind, total in groups:
            states = [self.shop.state(one.name) for one in self._of(kind, total)]
            least = states.count(SaleState.FISCALISED)
            most = least + states.count(SaleState.IN_DOUBT) + states.count(SaleState.FISCALISING)
            if self.rig.tells_apart:
                most += states.count(SaleState.HELD)  # Made late.
            if not least <= made[kind, total] <= most:
                names = ", ".join(f"{one.name} {self.shop.state(one.name)}" for one in self._of(kind, total))
                raise Wrong(f"{made[kind, total]} documents of {kind} {total} tiyn, the journal has {names}")

    def _others(self) -> None:
        """Cash moves and Z-reports, by their counts."""
        for kind in ("cash_in", "cash_out"):
            least, open_ = self._count(kind, DocumentState.MADE), self._open(kind)
            if not least <= self.rig.cash_moves(kind) <= least + open_:
                raise Wrong(f"{self.rig.cash_moves(kind)} {kind}, the journal has {least} and {open_} open")
        made, closed = self._z_made(), self.rig.closed_shifts()
        most = made + self._open("shift_close") + self.z_elsewhere
        if not made <= closed or (closed > most and not self.rig.closes_shifts):
            raise Wrong(f"{closed} Z-reports, the journal has {made}, others made {self.z_elsewhere}")

    def _one_document_each(self) -> None:
        """No document of the register was given to two sales."""
        given: dict[tuple[object, ...], str] = {}
        for one in self.sold.values():
            if self.shop.state(one.name) is not SaleState.FISCALISED:
                continue
            document = self.shop.document(one.name)
            name = (document.identity, document.registration_number, one.operation, document.shift, document.number)
            name = (*name, document.fiscal_sign)
            if name in given:
                raise Wrong(f"{one.name} and {given[name]} were given one document: {name}")
            given[name] = one.name

    def _documents_of(self, one: Sold) -> list[Any]:
        ledger = [document for document in self.rig.registered() if document.operation is one.operation]
        if self.rig.marks_a_sale and one.operation is Operation.SALE:
            return [document for document in ledger if one.marks & {prefix_of(mark) for mark in document.marks}]
        return [document for document in ledger if tiyn(document.total) == one.total_tiyn]

    def _of(self, kind: Operation, total: int) -> Iterator[Sold]:
        return (one for one in self.sold.values() if (one.operation, one.total_tiyn) == (kind, total))

    def _alike(self, document: Any) -> list[Any]:
        total = tiyn(document.total)
        return [
            other for other in self.rig.registered()
            if other.operation is document.operation and tiyn(other.total) == total
        ]  # fmt: skip

    def _fiscalised(self, document: Any) -> int:
        alike = self._of(document.operation, tiyn(document.total))
        return sum(self.shop.state(one.name) is SaleState.FISCALISED for one in alike)

    def _count(self, kind: str, state: DocumentState) -> int:
        return self._kinds()[kind, state]

    def _z_made(self) -> int:
        """Shifts of which the journal has a Z-report, a driver's on its way to a sale too, or the word of a person."""
        self._read()
        return len(self._closed) + self.z_by_person

    def _open(self, kind: str) -> int:
        return self._count(kind, DocumentState.INTENDED) + self._count(kind, DocumentState.IN_DOUBT)

    def _kinds(self) -> Counter[tuple[str, DocumentState]]:
        """How far the documents ever intended have got."""
        self._read()
        known = map(self.shop.till.document, self._keys)
        return Counter((one.kind, one.state) for one in known if one is not None)

    def _read(self) -> None:
        """What the journal has got since the last look at it."""
        head, _ = self.shop.journal.head()
        for row in self.shop.journal.rows_after(self._head, head):
            if row.kind == "document_intended":
                self._keys.add(json.loads(row.body)["key"])
            elif row.kind == "shift_closed" and (body := json.loads(row.body))["report"] is not None:
                self._closed.add(body["shift"])
        self._head = head

    # What a person says who looks at the tape

    def verdict(self, pending: Undecided) -> Verdict:
        at = "2026-07-15T09:00:00+05:00"
        if pending.sale is None:
            made = self._made_beyond(pending)
            return Verdict("Старшая", "посмотрела", made, at=at, shift=1)
        one = self.sold[pending.sale]
        found = self._documents_of(one)
        known = {id(document) for document in found if self._is_known(document)}
        free = [document for document in found if id(document) not in known]
        if not free:
            return Verdict("Старшая", "на ленте чека нет", False)
        paper = free[-1]
        sign, number = paper.sign or "0", paper.order_number
        return Verdict("Старшая", "чек на ленте", True, sign, number, at, paper.shift, paper.registration_number)

    def _is_known(self, document: Any) -> bool:
        """Another sale of ours has it. Only where sums alone tell sales apart there can be one."""
        return not document.marks and self._fiscalised(document) >= len(self._alike(document))

    def _made_beyond(self, pending: Undecided) -> bool:
        """There is one more of its kind than the journal knows."""
        if pending.kind == "shift_open":
            return self.shop.register.status().shift is not None
        if pending.kind == "shift_close":
            return self.rig.closed_shifts() > self._z_made() + self.z_elsewhere
        return self.rig.cash_moves(pending.kind) > self._count(pending.kind, DocumentState.MADE)
