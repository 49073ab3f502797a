"""What an ATOL register on a line has made since a baseline, the newest read back. Changes nothing; may raise Silence.

receipts, shifts   every document of the storage above the baseline's last one: kind, sum, time, sign
cash moves         no stored documents: their count where the model tells it, otherwise what the drawer gained

A counter that shows less than it has would hide our own document. So it is believed only where the storage holds
nothing above it, and where the last document of an equal number is still the one it was.
The task of the decisive command has a number of its own in the baseline: while the register still works on it, nothing
is decided.
Source: github Zzzzipper/projects, firmware-usbhost/common/fiscal_register/atol.
"""

from __future__ import annotations

from collections.abc import Mapping

from fiscal.atol.answers import RECEIPT_FORM, Document, LastDocument
from fiscal.atol.reader import RECEIPT_KINDS, Reader, kind_of
from fiscal.atol.tasks import State
from fiscal.atol.wire import TaskWire, silent
from fiscal.device.looks import Look, Made
from fiscal.documents import Baseline, SeenDocument
from fiscal.orders import Prepared

READ_BACK_MAX = 30  # Documents: more than that, and somebody else works at the register.
CASH_SIGNS = {"cash_in": 1, "cash_out": -1}
SUM_OF = {"cash_in": "put", "cash_out": "taken"}

Counters = Mapping[str, int]


class Evidence:
    def __init__(self, reader: Reader, wire: TaskWire) -> None:
        self._reader = reader
        self._wire = wire

    def made(self, prepared: Prepared, baseline: Baseline, look: Look) -> Made:
        before, now = counters_of(baseline), look.counters
        if not {"fd", "task", "cash", "shift"} <= before.keys():
            return Made(None, why="the baseline holds no counters")
        state = self._wire.state_of(before["task"])
        if state.is_running:
            raise silent("running", "the register still works on the command", sent=False)
        if (back := self._went_back(baseline, look)) is not None:
            return Made(None, why=back)
        if prepared.kind in CASH_SIGNS:
            return self._cash(prepared, before, now, state)
        if before["fd"] < now["fd"] and baseline.last_fiscal_sign == look.last_fiscal_sign is not None:
            # What the counter shows was set right meanwhile, or leapt: what it passes now was made before the order.
            return Made(None, why=f"document {before['fd']} before, {now['fd']} now, and it is the same document")
        return self._stored(prepared.kind, before, now)

    def hidden(self, number: int) -> str | None:
        """What is wrong with a counter that shows this number; None: the storage holds nothing above it."""
        if not self._reader.holds(number + 1):
            return None
        return f"the counter shows document {number}, the storage holds {number + 1}: it went back"

    def last(self, look: Look) -> SeenDocument | None:
        """The newest document."""
        last = self._reader.last()
        if not last.number:
            return None
        stored = self._reader.document(last.number)
        return self._short(last) if stored is None else self.seen(stored)

    def seen(self, stored: Document) -> SeenDocument:
        total = stored.total if stored.type == RECEIPT_FORM else None
        return SeenDocument(
            str(stored.number), kind_of(stored), total, self._reader.iso(stored.at) or "", stored.shift, stored.sign
        )

    def documents(self, kind: str, first: int, last: int) -> list[Document] | None:
        """Stored documents of a kind with these numbers; None when one of them cannot be read."""
        stored = [self._reader.document(number) for number in range(first, last + 1)]
        return None if None in stored else [one for one in stored if one is not None and kind_of(one) == kind]

    def _went_back(self, baseline: Baseline, look: Look) -> str | None:
        first, last = counters_of(baseline)["fd"], look.counters["fd"]
        signs = {baseline.last_fiscal_sign, look.last_fiscal_sign}
        if last < first:
            return f"document {first} before, {last} now: the counter went back"
        if last == first and None not in signs and len(signs) > 1:
            return f"document {last} before and now, but with another sign: the counter went back"
        return self.hidden(last)

    def _short(self, last: LastDocument) -> SeenDocument:
        kind = RECEIPT_KINDS.get(last.type, "")
        total = last.total if kind else None
        return SeenDocument(str(last.number), kind, total, self._reader.iso(last.at) or "", None, str(last.sign))

    def _stored(self, kind: str, before: Counters, now: Counters) -> Made:
        first, last = before["fd"], now["fd"]
        why = f"document {first} before, {last} now"
        if last - first > READ_BACK_MAX:
            return Made(None, why=why)
        ours = self.documents(kind, first + 1, last)
        if ours is None:
            return Made(None, why=f"{why}, and one of them cannot be read")
        return Made(len(ours), self.seen(ours[-1]) if len(ours) == 1 else None, why)

    def _cash(self, prepared: Prepared, before: Counters, now: Counters, state: State) -> Made:
        kind, total = prepared.kind, prepared.total_tiyn
        seen = SeenDocument("", kind, total, "")
        if kind in now and kind in before and now["shift"] == before["shift"]:
            count = now[kind] - before[kind]
            gained = now[SUM_OF[kind]] - before[SUM_OF[kind]]
            why = f"{count} moves of this kind, {gained} tiyn"
            if count != 1:
                return Made(count, why=why)
            return Made(1, SeenDocument("", kind, gained, ""), why)
        if state is State.DONE:
            return Made(1, seen, f"the register still has the result of task {before['task']}")
        gained = now["cash"] - before["cash"]
        why = f"the drawer gained {gained} tiyn, document {before['fd']} before, {now['fd']} now"
        if gained not in (0, CASH_SIGNS[kind] * total) or not self._only_openings(before["fd"], now["fd"]):
            return Made(None, why=why)
        return Made(1, seen, why) if gained else Made(0, why=why)

    def _only_openings(self, first: int, last: int) -> bool:
        """Whether nothing but a shift was opened between two documents: nothing that touches the drawer."""
        if not 0 <= last - first <= READ_BACK_MAX:
            return False
        openings = self.documents("shift_open", first + 1, last)
        return openings is not None and len(openings) == last - first


def counters_of(baseline: Baseline) -> Counters:
    return dict(baseline.extra.get("counters", {}))
