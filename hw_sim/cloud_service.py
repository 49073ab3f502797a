"""What the simulated cloud registers have in common as services: routes, tokens, the views and switches of one till."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hw_sim.cloud_till import CloudTill
from hw_sim.device.memory import FiscalMemory
from hw_sim.exchange import NS, Clock, SimRequest
from hw_sim.faults import Fault, FaultQueue, Kind
from hw_sim.ofd import Ofd
from hw_sim.server import Server
from hw_sim.switches import profile_switches

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Handler = TypeVar("Handler")
AnyTill = TypeVar("AnyTill", bound="CloudTill")


@dataclass(frozen=True, slots=True)
class Route(Generic[Handler]):
    """A path of the service; `handler` is None for what the service does itself, the login first of all."""

    method: str
    pattern: re.Pattern[str]
    operation: str
    handler: Handler | None


@dataclass(frozen=True, slots=True)
class CloudCall(Generic[AnyTill]):
    """One request of a known caller. `numbers` are those of its path behind the till's."""

    till: AnyTill
    request: SimRequest
    numbers: tuple[int, ...]
    operation: str
    faults: list[Fault]
    queue: FaultQueue

    def fault(self, name: str) -> Fault | None:
        """The fault of this name ordered for this request, or None."""
        return next((fault for fault in self.faults if fault.name == name), None)

    @property
    def offline(self) -> bool:
        """Whether a document made now is autonomous."""
        return self.fault("offline") is not None or not self.till.ofd.is_up()


def route(method: str, path: str, operation: str, handler: Handler | None) -> Route[Handler]:
    """A route whose path has numbers where it says `{n}`."""
    return Route(method, re.compile(path.replace("{n}", "([0-9]{1,18})"), re.ASCII), operation, handler)


def find(routes: Iterable[Route[Handler]], request: SimRequest) -> tuple[Route[Handler], tuple[int, ...]] | None:
    """The route a request means and the numbers of its path."""
    for candidate in routes:
        match = candidate.pattern.fullmatch(request.path)
        if match and candidate.method == request.method:
            return candidate, tuple(int(number) for number in match.groups())
    return None


class CloudService(Server):
    """A service with one till, whose fiscal memory is `memory`."""

    def __init__(
        self,
        now: Clock,
        rng: random.Random,
        kinds: Mapping[str, Kind],
        ofd: Ofd,
        memory: FiscalMemory,
        profile: DataclassInstance,
    ) -> None:
        super().__init__(now, rng, kinds)
        self.ofd = ofd
        self.memory = memory
        self._tokens: dict[str, int] = {}  # Token: when it was given.
        self.before_each.append(ofd.step)
        self.views["ledger"] = memory.rows
        self.views["totals"] = memory.totals
        self.switches.update(profile_switches(profile))
        self.switches["ofd_down"] = self._switch_ofd
        self.switched["ofd_down"] = lambda: self.ofd.link.down

    def _switch_ofd(self, down: Any) -> None:
        """The operator cannot be reached."""
        self.ofd.link.down = bool(down)

    def give_token(self, token: str) -> None:
        self._tokens[token] = self.now()

    def end_token(self, token: str) -> None:
        self._tokens.pop(token, None)

    def token_of(self, request: SimRequest, scheme: str, life_s: float, faults: Iterable[Fault]) -> str | None:
        """The live token a request carries, or None. A fault "token_expired" ends it."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if any(fault.name == "token_expired" for fault in faults):
            self.end_token(token)
        given = self._tokens.get(token)
        if kind != scheme or given is None or self.now() - given > life_s * NS:
            return None
        return token
