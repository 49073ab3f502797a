"""What each path of the service does once the caller is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from hw_sim.cloud_service import CloudCall
from hw_sim.device.memory import ClosedShift, Shift
from hw_sim.exchange import SimReply, json_reply
from hw_sim.ledger import Operation
from hw_sim.ledger import tiyn as in_tiyn
from hw_sim.rekassa import answers
from hw_sim.rekassa.basis import proven_basis
from hw_sim.rekassa.errors import Refusal, protocol_error
from hw_sim.rekassa.profile import MarkField, Refusals, Repeats
from hw_sim.rekassa.protojson import Message, read, write
from hw_sim.rekassa.reports import report
from hw_sim.rekassa.ticket import check_moment, money, read_ticket, tiyn
from hw_sim.rekassa.till import Ticket, Till

_PLACEMENTS: Mapping[str, Operation] = {
    "MONEY_PLACEMENT_DEPOSIT": Operation.CASH_IN,
    "MONEY_PLACEMENT_WITHDRAWAL": Operation.CASH_OUT,
}
_HIDDEN = {
    MarkField.BOTH: frozenset[str](),
    MarkField.LIST: frozenset({"exciseStamp"}),
    MarkField.SINGLE: frozenset({"listExciseStamp"}),
}


class Call(CloudCall[Till]):
    """One request."""

    @property
    def key(self) -> str:
        return self.request.headers.get("x-request-id", "")

    def body(self, kind: str) -> Message:
        """The body as a message.

        Raises:
            Refusal: PROTOCOL_ERROR.
        """
        profile = self.till.profile
        try:
            content = json.loads(self.request.body)
        except (ValueError, RecursionError) as error:
            raise protocol_error(f"JSON: {type(error).__name__}") from error
        hidden = _HIDDEN[profile.marks]
        return read(content, kind, unknown_refused=profile.unknown_fields_refused, hidden=hidden)


Handler = Callable[[Call], SimReply]


def registers(asked: Call) -> SimReply:
    row = {
        "cashRegister": answers.register_data(asked.till),
        "organization": {
            "businessId": asked.till.memory.identity.taxpayer_xin,
            "businessName": answers.ORGANISATION,
        },
        "roles": ["CASHIER"],
    }
    return json_reply(answers.page([row], "userCashRegisterRoles", asked.request, asked.till))


def register(asked: Call) -> SimReply:
    return json_reply(answers.register_data(asked.till))


def shifts(asked: Call) -> SimReply:
    """Newest first; the open one only when asked for."""
    memory = asked.till.memory
    rows = [answers.shift_data(shift, asked.till) for shift in reversed(memory.closed)]
    if memory.shift is not None and asked.request.query.get("includeOpen", "").lower() == "true":
        rows.insert(0, answers.shift_data(memory.shift, asked.till))
    return json_reply(answers.page(rows, "shifts", asked.request, asked.till))


def one_shift(asked: Call) -> SimReply:
    memory, [number] = asked.till.memory, asked.numbers
    known: list[Shift | ClosedShift] = [*memory.closed, *([memory.shift] if memory.shift else [])]
    found = next((shift for shift in known if shift.number == number), None)
    if found is None:
        raise Refusal("NOT_FOUND")
    return json_reply(answers.shift_data(found, asked.till))


def tickets(asked: Call) -> SimReply:
    """Every document of a shift, newest first, cash moves among them."""
    [number] = asked.numbers
    found = [ticket for ticket in reversed(asked.till.tickets) if ticket.document.shift == number]
    rows = [answers.ticket_data(ticket, asked.till) for ticket in found]
    return json_reply(answers.page(rows, "tickets", asked.request, asked.till))


def one_ticket(asked: Call) -> SimReply:
    found = asked.till.numbered(asked.numbers[0])
    if found is None:
        raise Refusal("NOT_FOUND")
    return json_reply(answers.ticket_data(found, asked.till))


def x_report(asked: Call) -> SimReply:
    till, open_shift = asked.till, asked.till.memory.shift
    if open_shift is None or open_shift.number != asked.numbers[0]:
        raise Refusal("CASH_REGISTER_SHOULD_HAVE_SHIFT_OPEN")
    data = write(report(till, open_shift, closing=False), "ZXReport", till.profile)
    content = {
        "type": "REPORT_X",
        "shiftNumber": open_shift.number,
        "messageTime": answers.stamp(till.now(), till.profile),
        "offline": not till.ofd.is_up(),
        "data": data,
    }
    return json_reply(content)


def close(asked: Call) -> SimReply:
    """Z. The PIN is asked before the state of the shift."""
    till = asked.till
    if asked.fault("wrong_pin") or asked.request.headers.get("cash-register-password") != till.profile.pin:
        raise Refusal("WRONG_PASSWORD")
    open_shift = till.memory.shift
    if open_shift is None or open_shift.number != asked.numbers[0]:
        raise Refusal("CASH_REGISTER_SHOULD_HAVE_SHIFT_OPEN")
    return json_reply(answers.shift_data(_close(till, open_shift), till))


def close_any_shift(till: Till) -> None:
    """Close the shift, if one is open, for somebody else."""
    if till.memory.shift is not None:
        _close(till, till.memory.shift)


def _close(till: Till, open_shift: Shift) -> ClosedShift:
    till.z_reports[open_shift.number] = report(till, open_shift, closing=True)
    return till.memory.close_shift(till.now())


def sell(asked: Call) -> SimReply:
    """Register a receipt, or answer what was registered under the same X-Request-ID before."""
    return _write(asked, _register_receipt)


def cash(asked: Call) -> SimReply:
    """Put cash in or take it out."""
    return _write(asked, _register_cash)


def _write(asked: Call, register_it: Callable[[Call], Ticket]) -> SimReply:
    till = asked.till
    first = till.with_key(asked.key) if till.profile.repeats is not Repeats.REGISTER else None
    if first is not None:
        return _repeat(asked, first)
    try:
        till.require_active()
        made = register_it(asked)
    except Refusal as refusal:
        if till.profile.refusals is Refusals.HTTP:
            raise
        content = {"id": None, "status": "ERROR", "errorType": refusal.code, "error": refusal.text}
        return json_reply({**content, "ticketNumber": None, "externalId": asked.key or None})
    return json_reply(answers.ticket_data(made, till))


def _repeat(asked: Call, first: Ticket) -> SimReply:
    till = asked.till
    if till.profile.repeats is Repeats.REFUSE or asked.queue.draw_point("repeat_refused", asked.operation):
        raise Refusal("DUPLICATE_EXTERNAL_ID")
    if not asked.queue.draw_point("repeat_other_total", asked.operation):
        return json_reply(answers.ticket_data(first, till))
    other = money(in_tiyn(first.document.total) + 100)
    amounts = {**first.message.get("amounts", {}), "total": other}
    return json_reply(answers.ticket_data(replace(first, message={**first.message, "amounts": amounts}), till))


def _register_receipt(asked: Call) -> Ticket:
    till = asked.till
    headers = asked.request.headers
    if till.profile.geo_required and not {"x-geo-latitude", "x-geo-longitude"} <= set(headers):
        raise protocol_error("Message missing required fields: service.security_stats.geo_position")
    message = asked.body("TicketRequest")
    draft = read_ticket(message, till.profile, till.memory.identity.taxpayer_xin)
    basis = proven_basis(till, message["parentTicket"], draft.operation) if "parentTicket" in message else None
    till.require_writable(draft.operation, draft.cash_tiyn)
    return till.register(
        draft.operation,
        draft.total_tiyn,
        message,
        asked.key,
        payments_tiyn=draft.handed_tiyn,
        cash_tiyn=draft.cash_tiyn,
        change_tiyn=draft.change_tiyn,
        tax_tiyn=draft.tax_tiyn,
        marks=draft.marks,
        positions=draft.positions,
        basis=basis,
        offline=asked.offline,
    )


def _register_cash(asked: Call) -> Ticket:
    till = asked.till
    message = asked.body("MoneyPlacementRequest")
    check_moment(message["datetime"], "datetime")
    operation, amount = _PLACEMENTS[message["operation"]], tiyn(message["sum"])
    if not amount:
        raise protocol_error("sum is 0")
    till.require_writable(operation, amount)
    return till.register(operation, amount, message, asked.key, offline=asked.offline)
