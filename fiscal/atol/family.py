"""ATOL registers on a line as a family of fiscal/device: what the shared driver asks of them, put together."""

from __future__ import annotations

from collections.abc import Sequence

from fiscal.atol import commands, errors
from fiscal.atol.commands import Mode
from fiscal.atol.errors import FAMILY
from fiscal.atol.evidence import Evidence
from fiscal.atol.papers import Papers
from fiscal.atol.reader import Identity, Reader
from fiscal.atol.request import Builder
from fiscal.atol.runner import Runner
from fiscal.atol.settings import Marks, Settings
from fiscal.atol.talk import Refused, Talk
from fiscal.atol.wire import silent
from fiscal.device.family import Answered, Rejected, Reply
from fiscal.device.looks import Look, Made
from fiscal.device.steps import Step, steps_of
from fiscal.documents import Baseline, Document, FiscalDocument, Paper, SeenDocument, ShiftReport
from fiscal.failures import Failure, FailureKind
from fiscal.orders import Order, Prepared
from fiscal.register import Ability, Capabilities, Recovery, RegisterUnavailable

ABILITIES = frozenset(
    {
        Ability.RETURNS, Ability.CASH_MOVES, Ability.SHIFT_OPEN, Ability.X_REPORT, Ability.LAST_DOCUMENT,
        Ability.PRINTS, Ability.REPRINT_LAST, Ability.TELLS_PAPER, Ability.TELLS_COVER, Ability.TELLS_CLOCK,
    }
)  # fmt: skip


class AtolFamily:
    """One register on one line."""

    def __init__(self, talk: Talk, settings: Settings) -> None:
        self._wire = talk.wire
        self._settings = settings
        self._builder = Builder(settings)
        self._reader = Reader(talk, settings)
        self._runner = Runner(talk, self._reader)
        self._evidence = Evidence(self._reader, self._wire)
        self._papers = Papers(self._reader, self._evidence)
        self._identity: Identity | None = None

    @property
    def capabilities(self) -> Capabilities:
        can = ABILITIES
        if self._settings.marks.marks is Marks.TAG:
            can |= {Ability.MARKS, Ability.MARK_LIST}
        if self._settings.drawer:
            can |= {Ability.DRAWER}
        return Capabilities(FAMILY, can, (Recovery.REPEAT, Recovery.COUNTERS), returns_need_basis=False)

    def prepare(self, order: Order) -> Prepared:
        return self._builder.prepare(order)

    def connect(self) -> None:
        self._wire.connect()
        self._identity = self._reader.identity()

    def look(self) -> Look:
        return self._reader.look(self._known())

    def made(self, prepared: Prepared, baseline: Baseline, look: Look) -> Made:
        return self._evidence.made(prepared, baseline, look)

    def run(self, step: Step, prepared: Prepared, baseline: Baseline, done: Sequence[Answered]) -> Reply:
        return self._runner.run(step, prepared, baseline)

    def finish(self, prepared: Prepared, baseline: Baseline, look: Look) -> Reply:
        """What was paid before the close is not told, so an open document is never seen with money in it."""
        close = next(step for step in steps_of(prepared) if step.decisive)
        return self._runner.run(close, prepared, baseline)

    def cancel(self) -> Reply:
        return self._runner.cancel()

    def go_on(self) -> Reply:
        return self._runner.go_on()

    def document(
        self, prepared: Prepared, baseline: Baseline, seen: SeenDocument | None, done: Sequence[Answered]
    ) -> Document:
        return self._papers.document(prepared, baseline, seen, done, self._known())

    def x_report(self) -> ShiftReport:
        self._ordered("67", commands.DAILY_X, Mode.X_REPORTS)
        return self._papers.x_report()

    def last_document(self) -> SeenDocument | None:
        return self._evidence.last(self.look())

    def reprint(self, document: FiscalDocument) -> Paper:
        """95 prints the last document, whichever it is: so it must be this one."""
        if self._reader.last().number != document.raw.get("fd"):
            text = "the register prints its last document again, and this is not it"
            raise RegisterUnavailable(Failure(FailureKind.REFUSED, "not_last", text))
        if self._ordered("95", refusals=(errors.NO_PAPER,)):
            return Paper.OUT
        return self.look().paper

    def open_drawer(self) -> None:
        self._ordered("80")

    def close(self) -> None:
        self._wire.close()

    def _ordered(
        self, code: str, operands: bytes = b"", mode: Mode | None = None, refusals: tuple[int, ...] = ()
    ) -> int:
        """A command that makes no document; RegisterUnavailable for any error but those of `refusals`."""
        try:
            if mode is not None and isinstance(entered := self._runner.enter(mode), Rejected):
                raise RegisterUnavailable(entered.failure)
            answer = self._runner.command(code, operands)
        except Refused as refused:
            raise RegisterUnavailable(refused.failure) from None
        if answer.error != errors.OK and answer.error not in refusals:
            raise RegisterUnavailable(errors.failure(answer.error, code))
        return answer.error

    def _known(self) -> Identity:
        if self._identity is None:
            raise silent("line", "the line was never opened", sent=False)
        return self._identity
