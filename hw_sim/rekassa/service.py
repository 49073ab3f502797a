"""The reKassa service: login, paths, faults, and the till behind them.

No specification is public. Written from public clients (tests/vectors/rekassa.toml names them) and from the messages of
OFD protocol 2.0.3; what they leave open is a switch of `Profile`.
"""

from __future__ import annotations

import base64
import json
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
from hw_sim.rekassa import handlers
from hw_sim.rekassa.errors import Refusal, protocol_error
from hw_sim.rekassa.handlers import Call, Handler
from hw_sim.rekassa.profile import MarkField, Profile
from hw_sim.rekassa.till import Till

KINDS: Mapping[str, Kind] = {
    **aimed(TRANSPORT_KINDS, "receipt"),
    "token_expired": Kind(Place.BEFORE, "receipt", "the token ends before this request: HTTP 401"),
    "shift_period_expired": Kind(Place.BEFORE, "receipt", "the shift becomes older than a day, until Z"),
    "offline_period_expired": Kind(Place.BEFORE, "receipt", "72 hours without the operator are over"),
    "offline": Kind(Place.BEFORE, "receipt", "the OFD does not answer for this request: autonomous document"),
    "wrong_pin": Kind(Place.BEFORE, "close", "the PIN of this request counts as wrong"),
    "shift_closed_by_another": Kind(Place.BEFORE, "close", "somebody closes the shift just before this request"),
    "another_program": Kind(Place.BEFORE, "receipt", "somebody sells for `sum_tiyn` just before this request"),
    "repeat_refused": Kind(Place.POINT, "receipt", "the next repeat is answered DUPLICATE_EXTERNAL_ID"),
    "repeat_other_total": Kind(Place.POINT, "receipt", "the next repeat shows the document with another total"),
    "code": Kind(Place.BEFORE, "receipt", "any refusal of the table: `code`, `text`"),
}

# Production serves everything below /partner, an older test host at the root.
_CRS = "(?:/partner)?/api/crs"
_ONE = f"{_CRS}/{{n}}"
_ROUTES: tuple[Route[Handler], ...] = (
    route("POST", "(?:/partner)?/api/auth/login", "login", None),
    route("GET", _CRS, "registers", handlers.registers),
    route("GET", _ONE, "register", handlers.register),
    route("GET", f"{_ONE}/shifts", "shifts", handlers.shifts),
    route("GET", f"{_ONE}/shifts/{{n}}", "shift", handlers.one_shift),
    route("GET", f"{_ONE}/shifts/{{n}}/reports/x", "x_report", handlers.x_report),
    route("GET", f"{_ONE}/shifts/{{n}}/tickets", "tickets", handlers.tickets),
    route("POST", f"{_ONE}/shifts/{{n}}/close", "close", handlers.close),
    route("GET", f"{_ONE}/tickets/{{n}}", "ticket", handlers.one_ticket),
    route("POST", f"{_ONE}/tickets", "receipt", handlers.sell),
    route("POST", f"{_ONE}/cash", "cash", handlers.cash),
)


class Rekassa(CloudService):
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
        super().__init__(now, rng, KINDS, ofd, memory or FiscalMemory(Identity(serial="RK00000001")), self.profile)
        self.till = Till(self.memory, ofd, self.now, self.profile, profile=self.profile)
        self.before_each.append(self.till.synchronise)
        self.switches["blocked"] = self._switch_blocked
        self.switched["blocked"] = lambda: self.till.blocked

    @property
    def greeting(self) -> tuple[str, ...]:
        """What a person needs to talk to it."""
        profile = self.profile
        login = f"Login: number {self.memory.identity.serial}, password {profile.password}, apiKey {profile.api_key}"
        return (f"{login}, PIN {profile.pin}, till {profile.till_id}.",)

    @property
    def reach(self) -> Reach:
        profile = self.profile
        single = {"marks": "exciseStamp"} if profile.marks is MarkField.SINGLE else {}
        return Reach(
            "rekassa",
            {"number": self.memory.identity.serial, **single, **zone_option(profile.utc_offset_h)},
            {"rekassa_password": profile.password, "rekassa_api_key": profile.api_key, "rekassa_pin": profile.pin},
        )

    def _switch_blocked(self, blocked: Any) -> None:
        """The till is blocked."""
        self.till.blocked = bool(blocked)

    def operation(self, request: SimRequest) -> str:
        found = find(_ROUTES, request)
        return found[0].operation if found else ""

    def answer(self, request: SimRequest, operation: str, faults: list[Fault]) -> SimReply:
        found = find(_ROUTES, request)
        if found is None:
            return text_reply(ERROR_PAGE.format("404 Not Found"), 404)
        taken, numbers = found
        try:
            if taken.handler is None:
                return self._login(request)
            self._require_token(request, faults)
            self._require_till(numbers)
            self._obey(faults)
            return taken.handler(Call(self.till, request, numbers[1:], operation, faults, self.faults))
        except Refusal as refusal:
            return refusal.reply()

    def _login(self, request: SimRequest) -> SimReply:
        if request.query.get("apiKey") != self.profile.api_key:
            raise Refusal("PERMISSION_ERROR")
        try:
            content = json.loads(request.body)
        except (ValueError, RecursionError) as error:
            raise protocol_error(f"JSON: {type(error).__name__}") from error
        wanted = {"number": self.memory.identity.serial, "password": self.profile.password}
        if not isinstance(content, dict) or any(content.get(name) != value for name, value in wanted.items()):
            raise Refusal("WRONG_PASSWORD")
        token = self._new_token()
        self.give_token(token)
        if request.query.get("format") != "json":
            return text_reply(token, content_type="text/plain; charset=utf-8")
        at = self.till.local(self.now())
        return json_reply(
            {
                "id": self.profile.till_id,
                "serialNumber": self.memory.identity.serial,
                "token": token,
                "timeOffset": at.isoformat()[-6:],
                "localDateTime": at.strftime("%Y-%m-%dT%H:%M:%S"),
            }
        )

    def _new_token(self) -> str:
        """A text of the form of a JWT; nobody can read anything from it."""
        subject = json.dumps({"sub": self.memory.identity.serial, "jti": f"{self.rng.getrandbits(64):016x}"})
        parts = (b'{"alg":"HS512"}', subject.encode(), self.rng.randbytes(32))
        return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)

    def _require_token(self, request: SimRequest, faults: list[Fault]) -> None:
        if self.token_of(request, "Bearer", self.profile.token_life_s, faults) is None:
            raise Refusal("ACCESS_DENIED")

    def _require_till(self, numbers: tuple[int, ...]) -> None:
        """A login opens one till and no other."""
        if numbers and numbers[0] != self.profile.till_id:
            raise Refusal("PERMISSION_ERROR")

    def _obey(self, faults: list[Fault]) -> None:
        """What the ordered faults do to the till before the request is processed."""
        for fault in faults:
            if fault.name == "shift_period_expired":
                self.till.expire_shift()
            elif fault.name == "offline_period_expired":
                raise Refusal("CASH_REGISTER_OFFLINE_PERIOD_EXPIRED")
            elif fault.name == "shift_closed_by_another":
                handlers.close_any_shift(self.till)
            elif fault.name == "another_program":
                self._sell_for_another(int(fault.params.get("sum_tiyn", 100_00)))
            elif fault.name == "code":
                raise Refusal(str(fault.params.get("code", "BLOCKED")), str(fault.params.get("text", "")))

    def _sell_for_another(self, total_tiyn: int) -> None:
        """A sale this till's agent knows nothing of, paid by card."""
        now = self.till.protocol_moment(self.till.now())
        sum_ = {"bills": total_tiyn // 100, "coins": total_tiyn % 100}
        message = {
            "operation": "OPERATION_SELL",
            "dateTime": now,
            "payments": [{"type": "PAYMENT_CARD", "sum": sum_}],
            "amounts": {"total": sum_},
        }
        self.till.register(Operation.SALE, total_tiyn, message, "", payments_tiyn={1: total_tiyn}, cash_tiyn=0)


def make(
    now: Clock,
    rng: random.Random,
    *,
    ofd: Ofd | None = None,
    identity: Identity | None = None,
    **options: Any,
) -> Rekassa:
    """A service with a fresh till; its fiscal memory is `.memory`. `options` are fields of `Profile`."""
    memory = FiscalMemory(identity or Identity(serial="RK00000001"))
    return Rekassa(now, rng, ofd or Ofd(now, rng), memory, Profile(**options))
