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
from fiscal.vat import VatClass, VatTable
from marking.code import CodeKind, Source
from marking.errors import CodeError
from marking.verdict import Decision, Product, Purpose
from pos_agent.basket import PIECE_MILLI, BasketLine
from pos_agent.clock import NS_PER_S
from pos_agent.journal.journal import Event, Journal
from pos_agent.judging import Judge, Judged
from pos_agent.problems import Problem
from pos_agent.returns import Originals
from pos_agent.sale import SaleState
from pos_agent.stored import dump
from pos_agent.till import NoSuchSale, SaleView, Till

QUANTITY_MILLI_MAX = 1_000_000 * PIECE_MILLI
SCAN_BYTES_MAX = 4_096  # A journal row keeps the bytes as they came; beyond this only their beginning.

Reply = Callable[[Any], Sequence[Event]]  # Rows (an API answer) that must be committed with the change itself.


def no_reply(_result: Any) -> Sequence[Event]:
    return ()


@dataclass(frozen=True, slots=True)
class Scanned:
    """A judged scan and the line it became, if it became one."""

    sale: str
    scan: int  # Journal row of the judgement; `approve` names it.
    judged: Judged
    line: BasketLine | None


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
        self._vat = vat
        self._now = now
        self._zone = local_zone
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
        """Start a sale or a return. `original`: the sale of this till that is being returned."""
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
    ) -> Scanned:
        """Judge a scan for a sale and, when allowed, hold the unit. Any bytes are answered with a verdict."""
        view = self.held(sale)
        judged = self._judge.judge(data, source, _purpose(view.operation), sale)
        with self.lock:
            view = self.held(sale)  # The online question may have taken a second: look again.
            judged = self._judge.again(judged, sale)
            line = None
            if judged.verdict.decision is Decision.ALLOW:
                line = self._line(view, judged, approved_by=None)
            row = self._journal.head()[0] + 1
            scanned = Scanned(sale, row, judged, line)
            events = [Event("scan_judged", judged_body(sale, judged, source, device))]
            if line is not None:
                events.append(Event("line_added", {"sale": sale, "line": line.as_body()}))
            self._journal.append(*events, *reply(scanned))
            return scanned

    def approve(self, sale: str, scan: int, by: str, why: str, reply: Reply = no_reply) -> Scanned:
        """A person lets in a scan whose verdict was ASK. Raises T-109 when it was not."""
        with self.lock:
            view = self.held(sale)
            body = self._scan_body(sale, scan)
            source = Source(body["source"])
            judged = self._judge.judge(base64.b64decode(body["data"]), source, _purpose(view.operation), sale)
            if judged.verdict.decision is not Decision.ASK:
                raise Problem("T-109", f"its verdict is {judged.verdict.decision} {judged.verdict.reason}")
            line = self._line(view, judged, approved_by=f"{by}: {why}")
            scanned = Scanned(sale, scan, judged, line)
            self._journal.append(Event("line_added", {"sale": sale, "line": line.as_body()}), *reply(scanned))
            return scanned

    def _scan_body(self, sale: str, scan: int) -> Mapping[str, Any]:
        try:
            row = self._journal.row(scan)
        except KeyError:
            raise Problem("T-109", f"there is no scan {scan}") from None
        body: Mapping[str, Any] = json.loads(row.body)
        if row.kind != "scan_judged" or body["sale"] != sale:
            raise Problem("T-109", f"row {scan} is no scan of this sale")
        return body

    def add_goods(self, sale: str, gtin: str, quantity_milli: int, reply: Reply = no_reply) -> Scanned:
        """Unmarked goods by number and quantity, for weighed goods and keyed quantities."""
        if not 0 < quantity_milli <= QUANTITY_MILLI_MAX:
            raise Problem("T-115", f"quantity_milli {quantity_milli}")
        with self.lock:
            view = self.held(sale)
            judged = self._judge.judge(gtin.encode(), Source.API, _purpose(view.operation), sale)
            if isinstance(judged.code, CodeError) or judged.code.kind not in (CodeKind.LINEAR, CodeKind.IN_STORE):
                raise Problem("T-115", f"{gtin!r} is not a goods number")
            if judged.product is None:
                raise Problem("T-110", gtin)
            if judged.verdict.decision is not Decision.ALLOW:
                raise Problem("T-111", judged.verdict.detail, reason=judged.verdict.reason)
            line = replace(self._line(view, judged, approved_by=None), quantity_milli=quantity_milli)
            self._originals.check(view, line)
            scanned = Scanned(sale, self._journal.head()[0] + 1, judged, line)
            self._journal.append(Event("line_added", {"sale": sale, "line": line.as_body()}), *reply(scanned))
            return scanned

    def remove(self, sale: str, number: int, reply: Reply = no_reply) -> SaleView:
        with self.lock:
            view = self.held(sale)
            if number not in {line["number"] for line in view.lines}:
                raise Problem("T-103", f"line {number}")
            left = replace(view, lines=tuple(line for line in view.lines if line["number"] != number))
            self._journal.append(Event("line_removed", {"sale": sale, "number": number}), *reply(left))
            return self._till.sale(sale)

    def cancel(self, sale: str, why: str, reply: Reply = no_reply) -> SaleView:
        """Drop an open sale; its units are free again. Impossible once the register may have it."""
        with self.lock:
            view = self.held(sale)
            dropped = replace(view, state=SaleState.CANCELLED)
            self._journal.append(Event("sale_cancelled", {"sale": sale, "why": why}), *reply(dropped))
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

    def judge_units(self, codes: Sequence[tuple[bytes, Source]], purpose: Purpose) -> list[Judged]:
        """Judge the codes of a one-shot receipt, no sale open yet."""
        return [self._judge.judge(data, source, purpose, None) for data, source in codes]

    def line_of(
        self, judged: Judged, number: int, *, approved_by: str | None = None, original: BasketLine | None = None
    ) -> BasketLine:
        """The basket line of an allowed scan. Raises T-110 when the catalogue has no price for it."""
        product, code = judged.product, judged.code
        if product is None or isinstance(code, CodeError):
            raise Problem("T-110", judged.verdict.detail, reason=judged.verdict.reason)
        unit = judged.unit_key
        return BasketLine(
            number=number,
            name=product.name_ru,
            name_kk=product.name_kk,
            # A return is taken back at the price and the VAT of its sale, whatever the catalogue says today.
            price_tiyn=original.price_tiyn if original else product.price_tiyn,
            vat_bp=original.vat_bp if original else self.vat_bp(product),
            quantity_milli=PIECE_MILLI,
            unit_code=product.unit_code,
            gtin=product.gtin,
            ntin=product.ntin,
            group=product.group,
            ki=unit,
            full=code.text if unit is not None else None,
            reason=judged.verdict.reason,
            approved_by=approved_by,
        )

    def vat_bp(self, product: Product) -> int | None:
        """Rate of the product's class on the shop's local day."""
        today = dt.datetime.fromtimestamp(self._now() / NS_PER_S, self._zone).date()
        return self._vat.rate_bp(VatClass(product.vat_class), today)

    def _line(self, view: SaleView, judged: Judged, approved_by: str | None) -> BasketLine:
        number = max((line["number"] for line in view.lines), default=0) + 1
        line = self.line_of(judged, number, approved_by=approved_by, original=self._originals.line_for(view, judged))
        self._originals.check(view, line)
        return line


def _purpose(operation: Operation) -> Purpose:
    return Purpose.SALE if operation is Operation.SALE else Purpose.RETURN


def judged_body(sale: str | None, judged: Judged, source: Source, device: str) -> dict[str, Any]:
    """Body of a `scan_judged` row: the bytes as they came, what was read, and why it was decided so."""
    verdict, code = judged.verdict, judged.code
    return {
        "sale": sale,
        "device": device,
        "source": str(source),
        "data": base64.b64encode(judged.data[:SCAN_BYTES_MAX]).decode(),
        "data_bytes": len(judged.data),
        "ki": judged.unit_key,
        "gtin": None if isinstance(code, CodeError) else code.gtin,
        "template": None if isinstance(code, CodeError) else code.template,
        "decision": str(verdict.decision),
        "reason": verdict.reason,
        "evidence": str(verdict.source),
        "age_s": verdict.age_s,
        "repairs": list(verdict.repairs),
        "detail": verdict.detail,
    }
