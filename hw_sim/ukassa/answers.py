"""Shapes of the answers: a receipt, a row of the operations, the user, shifts and reports.

Names: github madiyarb/pawnshop, Pawnshop.Services/Models/UKassa; which of them stand under `data`: github
Slonexx/ukassa and nikolablin/serviceaccio.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hw_sim.cloud_till import RECEIPTS, ticket_url
from hw_sim.device.memory import ClosedShift, Shift
from hw_sim.ledger import Operation, tiyn
from hw_sim.ukassa.receipt import OPERATIONS
from hw_sim.ukassa.till import Record, Till

ADDRESS, ORGANISATION = "Almaty", "Shop LLP"
_NUMBERS = {operation: number for number, operation in OPERATIONS.items()} | {
    Operation.CASH_IN: 4,
    Operation.CASH_OUT: 5,
}
_PLACEMENTS = {Operation.CASH_IN: 0, Operation.CASH_OUT: 1}
Data = dict[str, Any]


def decimals(value: Any, till: Till) -> Any:
    """The same answer with its decimals as the service prints them: numbers, or texts with two decimals."""
    if isinstance(value, dict):
        return {name: decimals(item, till) for name, item in value.items()}
    if isinstance(value, list):
        return [decimals(item, till) for item in value]
    return f"{value:.2f}" if isinstance(value, Decimal) and till.profile.decimals_as_text else value


def receipt_data(record: Record, till: Till) -> Data:
    """A receipt as its own answer and operation/<id>/ show it."""
    document = record.document
    url = ticket_url(till.profile.ticket_base, document, document.sign, till.local(document.at_ns))
    return {
        "id": record.id,
        "fixed_check": document.sign,
        "total_amount": document.total,
        "link": url if document.operation.is_receipt else None,
        "check_number": document.order_number,
        "type": _NUMBERS[document.operation],
        "shift": till.profile.shift_id_base + document.shift,
        "kassa_id": till.profile.kassa,
        "created_at": till.stamp(document.at_ns),
        "total_nds": document.tax,
        "is_offline": document.offline,
        "fixed_offline": document.offline,
        "canceled": False,
        "user": {"full_name": document.employee},
        "transaction_items": [
            {name: value for name, value in row.items() if value != ""} for row in document.positions
        ],
        "transaction_payments": [
            {"payment_type": kind, "total": paid, "change": document.change if kind == 0 else 0, "amount": paid}
            for kind, paid in document.payments
        ],
    }


def operation_row(record: Record, till: Till) -> Data:
    """One row of a shift's operations."""
    document = record.document
    return {
        "id": record.id,
        "type": _NUMBERS[document.operation],
        "created_at": till.stamp(document.at_ns),
        "total_amount": document.total,
        "fixed_check": document.sign,
        "is_offline": document.offline,
        "fixed_offline": document.offline,
        "user": document.employee,
        "discount": 0,
        "total_discount": 0,
    }


def user_data(till: Till) -> Data:
    """The user and the tills it may use."""
    profile, identity = till.profile, till.memory.identity
    row = {"id": profile.kassa, "name": "Till 1", "factory_number": profile.hashline, "is_activated": True}
    company = {"name": ORGANISATION, "bin_iin": identity.taxpayer_xin, "nds_type": 1}
    kassas = {"id": 77, "kassa": [row], "company": company}
    return {"id": 501, "email": profile.email, "full_name": "Cashier", "user_kassas": kassas}


def shift_row(shift: Shift | ClosedShift, till: Till) -> Data:
    closed_ns = shift.closed_ns if isinstance(shift, ClosedShift) else None
    return {
        "id": till.profile.shift_id_base + shift.number,
        "number": shift.number,
        "is_active": closed_ns is None,
        "created_at": till.stamp(shift.opened_ns),
        "closed_at": None if closed_ns is None else till.stamp(closed_ns),
    }


def report_data(till: Till, shift: Shift, closed_ns: int | None) -> Data:
    """The X report of the open shift, or the Z report at the moment of closing."""
    at = till.local(till.now())
    of = {kind: till.sums(shift.number, kind) for kind in Operation}
    income = of[Operation.SALE].sum_tiyn - of[Operation.SALE_RETURN].sum_tiyn
    spent = of[Operation.PURCHASE].sum_tiyn - of[Operation.PURCHASE_RETURN].sum_tiyn
    identity, profile = till.memory.identity, till.profile
    duplicated = {
        "date_time": {
            "date": {"year": at.year, "month": at.month, "day": at.day},
            "time": {"hour": at.hour, "minute": at.minute, "second": at.second},
        },
        "shift_number": shift.number,
        "kassa": {
            "id": profile.kassa,
            "name": "Till 1",
            "factory_number": profile.hashline,
            "reg_number": identity.registration_number,
            "address": ADDRESS,
            "shift": shift.number,
        },
        "company": {"name": ORGANISATION, "bin_iin": identity.taxpayer_xin, "pay_nds": True},
        "ticket_operations": [_ticket_operation(till, shift.number, kind) for kind in RECEIPTS],
        "money_placements": [
            {
                "operation": number,
                "operations_total_count": till.memory.counts[kind],
                "operations_count": of[kind].count,
                "operations_sum": _money(of[kind].sum_tiyn),
            }
            for kind, number in _PLACEMENTS.items()
        ],
        "total_result": [
            {"operation": _NUMBERS[kind], "count": of[kind].count, "sum": _money(of[kind].sum_tiyn)}
            for kind in RECEIPTS
        ],
        "cash_sum": _money(till.memory.cash_tiyn),
        "revenue": {"sum": _money(abs(income - spent)), "is_negative": income < spent},
        "start_shift_non_nullable_sums": [
            {
                "operation": _NUMBERS[kind],
                "sum": _money(till.sum_since_beginning_tiyn(kind) - of[kind].sum_tiyn),
            }
            for kind in RECEIPTS
        ],
        "non_nullable_sums": [
            {"operation": _NUMBERS[kind], "sum": _money(till.sum_since_beginning_tiyn(kind))} for kind in RECEIPTS
        ],
    }
    closed_at = None if closed_ns is None else till.stamp(closed_ns)
    return {"created_at": till.stamp(shift.opened_ns), "closed_at": closed_at, "duplicated": duplicated}


def _ticket_operation(till: Till, shift: int, kind: Operation) -> Data:
    sums = till.sums(shift, kind)
    return {
        "operation": _NUMBERS[kind],
        "tickets_total_count": till.memory.counts[kind],
        "tickets_count": sums.count,
        "tickets_sum": _money(sums.sum_tiyn),
        "payments": [{"payment": paid, "sum": _money(amount)} for paid, (amount, _) in sorted(sums.paid.items())],
    }


def _money(amount_tiyn: int) -> Data:
    return {"bills": str(amount_tiyn // 100), "coins": amount_tiyn % 100}


def with_total(data: Data, more_tiyn: int) -> Data:
    """The same receipt with another total, for a service that mixes its answers up."""
    return {**data, "total_amount": Decimal(tiyn(data["total_amount"]) + more_tiyn) / 100}
