"""What a cloud register supplies to the driver that all of them share (fiscal/cloud/driver.py).

A service speaks to its vendor and reads answers. It does not decide what an order became, and never sends a fiscal
request twice by itself, but for the one repeat after a login (fiscal/cloud/session.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from fiscal.cloud.matching import Search
from fiscal.cloud.seen import Seen
from fiscal.cloud.settings import CloudSettings
from fiscal.documents import Baseline, Document, SeenDocument, ShiftReport
from fiscal.failures import Failure
from fiscal.https.reply import Lost, Unsent
from fiscal.orders import Order, Prepared
from fiscal.register import Capabilities


@dataclass(frozen=True, slots=True)
class Registered:
    """The service's answer is a document."""

    seen: Seen


@dataclass(frozen=True, slots=True)
class Closed:
    """The service's answer is a Z-report."""

    report: ShiftReport


@dataclass(frozen=True, slots=True)
class Refusal:
    """The service said no. `sure`: in words of its own that leave no doubt; else the no is decided by looking."""

    failure: Failure
    sure: bool = True


@dataclass(frozen=True, slots=True)
class KeyUsed:
    """The service knows our key: a document exists, or is being made, and is not in the answer."""

    failure: Failure


Sent = Registered | Refusal | KeyUsed | Unsent | Lost
SentClose = Closed | Refusal | KeyUsed | Unsent | Lost


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a till stands now."""

    identity: str
    shift: int | None  # The newest, open or not.
    shift_open: bool
    opened_at: str | None = None
    counters: Mapping[str, int] = field(default_factory=dict)  # All that recovery compares; kept in the journal.
    document_count: int | None = None
    clock_at: str | None = None
    offline: bool | None = None
    offline_since: str | None = None
    blocked: Failure | None = None


@dataclass(frozen=True, slots=True)
class ShiftState:
    """One shift; `report` is its Z-report when it is over."""

    number: int
    report: ShiftReport | None


class Service(Protocol):
    """One till. Calls come one at a time; each may raise RegisterUnavailable unless it says otherwise."""

    family: str
    identity: str  # Factory number of the till.
    settings: CloudSettings

    @property
    def capabilities(self) -> Capabilities: ...

    def prepare(self, order: Order, now_ns: int) -> Prepared:
        """The exact request. OrderInvalid. Its payload names the till as `register`."""

    def standing(self, *, counters: bool) -> Standing:
        """`counters`: those of a baseline too, which may cost more requests."""

    def send(self, prepared: Prepared, baseline: Baseline) -> Sent:
        """The decisive request of a receipt or a cash move. Does not raise."""

    def search(self, prepared: Prepared, baseline: Baseline, *, used: bool) -> Search:
        """What became of it. `used`: the service has said that our key is used, so older documents count too."""

    def document(self, seen: Seen, prepared: Prepared, baseline: Baseline) -> Document:
        """The document of an order that is known to be made, with what can be read besides. AnswerMalformed.

        Nothing that fails to be read besides may lose it.
        """

    def shift(self, number: int) -> ShiftState | None:
        """None: the till has no such shift."""

    def close_shift(self, prepared: Prepared) -> SentClose:
        """The decisive request of a Z-report; the shift was looked at just before. Does not raise."""

    def x_report(self) -> ShiftReport: ...

    def last_document(self) -> SeenDocument | None: ...

    def find(self, key: str, shift: int | None) -> SeenDocument | None:
        """Only where the capabilities say so."""

    def close(self) -> None: ...
