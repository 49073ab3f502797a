"""Answers of reKassa: errors, documents, the till, shifts, lists. Pure; AnswerMalformed for whatever is none of them.

Sources: tests/vectors/rekassa.toml, where each field stands with the client that shows it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from fiscal.cloud import messages
from fiscal.cloud.seen import Seen, marks_in
from fiscal.cloud.service import ShiftState
from fiscal.documents import ShiftReport
from fiscal.failures import Failure, FailureKind
from fiscal.https import moments
from fiscal.https.fields import AnswerMalformed, Fields, Json, load, plain
from fiscal.rekassa.settings import Settings

_CONTENTS = {"ticket": messages.OPERATIONS, "moneyPlacement": messages.PLACEMENTS}


@dataclass(frozen=True, slots=True)
class VendorError:
    code: str
    text: str


def error_in(top: Fields) -> VendorError | None:
    """What a body says went wrong: `{code, message}`, or a document whose status is ERROR."""
    if top.text("status").upper() == "ERROR":
        return VendorError(top.text("errorType", "code"), top.optional_text("message", "errorMessage"))
    code = top.text("code")
    return VendorError(code, top.optional_text("message")) if code and top.get("id")[1] is None else None


def document(top: Fields, settings: Settings) -> Seen:
    """A receipt or a cash move, in any of its dresses; another kind of document by the vendor's word for it."""
    data = top.object("data") or Fields({}, top.at("data"))
    offset = settings.cloud.utc_offset
    name = next((name for name in _CONTENTS if data.get(name)[1] is not None), "")
    inner = data.object(name) if name else Fields({}, data.at("ticket"))
    if inner is None or not (name or top.text("command")):
        raise AnswerMalformed(top.at("data"), "holds no document")
    service = data.optional_object("service")
    registered = (service if service.values else inner.optional_object("service")).optional_object("regInfo")
    kkm, org, ofd = (
        registered.optional_object("kkm"), registered.optional_object("org"), top.optional_object("fdo"),
    )  # fmt: skip
    offline_number = top.text("offlineTicketNumber")
    kind = messages.word(inner, _CONTENTS[name], "operation") if name else top.text("command")
    at = messages.moment_at(inner, offset, "dateTime", "datetime") or messages.written_at(top, offset, "messageTime")
    return Seen(
        id=top.integer("id"),
        kind=kind,
        total_tiyn=_total(inner) if name == "ticket" else messages.tiyn(inner, "sum"),
        fiscal_sign=(top.text("ticketNumber") or offline_number).strip(),
        at=at,
        number=top.integer("shiftDocumentNumber"),
        shift=top.integer("shiftNumber"),
        offline=_offline(top, offline_number),
        key=top.text("externalId"),
        marks=tuple(marks_in(inner.origin)),
        qr=top.optional_text("qrCode"),
        identity=kkm.text("serialNumber"),
        registration_number=kkm.text("fnsKkmId"),
        taxpayer_name=org.optional_text("title"),
        taxpayer_xin=org.optional_text("inn"),
        address=org.optional_text("address"),
        ofd_name=ofd.optional_text("nameRu"),
        ofd_host=ofd.optional_text("url"),
        cashier=inner.optional_object("operator").optional_text("name"),
        raw=plain(top.origin),
    )


def _total(ticket: Fields) -> int | None:
    amounts = ticket.object("amounts")
    return None if amounts is None else messages.tiyn(amounts, "total")


def _offline(top: Fields, offline_number: str) -> bool | None:
    """Made autonomously; it stays so when the operator has given its number."""
    told = top.flag("offline")
    return True if offline_number else told


@dataclass(frozen=True, slots=True)
class TillState:
    id: int
    serial: str
    shift: int | None
    shift_open: bool
    opened_at: str
    documents: int | None  # Of the shift.
    offline: bool
    offline_since: str
    blocked: Failure | None
    facts: Seen  # What the till says of itself and its owner, to fill the gaps of a document.


def till(top: Fields, settings: Settings) -> TillState:
    """One till. AnswerMalformed without its number at the service."""
    number, offset = top.integer("id"), settings.cloud.utc_offset
    if number is None:
        raise AnswerMalformed(top.at("id"), "is missing")
    registered = top.optional_object("data").optional_object("service").optional_object("regInfo")
    kkm, org = registered.optional_object("kkm"), registered.optional_object("org")
    since = messages.written_at(top, offset, "offlineStartTime")
    shift_open = bool(top.flag("shiftOpen"))
    facts = Seen(
        id=None,
        kind="",
        total_tiyn=None,
        identity=top.text("serialNumber"),
        registration_number=top.text("registrationNumber") or kkm.text("fnsKkmId"),
        taxpayer_name=org.optional_text("title"),
        taxpayer_xin=org.optional_text("inn"),
        address=org.optional_text("address"),
    )
    return TillState(
        id=number,
        serial=top.text("serialNumber"),
        shift=top.integer("shiftNumber") or None,
        shift_open=shift_open,
        opened_at=messages.written_at(top, offset, "shiftOpenTime") if shift_open else "",
        documents=top.integer("shiftDocumentNumber"),
        offline=bool(since) or top.text("fdoMode").upper() == "OFFLINE",
        offline_since=since,
        blocked=_blocked(top, settings),
        facts=facts,
    )


def _blocked(top: Fields, settings: Settings) -> Failure | None:
    since = messages.written_at(top, settings.cloud.utc_offset, "blockStartTime")
    if not since and top.text("fdoMode").upper() != "BLOCKED":
        return None
    text = "the till is blocked" + (f" since {since}" if since else "")
    return Failure(FailureKind.CONFIGURATION, "rekassa:BLOCKED", text)


def shift_state(top: Fields, settings: Settings) -> ShiftState:
    """One shift, with its Z-report when it is over."""
    number, offset = top.integer("shiftNumber"), settings.cloud.utc_offset
    if number is None:
        raise AnswerMalformed(top.at("shiftNumber"), "is missing")
    closed_at = messages.written_at(top, offset, "closeTime")
    if not closed_at and top.flag("open") is False:
        raise AnswerMalformed(top.at("closeTime"), "is missing of a closed shift")
    return ShiftState(number, _report(top, settings, closed_at) if closed_at else None)


def x_report(top: Fields, settings: Settings) -> ShiftReport:
    return _report(top, settings, "")


def _report(top: Fields, settings: Settings, closed_at: str) -> ShiftReport:
    data, offset = top.object("data"), settings.cloud.utc_offset
    if data is None:
        raise AnswerMalformed(top.at("data"), "is missing")
    opened_at = messages.written_at(top, offset, "openTime")
    return messages.shift_report(data, offset, plain(top.origin), closed_at=closed_at, opened_at=opened_at)


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a list, in the service's order."""

    rows: list[Fields] = field(default_factory=list)
    total: int | None = None  # Length of the whole list, where it is told.


def page(top: Fields, container: str) -> Page:
    """A page of `_embedded.<container>`; a list without entries has no `_embedded` at all."""
    embedded = top.object("_embedded")
    rows = [] if embedded is None else embedded.objects(container)
    return Page(rows, top.optional_object("page").integer("totalElements"))


def tills(top: Fields) -> list[Fields]:
    """The tills of a user."""
    rows = page(top, "userCashRegisterRoles").rows
    return [till for row in rows if (till := row.object("cashRegister")) is not None]


def fields(body: bytes) -> Fields:
    return Fields.of(load(body), "")


def clock(login: Json, age_s: float, settings: Settings) -> str | None:
    """The service's local time, from its answer to a login of `age_s` ago; None when that told none."""
    told = Fields.of(login, "")
    text = told.optional_text("localDateTime") + told.optional_text("timeOffset")
    try:
        at, _ = moments.parse(text, settings.cloud.utc_offset)
        return (at + dt.timedelta(seconds=round(age_s))).isoformat()
    except (ValueError, OverflowError):
        return None


def token_in(body: bytes) -> tuple[str, Json]:
    """The token of a login, bare or in an object, and the object. Some boxes on the way add quotes or a line end."""
    text = body.decode("utf-8", "replace").strip().removeprefix("\ufeff")
    if not text.startswith("{"):
        return text.strip('"'), {}
    value: Any = load(body)
    return Fields.of(value, "").text("token"), value
