"""The Webkassa service: sessions, routes, faults and the cashboxes behind them.

Written from the vendor's public v4 collection for data protocol 2.0.3 and public captures of its answers (OposWebkassa,
webkassa-iikofront-adapter). Business errors travel with HTTP 200; what stands in front of the service (a missing API
key, an unknown path) answers with a status of its own.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hw_sim.exchange import NS, Clock, SimReply, SimRequest, json_reply, text_reply
from hw_sim.faults import ERROR_PAGE, TRANSPORT_KINDS, Fault, Kind, Place, aimed
from hw_sim.ledger import tiyn
from hw_sim.ofd import Ofd
from hw_sim.reach import Reach, zone_option
from hw_sim.server import Server
from hw_sim.switches import profile_switches
from hw_sim.webkassa import cashbox as boxes
from hw_sim.webkassa import reads, writes
from hw_sim.webkassa.call import Call, Route, Routes, User
from hw_sim.webkassa.cashbox import Cashbox
from hw_sim.webkassa.errors import SEQUENCE, UNKNOWN, Refusal, data_reply, error_reply, invalid
from hw_sim.webkassa.fields import Fields, read_body
from hw_sim.webkassa.profile import Profile

AUTHORIZE_PATH = "/api/v4/authorize"
KINDS = {
    **aimed(TRANSPORT_KINDS, "check"),
    "duplicate_without_data": Kind(Place.POINT, "check", "the next duplicate is answered with 14 and no Data"),
    "duplicate_other_total": Kind(Place.POINT, "check", "the next duplicate is answered with Data of another total"),
    "token_expired": Kind(Place.BEFORE, "check", "the session ends before this request: code 2"),
    "offline": Kind(Place.BEFORE, "check", "the OFD does not answer for this request: autonomous receipt"),
    "offline_over_72h": Kind(Place.BEFORE, "check", "code 18"),
    "shift_over_24h": Kind(Place.BEFORE, "check", "the shift becomes older than a day: code 11 until ZReport"),
    "sequence_violation": Kind(Place.BEFORE, "check", "code 9 with the words of a parallel request"),
    "lookup_down": Kind(Place.BEFORE, "lookup", "the history service answers HTTP 503"),
    "print_down": Kind(Place.BEFORE, "print_format", "PrintFormat answers HTTP 500"),
    "http_505": Kind(Place.BEFORE, "check", "HTTP 505 with AlternativeDomainNames (`domains`: comma separated)"),
    "code_505": Kind(Place.BEFORE, "check", "code 505 with AlternativeDomainNames (`domains`: comma separated)"),
    "code": Kind(Place.BEFORE, "check", "any business error: `code` (-1), `text`", {"code": int, "text": str}),
}

_BY_PATH: Routes = {
    "/api/v4/check": Route("check", writes.check),
    "/api/v4/moneyoperation": Route("money_operation", writes.money_operation),
    "/api/v4/xreport": Route("x_report", writes.x_report),
    "/api/v4/zreport": Route("z_report", writes.z_report),
    "/api/v4/zreport/byshiftnumber": Route("z_by_shift", reads.z_by_shift),
    "/api/v4/zreport/history": Route("z_history", reads.z_history),
    "/api/v4/reports/controltape": Route("control_tape", reads.control_tape),
    "/api/v4/ticket/printformat": Route("print_format", reads.print_format),
    "/api/v4/check/history": Route("check_history", reads.check_history),
    "/api/v4/check/historybynumber": Route("history_by_number", reads.history_by_number),
    "/api/v4/cashbox/shifthistory": Route("shift_history", reads.shift_history),
    "/api-history/v4/ticket/getticketbyexternalchecknumber": Route("lookup", reads.lookup, serial=False),
    "/api/v4/references/refunits": Route("ref_units", reads.ref_units, needs_cashbox=False, serial=False),
    "/api/v4/cashboxes": Route("cashboxes", reads.cashboxes, needs_cashbox=False, serial=False),
    "/api-portal/cashbox/state": Route("state", reads.state, serial=False),
    "/api/cashbox/state": Route("state", reads.state, serial=False),
    "/api-portal/v4/cashbox/client-info": Route("client_info", reads.client_info, serial=False),
}


class Webkassa(Server):
    """The whole service. `cashboxes` and `users` may be changed at any time by whoever owns the object.

    Args:
        now: UTC nanoseconds.
        rng: tokens, autonomous signs, processing time.
        ofd: the operator behind the cashboxes.
    """

    def __init__(
        self,
        now: Clock,
        rng: random.Random,
        ofd: Ofd,
        cashboxes: Iterable[Cashbox] = (),
        users: Iterable[User] = (),
        profile: Profile | None = None,
    ) -> None:
        super().__init__(now, rng, KINDS)
        self.ofd = ofd
        self.profile = profile or Profile()
        self.cashboxes = {box.unique_number: box for box in cashboxes}
        self.users = {user.login: user for user in users}
        self._spent_tokens: set[str] = set()
        self.before_each.append(ofd.step)
        self.views["ledger"] = self.ledger_rows
        self.views["totals"] = self.totals
        self.switches.update(profile_switches(self.profile))
        self.switches["ofd_down"] = self._switch_ofd
        self.switched["ofd_down"] = lambda: self.ofd.link.down

    @property
    def greeting(self) -> tuple[str, ...]:
        """What a person needs to talk to it."""
        user, box = self._first()
        return (
            f"Cashbox {box.unique_number}, login {user.login}, password {user.password}, "
            f"x-api-key {min(self.profile.api_keys, default='none')}.",
        )

    @property
    def reach(self) -> Reach:
        user, box = self._first()
        key = min(self.profile.api_keys, default="")
        return Reach(
            "webkassa",
            {"cashbox": box.unique_number, "login": user.login, **zone_option(self.profile.utc_offset_h)},
            {"webkassa_password": user.password, "webkassa_api_key": key},
        )

    def _first(self) -> tuple[User, Cashbox]:
        return next(iter(self.users.values())), next(iter(self.cashboxes.values()))

    def totals(self) -> dict[str, Any]:
        """Counters and sums of each cashbox, money in tiyn."""
        return {
            number: {
                "documents": len(box.documents),
                "cash_tiyn": tiyn(box.cash),
                "closed_shifts": sum(shift.closed_ns is not None for shift in box.shifts),
                "shift": box.shift.number if box.shift else None,
                "counts": {str(kind): count for kind, count in box.counts.items()},
                "sums_tiyn": {str(kind): tiyn(total) for kind, total in box.totals.items()},
            }
            for number, box in self.cashboxes.items()
        }

    def ledger_rows(self) -> list[dict[str, Any]]:
        """Every registered document of every cashbox, oldest first, money in tiyn."""
        documents = [doc for box in self.cashboxes.values() for doc in box.documents]
        return [doc.row() for doc in sorted(documents, key=lambda doc: (doc.at_ns, doc.cashbox, doc.document_number))]

    def registered_as(self, registration_number: str) -> Cashbox | None:
        """The cashbox with this registration number, if it is one of ours."""
        known = self.cashboxes.values()
        return next((box for box in known if box.registration_number == registration_number), None)

    def own_sign(self) -> str:
        """An autonomous fiscal sign, made without the operator."""
        return str(self.rng.randrange(100_000_000_000, 1_000_000_000_000))

    def _switch_ofd(self, down: Any) -> None:
        """The operator cannot be reached."""
        self.ofd.link.down = bool(down)

    def operation(self, request: SimRequest) -> str:
        path = request.path.lower().rstrip("/")
        if path == AUTHORIZE_PATH:
            return "authorize"
        return _BY_PATH[path].operation if path in _BY_PATH else ""

    def answer(self, request: SimRequest, operation: str, faults: list[Fault]) -> SimReply:
        if not operation:
            return text_reply(ERROR_PAGE.format("404 Not Found"), 404)
        if request.method != "POST":
            return text_reply(ERROR_PAGE.format("405 Method Not Allowed"), 405)
        for fault in faults:
            if fault.name in ("lookup_down", "print_down"):
                status = 503 if fault.name == "lookup_down" else 500
                return text_reply(ERROR_PAGE.format(f"{status}"), status)
            if fault.name in ("http_505", "code_505"):
                return self._elsewhere(fault)
        if request.headers.get("x-api-key") not in self.profile.api_keys:
            return json_reply({"message": "No API key found in request or the key is unknown"}, 401)
        try:
            fields = read_body(request.body)
            if operation == "authorize":
                return self._authorize(fields)
            return self._serve(request, fields, faults)
        except Refusal as refusal:
            return error_reply(refusal.code, refusal.text)

    def _elsewhere(self, fault: Fault) -> SimReply:
        domains = str(fault.params.get("domains", ",".join(self.profile.alternative_domains)))
        header = (("AlternativeDomainNames", domains),)
        if fault.name == "http_505":
            return replace(text_reply(ERROR_PAGE.format("505"), 505), headers=header)
        reply = error_reply(505)
        return replace(reply, headers=(*reply.headers, *header))

    def _authorize(self, fields: Fields) -> SimReply:
        user = self.users.get(fields.text("Login", required=True))
        if user is None or user.password != fields.text("Password", required=True):
            raise Refusal(1)
        self._end_session(user)
        user.token, user.token_ns = f"{self.rng.getrandbits(128):032x}", self.now()
        return data_reply({"Token": user.token})

    def _end_session(self, user: User) -> None:
        if user.token:
            self._spent_tokens.add(user.token)
        user.token = ""

    def _user_of(self, fields: Fields, faults: list[Fault]) -> User:
        token = fields.text("Token")
        user = next((user for user in self.users.values() if token and user.token == token), None)
        if user is not None:
            ended = any(fault.name == "token_expired" for fault in faults)
            if ended or self.now() - user.token_ns > self.profile.token_life_s * NS:
                self._end_session(user)
                raise Refusal(2)
            return user
        raise Refusal(2 if token in self._spent_tokens else 3)

    def _serve(self, request: SimRequest, fields: Fields, faults: list[Fault]) -> SimReply:
        route = _BY_PATH[request.path.lower().rstrip("/")]
        user = self._user_of(fields, faults)
        box = self._cashbox_of(fields, user) if route.needs_cashbox else None
        for fault in faults:
            if fault.name == "sequence_violation":
                raise invalid(SEQUENCE)
            if fault.name == "code":
                raise Refusal(int(fault.params.get("code", UNKNOWN)), str(fault.params.get("text", "")))
        if box is not None and route.serial and self.now() < box.busy_until_ns:
            raise invalid(SEQUENCE)
        reply = route.handler(Call(self, request, route.operation, fields, user, faults, box))
        if box is None or not route.serial:
            return reply
        busy_s = self._processing_s()
        held_s = sum(fault.seconds for fault in faults if fault.name == "slow" and fault.params.get("busy"))
        box.busy_until_ns = self.now() + int((busy_s + held_s) * NS)
        return replace(reply, delay_s=reply.delay_s + busy_s)

    def _processing_s(self) -> float:
        low, high = self.profile.processing_s
        return self.rng.uniform(low, high) if high else 0.0

    def _cashbox_of(self, fields: Fields, user: User) -> Cashbox:
        number = fields.text("CashboxUniqueNumber", required=True)
        box = self.cashboxes.get(number)
        if box is None:
            raise Refusal(6)
        if user.cashboxes is not None and number not in user.cashboxes:
            raise Refusal(5)
        if box.status in (boxes.BLOCKED, boxes.DAMAGED, boxes.DEREGISTERED):
            raise Refusal(7)
        if box.status == boxes.CREATED:
            raise Refusal(10)
        if not box.licensed:
            raise Refusal(1404)
        return box

    def postponed(self, request: SimRequest, operation: str, until_ns: int) -> None:
        """A request still being worked on holds its cashbox."""
        route = _BY_PATH.get(request.path.lower().rstrip("/"))
        if route is None or not route.serial:
            return
        try:
            box = self.cashboxes.get(read_body(request.body).text("CashboxUniqueNumber"))
        except Refusal:
            return
        if box is not None:
            box.busy_until_ns = max(box.busy_until_ns, until_ns)
