"""Shapes of the answers: the register, a stored document, a shift, a page of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hw_sim.cloud_till import local
from hw_sim.device.memory import ClosedShift, Shift
from hw_sim.exchange import NS, SimRequest
from hw_sim.rekassa.profile import Profile, Times
from hw_sim.rekassa.protojson import Message, enum, write
from hw_sim.rekassa.till import Ticket, Till

OPERATOR: Message = {"code": 1, "name": "Cashier"}
PAGE_MAX = 100
ADDRESS, ORGANISATION = "Almaty", "Shop LLP"
OFD_CODE, OFD_ID = "KT", 203001
_FDO = {
    "code": OFD_CODE,
    "nameRu": "АО «Казахтелеком»",
    "nameKk": "«Қазақтелеком» АҚ",
    "url": "consumer.test-oofd.kz",
}


def stamp(at_ns: int | None, profile: Profile) -> str | None:
    """A moment outside the protocol message, to the millisecond."""
    if at_ns is None:
        return None
    offset_h = 0 if profile.times is Times.UTC else profile.utc_offset_h
    at = local(at_ns, offset_h, profile.clock_offset_s)
    text = at.isoformat(timespec="milliseconds")
    if profile.times is Times.UTC:
        return text.replace("+00:00", "Z")
    return text[:-6] if profile.times is Times.LOCAL else text


def _reg_info(till: Till) -> Message:
    identity = till.memory.identity
    return {
        "kkm": {"fnsKkmId": identity.registration_number, "serialNumber": identity.serial},
        "org": {"title": ORGANISATION, "inn": identity.taxpayer_xin, "address": ADDRESS},
    }


def register_data(till: Till) -> Message:
    """The cash register as GET /api/crs/{id} shows it."""
    memory, profile = till.memory, till.profile
    shift, last = memory.shift, memory.closed[-1] if memory.closed else None
    number = shift.number if shift else memory.next_shift - 1
    opened = shift.opened_ns if shift else last.opened_ns if last else None
    since, expires = till.offline_since_ns(), till.shift_expires_ns()
    limit_ns = int(profile.offline_limit_s * NS)
    mode = "BLOCKED" if till.blocked else "ONLINE" if since is None else "OFFLINE"
    return {
        "id": profile.till_id,
        "name": "Till 1",
        "model": "reKassa 3.0",
        "serialNumber": memory.identity.serial,
        "status": "REGISTERED" if till.active else "DEREGISTERED",
        "registrationNumber": memory.identity.registration_number,
        "fdo": OFD_CODE,
        "fdoId": OFD_ID,
        "fdoMode": mode,
        "shiftNumber": number,
        "shiftOpen": shift is not None,
        "shiftOpenTime": stamp(opened, profile),
        "shiftCloseTime": stamp(last.closed_ns if last and not shift else None, profile),
        "shiftExpireTime": stamp(expires, profile),
        "shiftExpired": expires is not None and till.now() > expires,
        "shiftDocumentNumber": len(till.documents(number)),
        "offlineStartTime": stamp(since, profile),
        "offlineExpireTime": stamp(None if since is None else since + limit_ns, profile),
        "blockStartTime": None,
        "data": {
            "service": {"regInfo": _reg_info(till)},
            "configuration": {"taxMode": True, "timezone": "Asia/Almaty", "taxationType": "RTS"},
        },
    }


def ticket_data(ticket: Ticket, till: Till) -> Message:
    """A stored document. Its fiscal sign is read at the moment of asking: synchronisation changes it."""
    document, profile = ticket.document, till.profile
    receipt = document.operation.is_receipt
    name, kind = ("ticket", "TicketRequest") if receipt else ("moneyPlacement", "MoneyPlacementRequest")
    command = enum("COMMAND_TICKET" if receipt else "COMMAND_MONEY_PLACEMENT", "CommandTypeEnum", profile)
    message = {"operator": OPERATOR, **ticket.message}
    return {
        "id": ticket.id,
        "command": command,
        "ticketNumber": ticket.sign,
        "qrCode": till.qr(ticket),
        "offlineTicketNumber": ticket.offline_number,
        "fdo": dict(_FDO),
        "shiftNumber": document.shift,
        "shiftDocumentNumber": document.order_number,
        "messageTime": stamp(document.at_ns, profile),
        "status": "OK",
        "externalId": ticket.key or None,
        "offline": document.offline,
        "data": {
            "command": command,
            name: write(message, kind, profile),
            "service": {"regInfo": _reg_info(till)},
        },
        "_links": {"self": {"href": f"/api/crs/{profile.till_id}/tickets/{ticket.id}"}},
    }


def shift_data(shift: Shift | ClosedShift, till: Till) -> Message:
    """A shift; `data` is its report, once it is closed."""
    documents, profile = till.documents(shift.number), till.profile
    closed_ns = shift.closed_ns if isinstance(shift, ClosedShift) else None
    report = till.z_reports.get(shift.number)
    return {
        "shiftNumber": shift.number,
        "shiftTicketNumber": sum(document.operation.is_receipt for document in documents),
        "shiftDocumentNumber": len(documents),
        "open": closed_ns is None,
        "openTime": stamp(shift.opened_ns, profile),
        "closeTime": stamp(closed_ns, profile),
        "data": None if report is None else write(report, "ZXReport", profile),
    }


def page(rows: Sequence[Any], name: str, request: SimRequest, till: Till) -> Message:
    """A page of a list. An empty one has no `_embedded` at all, as the public clients know."""
    query = request.query
    size = min(_whole(query.get("size"), till.profile.page_size) or 1, PAGE_MAX)
    number = _whole(query.get("page"), 0)
    shown = list(rows[number * size : (number + 1) * size])
    content: Message = {"_embedded": {name: shown}} if shown else {}
    content["_links"] = {"self": {"href": request.target}}
    pages = -(-len(rows) // size)
    content["page"] = {"size": size, "totalElements": len(rows), "totalPages": pages, "number": number}
    return content


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else default
