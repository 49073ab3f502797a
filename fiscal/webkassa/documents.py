"""Answers of Webkassa -> documents of the port. Pure.

The same receipt comes in three dresses: the answer to `check`, the answer to a lookup, and an item of the history.
`Seen` is what they have in common; one fills the gaps of another.
Source: Webkassa API v4 (public collection, protocol 2.0.3); captured answers of github VitalyKravtsov2016/OposWebkassa.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fiscal.https.fields import AnswerMalformed, Fields
from fiscal.money import MoneyError, from_tenge
from fiscal.register import CashDocument, Failure, FailureKind, FiscalDocument, Operation, Prepared, ShiftReport
from fiscal.webkassa import moments
from fiscal.webkassa.request import OPERATION_TYPES
from fiscal.webkassa.settings import Settings
from fiscal.webkassa.wire import Envelope


@dataclass(frozen=True, slots=True)
class Seen:
    """What an answer says about one receipt; None or "" where it is silent."""

    fiscal_sign: str
    at: str
    number: int | None
    shift: int | None
    offline: bool | None
    total_tiyn: int | None
    operation: int | None
    key: str
    qr: str
    identity: str
    registration_number: str
    taxpayer_name: str
    taxpayer_xin: str
    address: str
    address_kk: str
    ofd_name: str
    ofd_host: str
    cashier: str

    def filled_from(self, other: Seen) -> Seen:
        """This one, with its gaps filled from another view of the same receipt."""
        gaps = {f.name: getattr(other, f.name) for f in fields(self) if getattr(self, f.name) in (None, "")}
        return replace(self, **gaps)


@dataclass(frozen=True, slots=True)
class FoundReceipt:
    seen: Seen
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FoundCash:
    document: CashDocument
    sum_tiyn: int  # Without sign.


def seen(data: Fields, settings: Settings) -> Seen:
    """Read any of the three dresses. AnswerMalformed when a field that decides something has a wrong type."""
    cashbox, organisation = data.optional_object("Cashbox"), data.optional_object("Organization")
    ofd = cashbox.optional_object("Ofd") if cashbox.values else data.optional_object("Ofd")
    qr = data.optional_text("TicketUrl")
    total = data.money("Total")
    return Seen(
        fiscal_sign=data.text("CheckNumber", "Number").strip(),
        at=moments.from_fields(data, settings.utc_offset, "DateTime", "RegistratedOn"),
        number=data.integer("CheckOrderNumber", "OrderNumber"),
        shift=data.integer("ShiftNumber"),
        offline=data.flag("OfflineMode", "IsOffline"),
        total_tiyn=_total_of(qr) if total is None else total,
        operation=data.integer("OperationType"),
        key=data.text("ExternalCheckNumber"),
        qr=qr,
        identity=cashbox.text("UniqueNumber") or data.text("CashboxUniqueNumber"),
        registration_number=cashbox.text("RegistrationNumber") or data.text("CashboxRegistrationNumber"),
        taxpayer_name=organisation.optional_text("TaxPayerName") or data.optional_text("TaxPayerName"),
        taxpayer_xin=organisation.optional_text("TaxPayerIN") or data.optional_text("TaxPayerIN"),
        address=cashbox.optional_text("Address") or data.optional_text("Address"),
        address_kk=cashbox.optional_text("AddressKz") or data.optional_text("AddressKz"),
        ofd_name=ofd.optional_text("Name"),
        ofd_host=ofd.optional_text("Host"),
        cashier=data.optional_text("EmployeeName"),
    )


def _total_of(ticket_url: str) -> int | None:
    """The sum inside the receipt's QR text (`s=1800.00`), or None: some answers carry another kind of link."""
    try:
        values = parse_qs(urlsplit(ticket_url).query).get("s", [])
        return from_tenge(Decimal(values[0])) if len(values) == 1 else None
    except (ValueError, InvalidOperation, MoneyError):
        return None


def contradiction(found: Seen, prepared: Prepared, settings: Settings) -> Failure | None:
    """Why a document under our key is not ours: alarm, a person decides. None when nothing speaks against it."""
    expected = OPERATION_TYPES[Operation(prepared.kind)]
    if found.identity and found.identity.upper() != settings.cashbox.upper():
        return Failure(
            FailureKind.HUMAN, "identity", f"the answer is of cashbox {found.identity}", "Cashbox.UniqueNumber"
        )
    if found.key and found.key != prepared.key:
        return Failure(FailureKind.HUMAN, "identity", f"the answer is for key {found.key}", "ExternalCheckNumber")
    if found.operation is not None and found.operation != expected:
        text = f"key {prepared.key} names operation {found.operation}, ours is {expected}"
        return Failure(FailureKind.KEY_COLLISION, "key_collision", text, "OperationType")
    if found.total_tiyn is not None and found.total_tiyn != prepared.total_tiyn:
        text = f"key {prepared.key} names {found.total_tiyn} tiyn, ours are {prepared.total_tiyn}"
        return Failure(FailureKind.KEY_COLLISION, "key_collision", text, "Total")
    return None


def is_complete(found: Seen) -> bool:
    """Whether it says enough to stand as the document of a sale."""
    return bool(found.fiscal_sign and found.at and found.shift is not None)


def fiscal_document(found: Seen, prepared: Prepared, settings: Settings, raw: Mapping[str, Any]) -> FiscalDocument:
    """The document. AnswerMalformed when the fiscal sign, the time or the shift is missing.

    `number` is 0 when no answer told it.
    """
    for name, value in (("CheckNumber", found.fiscal_sign), ("DateTime", found.at), ("ShiftNumber", found.shift)):
        if value in ("", None):
            raise AnswerMalformed(f"Data.{name}", "is missing")
    return FiscalDocument(
        fiscal_sign=found.fiscal_sign,
        at=found.at,
        number=found.number or 0,
        shift=found.shift or 0,
        offline=bool(found.offline),
        total_tiyn=prepared.total_tiyn,
        qr=found.qr,
        identity=found.identity or settings.cashbox,
        registration_number=found.registration_number,
        taxpayer_name=found.taxpayer_name,
        taxpayer_xin=found.taxpayer_xin,
        address=found.address,
        address_kk=found.address_kk,
        ofd_name=found.ofd_name,
        ofd_host=found.ofd_host,
        cashier=found.cashier,
        raw=raw,
    )


def cash_document(data: Fields, settings: Settings, shift: int | None, raw: Mapping[str, Any]) -> CashDocument:
    """Answer of MoneyOperation; `shift` stands in where it names none, as in older captures."""
    at = moments.from_fields(data, settings.utc_offset, "DateTime")
    if not at:
        raise AnswerMalformed("Data.DateTime", "is missing")
    number = data.integer("ShiftNumber")
    return CashDocument(
        at, shift or 0 if number is None else number, data.money("Sum"), bool(data.flag("OfflineMode")), raw
    )


def shift_report(envelope: Envelope, closed: bool, settings: Settings) -> ShiftReport:
    """An X-report, or a Z-report when `closed`."""
    return report_of(envelope.fields(), closed, settings, envelope.raw)


def report_of(data: Fields, closed: bool, settings: Settings, raw: Mapping[str, Any]) -> ShiftReport:
    """The same from its object. Sums are those of the payments by type."""
    shift = data.integer("ShiftNumber")
    if shift is None:
        raise AnswerMalformed(data.at("ShiftNumber"), "is missing")
    sold, returned = data.optional_object("Sell"), data.optional_object("ReturnSell")
    return ShiftReport(
        at=moments.from_fields(data, settings.utc_offset, *(("CloseOn", "ReportOn") if closed else ("ReportOn",))),
        number=data.integer("ReportNumber"),
        shift=shift,
        closed=closed,
        document_count=data.integer("DocumentCount") or 0,
        sales_tiyn=_paid(sold),
        sales_count=sold.integer("Count") or 0,
        returns_tiyn=_paid(returned),
        returns_count=returned.integer("Count") or 0,
        cash_tiyn=data.counter("SumInCashbox"),
        put_tiyn=data.counter("PutMoneySum"),
        taken_tiyn=data.counter("TakeMoneySum"),
        opened_at=moments.from_fields(data, settings.utc_offset, "StartOn") or None,
        offline=bool(data.flag("OfflineMode")),
        raw=raw,
    )


def _paid(operation: Fields) -> int:
    return sum(row.counter("Sum") for row in operation.objects("PaymentsByTypesApiModel"))
