"""The uKassa service: login, paths, faults, and the till behind them.

No specification is public. Written from public clients (tests/vectors/ukassa.toml names them); what they leave open is
a switch of `Profile`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from hw_sim.cloud_service import CloudService, Route, find, route
from hw_sim.device.memory import FiscalMemory, Identity
from hw_sim.exchange import Clock, SimReply, SimRequest, json_reply, text_reply
from hw_sim.faults import ERROR_PAGE, TRANSPORT_KINDS, Fault, Kind, Place, aimed
from hw_sim.ledger import Operation
from hw_sim.ofd import Ofd
from hw_sim.reach import Reach, zone_option
from hw_sim.ukassa import answers, handlers
from hw_sim.ukassa.errors import Refusal, refused, unauthorised
from hw_sim.ukassa.fields import read_body
from hw_sim.ukassa.handlers import Call, Handler
from hw_sim.ukassa.profile import KeyHeader, Profile
from hw_sim.ukassa.till import Till

KINDS: Mapping[str, Kind] = {
    **aimed(TRANSPORT_KINDS, "receipt"),
    "token_expired": Kind(Place.BEFORE, "receipt", "the token ends before this request: HTTP 401"),
    "shift_period_expired": Kind(Place.BEFORE, "receipt", "the shift becomes older than a day, until Z"),
    "offline": Kind(Place.BEFORE, "receipt", "the OFD does not answer for this request: autonomous document"),
    "shift_closed_by_another": Kind(Place.BEFORE, "close", "somebody closes the shift just before this request"),
    "another_program": Kind(Place.BEFORE, "receipt", "somebody sells for `sum_tiyn` just before this request"),
    "repeat_conflict": Kind(Place.POINT, "receipt", "the next repeat is answered HTTP 409"),
    "repeat_other_total": Kind(Place.POINT, "receipt", "the next repeat shows the document with another total"),
    "refuse": Kind(Place.BEFORE, "receipt", "any refusal: `status` (400), `message`"),
}

USUAL_VAT = 16

_ROUTES: tuple[Route[Handler], ...] = (
    route("POST", "/api/auth/login/", "login", None),
    route("POST", "/api/auth/logout/", "logout", None),
    route("GET", "/api/auth/get_user/", "user", handlers.user),
    route("POST", "/api/v2/operation/ticket/", "receipt", handlers.sell),
    route("POST", "/api/v1/ofd/receipt/", "receipt", handlers.sell),
    route("POST", "/api/operation/cash_operation/", "cash", handlers.cash),
    route("POST", "/api/kassa/get_shift_report/", "x_report", handlers.x_report),
    route("POST", "/api/kassa/close_z_shift/", "close", handlers.close),
    route("POST", "/api/kassa/get_z_report_section/", "z_report", handlers.z_report),
    route("GET", "/api/kassa/get_shift_list/", "shifts", handlers.shifts),
    route("GET", "/api/kassa/get_shift_operations/", "operations", handlers.operations),
    route("GET", "/api/operation/{n}/", "operation", handlers.one_operation),
    route("GET", "/api/department/", "departments", handlers.departments),
)


class Ukassa(CloudService):
    """The service with one till. Fields of `till`, `memory` and `profile` may be changed at any time by the owner."""

    def __init__(
        self,
        now: Clock,
        rng: random.Random,
        ofd: Ofd,
        memory: FiscalMemory | None = None,
        profile: Profile | None = None,
    ) -> None:
        self.profile = profile or Profile()
        memory = memory or FiscalMemory(Identity(serial=self.profile.hashline))
        super().__init__(now, rng, KINDS, ofd, memory, self.profile)
        self.till = Till(self.memory, ofd, self.now, self.profile, profile=self.profile, rng=rng)

    @property
    def greeting(self) -> tuple[str, ...]:
        """What a person needs to talk to it."""
        profile = self.profile
        login = f"Login: email {profile.email}, password {profile.password}, hashline {profile.hashline}"
        return (f"{login}, kassa {profile.kassa}, section {profile.section}.",)

    @property
    def reach(self) -> Reach:
        profile = self.profile
        one_header = {"key_header": profile.key_header.upper()} if profile.key_header is not KeyHeader.BOTH else {}
        return Reach(
            "ukassa",
            {
                "hashline": profile.hashline,
                "kassa": str(profile.kassa),
                "section": str(profile.section),
                "email": profile.email,
                **one_header,
                **({"vat": str(profile.vat_percent)} if profile.vat_percent != USUAL_VAT else {}),
                **zone_option(profile.utc_offset_h),
            },
            {"ukassa_password": profile.password},
        )

    def operation(self, request: SimRequest) -> str:
        found = find(_ROUTES, request)
        return found[0].operation if found else ""

    def answer(self, request: SimRequest, operation: str, faults: list[Fault]) -> SimReply:
        found = find(_ROUTES, request)
        if found is None:
            return _nowhere(request)
        taken, numbers = found
        try:
            if operation == "login":
                return self._login(request)
            token = self._require_token(request, faults)
            if taken.handler is None:
                self.end_token(token)
                return json_reply({"message": "OK"})
            self._obey(faults)
            return taken.handler(Call(self.till, request, numbers, operation, faults, self.faults))
        except Refusal as refusal:
            return refusal.reply()

    def _login(self, request: SimRequest) -> SimReply:
        fields = read_body(request.body, request.headers.get("content-type", ""))
        profile = self.profile
        wanted = {"email": profile.email, "password": profile.password, "hashline": profile.hashline}
        if any(fields.text(name, required=True) != value for name, value in wanted.items()):
            raise refused("Неверный логин или пароль")
        token = f"{self.rng.getrandbits(160):040x}"
        self.give_token(token)
        given = {profile.token_field.value: token}
        if profile.token_in_data:
            return json_reply({"data": given})
        return json_reply({**answers.user_data(self.till), **given})

    def _require_token(self, request: SimRequest, faults: list[Fault]) -> str:
        token = self.token_of(request, "Token", self.profile.token_life_s, faults)
        if token is None:
            raise unauthorised()
        return token

    def _obey(self, faults: list[Fault]) -> None:
        """What the ordered faults do to the till before the request is processed."""
        for fault in faults:
            if fault.name == "shift_period_expired":
                self.till.expire_shift()
            elif fault.name == "shift_closed_by_another":
                handlers.close_any_shift(self.till)
            elif fault.name == "another_program":
                total = int(fault.params.get("sum_tiyn", 100_00))
                self.till.register(Operation.SALE, total, "", {}, payments_tiyn={1: total}, cash_tiyn=0)
            elif fault.name == "refuse":
                raise handlers.by_order(fault)


def _nowhere(request: SimRequest) -> SimReply:
    """Django's answer to a GET whose path lacks its last slash is a redirection; everything else is not there."""
    with_slash = SimRequest(request.method, f"{request.path}/")
    if request.method == "GET" and find(_ROUTES, with_slash):
        _, _, query = request.target.partition("?")
        location = f"{request.path}/" + (f"?{query}" if query else "")
        return SimReply(301, (("Location", location),))
    return text_reply(ERROR_PAGE.format("404 Not Found"), 404)


def make(
    now: Clock,
    rng: random.Random,
    *,
    ofd: Ofd | None = None,
    identity: Identity | None = None,
    **options: Any,
) -> Ukassa:
    """A service with a fresh till; its fiscal memory is `.memory`. `options` are fields of `Profile`."""
    profile = Profile(**options)
    memory = FiscalMemory(identity or Identity(serial=profile.hashline))
    return Ukassa(now, rng, ofd or Ofd(now, rng), memory, profile)
