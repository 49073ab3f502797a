"""One till of the service: what was registered under which id and key, and what may be registered now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hw_sim.cloud_till import CloudTill, Hindrance, local, ticket_url
from hw_sim.exchange import NS
from hw_sim.ledger import FiscalDocument, Operation
from hw_sim.rekassa.errors import Refusal
from hw_sim.rekassa.profile import Profile
from hw_sim.rekassa.protojson import Message

_HINDRANCES: Mapping[Hindrance, str] = {
    Hindrance.SHIFT_PERIOD: "CASH_REGISTER_SHIFT_PERIOD_EXPIRED",
    Hindrance.OFFLINE_PERIOD: "CASH_REGISTER_OFFLINE_PERIOD_EXPIRED",
}
_NUMBERS = 2**31  # The protocol limits uint32 to the positive half of int32.


@dataclass(slots=True)
class Ticket:
    """A stored document. `message` is what the request said, in canonical form."""

    id: int
    document: FiscalDocument
    message: Message
    key: str
    made_ns: int
    sign: str | None  # None for a cash move, and while autonomous.
    offline_number: int | None = None

    @property
    def shown_sign(self) -> str:
        """What stands on the receipt: the operator's sign, or the autonomous number until there is one."""
        return self.sign or str(self.offline_number or "")


@dataclass(slots=True)
class Till(CloudTill):
    """The register of one login. `blocked` and `active` are for a hand to change."""

    profile: Profile = field(default_factory=Profile)
    blocked: bool = False
    active: bool = True
    tickets: list[Ticket] = field(default_factory=list)
    z_reports: dict[int, Message] = field(default_factory=dict)  # By shift number.
    unsynchronised: list[Ticket] = field(default_factory=list)

    def local(self, at_ns: int) -> datetime:
        """A moment as the service's clock shows it."""
        return local(at_ns, self.profile.utc_offset_h, self.profile.clock_offset_s)

    def require_active(self) -> None:
        if self.blocked:
            raise Refusal("CASH_REGISTER_BLOCKED")
        if not self.active:
            raise Refusal("CASH_REGISTER_WRONG_STATUS")

    def require_writable(self, operation: Operation, cash_tiyn: int) -> None:
        """Refuse what the state of the till forbids."""
        hindrance = self.hindrance()
        if hindrance is not None:
            raise Refusal(_HINDRANCES[hindrance])
        if self.lacks_tiyn(operation, cash_tiyn):
            sums = {"OPERATION_CASH_SUM": cash_tiyn, "CURRENT_CASH_SUM": self.memory.cash_tiyn}
            raise Refusal("NOT_ENOUGH_CASH", meta={name: f"{amount / 100:.2f}" for name, amount in sums.items()})

    def with_key(self, key: str) -> Ticket | None:
        """The document registered under this key, as far as keys are remembered."""
        profile, shift = self.profile, self.memory.shift
        for ticket in self.tickets if key else ():
            forgotten = profile.repeat_window_s and self.now() - ticket.made_ns > profile.repeat_window_s * NS
            gone = profile.repeat_within_shift and (shift is None or ticket.document.shift != shift.number)
            if ticket.key == key and not forgotten and not gone:
                return ticket
        return None

    def numbered(self, ticket_id: int) -> Ticket | None:
        return next((ticket for ticket in self.tickets if ticket.id == ticket_id), None)

    def register(self, operation: Operation, total_tiyn: int, message: Message, key: str, **more: Any) -> Ticket:
        """Keep a document for ever. `more` goes to the fiscal memory."""
        offline = bool(more.get("offline"))
        number = self._offline_number() if offline and operation.is_receipt else None
        sign = self.ofd.next_sign() if operation.is_receipt and not offline else None
        if number is not None:
            message = {**message, "offlineTicketNumber": number}
        document = self.memory.register(
            operation,
            total_tiyn,
            self.now(),
            sign=sign or str(number or ""),
            key=key,
            employee="Cashier",
            **more,
        )
        step, first = self.profile.document_id_step, self.profile.first_document_id
        ticket = Ticket(first + step * len(self.tickets), document, message, key, self.now(), sign, number)
        self.tickets.append(ticket)
        self.ofd.submit(document)
        if offline:
            self.unsynchronised.append(ticket)
        return ticket

    def _offline_number(self) -> int:
        """The unix time, as the protocol allows; never one number twice."""
        used = {ticket.document.sign for ticket in self.tickets}
        number = self.now() // NS % _NUMBERS
        while str(number) in used:
            number += 1
        return number

    def synchronise(self) -> None:
        """Give the autonomous documents that reached the operator their signs."""
        arrived = {id(document) for document in self.ofd.receipts} if self.unsynchronised else set()
        for ticket in [ticket for ticket in self.unsynchronised if id(ticket.document) in arrived]:
            self.unsynchronised.remove(ticket)
            if ticket.document.operation.is_receipt:
                ticket.sign = self.ofd.next_sign()
            if not self.profile.offline_number_kept:
                ticket.offline_number = None

    def qr(self, ticket: Ticket) -> str | None:
        """The text of the QR; None for a cash move."""
        if not ticket.document.operation.is_receipt:
            return None
        at = self.local(ticket.document.at_ns)
        return ticket_url(self.profile.ticket_base, ticket.document, ticket.shown_sign, at)

    def protocol_moment(self, at_ns: int) -> Message:
        """A DateTime message: local date and time."""
        at = self.local(at_ns)
        return {
            "date": {"year": at.year, "month": at.month, "day": at.day},
            "time": {"hour": at.hour, "minute": at.minute, "second": at.second},
        }
