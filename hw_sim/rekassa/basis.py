"""The original receipt of a return: its five values against what this till holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hw_sim.ledger import Operation
from hw_sim.ledger import tiyn as in_tiyn
from hw_sim.rekassa.errors import protocol_error
from hw_sim.rekassa.protojson import Message
from hw_sim.rekassa.ticket import check_moment, tiyn
from hw_sim.rekassa.till import Ticket, Till

_BASIS_OF = {Operation.SALE_RETURN: Operation.SALE, Operation.PURCHASE_RETURN: Operation.PURCHASE}


def proven_basis(till: Till, parent: Message, operation: Operation) -> Mapping[str, Any]:
    """The basis as the ledger keeps it. A receipt of another till is taken on trust: only its form can be checked.

    Raises:
        Refusal: PROTOCOL_ERROR, a value is not that of the original.
    """
    check_moment(parent["parentTicketDataTime"], "parentTicketDataTime")
    total = tiyn(parent["parentTicketTotal"])
    basis = {
        "CheckNumber": parent["parentTicketNumber"],
        "RegistrationNumber": parent["kgdKkmId"],
        "Total": total,
        "IsOffline": parent["parentTicketIsOffline"],
    }
    if parent["kgdKkmId"] != till.memory.identity.registration_number:
        return basis
    original = _original(till, parent["parentTicketNumber"], _BASIS_OF.get(operation))
    if original is None:
        raise protocol_error("parentTicket: no such receipt at this cash register")
    off_s = abs((_clock(original.message["dateTime"]) - _clock(parent["parentTicketDataTime"])).total_seconds())
    if off_s > till.profile.basis_tolerance_s:
        raise protocol_error("parentTicket: parentTicketDataTime is not that of the receipt")
    if total != in_tiyn(original.document.total):
        raise protocol_error("parentTicket: parentTicketTotal is not that of the receipt")
    if parent["parentTicketIsOffline"] != original.document.offline:
        raise protocol_error("parentTicket: parentTicketIsOffline is not that of the receipt")
    return basis


def _original(till: Till, number: str, operation: Operation | None) -> Ticket | None:
    """By the operator's sign, or by the number a receipt carried while it was autonomous."""
    for ticket in till.tickets:
        known = number and number in (ticket.sign, ticket.document.sign)
        if known and (operation is None or ticket.document.operation is operation):
            return ticket
    return None


def _clock(moment: Message) -> datetime:
    """A checked DateTime message as a value to subtract; both sides are local, so the zone does not matter."""
    day, hour = moment["date"], moment["time"]
    at = datetime(day["year"], day["month"], day["day"], tzinfo=UTC)
    return at.replace(hour=hour["hour"], minute=hour["minute"], second=hour.get("second", 0))
