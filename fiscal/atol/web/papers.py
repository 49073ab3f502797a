"""The documents of orders that are known to be made, at a register behind driver 10. May raise Silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fiscal.atol.web import answers, attempts
from fiscal.atol.web.answers import Entry
from fiscal.atol.web.channel import Channel
from fiscal.atol.web.evidence import SUM_OF, Counters, Evidence, counters_of, parsed
from fiscal.atol.web.reader import Identity, Reader
from fiscal.atol.web.settings import Settings
from fiscal.device.family import Answered, Silence
from fiscal.documents import Baseline, CashDocument, Document, FiscalDocument, SeenDocument, ShiftOpened, ShiftReport
from fiscal.failures import Failure, FailureKind
from fiscal.https.fields import Fields, plain
from fiscal.orders import Prepared

REPORTED = ("sales", "sold", "returns", "returned", "cash", "put", "taken")
WALK_MAX = 5000  # Documents of one shift.


class Papers:
    def __init__(self, channel: Channel, reader: Reader, evidence: Evidence, settings: Settings) -> None:
        self._channel = channel
        self._reader = reader
        self._evidence = evidence
        self._settings = settings

    def document(
        self,
        prepared: Prepared,
        baseline: Baseline,
        seen: SeenDocument | None,
        done: Sequence[Answered],
        identity: Identity,
    ) -> Document:
        entry = done[-1].accepted.data["entry"] if done else self._entry(prepared, seen)
        if prepared.kind in SUM_OF:
            return self._cash(entry, identity)
        made = self._told(entry, seen)
        at = self._reader.moment(made.at) or ""
        shift = made.shift or baseline.shift or 0
        checks = [one.accepted.data["check"] for one in done if "check" in one.accepted.data]
        raw: dict[str, Any] = {
            **({} if entry is None else plain(entry.result or {})),
            "fd": made.number,
            **({"checks": checks} if checks else {}),
        }
        if prepared.kind == "shift_open":
            return ShiftOpened(at, shift, raw)
        if prepared.kind == "shift_close":
            # What the shift came to stands in the baseline: the report itself sets the sums back.
            return self._report(counters_of(baseline), shift, at, closed=True, raw=raw)
        return FiscalDocument(
            fiscal_sign=made.sign,
            at=at,
            number=made.receipt or 0,
            shift=shift,
            offline=False,
            total_tiyn=-1 if made.total_tiyn is None else made.total_tiyn,
            qr="",  # It prints its own and does not tell it with the receipt.
            identity=identity.serial,
            registration_number=self._settings.registration_number or made.registration,
            raw=raw,
        )

    def _entry(self, prepared: Prepared, seen: SeenDocument | None) -> Entry | None:
        """The result that tells this document; None when the server has none."""
        for entry in attempts.carried_out(self._channel, prepared.key):
            told = self._evidence.told(entry, prepared)
            if told is not None and (seen is None or told.number == seen.number):
                return entry
        return None

    def x_report(self, identity: Identity) -> ShiftReport:
        look = self._reader.look(identity)
        return self._report(look.counters, look.shift or 0, look.clock_at or "", closed=False, raw={})

    def _told(self, entry: Entry | None, seen: SeenDocument | None) -> answers.Made:
        """What the result of the task says; what it leaves out, and a document found without one, is read back."""
        made = None if entry is None else parsed(entry)
        if made is not None and made.sign and made.at:
            return made
        number = made.number if made is not None else int(seen.number) if seen is not None else 0
        stored = self._reader.document(number)
        if stored is None:
            text = f"document {number} cannot be read back"
            raise Silence(Failure(FailureKind.NO_ANSWER, "storage", text), sent=True)
        found = answers.Made(
            number, stored.sign, stored.at, stored.shift, stored.receipt, stored.total_tiyn, stored.registration,
            storage="", printed=True,
        )  # fmt: skip
        if made is None:
            return found
        return replace(found, registration=made.registration or stored.registration, storage=made.storage)

    def _cash(self, entry: Entry | None, identity: Identity) -> CashDocument:
        look = self._reader.look(identity)
        result = None if entry is None else entry.result
        told = Fields.of(dict(result or {}), "result").optional_object("counters").get("cashSum")[1] is not None
        balance = (
            Fields.of(dict(result or {}), "result").optional_object("counters").counter("cashSum") if told else None
        )
        raw = {} if result is None else plain(result)
        return CashDocument(look.clock_at or "", look.shift or 0, balance or look.counters.get("cash"), False, raw)

    def _report(self, now: Counters, shift: int, at: str, *, closed: bool, raw: Mapping[str, Any]) -> ShiftReport:
        told = now if "sales" in now else {**now, **self._added_up(now["fd"], closed=closed)}
        silent_about = [name for name in REPORTED if name not in told]
        return ShiftReport(
            at=at,
            number=shift if closed else None,
            shift=shift,
            closed=closed,
            document_count=told.get("sales", 0) + told.get("returns", 0),
            sales_tiyn=told.get("sold", 0),
            sales_count=told.get("sales", 0),
            returns_tiyn=told.get("returned", 0),
            returns_count=told.get("returns", 0),
            cash_tiyn=told.get("cash", 0),
            put_tiyn=told.get("put", 0),
            taken_tiyn=told.get("taken", 0),
            raw={"counters": dict(told), **({"not_told": silent_about} if silent_about else {}), **raw},
        )

    def _added_up(self, last: int, *, closed: bool) -> dict[str, int]:
        """Nothing for a Z-report that is made, where the driver cannot read documents: the report stands."""
        try:
            return self._walked(last)
        except Silence as silence:
            if not closed or silence.failure.kind is FailureKind.NO_ANSWER:
                raise
            return {}

    def _walked(self, last: int) -> dict[str, int]:
        """Sales and returns of a shift from its documents, newest first, where the driver does not tell the sums."""
        sums = {"sales": 0, "sold": 0, "returns": 0, "returned": 0}
        names = {"sale": ("sales", "sold"), "sale_return": ("returns", "returned")}
        for number in range(last, max(0, last - WALK_MAX), -1):
            stored = self._reader.document(number)
            if stored is None:
                text = f"document {number} of the shift cannot be read, so its sums cannot be told"
                raise Silence(Failure(FailureKind.DEVICE, "storage", text), sent=True)
            if stored.kind in ("shift_open", "shift_close"):
                break
            if stored.kind in names:
                count, total = names[stored.kind]
                sums[count] += 1
                sums[total] += stored.total_tiyn or 0
        return sums
