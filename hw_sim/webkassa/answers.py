"""Shapes of the answers: receipt, money operation, history item, lookup item. Local times, amounts in tenge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hw_sim.exchange import NS
from hw_sim.ledger import FiscalDocument, Operation, cents
from hw_sim.webkassa.cashbox import Cashbox
from hw_sim.webkassa.profile import Profile

EMPLOYEE_CODE = 1
_OPERATION_NUMBERS = {
    Operation.PURCHASE: 0,
    Operation.PURCHASE_RETURN: 1,
    Operation.SALE: 2,
    Operation.SALE_RETURN: 3,
}
OPERATION_TEXTS = {
    Operation.PURCHASE: "Покупка",
    Operation.PURCHASE_RETURN: "Возврат покупки",
    Operation.SALE: "Продажа",
    Operation.SALE_RETURN: "Возврат продажи",
    Operation.CASH_IN: "Внесение",
    Operation.CASH_OUT: "Изъятие",
}
_PAYMENT_NAMES = {0: "Наличные", 1: "Банковская карта", 4: "Мобильный платеж"}


def local(at_ns: int, profile: Profile) -> datetime:
    """The wall clock of the shop."""
    zone = timezone(timedelta(hours=profile.utc_offset_h))
    return datetime.fromtimestamp(at_ns // NS, UTC).astimezone(zone)


def stamp(at_ns: int, profile: Profile) -> str:
    """`dd.MM.yyyy HH:mm:ss`, local."""
    return local(at_ns, profile).strftime("%d.%m.%Y %H:%M:%S")


def state_stamp(at_ns: int, profile: Profile) -> str:
    """A date of cashbox/state: local time, ISO or dotted, without its offset."""
    return local(at_ns, profile).strftime("%Y-%m-%dT%H:%M:%S") if profile.iso_state else stamp(at_ns, profile)


def stamp_with_offset(at_ns: int, profile: Profile) -> str:
    """The field named DateTimeUTC: local time with its offset, in spite of the name."""
    return f"{stamp(at_ns, profile)} {profile.utc_offset_h:+03d}:00"


def cashbox_data(cashbox: Cashbox) -> dict[str, Any]:
    return {
        "UniqueNumber": cashbox.unique_number,
        "RegistrationNumber": cashbox.registration_number,
        "IdentityNumber": cashbox.identity_number,
        "Address": cashbox.address,
        "AddressKz": cashbox.address_kk,
        "Ofd": cashbox.ofd.data(),
    }


def ticket_url(document: FiscalDocument, profile: Profile) -> str:
    """The text of the receipt's QR."""
    when = local(document.at_ns, profile).strftime("%Y%m%dT%H%M%S")
    sender = f"i={document.sign}&f={document.registration_number}"
    return f"{profile.ticket_base}?{sender}&s={cents(document.total):.2f}&t={when}"


def print_url(document: FiscalDocument, profile: Profile) -> str:
    where = f"chb={document.cashbox}&sh={document.shift}"
    return f"{profile.print_base}?{where}&extnum={document.external_number}"


def check_data(document: FiscalDocument, cashbox: Cashbox, profile: Profile, *, offline_now: bool) -> dict[str, Any]:
    """`Data` of a successful `check`."""
    data: dict[str, Any] = {
        "CheckNumber": document.sign,
        "DateTime": stamp(document.at_ns, profile),
        "DateTimeUTC": stamp_with_offset(document.at_ns, profile),
        "OfflineMode": document.offline,
        "CashboxOfflineMode": offline_now,
        "CheckOrderNumber": document.order_number,
        "ShiftNumber": document.shift,
        "EmployeeName": document.employee,
        "Cashbox": cashbox_data(cashbox),
        "Organization": {"TaxPayerName": cashbox.organisation.name, "TaxPayerIN": cashbox.organisation.xin},
        "TicketUrl": ticket_url(document, profile),
        "TicketPrintUrl": print_url(document, profile),
    }
    if profile.total_in_answer:
        data["Total"] = document.total
    return data


def money_data(document: FiscalDocument, cashbox: Cashbox, profile: Profile, *, offline_now: bool) -> dict[str, Any]:
    """`Data` of MoneyOperation: `Sum` is the balance of the drawer afterwards, not the amount moved."""
    return {
        "OfflineMode": document.offline,
        "CashboxOfflineMode": offline_now,
        "DateTime": stamp(document.at_ns, profile),
        "DateTimeUTC": stamp_with_offset(document.at_ns, profile),
        "ShiftNumber": document.shift,
        "Sum": cashbox.cash,
        "Cashbox": cashbox_data(cashbox),
    }


def lookup_data(document: FiscalDocument, profile: Profile) -> dict[str, Any]:
    """One receipt found by its external number; two of the field names differ between captures."""
    number, when = ("Number", "RegistratedOn") if profile.lookup_like_history else ("CheckNumber", "DateTime")
    return {
        "OperationType": _OPERATION_NUMBERS[document.operation],
        "ExternalCheckNumber": document.external_number,
        number: document.sign,
        when: stamp(document.at_ns, profile),
        "ShiftNumber": document.shift,
        "CashboxRegistrationNumber": document.registration_number,
        "Total": document.total,
        "IsOffline": document.offline,
    }


def history_item(document: FiscalDocument, cashbox: Cashbox, profile: Profile) -> dict[str, Any]:
    """One receipt as history answers show it."""
    return {
        "CashboxUniqueNumber": cashbox.unique_number,
        "CashboxRegistrationNumber": cashbox.registration_number,
        "CashboxIdentityNumber": cashbox.identity_number,
        "Address": cashbox.address,
        "Number": document.sign,
        "OrderNumber": document.order_number,
        "ExternalOrderNumber": document.order_reference or None,
        "RegistratedOn": stamp(document.at_ns, profile),
        "RegistratedOnUTC": stamp_with_offset(document.at_ns, profile),
        "EmployeeName": document.employee,
        "EmployeeCode": EMPLOYEE_CODE,
        "ShiftNumber": document.shift,
        "DocumentNumber": document.document_number,
        "OperationType": _OPERATION_NUMBERS[document.operation],
        "OperationTypeText": OPERATION_TEXTS[document.operation],
        "Payments": [{"Sum": amount, "PaymentTypeName": _PAYMENT_NAMES[kind]} for kind, amount in document.payments],
        "Total": document.total,
        "Change": document.change,
        "Taken": document.taken,
        "Discount": document.discount,
        "MarkupPercent": 0,
        "Markup": document.markup,
        "TaxPercent": _tax_percent(document),
        "Tax": document.tax,
        "VATPayer": cashbox.organisation.vat,
        "Positions": [dict(row) for row in document.positions],
        "IsOffline": document.offline,
        "TicketUrl": ticket_url(document, profile),
        "TicketPrintUrl": print_url(document, profile),
        "CustomerXin": document.customer_xin or None,
        "ExternalCheckNumber": document.external_number,
        "TaxPayerName": cashbox.organisation.name,
        "TaxPayerIN": cashbox.organisation.xin,
    }


def control_tape_row(document: FiscalDocument, profile: Profile) -> dict[str, Any]:
    """One operation on the control tape; `Number` only for receipts."""
    row: dict[str, Any] = {
        "OperationTypeText": OPERATION_TEXTS[document.operation],
        "Sum": document.total,
        "Date": stamp(document.at_ns, profile),
        "EmployeeCode": EMPLOYEE_CODE,
        "IsOffline": document.offline,
        "ExternalOperationId": document.external_number,
    }
    if document.operation.is_receipt:
        row["Number"] = document.sign
    return row


def _tax_percent(document: FiscalDocument) -> Decimal | None:
    percents = {row["TaxPercent"] for row in document.positions}
    return percents.pop() if len(percents) == 1 else None
