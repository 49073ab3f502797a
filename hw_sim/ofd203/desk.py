"""The operator's desk: what all registers share, and what a command is handed when it is carried out."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hw_sim.exchange import NS, Clock
from hw_sim.ledger import FiscalDocument
from hw_sim.ofd import Ofd
from hw_sim.ofd203.catalogue import Catalogue
from hw_sim.ofd203.device import Device
from hw_sim.ofd203.frames import Header
from hw_sim.ofd203.results import Refusal, Result, wrong
from hw_sim.ofd203.rules import Rules
from hw_sim.ofd203.values import local, moment, stamp

TICKET_AD_OFD, TICKET_AD_INFO = 0, 4
TOKEN_MOD = 1 << 32
RECEIPT_PAGE = "http://consumer.test-oofd.kz"


@dataclass(frozen=True, slots=True)
class Clerk:
    """Somebody COMMAND_AUTH knows."""

    password: str
    code: int
    name: str
    roles: tuple[int, ...] = (1,)


@dataclass(frozen=True, slots=True)
class Call:
    """One request that is about to be carried out."""

    header: Header
    request: Mapping[str, Any]
    queued: bool  # It was kept while the register was alone, and is sent now.

    @property
    def service(self) -> Mapping[str, Any]:
        return self.request.get("service") or {}


@dataclass(slots=True)
class Desk:
    """Everything the operator has beside its registers.

    `ads` are the texts for receipts by type: version and text. `public`: the page behind the QR, and the way of the
    marks to the traceability system. `signs` gives fiscal signs, `tokens` the token after a token.
    """

    now: Clock
    rng: random.Random
    rules: Rules = field(default_factory=Rules)
    catalogue: Catalogue = field(default_factory=Catalogue)
    clerks: Mapping[str, Clerk] = field(default_factory=dict)
    ads: dict[int, tuple[int, str]] = field(default_factory=dict)
    public: Ofd | None = None
    signs: Callable[[], str] | None = None
    tokens: Callable[[int], int] | None = None
    receipt_page: str = RECEIPT_PAGE
    utc_offset_h: int = 5
    clock_offset_s: int = 0

    def now_ns(self) -> int:
        """The operator's own clock."""
        return self.now() + self.clock_offset_s * NS

    def here(self) -> datetime:
        """The operator's wall clock."""
        return local(self.now_ns(), self.utc_offset_h)

    def next_sign(self) -> str:
        if self.signs is not None:
            return self.signs()
        if self.public is not None:
            return self.public.next_sign()
        return str(self.rng.randrange(1_000_000_000, 10_000_000_000))

    def next_token(self, token: int) -> int:
        """Another one than `token`."""
        if self.tokens is not None:
            return self.tokens(token)
        return (token + self.rng.randrange(1, TOKEN_MOD)) % TOKEN_MOD

    def passed_on(self, document: FiscalDocument) -> None:
        """Let the public page and the traceability system have a receipt."""
        if self.public is not None:
            self.public.submit(document)


def is_queued(request: Mapping[str, Any], part: Mapping[str, Any]) -> bool:
    """Whether a request comes out of a queue.

    Public clients send an offline period of no length with every request (begin and end are now), so only a period
    that lasts tells anything.
    """
    if part.get("is_offline") or "offline_ticket_number" in part:
        return True
    period = (request.get("service") or {}).get("offline_period")
    if period is None:
        return False
    return moment(period["begin_time"], "begin_time") < moment(period["end_time"], "end_time")


def require_service(desk: Desk, device: Device, call: Call) -> None:
    """The service part of a fiscal request: what must be there, and whose it is."""
    for name in desk.rules.service_required:
        if name not in call.service:
            code = desk.rules.missing_code if "ticket" in call.request else Result.INCORRECT_REQUEST_DATA
            raise Refusal(code, f"service.{name} is mandatory")
    given = call.service.get("reg_info")
    if given is None or not desk.rules.identity_checked:
        return
    identity = device.memory.identity
    for part, name, own in (
        ("kkm", "fns_kkm_id", identity.registration_number),
        ("kkm", "serial_number", identity.serial),
        ("kkm", "kkm_id", str(device.id)),
        ("org", "inn", identity.taxpayer_xin),
    ):
        told = given.get(part, {}).get(name, own)
        if told != own:
            raise wrong(f"service.reg_info.{part}.{name}: {told} is not the register's")


def require_time(desk: Desk, device: Device, call: Call, at: datetime) -> None:
    """The moment a document bears: near the operator's clock, or in the order of the queue."""
    rules = desk.rules
    if call.queued:
        if rules.order_checked and device.newest is not None and at < device.newest:
            raise wrong(f"a queued document of {at} after one of {device.newest}: the order is broken")
        return
    if rules.clock_tolerance_s and abs((at - desk.here()).total_seconds()) > rules.clock_tolerance_s:
        raise wrong(f"the register's clock says {at}, here it is {desk.here()}")


def require_young_shift(desk: Desk, device: Device, call: Call) -> None:
    """Code 11 on a shift that is open for too long; never for a queued message."""
    shift = device.memory.shift
    limit = desk.rules.shift_limit_s
    if shift is None or call.queued or not limit:
        return
    if desk.now_ns() - shift.opened_ns >= limit * NS:
        raise Refusal(Result.OPEN_SHIFT_TIMEOUT_EXPIRED, f"shift {shift.number} must be closed")


def require_shift_number(desk: Desk, device: Device, number: int | None) -> None:
    """The number of the shift the register believes to be open."""
    own = device.counters.number if device.counters else device.memory.next_shift
    if desk.rules.shift_number_checked and number is not None and number != own:
        raise wrong(f"fr_shift_number: {number}, here it is {own}")


def ads(desk: Desk, known: Mapping[int, int], wanted: set[int]) -> list[dict[str, Any]]:
    """Texts of the wanted types whose version the register does not have. `known`: versions it has, by type."""
    return [
        {"info": {"type": kind, "version": version}, "text": text}
        for kind, (version, text) in sorted(desk.ads.items())
        if kind in wanted and known.get(kind) != version
    ]


def service_answer(desk: Desk, device: Device, call: Call, whole: bool = False) -> dict[str, Any]:
    """The service part of an answer: what was asked for, and new versions of the texts it names.

    `whole`: everything, as INFO gives it.
    """
    known = {info["type"]: info["version"] for info in call.service.get("ticket_ad_infos", ())}
    texts = ads(desk, known, set(desk.ads if whole else known))
    answer: dict[str, Any] = {"ticket_ads": texts} if texts else {}
    if whole or call.service.get("get_reg_info"):
        answer["reg_info"] = _reg_info(device)
    if whole or call.service.get("get_binded_taxation"):
        papers = device.papers
        taxes = [{"tax_type": 100, "percent": papers.vat_percent}]
        answer["binded_taxation"] = {"taxation_type": papers.taxation_type, "taxes": taxes}
    if whole and device.last_document is not None:
        last = device.last_document
        answer["last_document_info"] = {"fr_shift_number": last.shift, "printed_document_number": last.number}
    return answer


def _reg_info(device: Device) -> dict[str, Any]:
    papers, identity = device.papers, device.memory.identity
    place = {"address": papers.address, "address_kz": papers.address_kz}
    return {
        "kkm": {
            "fns_kkm_id": identity.registration_number,
            "serial_number": identity.serial,
            "kkm_id": str(device.id),
        },
        "pos": {"title": papers.shop, **place, "latitude": papers.latitude, "longitude": papers.longitude},
        "org": {
            "title": papers.organisation,
            "address": papers.address,
            "inn": identity.taxpayer_xin,
            "okved": papers.okved,
            "address_kz": papers.address_kz,
        },
    }


def here_stamp(desk: Desk) -> dict[str, Any]:
    """The operator's wall clock as a DateTime."""
    return stamp(desk.here())
