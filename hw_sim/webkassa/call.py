"""One request on its way through the Webkassa service: who asks, for which cashbox, with which faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hw_sim.exchange import SimReply, SimRequest
from hw_sim.faults import Fault, FaultQueue
from hw_sim.ofd import Ofd
from hw_sim.webkassa.cashbox import Cashbox
from hw_sim.webkassa.errors import Refusal
from hw_sim.webkassa.fields import Fields
from hw_sim.webkassa.profile import Profile

# Rights of an employee, by the vendor's numbers.
SALES, BUYS, SALE_RETURNS, CASH_IN, CASH_OUT, Z_REPORT, X_REPORT, BUY_RETURNS = 0, 1, 2, 3, 4, 5, 6, 62
ALL_RIGHTS = frozenset({SALES, BUYS, SALE_RETURNS, CASH_IN, CASH_OUT, Z_REPORT, X_REPORT, BUY_RETURNS})


@dataclass(slots=True)
class User:
    """A user of the cabinet. `token` is the one live session: the next login replaces it."""

    login: str  # Name of the user.
    password: str  # Of the user.
    name: str = "Cashier"  # As it stands on receipts.
    # 0 sales, 1 buys, 2 returns of sales, 3 cash in, 4 cash out, 5 Z, 6 X, 62 returns of buys.
    rights: frozenset[int] = ALL_RIGHTS
    cashboxes: frozenset[str] | None = None  # None: every cashbox of the organisation.
    token: str = ""
    token_ns: int = 0

    def require(self, right: int) -> None:
        if right not in self.rights:
            raise Refusal(4)


class Service(Protocol):
    """What a handler needs of the service it belongs to: the service names the handlers, never the other way round."""

    ofd: Ofd
    profile: Profile
    cashboxes: dict[str, Cashbox]
    faults: FaultQueue

    def now(self) -> int:
        """UTC nanoseconds."""
        ...

    def registered_as(self, registration_number: str) -> Cashbox | None: ...

    def own_sign(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Call:
    """What a handler gets. `cashbox` is absent only for routes that name none."""

    service: Service
    request: SimRequest
    operation: str
    fields: Fields
    user: User
    faults: Iterable[Fault]
    found: Cashbox | None = None

    @property
    def cashbox(self) -> Cashbox:
        if self.found is None:
            raise Refusal(6)
        return self.found

    def fault(self, name: str) -> Fault | None:
        """The fault of this name ordered for this request, or None."""
        return next((fault for fault in self.faults if fault.name == name), None)


Handler = Callable[[Call], SimReply]


@dataclass(frozen=True, slots=True)
class Route:
    """A path of the service. `serial`: counts as a request in flight on the cashbox."""

    operation: str
    handler: Handler
    needs_cashbox: bool = True
    serial: bool = True


Routes = Mapping[str, Route]
Data = dict[str, Any]
