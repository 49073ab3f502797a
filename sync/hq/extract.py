"""Journal rows of one till, understood: lines and receipts, mentions of codes, what the registry said, scans. Pure.

Rows are taken in the order their contents arrived. A receipt becomes lines when both its order (`document_intended`)
and its outcome (`document_made`) are here, in whichever order they come. Rows of an unknown kind say nothing here; one
of a known kind that cannot be understood is named with its reason, says nothing else, and the others go on.
Kinds and bodies: docs/integrate.md, Events.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from sync.hq.bodies import Body, NotUnderstood, body_of, day_at
from sync.hq.journal_facts import Facts, JournalRow, Scans, SeenRegister, Unreadable
from sync.hq.receipt_rows import JOURNAL, NS_PER_US, OPERATIONS, MadeRow, marks_of, operation_of, receipt_rows
from sync.hq.till_state import Pending, Sale, Stage, TillState
from sync.hq.witness import Mention, Operation, Standing, UnitStatus

_RECHECK = ("outcome", "status", "raw_status", "purpose")


class Extractor:
    """Takes the rows of one till. `state` is changed in place; `facts` may be shared with those of other tills."""

    def __init__(self, till: str, state: TillState, facts: Facts) -> None:
        self._till = till
        self._state = state
        self._all = facts
        self._facts = Facts()  # Of the row in hand: it counts whole or not at all.

    def take(self, row: JournalRow) -> None:
        handler = _HANDLERS.get(row.kind)
        if handler is None:
            return
        self._facts = Facts()
        try:
            handler(self, row, body_of(row.body))
        except NotUnderstood as error:
            self._all.unreadable.append(Unreadable(self._till, row.number, row.kind, str(error)))
        else:
            self._all.add(self._facts)

    # --- the sale ---

    def _opened(self, row: JournalRow, body: Body) -> None:
        sale = Sale(operation_of(body.text("operation")), body.text("cashier", ""))
        self._state.sales[body.name("sale")] = sale

    def _judged(self, row: JournalRow, body: Body) -> None:
        ki, name = body.text("ki", ""), body.name("sale", "")
        sale = self._state.sales.get(name)
        self._mention(row, [ki] if ki else [], row.kind, _scan(body), sale)
        if ki and (sale is None or sale.operation == Operation.SALE):
            self._count_scan(row)

    def _line_added(self, row: JournalRow, body: Body) -> None:
        name, line = body.name("sale"), body.inner("line")
        number, ki = line.integer("number"), line.text("ki", "")
        sale = self._state.sales.setdefault(name, Sale(Operation.SALE, ""))
        shown = {"sale": name, "name": line.text("name", ""), "price_tiyn": line.integer("price_tiyn", 0)}
        approved = {"approved_by": line.text("approved_by", "")}
        self._mention(row, [ki] if ki else [], row.kind, {**shown, **approved}, sale)
        if ki:
            sale.lines[number] = ki

    def _line_removed(self, row: JournalRow, body: Body) -> None:
        name, number = body.name("sale"), body.integer("number")
        sale = self._state.sales.get(name)
        if sale is not None and number in sale.lines:  # Else goods without a mark.
            self._mention(row, [sale.lines[number]], row.kind, {"sale": name}, sale)
            del sale.lines[number]

    def _cancelled(self, row: JournalRow, body: Body) -> None:
        name = body.name("sale")
        sale = self._state.sales.get(name)
        if sale is not None:
            self._mention(row, sale.lines.values(), row.kind, {"sale": name, "why": body.text("why", "")}, sale)
            del self._state.sales[name]

    # --- the document ---

    def _intended(self, row: JournalRow, body: Body) -> None:
        kind, key = body.text("kind"), body.name("key")
        if kind not in OPERATIONS:
            return
        order, name = body.inner("order"), body.name("sale", "")
        codes, scans, lines = marks_of(order), list(body.each("scans")), list(body.each("lines"))
        held = {line.integer("number"): line.text("ki") for line in lines if line.has("ki")}
        pending = Pending(
            key=key,
            stage=Stage.INTENDED,
            kind=kind,
            sale=name,
            row=row.number,
            since_ns=row.at_ns,
            total_tiyn=body.inner("prepared").integer("total_tiyn"),
            register=body.inner("baseline").text("identity", ""),
            order=_kept_order(order),
        )
        seen = [(scan.text("ki", ""), _scan(scan)) for scan in scans]
        for ki, shown in seen:
            self._mention(row, [ki] if ki else [], "scan_judged", shown)
            if ki and operation_of(kind) is Operation.SALE:
                self._count_scan(row)
        if lines:  # A receipt in one call: its intent opens the sale.
            self._state.sales[name] = Sale(operation_of(kind), order.text("cashier", ""), held)
        self._mention(row, codes, row.kind, {"sale": name, "kind": kind, "key": key}, self._state.sales.get(name))
        early = self._state.pending.get(key)
        if early is not None and early.stage is Stage.MADE and early.row > row.number:
            self._receipt(replace(pending, made=early.made), MadeRow(self._till, early.row, early.since_ns))
            return
        self._state.pending[key] = pending

    def _made(self, row: JournalRow, body: Body) -> None:
        kind, key = body.text("kind"), body.name("key")
        if kind not in OPERATIONS:
            return
        known = self._state.pending.get(key)
        text = json.dumps({"kind": kind, "recovered": body.flag("recovered"), **_outcome(body)})
        if known is None or not known.order:
            total = body.inner("document").integer("total_tiyn", 0)
            name = body.name("sale", "")
            late = Pending(key, Stage.MADE, kind, name, row.number, row.at_ns, total, "", "", text)
            self._state.pending[key] = late
            return
        self._receipt(replace(known, made=text), MadeRow(self._till, row.number, row.at_ns))

    def _receipt(self, whole: Pending, where: MadeRow) -> None:
        order, made = body_of(whole.order), body_of(whole.made)
        receipt, lines = receipt_rows(order, made, where, whole.register)
        self._facts.receipts.append(receipt)
        self._facts.lines += lines
        rnm = made.inner("document").text("registration_number", "")
        if receipt.register:
            self._facts.registers.append(SeenRegister(receipt.register, rnm, self._till, where.at_ns))
        shown = {
            "sale": whole.sale,
            "kind": whole.kind,
            "register": receipt.register,
            "shift": receipt.shift,
            "number": receipt.number,
            "sign": receipt.sign,
            "recovered": made.flag("recovered"),
            "cashier": order.text("cashier", ""),
            **_decided(made),
        }
        row = JournalRow(where.number, where.at_ns, "document_made", "")
        self._mention(row, marks_of(order), row.kind, shown)
        self._state.pending.pop(whole.key, None)
        self._state.sales.pop(whole.sale, None)

    def _undecided(self, row: JournalRow, body: Body) -> None:
        """In doubt, or handed over to a person."""
        known = self._state.pending.get(body.name("key"))
        stage = Stage.HANDED_OVER if row.kind == "document_handed_over" else Stage.IN_DOUBT
        shown = _failure(body)
        if known is not None and known.order:
            self._mention(row, marks_of(body_of(known.order)), row.kind, {"sale": known.sale, **shown})
            if not (known.stage is Stage.HANDED_OVER and stage is Stage.IN_DOUBT):
                self._state.pending[known.key] = replace(known, stage=stage)

    def _not_made(self, row: JournalRow, body: Body) -> None:
        """Refused, or proven absent: the sale is open again."""
        known = self._state.pending.get(body.name("key"))
        shown = {**_failure(body), **_decided(body)}
        if body.has("evidence"):
            shown["evidence"] = body.text("evidence")
        if known is not None and known.order and known.row < row.number:
            self._mention(row, marks_of(body_of(known.order)), row.kind, {"sale": known.sale, **shown})
            del self._state.pending[known.key]

    # --- beside the sale ---

    def _rechecked(self, row: JournalRow, body: Body) -> None:
        seen = body.integer("at_ns") // NS_PER_US
        found = [(unit.text("ki"), unit) for unit in body.each("units")]
        said = [
            Standing(
                day=day_at(unit.integer("decided_ns") // NS_PER_US),
                ki=ki,
                gtin="",
                status=_status(unit.text("status")),
                raw_status=unit.text("raw_status", ""),
                status_at=0,
                expires_at=0,
                observed_at=seen,
                source=f"{JOURNAL}:{self._till}",
                source_row=row.number,
            )
            for ki, unit in found
        ]
        shown = [
            {name: unit.text(name, "") for name in ("outcome", "status", "raw_status", "purpose")} for _, unit in found
        ]
        for (ki, _), facts in zip(found, shown, strict=True):
            self._mention(row, [ki], row.kind, facts)
        self._facts.standings += said

    def _shift_opened(self, row: JournalRow, body: Body) -> None:
        self._state.shift = body.integer("shift")
        for day, count in self._state.waiting_scans.items():
            self._facts.scans[Scans(dt.date.fromisoformat(day), self._till, self._state.shift)] += count
        self._state.waiting_scans.clear()

    def _shift_closed(self, row: JournalRow, body: Body) -> None:
        if self._state.shift == body.integer("shift"):
            self._state.shift = None

    def _count_scan(self, row: JournalRow) -> None:
        """A scan before the first document of a shift belongs to the shift that this document opens."""
        day = day_at(row.at_ns // NS_PER_US)
        if self._state.shift is None:
            self._state.waiting_scans[str(day)] = self._state.waiting_scans.get(str(day), 0) + 1
        else:
            self._facts.scans[Scans(day, self._till, self._state.shift)] += 1

    def _mention(
        self, row: JournalRow, codes: Iterable[str], kind: str, shown: Mapping[str, Any], sale: Sale | None = None
    ) -> None:
        at = row.at_ns // NS_PER_US
        day = day_at(at)
        late = {} if row.reason is None else {"set_aside": row.reason}
        who = {} if sale is None else {"cashier": sale.cashier}
        told = {name: value for name, value in {**who, **shown, **late}.items() if value not in ("", None, False)}
        brief = json.dumps(told, ensure_ascii=False)
        self._facts.mentions += [Mention(day, ki, at, self._till, row.number, kind, brief) for ki in codes]


def _scan(body: Body) -> dict[str, Any]:
    return {name: body.text(name, "") for name in ("sale", "device", "source", "decision", "reason", "evidence")}


def _failure(body: Body) -> dict[str, Any]:
    if not body.has("failure"):
        return {}
    failure = body.inner("failure")
    return {"failure": failure.text("code", ""), "text": failure.text("text", "")}


def _decided(body: Body) -> dict[str, Any]:
    """A person's word on a doubt."""
    if not body.has("decided"):
        return {}
    decided = body.inner("decided")
    return {"decided_by": decided.text("by", ""), "why": decided.text("why", "")}


_DOCUMENT = (
    "type", "fiscal_sign", "at", "number", "shift", "offline", "total_tiyn", "identity", "registration_number",
)  # fmt: skip
_ORDER_LINE = ("gtin", "price_tiyn", "quantity_milli", "discount_tiyn", "markup_tiyn", "marks")


def _outcome(body: Body) -> dict[str, Any]:
    """What is needed of an outcome, without the register's raw answer."""
    document = body.inner("document").facts
    kept: dict[str, Any] = {"document": {name: document.get(name) for name in _DOCUMENT}}
    return {**kept, "decided": body.facts["decided"]} if body.has("decided") else kept


def _kept_order(order: Body) -> str:
    """What is needed of an order: no buyer, and of the marks no check part."""
    lines = [{name: line.facts.get(name) for name in _ORDER_LINE} for line in order.each("lines")]
    for line in lines:
        line["marks"] = [{"ki": mark["ki"]} for mark in line["marks"] or ()]
    return json.dumps({"cashier": order.text("cashier", ""), "lines": lines}, ensure_ascii=False)


def _status(word: str) -> UnitStatus:
    try:
        return UnitStatus(word)
    except ValueError:
        return UnitStatus.UNKNOWN


_HANDLERS: Mapping[str, Callable[[Extractor, JournalRow, Body], None]] = {
    "sale_opened": Extractor._opened,
    "scan_judged": Extractor._judged,
    "line_added": Extractor._line_added,
    "line_removed": Extractor._line_removed,
    "sale_cancelled": Extractor._cancelled,
    "document_intended": Extractor._intended,
    "document_made": Extractor._made,
    "document_in_doubt": Extractor._undecided,
    "document_handed_over": Extractor._undecided,
    "document_refused": Extractor._not_made,
    "document_absent": Extractor._not_made,
    "units_rechecked": Extractor._rechecked,
    "shift_opened": Extractor._shift_opened,
    "shift_closed": Extractor._shift_closed,
}
