"""X and Z reports: the same sums over one shift, the Z with the moment of closing."""

from __future__ import annotations

from typing import Any

from hw_sim.ledger import ZERO, FiscalDocument, Operation
from hw_sim.webkassa.answers import EMPLOYEE_CODE, stamp
from hw_sim.webkassa.cashbox import RECEIPTS, Cashbox, Shift
from hw_sim.webkassa.profile import Profile

_SECTIONS = {
    Operation.SALE: "Sell",
    Operation.PURCHASE: "Buy",
    Operation.SALE_RETURN: "ReturnSell",
    Operation.PURCHASE_RETURN: "ReturnBuy",
}


def report_data(
    cashbox: Cashbox, shift: Shift, profile: Profile, *, at_ns: int, employee: str, offline_now: bool, closing: bool
) -> dict[str, Any]:
    """`Data` of XReport, or of ZReport when `closing`."""
    put = [doc for doc in shift.documents if doc.operation is Operation.CASH_IN]
    taken = [doc for doc in shift.documents if doc.operation is Operation.CASH_OUT]
    organisation = cashbox.organisation
    data: dict[str, Any] = {
        "TaxPayerName": organisation.name,
        "TaxPayerIN": organisation.xin,
        "TaxPayerVAT": organisation.vat,
        "TaxPayerVATSeria": organisation.vat_series,
        "TaxPayerVATNumber": organisation.vat_number,
        "ReportNumber": shift.number,
        "CashboxSN": cashbox.unique_number,
        "CashboxIN": int(cashbox.identity_number),
        "CashboxRN": cashbox.registration_number,
        "StartOn": stamp(shift.opened_ns, profile),
        "ReportOn": stamp(at_ns, profile),
        "CashierCode": EMPLOYEE_CODE,
        "CashierName": employee,
        "ShiftNumber": shift.number,
        "DocumentCount": len(shift.documents),
        "PutMoneySum": sum((doc.total for doc in put), ZERO),
        "TakeMoneySum": sum((doc.total for doc in taken), ZERO),
        "ControlSum": sum(cashbox.totals.values(), ZERO),
        "OfflineMode": any(doc.offline for doc in shift.documents),
        "CashboxOfflineMode": offline_now,
        "SumInCashbox": cashbox.cash,
        "StartNonNullable": {_SECTIONS[kind]: shift.start_totals[kind] for kind in RECEIPTS},
        "EndNonNullable": {_SECTIONS[kind]: cashbox.totals[kind] for kind in RECEIPTS},
        "Ofd": cashbox.ofd.data(),
    }
    for kind in RECEIPTS:
        rows = [doc for doc in shift.documents if doc.operation is kind]
        data[_SECTIONS[kind]] = _section(rows, cashbox.counts[kind])
    if closing:
        data["CloseOn"] = stamp(at_ns, profile)
    return data


def history_report(shift: Shift) -> dict[str, Any]:
    """A Z report as the history shows it: with the numbers of cash movements."""
    counts = {
        "PutMoneyCount": sum(doc.operation is Operation.CASH_IN for doc in shift.documents),
        "TakeMoneyCount": sum(doc.operation is Operation.CASH_OUT for doc in shift.documents),
    }
    return {**(shift.z_report or {}), **counts}


def _section(documents: list[FiscalDocument], total_count: int) -> dict[str, Any]:
    by_type: dict[int, Any] = {}
    for document in documents:
        for kind, amount in document.payments:
            # Change leaves the drawer as cash, so the cash row shows what stayed.
            by_type[kind] = by_type.get(kind, ZERO) + amount - (document.change if kind == 0 else ZERO)
    return {
        "PaymentsByTypesApiModel": [{"Sum": amount, "Type": kind} for kind, amount in sorted(by_type.items())],
        "Discount": sum((doc.discount for doc in documents), ZERO),
        "Markup": sum((doc.markup for doc in documents), ZERO),
        "Taken": sum((doc.taken for doc in documents), ZERO),
        "Change": sum((doc.change for doc in documents), ZERO),
        "Count": len(documents),
        "TotalCount": total_count,
        "VAT": sum((doc.tax for doc in documents), ZERO),
    }
