"""The fiscal writes: check, MoneyOperation, ZReport. Each registers at most one document per external number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hw_sim.exchange import NS, SimReply
from hw_sim.ledger import ZERO, FiscalDocument, Operation, cents
from hw_sim.webkassa import answers, call, paper
from hw_sim.webkassa.call import Call
from hw_sim.webkassa.cashbox import Cashbox, Shift
from hw_sim.webkassa.check import Draft, read_basis, read_check, read_external_number, read_operation
from hw_sim.webkassa.errors import Refusal, data_reply, error_reply, invalid
from hw_sim.webkassa.positions import MARK_LIST_PROTOCOL, history_rows
from hw_sim.webkassa.reports import report_data

_RIGHTS: Mapping[Operation, int] = {
    Operation.SALE: call.SALES,
    Operation.PURCHASE: call.BUYS,
    Operation.SALE_RETURN: call.SALE_RETURNS,
    Operation.PURCHASE_RETURN: call.BUY_RETURNS,
}
_BASIS_OF = {Operation.SALE_RETURN: Operation.SALE, Operation.PURCHASE_RETURN: Operation.PURCHASE}


def check(asked: Call) -> SimReply:
    """Register a receipt, or answer what was registered under the same external number before."""
    service, cashbox, profile = asked.service, asked.cashbox, asked.service.profile
    operation = read_operation(asked.fields)
    asked.user.require(_RIGHTS[operation])
    external = read_external_number(asked.fields)
    first = cashbox.registered(external, profile.key_scope)
    if first is not None:
        return _duplicate(asked, first)
    draft = read_check(asked.fields, profile, cashbox.protocol, cashbox.organisation.xin)
    if draft.marks and not cashbox.marking_active:
        raise Refusal(1025)
    basis = None
    if draft.operation.is_return and (cashbox.protocol >= MARK_LIST_PROTOCOL or asked.fields.has("ReturnBasisDetails")):
        basis = _proven_basis(asked, draft.operation)
    cash = draft.cash * draft.operation.cash_sign
    cashbox.require_cash(cash)
    offline = _works_offline(asked)
    shift = _writable_shift(asked)
    document = _document(asked, draft, shift, basis, offline=offline)
    cashbox.register(shift, document, cash)
    data = answers.check_data(document, cashbox, profile, offline_now=offline)
    if draft.paper_kind is not None:
        data["TicketPrintFormat"] = paper.print_lines(
            document,
            cashbox,
            profile,
            paper_kind=draft.paper_kind,
            languages=paper.wanted_languages(asked.request.headers),
        )
    cashbox.first_answers[document.document_number] = data
    service.ofd.submit(document)
    return data_reply(data)


def _document(
    asked: Call, draft: Draft, shift: Shift, basis: Mapping[str, Any] | None, *, offline: bool
) -> FiscalDocument:
    cashbox = asked.cashbox
    return FiscalDocument(
        operation=draft.operation,
        cashbox=cashbox.unique_number,
        registration_number=cashbox.registration_number,
        shift=shift.number,
        order_number=shift.next_order,
        document_number=len(cashbox.documents) + 1,
        sign=asked.service.own_sign() if offline else asked.service.ofd.next_sign(),
        offline=offline,
        at_ns=asked.service.now(),
        external_number=draft.external_number,
        total=draft.total,
        tax=draft.tax,
        change=draft.change,
        discount=draft.discount + sum((line.discount for line in draft.lines), ZERO),
        markup=draft.markup + sum((line.markup for line in draft.lines), ZERO),
        payments=draft.payments,
        marks=draft.marks,
        positions=history_rows(draft.lines),
        basis=basis,
        employee=asked.user.name,
        order_reference=draft.order_reference,
        customer_xin=draft.customer_xin,
    )


def _duplicate(asked: Call, first: FiscalDocument) -> SimReply:
    profile, faults = asked.service.profile, asked.service.faults
    if not first.operation.is_receipt:
        return error_reply(14)
    data = asked.cashbox.first_answers[first.document_number]
    if faults.draw_point("duplicate_without_data", asked.operation) or not profile.duplicate_with_data:
        return error_reply(14)
    if faults.draw_point("duplicate_other_total", asked.operation):
        other = first.total + 1
        url = data["TicketUrl"].replace(f"&s={cents(first.total):.2f}&", f"&s={cents(other):.2f}&")
        return error_reply(14, data={**data, "TicketUrl": url, "Total": other})
    return error_reply(14, data=data)


def _works_offline(asked: Call) -> bool:
    """Whether this document is autonomous; refuses when it may not be."""
    service, cashbox = asked.service, asked.cashbox
    if asked.fault("offline_over_72h"):
        raise Refusal(18)
    if service.ofd.is_up() and not asked.fault("offline"):
        return False
    if not cashbox.autonomous_allowed:
        raise Refusal(1013)
    oldest = service.ofd.oldest_offline_ns(cashbox.unique_number)
    if oldest is not None and service.now() - oldest > service.profile.autonomous_limit_s * NS:
        raise Refusal(18)
    return True


def _writable_shift(asked: Call) -> Shift:
    """The open shift, opened now if need be; refuses with 11 when it is older than a day."""
    service = asked.service
    limit_ns = int(service.profile.shift_limit_s * NS)
    shift = asked.cashbox.open_shift(service.now())
    if asked.fault("shift_over_24h"):
        shift.opened_ns = min(shift.opened_ns, service.now() - limit_ns - NS)
    if service.now() - shift.opened_ns > limit_ns:
        raise Refusal(11)
    return shift


def _proven_basis(asked: Call, operation: Operation) -> Mapping[str, Any]:
    """The five values of the original receipt, compared with the original where this service holds it."""
    basis = read_basis(asked.fields)
    at_ns = _moment(str(basis["DateTime"]), asked.service.profile.utc_offset_h)
    seller = asked.service.registered_as(str(basis["RegistrationNumber"]))
    if seller is None:
        return basis  # Sold by a till of another service: the form is all that can be checked.
    original = next((doc for doc in seller.receipts() if doc.sign == basis["CheckNumber"]), None)
    if original is None or original.operation is not _BASIS_OF[operation]:
        raise Refusal(255, "Не найден чек основания с указанным фискальным признаком")
    off_s = abs(original.at_ns // NS - at_ns // NS)
    if off_s > asked.service.profile.basis_tolerance_s:
        raise Refusal(255, "Дата и время не соответствуют данным чека основания")
    if basis["Total"] != original.total or basis["IsOffline"] != original.offline:
        raise Refusal(255, "Сумма или признак автономности не соответствуют данным чека основания")
    return basis


def _moment(text: str, utc_offset_h: int) -> int:
    """ISO with a zone, or local wall clock with "T" or a space; dd.MM.yyyy is not accepted on the way in."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(255, "Неверный формат даты чека основания") from error
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone(timedelta(hours=utc_offset_h)))
    return int((when - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) * 1000


def money_operation(asked: Call) -> SimReply:
    """Put cash in or take it out."""
    service, cashbox = asked.service, asked.cashbox
    number = asked.fields.whole("OperationType")
    if number not in (0, 1):
        raise invalid(f"OperationType {number} не поддерживается")
    operation = Operation.CASH_OUT if number else Operation.CASH_IN
    asked.user.require(call.CASH_OUT if number else call.CASH_IN)
    external = read_external_number(asked.fields)
    if cashbox.registered(external, service.profile.key_scope) is not None:
        return error_reply(14)
    amount = asked.fields.money("Sum")
    if not amount:
        raise invalid("Sum должна быть больше нуля")
    cash: Decimal = amount * operation.cash_sign
    cashbox.require_cash(cash)
    offline = _works_offline(asked)
    shift = _writable_shift(asked)
    document = FiscalDocument(
        operation=operation,
        cashbox=cashbox.unique_number,
        registration_number=cashbox.registration_number,
        shift=shift.number,
        order_number=shift.next_order,
        document_number=len(cashbox.documents) + 1,
        sign="",
        offline=offline,
        at_ns=service.now(),
        external_number=external,
        total=amount,
        employee=asked.user.name,
    )
    cashbox.register(shift, document, cash)
    service.ofd.submit(document)
    return data_reply(answers.money_data(document, cashbox, service.profile, offline_now=offline))


def x_report(asked: Call) -> SimReply:
    """The running sums of the open shift."""
    asked.user.require(call.X_REPORT)
    shift = asked.cashbox.shift
    if shift is None:
        raise Refusal(13)
    return data_reply(_report(asked, asked.cashbox, shift, closing=False))


def z_report(asked: Call) -> SimReply:
    """Close the shift; 12 when it is closed already."""
    asked.user.require(call.Z_REPORT)
    shift = asked.cashbox.shift
    if shift is None:
        raise Refusal(12)
    data = _report(asked, asked.cashbox, shift, closing=True)
    shift.closed_ns, shift.z_report = asked.service.now(), data
    return data_reply(data)


def _report(asked: Call, cashbox: Cashbox, shift: Shift, *, closing: bool) -> dict[str, Any]:
    service = asked.service
    return report_data(
        cashbox,
        shift,
        service.profile,
        at_ns=service.now(),
        employee=asked.user.name,
        offline_now=not service.ofd.is_up(),
        closing=closing,
    )
