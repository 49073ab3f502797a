"""The X and Z report of a shift, summed up from its documents; all four operations are listed, zero rows too."""

from __future__ import annotations

from hw_sim.cloud_till import RECEIPTS
from hw_sim.device.memory import Shift
from hw_sim.ledger import FiscalDocument, Operation
from hw_sim.ledger import tiyn as in_tiyn
from hw_sim.rekassa.answers import OPERATOR
from hw_sim.rekassa.messages import ENUMS
from hw_sim.rekassa.protojson import Message
from hw_sim.rekassa.ticket import CASH, OPERATIONS, money
from hw_sim.rekassa.till import Till

_NAMES = {operation: name for name, operation in OPERATIONS.items()}
_PLACEMENTS = {Operation.CASH_IN: "MONEY_PLACEMENT_DEPOSIT", Operation.CASH_OUT: "MONEY_PLACEMENT_WITHDRAWAL"}
_PAYMENTS = ("PAYMENT_CASH", "PAYMENT_CARD", "PAYMENT_MOBILE")


def report(till: Till, shift: Shift, *, closing: bool) -> Message:
    """A ZXReport in canonical form: the running sums of the open shift."""
    documents = till.documents(shift.number)
    of = {kind: [doc for doc in documents if doc.operation is kind] for kind in Operation}
    totals = {kind: sum(in_tiyn(doc.total) for doc in of[kind]) for kind in Operation}
    income = totals[Operation.SALE] - totals[Operation.SALE_RETURN]
    spent = totals[Operation.PURCHASE] - totals[Operation.PURCHASE_RETURN]
    now = till.protocol_moment(till.moment_ns())
    message: Message = {
        "dateTime": now,
        "shiftNumber": shift.number,
        "totalResult": [
            {"operation": _NAMES[kind], "count": len(of[kind]), "sum": money(totals[kind])} for kind in RECEIPTS
        ],
        "startShiftNonNullableSums": [
            {"operation": _NAMES[kind], "sum": money(till.sum_since_beginning_tiyn(kind) - totals[kind])}
            for kind in RECEIPTS
        ],
        "ticketOperations": [_ticket_operation(till, kind, of[kind]) for kind in RECEIPTS],
        "moneyPlacements": [
            {
                "operation": name,
                "operationsTotalCount": till.memory.counts[kind],
                "operationsCount": len(of[kind]),
                "operationsSum": money(totals[kind]),
                "offlineCount": sum(doc.offline for doc in of[kind]),
            }
            for kind, name in _PLACEMENTS.items()
        ],
        "cashSum": money(till.memory.cash_tiyn),
        "revenue": {"sum": money(abs(income - spent)), "isNegative": income < spent},
        "nonNullableSums": [
            {"operation": _NAMES[kind], "sum": money(till.sum_since_beginning_tiyn(kind))} for kind in RECEIPTS
        ],
        "openShiftTime": till.protocol_moment(shift.opened_ns),
        "operator": OPERATOR,
    }
    if closing:
        message["closeShiftTime"] = now
    return message


def _ticket_operation(till: Till, kind: Operation, documents: list[FiscalDocument]) -> Message:
    paid = {name: [_paid(doc, ENUMS["PaymentTypeEnum"][name]) for doc in documents] for name in _PAYMENTS}
    return {
        "operation": _NAMES[kind],
        "ticketsTotalCount": till.memory.counts[kind],
        "ticketsCount": len(documents),
        "ticketsSum": money(sum(in_tiyn(doc.total) for doc in documents)),
        "payments": [
            {"payment": name, "sum": money(sum(amounts)), "count": sum(amount > 0 for amount in amounts)}
            for name, amounts in paid.items()
        ],
        "offlineCount": sum(doc.offline for doc in documents),
        "discountSum": money(0),
        "markupSum": money(0),
        "changeSum": money(sum(in_tiyn(doc.change) for doc in documents)),
    }


def _paid(document: FiscalDocument, kind: int) -> int:
    """What one kind of payment brought, net of change."""
    amount = sum(in_tiyn(paid) for paid_kind, paid in document.payments if paid_kind == kind)
    return amount - (in_tiyn(document.change) if kind == CASH and amount else 0)
