"""What a Shtrih-M register has made since a baseline, the newest read back. Changes nothing; may raise Silence.

    with a fiscal storage   every document above the baseline's last one is read (FF0A): kind, sum, time, sign
    without                 receipt numbers of the kind and what the drawer and the payments of the shift gained
    either                  cash moves by their numbers, Z-reports by the last closed shift

Where the registers cannot confirm a sum, the answer of the close itself does, when it was still waiting on the line:
the pending answer of the standard layer, the last number of the other one.
"""

from __future__ import annotations

from collections.abc import Mapping

from fiscal.device.looks import Look, Made
from fiscal.documents import Baseline, SeenDocument
from fiscal.orders import Prepared
from fiscal.shtrih import counters, errors
from fiscal.shtrih.answers import StoredDocument
from fiscal.shtrih.commands import head_of
from fiscal.shtrih.counters import Counters, Moved
from fiscal.shtrih.models import Model
from fiscal.shtrih.numbered import NUM_MODULO
from fiscal.shtrih.reader import Reader
from fiscal.shtrih.wire import Wire

READ_BACK_MAX = 30  # Documents: more than that, and somebody else works at the register.
COMMANDS_MAX = 20_000  # Of one order at most, looks included: so far a number may be ahead of the baseline's.
RECEIPT_TYPE = 3
OPERATIONS = {1: "sale", 2: "sale_return", 3: "purchase", 4: "purchase_return"}
TYPES = {1: "registration", 2: "shift_open", 4: "form", 5: "shift_close", 20: "correction"}
RECEIPTS = ("sale", "sale_return")


def kind_of(document: StoredDocument) -> str:
    if document.type == RECEIPT_TYPE:
        return OPERATIONS.get(document.operation or 0, "receipt")
    return TYPES.get(document.type, f"type {document.type}")


class Evidence:
    def __init__(self, reader: Reader, wire: Wire, model: Model, unit: int) -> None:
        self._reader = reader
        self._wire = wire
        self._model = model
        self._unit = unit

    def made(self, prepared: Prepared, baseline: Baseline, look: Look) -> Made:
        before, now = counters_of(baseline), look.counters
        if prepared.kind not in now or prepared.kind not in before:
            return self._by_state(prepared, baseline, look, before)
        if before.keys() != now.keys():
            return Made(None, why="the counters were read under another set-up")
        if prepared.kind in RECEIPTS and self._model.storage:
            return self._stored(prepared.kind, look, before, now)
        if prepared.kind in RECEIPTS:
            cash = prepared.payload["cash_tiyn"]
            moved = counters.receipts(prepared.kind, cash, prepared.total_tiyn, before, now)
            moved = self._confirmed(moved, prepared, before)
        else:
            moved = counters.cash_moves(prepared.kind, prepared.total_tiyn, before, now)
            moved = self._confirmed(moved, prepared, before)
        if moved.count != 1:
            return Made(moved.count, why=moved.why)
        return Made(1, SeenDocument(str(now[prepared.kind]), prepared.kind, moved.total_tiyn, ""), moved.why)

    def last(self, look: Look) -> SeenDocument | None:
        """The newest document."""
        if not self._model.storage:
            number = look.counters["document"]
            return SeenDocument(str(number), "", None, "") if number else None
        # Asked for anew: a look at a register that waits for somebody holds no counters.
        stored = self._reader.stored(self._reader.last_fd())
        return None if stored is None else self.seen(stored)

    def seen(self, stored: StoredDocument) -> SeenDocument:
        total = None if stored.sum is None or stored.type != RECEIPT_TYPE else stored.sum * self._unit
        at = self._reader.clock_text(stored.at) or ""
        return SeenDocument(str(stored.fd), kind_of(stored), total, at, fiscal_sign=str(stored.sign))

    def _by_state(self, prepared: Prepared, baseline: Baseline, look: Look, before: Counters) -> Made:
        """Shifts: by their numbers, which the state alone tells."""
        if prepared.kind not in ("shift_close", "shift_open"):
            return Made(None, why="the counters could not be read")
        if "shift_closed" not in before:
            return Made(None, why="the baseline holds no counters")
        closed = counters.shifts_closed(before, look.counters)
        if prepared.kind == "shift_open":
            return _opened(baseline, look, closed)
        seen = SeenDocument(str(baseline.shift), prepared.kind, None, "", baseline.shift)
        return Made(closed.count, seen if closed.count == 1 else None, closed.why)

    def _stored(self, kind: str, look: Look, before: Counters, now: Counters) -> Made:
        first, last = before["fd"], now["fd"]
        why = f"fiscal document {first} before, {last} now"
        if last < first or last - first > READ_BACK_MAX:
            return Made(None if last > first else -1, why=why)
        if self._reader.holds(last + 1):
            return Made(None, why=f"{why}, but the storage holds {last + 1}: the counter went back")
        stored = [self._reader.stored(fd) for fd in range(first + 1, last + 1)]
        if None in stored:
            return Made(None, why=f"{why}, and one of them cannot be read")
        ours = [one for one in stored if one is not None and kind_of(one) == kind]
        counted = now[f"{kind}s"] - before[f"{kind}s"]
        if not counters.shift_moved(before, now) and counted != len(ours):
            return Made(None, why=f"{why}: {len(ours)} of this kind in the storage, the shift counts {counted} more")
        if len(ours) != 1:
            return Made(len(ours), why=why)
        return Made(1, self.seen(ours[0]), why)

    def _confirmed(self, moved: Moved, prepared: Prepared, before: Counters) -> Moved:
        """A sum the registers do not tell, confirmed by the close's own answer."""
        found = self._wire.found
        if moved.count != 1 or moved.total_tiyn is not None or found is None:
            return moved
        steps = prepared.payload["steps"]
        head = bytes.fromhex(steps[prepared.payload["decisive"]][1])
        if head_of(found) != head or len(found) <= len(head) or found[len(head)] != errors.OK:
            return moved
        num = self._wire.found_num
        if num is not None and not 0 < (num - before.get("num", num)) % NUM_MODULO <= COMMANDS_MAX:
            return moved
        return Moved(1, prepared.total_tiyn, f"{moved.why}; the answer to {head.hex().upper()} waited on the line")


def _opened(baseline: Baseline, look: Look, closed: Moved) -> Made:
    """Openings: closed shifts besides, whether it is open now, and whether it was then."""
    count = (closed.count or 0) + int(look.shift_open) - int(baseline.shift_open)
    seen = SeenDocument(str(look.shift), "shift_open", None, "", look.shift)
    return Made(count, seen if count == 1 else None, f"{closed.why}, open {baseline.shift_open} before")


def counters_of(baseline: Baseline) -> Mapping[str, int]:
    return dict(baseline.extra.get("counters", {}))
