"""Lines of open sales: scan, add, approve, remove, cancel. Every change is a journal row before anyone sees it."""

from __future__ import annotations

import base64
import datetime as dt
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fiscal.register import Operation, ReturnBasis
from fiscal.vat import VatTable
from marking.code import CodeKind, Source
from marking.errors import CodeError
from marking.verdict import Decision, Purpose
from pos_agent.basket import PIECE_MILLI, BasketLine
from pos_agent.journal.journal import Event, Journal
from pos_agent.journal.projection import UnitTakenError
from pos_agent.judging import SCAN_BYTES_MAX, Judge, Judged, device_facts, judged_body
from pos_agent.pricing import Pricing
from pos_agent.problems import Problem
from pos_agent.returns import Originals
from pos_agent.sale import SaleEvent, SaleState, TransitionError
from pos_agent.stored import dump
from pos_agent.till import NoSuchSale, SaleView, Till
from scanners.scan import Scan

QUANTITY_MILLI_MAX = 1_000_000 * PIECE_MILLI
LOOKS_MAX = 3  # At a unit that a receipt in one call takes in the very moment.
SCAN_ROWS_MAX = 100  # Rows that other threads may put between naming a scan and keeping it.

LAST_NUMBER = """SELECT max(body ->> '$.line.number') FROM journal
    WHERE number > :opened AND kind = 'line_added' AND body ->> '$.sale' = :sale"""
APPROVED = """SELECT 1 FROM journal
    WHERE number > :scan AND kind = 'line_added' AND body ->> '$.scan' = :scan LIMIT 1"""

Reply = Callable[[Any], Sequence[Event]]  # Rows (an API answer) that must be committed with the change itself.


def no_reply(_result: Any) -> Sequence[Event]:
    return ()


@dataclass(frozen=True, slots=True)
class Scanned:
    """A judged scan and the line it became, if it became one."""

    sale: str
    scan: int  # Name of the judgement, for `approve`: its journal row, or one a few rows before it.
    judged: Judged
    line: BasketLine | None


@dataclass(frozen=True, slots=True)
class _Read:
    """A scan as it came, which the journal keeps whatever is made of it."""

    data: bytes
    source: Source
    device: str
    symbology: str | None
    repairs: tuple[str, ...] = ()
    step: str = ""

    @property
    def identified(self) -> bytes:
        return Scan(self.data, self.symbology, self.device, 0).identified

    def as_body(self) -> dict[str, Any]:
        return {
            "data": base64.b64encode(self.data[:SCAN_BYTES_MAX]).decode(),
            "data_bytes": len(self.data),
            "symbology": self.symbology,
            **device_facts(self.repairs, self.step),
        }


class Checkout:
    """All open sales of one till. `lock` serialises every decision that depends on what is held."""

    def __init__(
        self,
        journal: Journal,
        till: Till,
        judge: Judge,
        vat: VatTable,
        now: Callable[[], int],
        local_zone: dt.tzinfo,
    ) -> None:
        self._journal = journal
        self._till = till
        self._judge = judge
        self._originals = Originals(till)
        self.pricing = Pricing(vat, now, local_zone)
        self.lock = threading.RLock()

    def open(
        self,
        operation: Operation,
        cashier: str,
        *,
        basis: ReturnBasis | None = None,
        original: str | None = None,
        reply: Reply = no_reply,
    ) -> str:
        """Start a sale or a return. `original`: the sale of this till that is being returned.

        Raises T-101, T-102 or T-117 when the original is no fiscal sale.
        """
        if original is not None:
            returned = self.view(original)
            if returned.state is not SaleState.FISCALISED:
                raise Problem("T-102", f"{original} is {returned.state}", state=str(returned.state))
            if returned.operation is not Operation.SALE:
                raise Problem("T-117", f"{original} is a return itself")
        with self.lock:
            name = self.next_name()
            body: dict[str, Any] = {"sale": name, "operation": str(operation), "cashier": cashier}
            if basis is not None:
                body["basis"] = dump(basis)
            if original is not None:
                body["original"] = original
            self._journal.append(Event("sale_opened", body), *reply(name))
            return name

    def next_name(self) -> str:
        """Sale names count journal rows, so they never repeat and need no counter of their own."""
        return f"{self._journal.till}-{self._journal.head()[0] + 1}"

    def scan(
        self,
        sale: str,
        data: bytes,
        source: Source = Source.SCANNER,
        device: str = "",
        reply: Reply = no_reply,
        symbology: str | None = None,
        repairs: tuple[str, ...] = (),
        step: str = "",
    ) -> Scanned:
        """Judge a scan for a sale and, when allowed, hold the unit. Any bytes are answered with a verdict.

        `symbology`: AIM identifier the device told, in front of the data or beside it; `repairs`, `step`: see `Scan`.
        Raises T-101, T-102; T-107, T-108, T-110 for a code that may pass but cannot become a line: its judgement is
        kept all the same.
        """
        view, read = self.held(sale), _Read(data, source, device, symbology, repairs, step)
        judged = self._judge.judge(read.identified, source, _purpose(view.operation), sale)
        with self.lock:
            for _ in range(LOOKS_MAX):
                try:
                    return self._scanned(sale, self._judge.again(judged, sale), read, reply)
                except UnitTakenError:
                    continue  # A receipt in one call took it between the look and the row: the next look sees it.
        raise Problem("T-116", "the unit changes hands", reason="taken")

    def _scanned(self, sale: str, judged: Judged, read: _Read, reply: Reply) -> Scanned:
        view = self.held(sale)  # The online question may have taken a second: look again.
        name = self._journal.head()[0] + 1
        body = {**judged_body(sale, judged, read.source, read.device), **read.as_body(), "scan": name}
        line = None
        if judged.verdict.decision is Decision.ALLOW:
            try:
                line = self._line(view, judged, approved_by=None)
            except Problem as problem:
                self._keep(Event("scan_judged", {**body, "problem": problem.kind.code}))
                raise
        scanned = Scanned(sale, name, judged, line)
        added = () if line is None else (_line_added(sale, line, name),)
        self._keep(Event("scan_judged", body), *added, *reply(scanned))
        return scanned

    def _keep(self, *events: Event) -> None:
        """Raises T-102: the sale was paid or dropped between our look at it and the row."""
        try:
            self._journal.append(*events)
        except TransitionError as error:
            raise Problem("T-102", str(error), state=str(error.state)) from error

    def approve(self, sale: str, scan: int, by: str, why: str, reply: Reply = no_reply) -> Scanned:
        """A person lets in a scan whose verdict was ASK, once. Raises T-109 when it was not, T-116 for a unit taken."""
        view = self.held(sale)
        body = self._scan_body(sale, scan)
        # A row of an earlier version names no symbology: its data was judged as it stands.
        read = _Read(base64.b64decode(body["data"]), Source(body["source"]), body["device"], body.get("symbology"))
        judged = self._judge.judge(read.identified, read.source, _purpose(view.operation), sale)
        with self.lock:
            view, judged = self.held(sale), self._judge.again(judged, sale)
            if judged.verdict.decision is not Decision.ASK:
                raise Problem("T-109", f"its verdict is {judged.verdict.decision} {judged.verdict.reason}")
            if self._journal.query(APPROVED, {"scan": scan}):
                raise Problem("T-109", f"scan {scan} was let in before")
            line = self._line(view, judged, approved_by=f"{by}: {why}")
            scanned = Scanned(sale, scan, judged, line)
            self._keep_line(sale, scanned, line, reply)
            return scanned

    def _keep_line(self, sale: str, scanned: Scanned, line: BasketLine, reply: Reply) -> None:
        try:
            self._keep(_line_added(sale, line, scanned.scan), *reply(scanned))
        except UnitTakenError as error:
            raise Problem("T-116", str(error), reason="taken", sale=error.sale) from error

    def _scan_body(self, sale: str, scan: int) -> Mapping[str, Any]:
        head, _ = self._journal.head()
        if 0 < scan <= head:
            for row in self._journal.rows_after(scan - 1, SCAN_ROWS_MAX):
                body: Mapping[str, Any] = json.loads(row.body) if row.kind == "scan_judged" else {}
                if body.get("scan") == scan and body["sale"] == sale:
                    return body
        raise Problem("T-109", f"there is no scan {scan} of this sale")

    def add_goods(self, sale: str, gtin: str, quantity_milli: int, reply: Reply = no_reply) -> Scanned:
        """Unmarked goods by number and quantity, for weighed goods and keyed quantities."""
        if not 0 < quantity_milli <= QUANTITY_MILLI_MAX:
            raise Problem("T-115", f"quantity_milli {quantity_milli}")
        judged = self._judge.judge(gtin.encode(), Source.API, _purpose(self.held(sale).operation), sale)
        if isinstance(judged.code, CodeError) or judged.code.kind not in (CodeKind.LINEAR, CodeKind.IN_STORE):
            raise Problem("T-115", f"{gtin!r} is not a goods number")
        if judged.product is None:
            raise Problem("T-110", gtin)
        if judged.verdict.decision is not Decision.ALLOW:
            raise Problem("T-111", judged.verdict.detail, reason=judged.verdict.reason)
        with self.lock:
            view = self.held(sale)
            line = self._line(view, judged, approved_by=None, quantity_milli=quantity_milli)
            scanned = Scanned(sale, self._journal.head()[0] + 1, judged, line)
            self._keep_line(sale, scanned, line, reply)
            return scanned

    def remove(self, sale: str, number: int, reply: Reply = no_reply) -> SaleView:
        with self.lock:
            view = self.held(sale)
            if number not in {line["number"] for line in view.lines}:
                raise Problem("T-103", f"line {number}")
            left = replace(view, lines=tuple(line for line in view.lines if line["number"] != number))
            self._keep(Event("line_removed", {"sale": sale, "number": number}), *reply(left))
            return self._till.sale(sale)

    def cancel(self, sale: str, why: str, reply: Reply = no_reply) -> SaleView:
        """Drop an open sale; its units are free again. Impossible once the register may have it."""
        with self.lock:
            view = self.held(sale)
            dropped = replace(view, state=SaleState.CANCELLED)
            self._keep(Event("sale_cancelled", {"sale": sale, "why": why}), *reply(dropped))
            return self._till.sale(sale)

    def view(self, sale: str) -> SaleView:
        """Raises T-101."""
        try:
            return self._till.sale(sale)
        except NoSuchSale:
            raise Problem("T-101", sale) from None

    def held(self, sale: str) -> SaleView:
        """An open sale. Raises T-101, or T-102 when it is past scanning."""
        view = self.view(sale)
        if view.state is not SaleState.HELD:
            raise Problem("T-102", f"{sale} is {view.state}", state=str(view.state))
        return view

    def opening(self, view: SaleView) -> Mapping[str, Any]:
        body: Mapping[str, Any] = json.loads(self._journal.row(view.opened_row).body)
        return body

    def is_one_shot(self, sale: str) -> bool:
        """Whether the sale is a receipt in one call: its intent opened it, and no scanner adds to it."""
        return self._journal.row(self.view(sale).opened_row).kind == SaleEvent.INTENDED

    def judge_units(self, codes: Sequence[tuple[bytes, Source]], purpose: Purpose) -> list[Judged]:
        """Judge the codes of a one-shot receipt, no sale open yet."""
        return [self._judge.judge(data, source, purpose, None) for data, source in codes]

    def _line(
        self, view: SaleView, judged: Judged, approved_by: str | None, quantity_milli: int = PIECE_MILLI
    ) -> BasketLine:
        original = self._originals.line_for(view, judged, quantity_milli)
        if original is None and view.original is not None:
            raise Problem("T-107", judged.verdict.detail)
        # Numbers are never used twice: a till page that still shows a removed line must not remove another one.
        found = self._journal.query(LAST_NUMBER, {"opened": view.opened_row, "sale": view.sale})
        line = self.pricing.line_of(
            judged,
            max(found[0][0] or 0, *(line["number"] for line in view.lines), 0) + 1,
            approved_by=approved_by,
            original=original,
            quantity_milli=quantity_milli,
        )
        self._originals.check(view, line)
        return line


def _line_added(sale: str, line: BasketLine, scan: int) -> Event:
    return Event("line_added", {"sale": sale, "scan": scan, "line": line.as_body()})


def _purpose(operation: Operation) -> Purpose:
    return Purpose.SALE if operation is Operation.SALE else Purpose.RETURN
