"""The documents of orders that are known to be made: from the answers and by reading back. May raise Silence."""

from __future__ import annotations

from collections.abc import Sequence

from fiscal.atol.answers import CLOSING, OPENING, Document
from fiscal.atol.evidence import Counters, Evidence, counters_of
from fiscal.atol.reader import Identity, Reader
from fiscal.atol.wire import silent
from fiscal.device.family import Answered, Silence
from fiscal.documents import Baseline, CashDocument, FiscalDocument, SeenDocument, ShiftOpened, ShiftReport
from fiscal.documents import Document as Made
from fiscal.failures import Failure, FailureKind
from fiscal.orders import Prepared

REPORTED = ("sales", "sold", "returns", "returned", "put", "taken")
WALK_MAX = 5000  # Documents of one shift.


class Papers:
    def __init__(self, reader: Reader, evidence: Evidence) -> None:
        self._reader = reader
        self._evidence = evidence

    def document(
        self,
        prepared: Prepared,
        baseline: Baseline,
        seen: SeenDocument | None,
        done: Sequence[Answered],
        identity: Identity,
    ) -> Made:
        answered = dict(done[-1].accepted.data) if done else {}
        if prepared.kind in ("cash_in", "cash_out"):
            status = self._reader.status()
            at = self._reader.iso(status.at) or ""
            return CashDocument(at, status.shift, self._reader.cash(), False, answered)
        stored = self._stored(prepared, baseline, seen)
        at = self._reader.iso(stored.at) or ""
        shift = stored.shift or baseline.shift or 0
        raw = {**answered, "fd": stored.number, "sign": stored.sign, "storage": identity.storage}
        if prepared.kind == "shift_open":
            return ShiftOpened(at, shift, raw)
        if prepared.kind == "shift_close":
            # What the shift came to stands in the baseline: the report itself sets the sums back.
            return self._report(counters_of(baseline), shift, at, closed=stored.number)
        return FiscalDocument(
            fiscal_sign=stored.sign,
            at=at,
            number=stored.receipt or 0,
            shift=shift,
            offline=False,
            total_tiyn=-1 if stored.total is None else stored.total,
            qr="",  # It prints its own and does not tell it.
            identity=identity.serial,
            registration_number=stored.registration,
            raw=raw,
        )

    def x_report(self) -> ShiftReport:
        status, last = self._reader.status(), self._reader.last()
        now = {"cash": self._reader.cash(), "fd": last.number, **self._reader.sums()}
        return self._report(now, status.shift, self._reader.iso(status.at) or "", closed=None)

    def _stored(self, prepared: Prepared, baseline: Baseline, seen: SeenDocument | None) -> Document:
        """The document's own record: the one that was found, or the only one of its kind since the baseline."""
        if seen is not None:
            found = self._reader.document(int(seen.number))
            if found is not None:
                return found
            raise silent("storage", f"document {seen.number} cannot be read back", sent=True)
        first, last = counters_of(baseline)["fd"] + 1, self._reader.last().number
        ours = self._evidence.documents(prepared.kind, first, last)
        if (hidden := self._evidence.hidden(last)) is not None:
            raise silent("storage", hidden, sent=True)
        if ours is None or len(ours) != 1:
            told = "one of them cannot be read" if ours is None else f"{len(ours)} of this kind"
            raise silent("storage", f"documents {first} to {last} were made, {told}", sent=True)
        return ours[0]

    def _report(self, now: Counters, shift: int, at: str, *, closed: int | None) -> ShiftReport:
        if "sales" not in now:
            now = {**now, **self._added_up(now["fd"], closed=closed is not None)}
        silent_about = [name for name in REPORTED if name not in now]
        return ShiftReport(
            at=at,
            number=shift if closed is not None else None,
            shift=shift,
            closed=closed is not None,
            document_count=now.get("sales", 0) + now.get("returns", 0),
            sales_tiyn=now.get("sold", 0),
            sales_count=now.get("sales", 0),
            returns_tiyn=now.get("returned", 0),
            returns_count=now.get("returns", 0),
            cash_tiyn=now["cash"],
            put_tiyn=now.get("put", 0),
            taken_tiyn=now.get("taken", 0),
            raw={
                "counters": dict(now),
                **({} if closed is None else {"fd": closed}),
                **({"not_told": silent_about} if silent_about else {}),
            },
        )

    def _added_up(self, last: int, *, closed: bool) -> dict[str, int]:
        """Nothing for a Z-report that is made, where a document cannot be read: the report stands."""
        try:
            return self._walked(last)
        except Silence as silence:
            if not closed or silence.failure.kind is FailureKind.NO_ANSWER:
                raise
            return {}

    def _walked(self, last: int) -> dict[str, int]:
        """Sales and returns of a shift from its documents, newest first, where the model does not tell the sums."""
        sums = {"sales": 0, "sold": 0, "returns": 0, "returned": 0}
        names = {1: ("sales", "sold"), 2: ("returns", "returned")}
        for number in range(last, max(0, last - WALK_MAX), -1):
            stored = self._reader.document(number)
            if stored is None:
                text = f"document {number} of the shift cannot be read, so its sums cannot be told"
                raise Silence(Failure(FailureKind.DEVICE, "storage", text), sent=True)
            if stored.type in (OPENING, CLOSING):
                break
            if stored.operation in names:
                count, total = names[stored.operation]
                sums[count] += 1
                sums[total] += stored.total or 0
        return sums
