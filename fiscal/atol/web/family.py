"""Registers behind ATOL's driver 10 as a family of fiscal/device: what the shared driver asks of them, put together.

One task makes a document, so there are no half-built receipts to look at; but the register counts, stores and waits for
paper like any other on a line, and the same table decides what became of an order (docs/adr/0009).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fiscal.atol import errors
from fiscal.atol.errors import JSON_FAMILY
from fiscal.atol.web.answers import State
from fiscal.atol.web.channel import Channel
from fiscal.atol.web.evidence import Evidence
from fiscal.atol.web.papers import Papers
from fiscal.atol.web.reader import Identity, Reader
from fiscal.atol.web.request import Builder
from fiscal.atol.web.runner import Runner
from fiscal.atol.web.settings import MarkCheck, Marks, Settings
from fiscal.device.family import Accepted, Answered, Rejected, Reply, Silence
from fiscal.device.looks import Look, Made
from fiscal.device.steps import Step
from fiscal.documents import Baseline, Document, FiscalDocument, Paper, SeenDocument, ShiftReport
from fiscal.failures import Failure, FailureKind
from fiscal.orders import Order, Prepared
from fiscal.register import Ability, Capabilities, Recovery, RegisterUnavailable

ABILITIES = frozenset(
    {
        Ability.RETURNS, Ability.CASH_MOVES, Ability.SHIFT_OPEN, Ability.X_REPORT, Ability.FIND_BY_KEY,
        Ability.LAST_DOCUMENT, Ability.PRINTS, Ability.REPRINT_LAST, Ability.DRAWER, Ability.TELLS_PAPER,
        Ability.TELLS_COVER, Ability.TELLS_CLOCK, Ability.TELLS_SHIFT_AGE, Ability.TELLS_OFFLINE_AGE,
    }
)  # fmt: skip
PRINT_S = 60.0


class AtolJsonFamily:
    """One register behind one server."""

    def __init__(
        self, channel: Channel, reader: Reader, evidence: Evidence, runner: Runner, settings: Settings
    ) -> None:
        self._channel = channel
        self._reader = reader
        self._runner = runner
        self._settings = settings
        self._builder = Builder(settings)
        self._evidence = evidence
        self._papers = Papers(channel, reader, evidence, settings)
        self._identity: Identity | None = None

    @property
    def capabilities(self) -> Capabilities:
        can = ABILITIES
        if self._settings.marks is Marks.IMC:
            can |= {Ability.MARKS, Ability.MARK_LIST}
        if self._settings.mark_check is not MarkCheck.NONE:
            can |= {Ability.MARK_CHECK}
        recovery = (Recovery.KEY, Recovery.REPEAT, Recovery.COUNTERS)
        return Capabilities(JSON_FAMILY, can, recovery, returns_need_basis=False)

    def prepare(self, order: Order) -> Prepared:
        return self._builder.prepare(order)

    def connect(self) -> None:
        self._identity = self._reader.identity()

    def look(self) -> Look:
        return self._reader.look(self._known())

    def made(self, prepared: Prepared, baseline: Baseline, look: Look) -> Made:
        return self._evidence.made(prepared, baseline, look)

    def run(self, step: Step, prepared: Prepared, baseline: Baseline, done: Sequence[Answered]) -> Reply:
        return self._runner.run(step, prepared, baseline, done)

    def finish(self, prepared: Prepared, baseline: Baseline, look: Look) -> Reply:
        return _nothing_open()

    def cancel(self) -> Reply:
        return _nothing_open()

    def go_on(self) -> Reply:
        entry = self._runner.one({"type": "continuePrint"})
        if entry.state is State.READY:
            return Accepted()
        return Rejected(errors.driver_failure(entry.code, words=entry.words))

    def document(
        self, prepared: Prepared, baseline: Baseline, seen: SeenDocument | None, done: Sequence[Answered]
    ) -> Document:
        return self._papers.document(prepared, baseline, seen, done, self._known())

    def find(self, key: str) -> SeenDocument | None:
        return self._evidence.find(key)

    def finish_printing(self) -> Paper:
        """Nothing left to print is no error."""
        failure = self._ordered({"type": "continuePrint"})
        return Paper.OK if failure is None else Paper.OUT

    def x_report(self) -> ShiftReport:
        self._ordered({"type": "reportX"}, paper_is_no_error=False)
        return self._papers.x_report(self._known())

    def last_document(self) -> SeenDocument | None:
        return self._evidence.last()

    def reprint(self, document: FiscalDocument) -> Paper:
        """The driver prints its last receipt, whichever it is: so it must be this one."""
        number = document.raw.get("fd")
        last = self._reader.last_number()
        after = [self._reader.document(one) for one in range(last, int(number or 0), -1)][:5] if number else []
        if not number or any(one is None or one.kind in ("sale", "sale_return") for one in after):
            text = "the register prints its last receipt again, and this is not it"
            raise RegisterUnavailable(Failure(FailureKind.REFUSED, "not_last", text))
        return Paper.OK if self._ordered({"type": "printLastReceiptCopy"}) is None else Paper.OUT

    def open_drawer(self) -> None:
        self._ordered({"type": "openCashDrawer"}, paper_is_no_error=False)

    def close(self) -> None:
        self._channel.close()

    def _ordered(self, task: dict[str, Any], *, paper_is_no_error: bool = True) -> Failure | None:
        """A task that makes no document; RegisterUnavailable for any error, but for want of paper where it is told."""
        (entry,) = self._reader.run([task], PRINT_S)
        if entry.state is State.READY:
            return None
        failure = errors.driver_failure(entry.code, task["type"], entry.words)
        if failure.kind is FailureKind.PAPER and paper_is_no_error:
            return failure
        raise RegisterUnavailable(failure)

    def _known(self) -> Identity:
        if self._identity is None:
            failure = Failure(FailureKind.NO_ANSWER, "line", "the register was never reached")
            raise Silence(failure, sent=False)
        return self._identity


def _nothing_open() -> Reply:
    """A receipt is never seen open here: the driver opens, fills and closes it, or cancels it, within one task."""
    return Rejected(Failure(FailureKind.REFUSED, "nothing_open", "no document is open"))
