"""Rows of the lists besides receipts: shifts, Z-reports, the control tape. Pure.

Source: Webkassa API v4 (public collection, protocol 2.0.3): Cashbox/ShiftHistory, ZReport/History,
ZReport/ByShiftNumber, Reports/ControlTape; captured answers of github VitalyKravtsov2016/OposWebkassa.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fiscal.https.fields import AnswerMalformed, Fields
from fiscal.register import CashDocument, ShiftReport
from fiscal.webkassa import moments
from fiscal.webkassa.documents import report_of
from fiscal.webkassa.rows import Place, require_own, require_shift, untold
from fiscal.webkassa.settings import Settings
from fiscal.webkassa.wire import evidence

# First words of the operations on the tape, longer ones before those they begin with.
_TAPED = (
    ("возврат продаж", "sale_return"), ("возврат покуп", "purchase_return"), ("продаж", "sale"), ("покуп", "purchase"),
    ("внесен", "cash_in"), ("изъят", "cash_out"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShiftRow:
    place: Place
    number: int
    opened_at: str
    closed_at: str  # "" while it is open.
    missing: tuple[str, ...]
    raw: Mapping[str, Any]

    @property
    def closed(self) -> bool:
        return bool(self.closed_at)


def shift_row(row: Fields, place: Place, settings: Settings) -> ShiftRow:
    """AnswerMalformed for a shift without a number."""
    number = row.integer("ShiftNumber")
    if number is None:
        raise AnswerMalformed("ShiftNumber", "is missing")
    opened_at = moments.from_fields(row, settings.utc_offset, "OpenDate")
    closed_at = moments.from_fields(row, settings.utc_offset, "CloseDate")
    return ShiftRow(place, number, opened_at, closed_at, untold(OpenDate=opened_at), evidence(row.origin))


@dataclass(frozen=True, slots=True)
class ZRow:
    place: Place
    report: ShiftReport  # What the answer leaves out is 0 here and named in `missing`.
    put_count: int | None
    taken_count: int | None
    missing: tuple[str, ...]


def z_row(row: Fields, place: Place, settings: Settings) -> ZRow:
    """AnswerMalformed for a report without a shift, or of another cashbox or shift."""
    require_own(row.text("CashboxSN"), "CashboxSN", settings)
    report = report_of(row, True, settings, evidence(row.origin))
    require_shift(report.shift, place)
    wanted = ("ReportNumber", "CashboxSN", "StartOn", "CloseOn", "DocumentCount", "PutMoneySum", "TakeMoneySum",
              "SumInCashbox", "OfflineMode", "Sell", "ReturnSell")  # fmt: skip
    missing = untold(**{name: row.get(name)[1] for name in wanted})
    return ZRow(place, report, row.integer("PutMoneyCount"), row.integer("TakeMoneyCount"), missing)


@dataclass(frozen=True, slots=True)
class TapeRow:
    """One operation of a shift. Only receipts have a fiscal sign, and not every row has the key it was made with."""

    place: Place
    kind: str  # "sale", ..., "cash_in", "cash_out"; "" when the words are not known here.
    words: str  # The vendor's.
    sum_tiyn: int | None
    at: str
    fiscal_sign: str
    key: str
    offline: bool | None
    employee_code: int | None
    missing: tuple[str, ...]
    raw: Mapping[str, Any]

    @property
    def is_receipt(self) -> bool:
        return bool(self.fiscal_sign)

    def cash_document(self) -> CashDocument:
        """A cash move as a document; the tape does not tell the balance after it."""
        return CashDocument(self.at, self.place.shift or 0, None, bool(self.offline), {"tape": self.raw})


def tape_row(row: Fields, place: Place, settings: Settings) -> TapeRow:
    words = row.optional_text("OperationTypeText")
    kind = next((kind for stem, kind in _TAPED if words.strip().lower().startswith(stem)), "")
    amount, at = row.money("Sum"), moments.from_fields(row, settings.utc_offset, "Date")
    # A number in the vendor's sample, a text elsewhere; one published answer has a small L in the name.
    key, offline = row.text("ExternalOperationId", "ExternalOperationld"), row.flag("IsOffline")
    return TapeRow(
        place=place,
        kind=kind,
        words=words,
        sum_tiyn=amount,
        at=at,
        fiscal_sign=row.text("Number").strip(),
        key=key,
        offline=offline,
        employee_code=row.integer("EmployeeCode"),
        missing=untold(OperationTypeText=words, Sum=amount, Date=at, IsOffline=offline, ExternalOperationId=key),
        raw=evidence(row.origin),
    )
