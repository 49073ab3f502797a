"""Documents of a Datecs printer in our words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fiscal.datecs.counting import Tally
from fiscal.datecs.protocol import Shown
from fiscal.datecs.settings import Settings
from fiscal.device.family import Answered
from fiscal.documents import Baseline, CashDocument, FiscalDocument, ShiftReport
from fiscal.orders import Prepared

DOCUMENT_DIGITS = 7


def sign_of(number: int) -> str:
    """What stands for a fiscal sign: the document number, which is what a storno names its original by."""
    return f"{number:0{DOCUMENT_DIGITS}}"


def evidence(shown: Shown, done: Sequence[Answered]) -> dict[str, Any]:
    """What the printer said, for the journal of the till."""
    answers = [[one.step.name, one.step.command, dict(one.accepted.data)] for one in done if one.accepted.data]
    return {"serial": shown.serial, "memory": shown.memory, "answers": answers}


def receipt(
    prepared: Prepared,
    baseline: Baseline,
    settings: Settings,
    who: Shown,
    *,
    document: int,
    number: int,
    at: str,
    total_tiyn: int,
    raw: Mapping[str, Any],
) -> FiscalDocument:
    """`who`: a reading with the printer's numbers. No Datecs answer tells autonomy, OFD or QR code."""
    return FiscalDocument(
        fiscal_sign=sign_of(document),
        at=at,
        number=number,
        shift=baseline.shift or who.z + 1,
        offline=False,
        total_tiyn=total_tiyn,
        qr="",
        identity=who.serial,
        registration_number=settings.registration or who.memory,
        taxpayer_name=who.taxpayer,
        taxpayer_xin=who.tax_number,
        address=who.address,
        cashier=str(prepared.payload.get("cashier", "")),
        raw=raw,
    )


def cash(baseline: Baseline, shown: Shown, balance_tiyn: int | None, at: str, raw: Mapping[str, Any]) -> CashDocument:
    return CashDocument(at, baseline.shift or shown.z + 1, balance_tiyn, False, raw)


def report(
    counters: Mapping[str, int], tally: Tally, at: str, *, shift: int, closed: bool, raw: Mapping[str, Any]
) -> ShiftReport:
    """`counters`: of a look before the report, which zeroes them."""
    return ShiftReport(
        at=at,
        number=shift if closed else None,
        shift=shift,
        closed=closed,
        document_count=counters.get("receipts", tally.sales + tally.returns),
        sales_tiyn=tally.sales_tiyn,
        sales_count=tally.sales,
        returns_tiyn=tally.returns_tiyn,
        returns_count=tally.returns,
        cash_tiyn=counters["cash"],
        put_tiyn=counters["put"],
        taken_tiyn=counters["taken"],
        raw=raw,
    )
