"""The documents of orders that are known to be made: from the answers and by reading back. May raise Silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fiscal.device.family import Answered
from fiscal.documents import Baseline, CashDocument, Document, FiscalDocument, SeenDocument, ShiftOpened, ShiftReport
from fiscal.orders import Prepared
from fiscal.shtrih import counters, states
from fiscal.shtrih.answers import StoredDocument
from fiscal.shtrih.counters import Counters
from fiscal.shtrih.evidence import RECEIPT_TYPE, counters_of
from fiscal.shtrih.models import Model
from fiscal.shtrih.reader import Identity, Owner, Reader
from fiscal.shtrih.runner import Runner
from fiscal.shtrih.settings import Settings


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
        answered = done[-1].accepted.data if done else {}
        if prepared.kind == "shift_close":
            return self._z_report(prepared, baseline)
        if prepared.kind == "shift_open":
            full = self._reader.full()
            number = full.last_shift + 1 if states.shift_open(full) else full.last_shift
            return ShiftOpened(self._now(), number, dict(answered))
        if prepared.kind in counters.CASH_TOTALS:
            now = self._reader.totals()
            return CashDocument(self._now(), _shift(now), now["drawer"], False, {"counters": now, **answered})
        evidence = {"checks": [one.accepted.data["check"] for one in done if "check" in one.accepted.data], **answered}
        if self._model.storage:
            return self._stored_receipt(prepared, baseline, seen, evidence, identity)
        return self._counted_receipt(prepared, baseline, seen, evidence, identity)

    def x_report(self) -> ShiftReport:
        now = self._reader.totals()
        return self._report(now, _shift(now), closed=False, at=self._now(), opened_at=None)

    def _z_report(self, prepared: Prepared, baseline: Baseline) -> ShiftReport:
        """What the shift came to stands in the baseline: the report itself sets the registers back."""
        return self._report(
            counters_of(baseline), prepared.payload["shift"], closed=True, at=self._now(), opened_at=None
        )

    def _report(self, now: Counters, shift: int, *, closed: bool, at: str, opened_at: str | None) -> ShiftReport:
        sums = {
            kind: sum(value for name, value in now.items() if name in _payments_of(kind))
            for kind in ("sale", "sale_return")
        }
        return ShiftReport(
            at=at,
            number=shift if closed else None,
            shift=shift,
            closed=closed,
            document_count=now["sales"] + now["sale_returns"],
            sales_tiyn=sums["sale"],
            sales_count=now["sales"],
            returns_tiyn=sums["sale_return"],
            returns_count=now["sale_returns"],
            cash_tiyn=now["drawer"],
            put_tiyn=now["put"],
            taken_tiyn=now["taken"],
            opened_at=opened_at,
            raw={"counters": dict(now)},
        )

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
        now = self._reader.totals()
        if fd is None:
            fd = now["fd"]  # The first form of FF45 does not tell it.
        stored = self._reader.stored(fd)
        expected = (baseline.shift or 0) + (0 if baseline.shift_open else 1)
        number, shift = now["receipt"], now["storage_shift"]
        if shift != expected or seen is not None:
            own_number, own_shift = self._reader.numbers_of(fd)
            number, shift = number if own_number is None else own_number, shift if own_shift is None else own_shift
        total = prepared.total_tiyn
        if stored is not None and stored.type == RECEIPT_TYPE and stored.sum is not None:
            total = stored.sum * self._settings.unit
        owner = self._shop()
        return FiscalDocument(
            fiscal_sign=str(_first(sign, stored.sign if stored is not None else None, 0)),
            at=self._moment(stored),
            number=number,
            shift=shift,
            offline=False,
            total_tiyn=total,
            qr="",  # It prints its own and does not tell it.
            identity=identity.serial,
            registration_number=self._settings.registration_number or owner.registration or identity.registration,
            taxpayer_name=owner.taxpayer,
            taxpayer_xin=owner.taxpayer_xin,
            address=owner.address,
            ofd_name=owner.ofd_name,
            ofd_host=owner.ofd_host,
            raw={**evidence, "fd": fd, "storage": identity.storage, **_numbers(now)},
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
        now, before = self._reader.totals(), counters_of(baseline)
        total = None if seen is None else seen.total_tiyn
        if total is None:
            cash = prepared.payload["cash_tiyn"]
            total = counters.receipts(prepared.kind, cash, prepared.total_tiyn, before, now).total_tiyn
        return FiscalDocument(
            fiscal_sign="",  # The protocol of these models does not tell it.
            at=self._now(),
            number=now[prepared.kind],
            shift=_shift(now) if seen is None else before["shift_closed"] + 1,
            offline=False,
            total_tiyn=prepared.total_tiyn if total is None else total,
            qr="",
            identity=identity.serial,
            registration_number=self._settings.registration_number or identity.registration,
            raw={**evidence, **_numbers(now)},
        )

    def _shop(self) -> Owner:
        if self._owner is None:
            self._owner = self._reader.owner()
        return self._owner

    def _now(self) -> str:
        return self._reader.clock_text(self._reader.full().clock) or ""

    def _moment(self, stored: StoredDocument | None) -> str:
        found = None if stored is None else self._reader.clock_text(stored.at)
        return found or self._now()


def _payments_of(kind: str) -> frozenset[str]:
    return frozenset(f"{kind}_{number}" for number in range(1, counters.PAYMENT_KINDS + 1))


def _shift(now: Counters) -> int:
    """The open shift; while none is open, the next one."""
    return max(now.get("storage_shift", 0), now["shift_closed"] + 1)


def _numbers(now: Counters) -> dict[str, int]:
    """What tells later whether a receipt is still the last one."""
    return {"sale": now["sale"], "sale_return": now["sale_return"]}


def _first(*values: int | None) -> int:
    return next(value for value in values if value is not None)
