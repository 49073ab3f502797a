"""What a family of registers supplies to the driver they share (fiscal/device/driver.py).

A family speaks its protocol and nothing more: it does not decide, does not repeat a fiscal command by itself beyond the
register's own duplicate protection (same packet number, same sequence, same task), and never begins a second document.
Every call may raise Silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from fiscal.device.looks import Look, Made
from fiscal.device.steps import Step
from fiscal.documents import Baseline, Document, FiscalDocument, Paper, SeenDocument, ShiftReport
from fiscal.failures import Failure
from fiscal.orders import Order, Prepared
from fiscal.register import Capabilities


class Silence(Exception):
    """No trustworthy answer, although the family did what its protocol allows. `sent`: bytes of the command may have
    left the program; False is certain."""

    def __init__(self, failure: Failure, *, sent: bool) -> None:
        super().__init__(f"{failure.code}: {failure.text}")
        self.failure = failure
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Accepted:
    """The register carried a step out."""

    data: Mapping[str, Any] = field(default_factory=dict)  # What the answer said, for `document`.
    total_tiyn: int | None = None  # Its sum, in the answer to a step named TOTAL.


@dataclass(frozen=True, slots=True)
class Rejected:
    """The register said no to a step. Whether a document exists is decided by looking, never by this."""

    failure: Failure


Reply = Accepted | Rejected


@dataclass(frozen=True, slots=True)
class Answered:
    """A step and what the register answered."""

    step: Step
    accepted: Accepted


class Family(Protocol):
    """One register on one line. Calls come one at a time."""

    @property
    def capabilities(self) -> Capabilities: ...

    def prepare(self, order: Order) -> Prepared:
        """Pure. OrderInvalid names the field. The payload is `steps.payload(...)`."""

    def connect(self) -> None:
        """Bring the line into a state where a command can be sent, reading away what belongs to earlier ones.

        Called before the first command and after every Silence. Silence(sent=False) when nobody answers.
        """

    def look(self) -> Look:
        """Read state and counters. Changes nothing. The counters of one `Look` must belong together."""

    def made(self, prepared: Prepared, baseline: Baseline, look: Look) -> Made:
        """How many documents of the order's kind came since the baseline, and the newest read back. Changes nothing."""

    def run(self, step: Step, prepared: Prepared, baseline: Baseline, done: Sequence[Answered]) -> Reply:
        """Carry out one step of an order."""

    def finish(self, prepared: Prepared, baseline: Baseline, look: Look) -> Reply:
        """Take an open document on which money was taken to its end: what is left to pay, then the close."""

    def cancel(self) -> Reply:
        """Cancel the open document."""

    def go_on(self) -> Reply:
        """Continue printing after paper came back."""

    def document(
        self, prepared: Prepared, baseline: Baseline, seen: SeenDocument | None, done: Sequence[Answered]
    ) -> Document:
        """The document of an order that is known to be made: from the answers, from `seen`, and by reading back."""

    def x_report(self) -> ShiftReport: ...

    def last_document(self) -> SeenDocument | None: ...

    def reprint(self, document: FiscalDocument) -> Paper: ...

    def open_drawer(self) -> None: ...

    def close(self) -> None: ...
