"""The reKassa service: login, paths, faults, and the till behind them.

No specification is public. Written from public clients (tests/vectors/rekassa.toml names them) and from the messages of
OFD protocol 2.0.3; what they leave open is a switch of `Profile`.
"""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hw_sim.cloud_till import local
from hw_sim.device.memory import FiscalMemory, Identity
from hw_sim.exchange import NS, Clock, SimReply, SimRequest, json_reply, text_reply
from hw_sim.faults import ERROR_PAGE, TRANSPORT_KINDS, Fault, Kind, Place, aimed
from hw_sim.ledger import Operation
from hw_sim.ofd import Ofd
from hw_sim.rekassa import handlers
from hw_sim.rekassa.errors import Refusal, protocol_error
from hw_sim.rekassa.handlers import Call, Handler
from hw_sim.rekassa.profile import Profile
from hw_sim.rekassa.till import Till
from hw_sim.server import Server
from hw_sim.switches import profile_switches

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


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    pattern: re.Pattern[str]
    operation: str
    handler: Handler | None


def _route(method: str, path: str, operation: str, handler: Handler | None) -> _Route:
    # Production serves everything below /partner, an older test host at the root.
    pattern = "(?:/partner)?" + path.replace("{n}", "([0-9]{1,18})")
    return _Route(method, re.compile(pattern, re.ASCII), operation, handler)


_ROUTES = (
    _route("POST", "/api/auth/login", "login", None),
    _route("GET", "/api/crs", "registers", handlers.registers),
    _route("GET", "/api/crs/{n}", "register", handlers.register),
    _route("GET", "/api/crs/{n}/shifts", "shifts", handlers.shifts),
    _route("GET", "/api/crs/{n}/shifts/{n}", "shift", handlers.one_shift),
    _route("GET", "/api/crs/{n}/shifts/{n}/reports/x", "x_report", handlers.x_report),
    _route("GET", "/api/crs/{n}/shifts/{n}/tickets", "tickets", handlers.tickets),
    _route("POST", "/api/crs/{n}/shifts/{n}/close", "close", handlers.close),
    _route("GET", "/api/crs/{n}/tickets/{n}", "ticket", handlers.one_ticket),
    _route("POST", "/api/crs/{n}/tickets", "receipt", handlers.sell),
    _route("POST", "/api/crs/{n}/cash", "cash", handlers.cash),
)


class Rekassa(Server):
    """The service with one till. `till`, `memory` and `profile` may be changed at any time by whoever owns it."""

    def __init__(
        self,
        now: Clock,
        rng: random.Random,
        ofd: Ofd,
        memory: FiscalMemory | None = None,
        profile: Profile | None = None,
    ) -> None:
        super().__init__(now, rng, KINDS)
        self.ofd = ofd
        self.profile = profile or Profile()
        self.memory = memory or FiscalMemory(Identity(serial="RK00000001"))
        self.till = Till(self.memory, ofd, self.now, self.profile, profile=self.profile)
        self._tokens: dict[str, int] = {}  # Token: when it was given.
        self.before_each += [ofd.step, self.till.synchronise]
        self.views["ledger"] = self.memory.rows
        self.views["totals"] = self.memory.totals
        self.switches.update(profile_switches(self.profile))
        self.switches["ofd_down"] = self._switch_ofd
        self.switches["blocked"] = self._switch_blocked

    @property
    def greeting(self) -> tuple[str, ...]:
        """What a person needs to talk to it."""
        profile = self.profile
        login = f"number {self.memory.identity.serial}, password {profile.password}, apiKey {profile.api_key}"
        return (f"{login}, PIN {profile.pin}, till {profile.till_id}",)

    def _switch_ofd(self, down: Any) -> None:
        self.ofd.link.down = bool(down)

    def _switch_blocked(self, blocked: Any) -> None:
        self.till.blocked = bool(blocked)

    def operation(self, request: SimRequest) -> str:
        found = _find(request)
        return found[0].operation if found else ""

    def answer(self, request: SimRequest, operation: str, faults: list[Fault]) -> SimReply:
        found = _find(request)
        if found is None:
            return text_reply(ERROR_PAGE.format("404 Not Found"), 404)
        route, numbers = found
        try:
            if route.handler is None:
                return self._login(request)
            self._require_token(request, faults)
            self._require_till(numbers)
            self._obey(faults)
            return route.handler(Call(self.till, request, numbers[1:], operation, faults, self.faults))
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
        self._tokens[token] = self.now()
        if request.query.get("format") != "json":
            return text_reply(token, content_type="text/plain; charset=utf-8")
        at = local(self.till.moment_ns(), self.profile.utc_offset_h)
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
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        given = self._tokens.get(token)
        if given is not None and any(fault.name == "token_expired" for fault in faults):
            del self._tokens[token]
            given = None
        if kind != "Bearer" or given is None or self.now() - given > self.profile.token_life_s * NS:
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
                handlers.close_shift(self.till)
            elif fault.name == "another_program":
                self._sell_for_another(int(fault.params.get("sum_tiyn", 100_00)))
            elif fault.name == "code":
                raise Refusal(str(fault.params.get("code", "BLOCKED")), str(fault.params.get("text", "")))

    def _sell_for_another(self, total_tiyn: int) -> None:
        """A sale this till's agent knows nothing of, paid by card."""
        now = self.till.protocol_moment(self.till.moment_ns())
        sum_ = {"bills": total_tiyn // 100, "coins": total_tiyn % 100}
        message = {
            "operation": "OPERATION_SELL",
            "dateTime": now,
            "payments": [{"type": "PAYMENT_CARD", "sum": sum_}],
            "amounts": {"total": sum_},
        }
        self.till.register(Operation.SALE, total_tiyn, message, "", payments_tiyn={1: total_tiyn}, cash_tiyn=0)


def _find(request: SimRequest) -> tuple[_Route, tuple[int, ...]] | None:
    for route in _ROUTES:
        match = route.pattern.fullmatch(request.path)
        if match and route.method == request.method:
            return route, tuple(int(number) for number in match.groups())
    return None


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
