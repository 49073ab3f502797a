"""What a register shows of itself at one moment, and what it has made since another. Values. Pure.

Money in tiyn, times in ISO 8601 with offset, by the register's own clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fiscal.documents import Baseline, Paper, RegisterStatus, SeenDocument, Waiting


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """A document that was begun and neither closed nor cancelled."""

    kind: str  # A kind of `Prepared`; "" when the register does not tell, another word for one that cannot be ours.
    total_tiyn: int | None = None
    paid_tiyn: int = 0  # What it has taken as payment: from the first payment on only forward leads out.


@dataclass(frozen=True, slots=True)
class Look:
    """One reading of a register: cheap enough to be made before every order."""

    identity: str  # Factory number, with that of the fiscal storage where there is one.
    shift: int | None  # The open one, or the last.
    shift_open: bool
    counters: Mapping[str, int]  # The family's own names; kept in the journal as the baseline.
    waiting: Waiting | None = None
    document: OpenDocument | None = None
    shift_expired: bool = False
    memory_lost: bool = False  # It has forgotten what it was doing (RAM reset): counters alone prove nothing done.
    paper: Paper = Paper.UNKNOWN
    cover_open: bool | None = None
    clock_at: str | None = None
    shift_opened_at: str | None = None
    offline: bool | None = None
    offline_since: str | None = None
    unsent: int | None = None
    document_count: int | None = None
    last_fiscal_sign: str | None = None
    person: str = ""  # Why someone has to act at the register, with Waiting.PERSON.
    model: str = ""
    firmware: str = ""

    def baseline(self) -> Baseline:
        return Baseline(
            identity=self.identity,
            shift=self.shift,
            shift_open=self.shift_open,
            document_count=self.document_count,
            last_fiscal_sign=self.last_fiscal_sign,
            extra={"counters": dict(self.counters)},
            clock_at=self.clock_at,
        )

    def status(self) -> RegisterStatus:
        waits = self.waiting or (Waiting.OPEN_DOCUMENT if self.document is not None else None)
        return RegisterStatus(
            reachable=True,
            shift=self.shift,
            shift_open=self.shift_open,
            shift_opened_at=self.shift_opened_at,
            offline=self.offline,
            offline_since=self.offline_since,
            unsent=self.unsent,
            paper=self.paper,
            cover_open=self.cover_open,
            clock_at=self.clock_at,
            waits_for=waits,
            model=self.model,
            firmware=self.firmware,
        )


@dataclass(frozen=True, slots=True)
class Made:
    """What the register has made of one kind since a baseline."""

    count: int | None  # None: the counters cannot be compared (`why`): backwards, rolled over, another memory.
    document: SeenDocument | None = None  # The newest of that kind, when there is one and it can be read.
    why: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)  # For the evidence.
