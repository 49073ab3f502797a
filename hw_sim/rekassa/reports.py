"""The X and Z report of a shift, summed up from its documents; all four operations are listed, zero rows too."""

from __future__ import annotations

from hw_sim.cloud_till import RECEIPTS, Sums
from hw_sim.device.memory import Shift
from hw_sim.ledger import Operation
from hw_sim.rekassa.answers import OPERATOR
from hw_sim.rekassa.messages import ENUMS
from hw_sim.rekassa.protojson import Message
from hw_sim.rekassa.ticket import OPERATIONS, money
from hw_sim.rekassa.till import Till

_NAMES = {operation: name for name, operation in OPERATIONS.items()}
_PLACEMENTS = {Operation.CASH_IN: "MONEY_PLACEMENT_DEPOSIT", Operation.CASH_OUT: "MONEY_PLACEMENT_WITHDRAWAL"}
_PAYMENTS = ("PAYMENT_CASH", "PAYMENT_CARD", "PAYMENT_MOBILE")


def report(till: Till, shift: Shift, *, closing: bool) -> Message:
    """A ZXReport in canonical form: the running sums of the open shift."""
    of = {kind: till.sums(shift.number, kind) for kind in Operation}
    income = of[Operation.SALE].sum_tiyn - of[Operation.SALE_RETURN].sum_tiyn
    spent = of[Operation.PURCHASE].sum_tiyn - of[Operation.PURCHASE_RETURN].sum_tiyn
    now = till.protocol_moment(till.now())
    message: Message = {
        "dateTime": now,
        "shiftNumber": shift.number,
        "totalResult": [
            {"operation": _NAMES[kind], "count": of[kind].count, "sum": money(of[kind].sum_tiyn)} for kind in RECEIPTS
        ],
        "startShiftNonNullableSums": [
            {"operation": _NAMES[kind], "sum": money(till.sum_since_beginning_tiyn(kind) - of[kind].sum_tiyn)}
            for kind in RECEIPTS
        ],
        "ticketOperations": [_ticket_operation(till, kind, of[kind]) for kind in RECEIPTS],
        "moneyPlacements": [
            {
                "operation": name,
                "operationsTotalCount": till.memory.counts[kind],
                "operationsCount": of[kind].count,
                "operationsSum": money(of[kind].sum_tiyn),
                "offlineCount": of[kind].offline,
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


def _ticket_operation(till: Till, kind: Operation, sums: Sums) -> Message:
    paid = {name: sums.paid.get(ENUMS["PaymentTypeEnum"][name], (0, 0)) for name in _PAYMENTS}
    return {
        "operation": _NAMES[kind],
        "ticketsTotalCount": till.memory.counts[kind],
        "ticketsCount": sums.count,
        "ticketsSum": money(sums.sum_tiyn),
        "payments": [{"payment": name, "sum": money(amount), "count": count} for name, (amount, count) in paid.items()],
        "offlineCount": sums.offline,
        "discountSum": money(0),
        "markupSum": money(0),
        "changeSum": money(sums.change_tiyn),
    }
