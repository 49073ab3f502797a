"""The documents of orders that are known to be made: from the answers and by reading back. May raise Silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fiscal.device.family import Answered
from fiscal.documents import Baseline, CashDocument, Document, FiscalDocument, SeenDocument, ShiftOpened, ShiftReport
from fiscal.orders import Prepared
from fiscal.shtrih import counters, states
from fiscal.shtrih.answers import StoredDocument
from fiscal.shtrih.counters import Counters, forward
from fiscal.shtrih.evidence import RECEIPT_TYPE, RECEIPTS, counters_of
from fiscal.shtrih.models import Model
from fiscal.shtrih.reader import Identity, Owner, Reader
from fiscal.shtrih.runner import Runner
from fiscal.shtrih.settings import Settings
from fiscal.shtrih.wire import silent


class Papers:
    def __init__(self, reader: Reader, runner: Runner, settings: Settings, model: Model) -> None:
        self._reader = reader
        self._runner = runner
        self._settings = settings
        self._model = model
        self._owner: Owner | None = None

    def forget(self) -> None:
        """Another register may be on the line now."""
        self._owner = None

    def document(
        self,
        prepared: Prepared,
        baseline: Baseline,
        seen: SeenDocument | None,
        done: Sequence[Answered],
        identity: Identity,
    ) -> Document:
        answered = dict(done[-1].accepted.data) if done else {}
        if prepared.kind in RECEIPTS:
            checks = [one.accepted.data["check"] for one in done if "check" in one.accepted.data]
            evidence = {**answered, **({"checks": checks} if checks else {})}
            made = self._stored_receipt if self._model.storage else self._counted_receipt
            return made(prepared, baseline, seen, evidence, identity)
        full = self._reader.full()
        at = self._reader.clock_text(full.clock) or ""
        if prepared.kind == "shift_close":
            # What the shift came to stands in the baseline: the report itself sets the registers back.
            return _report(counters_of(baseline), prepared.payload["shift"], at, closed=True)
        if prepared.kind == "shift_open":
            return ShiftOpened(at, full.last_shift + int(states.shift_open(full)), answered)
        return CashDocument(at, full.last_shift + 1, self._reader.drawer(), False, answered)

    def x_report(self) -> ShiftReport:
        now = self._reader.totals()
        return _report(now, now["shift_closed"] + 1, self._now(), closed=False)

    def _stored_receipt(
        self,
        prepared: Prepared,
        baseline: Baseline,
        seen: SeenDocument | None,
        evidence: Mapping[str, Any],
        identity: Identity,
    ) -> FiscalDocument:
        fd, sign = evidence.get("fd"), evidence.get("sign")
        if seen is not None:
            fd, sign = int(seen.number), int(seen.fiscal_sign)
        if fd is None:
            fd = self._reader.last_fd()  # The first form of FF45 does not tell it.
            if fd <= counters_of(baseline)["fd"] or self._reader.holds(fd + 1):
                raise silent("counter", f"fiscal document {fd} is not the newest: the counter went back", sent=True)
        stored = self._reader.stored(fd)
        if sign is None:
            sign = 0 if stored is None else stored.sign
        number, shift = self._numbers(fd, baseline, found=seen is not None)
        owner = self._shop()
        return FiscalDocument(
            fiscal_sign=str(sign),
            at=self._moment(stored),
            number=number,
            shift=shift,
            offline=False,
            total_tiyn=self._total(prepared, seen, evidence, stored),
            qr="",  # It prints its own and does not tell it.
            identity=identity.serial,
            registration_number=self._settings.registration_number or owner.registration or identity.registration,
            taxpayer_name=owner.taxpayer,
            taxpayer_xin=owner.taxpayer_xin,
            address=owner.address,
            ofd_name=owner.ofd_name,
            ofd_host=owner.ofd_host,
            raw={**evidence, "fd": fd, "storage": identity.storage, **self._reader.counted(*RECEIPTS)},
        )

    def _counted_receipt(
        self,
        prepared: Prepared,
        baseline: Baseline,
        seen: SeenDocument | None,
        evidence: Mapping[str, Any],
        identity: Identity,
    ) -> FiscalDocument:
        self._runner.wait_for_paper()  # The numbers are said to be right when it has printed.
        now, full = self._reader.counted(*RECEIPTS), self._reader.full()
        was = counters_of(baseline)[prepared.kind]
        if seen is None and forward(was, now[prepared.kind]) < 1:
            text = f"receipt number {was} before, {now[prepared.kind]} after it was made: the counter went back"
            raise silent("counter", text, sent=True)
        closed = full.last_shift if seen is None else counters_of(baseline)["shift_closed"]
        return FiscalDocument(
            fiscal_sign="",  # The protocol of these models does not tell it.
            at=self._reader.clock_text(full.clock) or "",
            number=now[prepared.kind],
            shift=closed + 1,
            offline=False,
            total_tiyn=self._total(prepared, seen, evidence, None),
            qr="",
            identity=identity.serial,
            registration_number=self._settings.registration_number or identity.registration,
            raw={**evidence, **now},
        )

    def _total(
        self,
        prepared: Prepared,
        seen: SeenDocument | None,
        evidence: Mapping[str, Any],
        stored: StoredDocument | None,
    ) -> int:
        """What the register made: by its storage, as found, or what was paid less the change it told."""
        if stored is not None and stored.type == RECEIPT_TYPE and stored.sum is not None:
            return stored.sum * self._settings.unit
        if seen is not None and seen.total_tiyn is not None:
            return seen.total_tiyn
        return int(prepared.payload["paid_tiyn"]) - int(evidence["change"]) * self._settings.unit

    def _numbers(self, fd: int, baseline: Baseline, *, found: bool) -> tuple[int, int]:
        """Receipt number and shift: the newest ones, or those of the document's own record when it may not be it."""
        now = self._reader.shift_numbers()
        expected = (baseline.shift or 0) + (0 if baseline.shift_open else 1)
        if now.shift == expected and not found:
            return now.receipt, now.shift
        number, shift = self._reader.numbers_of(fd)
        return now.receipt if number is None else number, now.shift if shift is None else shift

    def _shop(self) -> Owner:
        if self._owner is None:
            self._owner = self._reader.owner()
        return self._owner

    def _now(self) -> str:
        return self._reader.clock_text(self._reader.full().clock) or ""

    def _moment(self, stored: StoredDocument | None) -> str:
        found = None if stored is None else self._reader.clock_text(stored.at)
        return found or self._now()


def _report(now: Counters, shift: int, at: str, *, closed: bool) -> ShiftReport:
    return ShiftReport(
        at=at,
        number=shift if closed else None,
        shift=shift,
        closed=closed,
        document_count=now["sales"] + now["sale_returns"],
        sales_tiyn=_payments(now, "sale"),
        sales_count=now["sales"],
        returns_tiyn=_payments(now, "sale_return"),
        returns_count=now["sale_returns"],
        cash_tiyn=now["drawer"],
        put_tiyn=now["put"],
        taken_tiyn=now["taken"],
        raw={"counters": dict(now)},
    )


def _payments(now: Counters, kind: str) -> int:
    """Of the shift, over all kinds of payment that were read."""
    return sum(now.get(f"{kind}_{number}", 0) for number in range(1, counters.PAYMENT_KINDS + 1))
