"""One till of a cloud register service: its fiscal memory, the operator behind it, the periods that block it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Protocol

from hw_sim.device.memory import FiscalMemory
from hw_sim.exchange import NS, Clock
from hw_sim.ledger import FiscalDocument, Operation, tiyn
from hw_sim.ofd import Ofd

CASH = 0  # The number of cash among the kinds of payment, in the protocol and in both services.
RECEIPTS = (Operation.PURCHASE, Operation.PURCHASE_RETURN, Operation.SALE, Operation.SALE_RETURN)


class Hindrance(StrEnum):
    """Why a till may not register anything now."""

    SHIFT_PERIOD = "the shift is older than a day"
    OFFLINE_PERIOD = "the oldest autonomous document is older than 72 hours"


class Limits(Protocol):
    """How long a till may work, in seconds."""

    shift_limit_s: float
    offline_limit_s: float


@dataclass(frozen=True, slots=True)
class Sums:
    """One kind of operation within a shift. `paid` is by kind of payment, net of change: sum in tiyn and count."""

    count: int
    sum_tiyn: int
    change_tiyn: int
    offline: int
    paid: Mapping[int, tuple[int, int]]


@dataclass(slots=True)
class CloudTill:
    """What both services know of a till. `sums_before_tiyn`: receipts of each kind before this memory began."""

    memory: FiscalMemory
    ofd: Ofd
    now: Clock
    limits: Limits
    sums_before_tiyn: dict[Operation, int] = field(default_factory=lambda: dict.fromkeys(RECEIPTS, 0))

    def offline_since_ns(self) -> int | None:
        """When the oldest document the operator does not have yet was made autonomously; None: there is none."""
        return self.ofd.oldest_offline_ns(self.memory.identity.serial)

    def shift_expires_ns(self) -> int | None:
        """The end of the open shift's day; None: no shift is open."""
        shift = self.memory.shift
        return None if shift is None else shift.opened_ns + int(self.limits.shift_limit_s * NS)

    def expire_shift(self) -> None:
        """Make the open shift, or the one opened for it, older than it may be."""
        shift = self.memory.open_shift(self.now())
        shift.opened_ns = min(shift.opened_ns, self.now() - int(self.limits.shift_limit_s * NS) - NS)

    def hindrance(self) -> Hindrance | None:
        """What forbids a document now; an old autonomous one does until the operator has it."""
        since, expires = self.offline_since_ns(), self.shift_expires_ns()
        if since is not None and self.now() - since > self.limits.offline_limit_s * NS:
            return Hindrance.OFFLINE_PERIOD
        if expires is not None and self.now() > expires:
            return Hindrance.SHIFT_PERIOD
        return None

    def documents(self, shift: int) -> list[FiscalDocument]:
        """Everything registered in a shift, oldest first."""
        return [document for document in self.memory.documents if document.shift == shift]

    def sums(self, shift: int, operation: Operation) -> Sums:
        """What the documents of a shift add up to, counted anew."""
        documents = [document for document in self.documents(shift) if document.operation is operation]
        paid: dict[int, tuple[int, int]] = {}
        for document in documents:
            for kind, amount in document.payments:
                total, count = paid.get(kind, (0, 0))
                net = tiyn(amount) - (tiyn(document.change) if kind == CASH else 0)
                paid[kind] = (total + net, count + 1)
        return Sums(
            count=len(documents),
            sum_tiyn=sum(tiyn(document.total) for document in documents),
            change_tiyn=sum(tiyn(document.change) for document in documents),
            offline=sum(document.offline for document in documents),
            paid=paid,
        )

    def sum_since_beginning_tiyn(self, operation: Operation) -> int:
        """The sum that no report resets."""
        closed = sum(shift.sums_tiyn[operation] for shift in self.memory.closed)
        current = self.memory.shift.sums_tiyn[operation] if self.memory.shift else 0
        return self.sums_before_tiyn[operation] + closed + current

    def lacks_tiyn(self, operation: Operation, cash_tiyn: int) -> bool:
        """Whether the drawer cannot give what the operation takes out."""
        return operation.cash_sign < 0 and cash_tiyn > self.memory.cash_tiyn


def local(at_ns: int, utc_offset_h: int, ahead_s: float = 0.0) -> datetime:
    """The wall clock of the shop, to the microsecond; `ahead_s` is how wrong the service's own clock is."""
    zone = timezone(timedelta(hours=utc_offset_h))
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_ns // 1000, seconds=ahead_s)
    return at.astimezone(zone)


def ticket_url(base: str, document: FiscalDocument, sign: str, at: datetime) -> str:
    """The text of a receipt's QR; `at` is its moment as the receipt shows it."""
    when = at.strftime("%Y%m%dT%H%M%S")
    return f"{base}?i={sign}&f={document.registration_number}&s={document.total:.2f}&t={when}"
