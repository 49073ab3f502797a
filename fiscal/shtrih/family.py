"""Shtrih-M registers as a family of fiscal/device: what the shared driver asks of them, put together from its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fiscal.device.family import Answered, Rejected, Reply
from fiscal.device.looks import Look, Made
from fiscal.device.steps import Step, steps_of
from fiscal.documents import Baseline, Document, FiscalDocument, Paper, SeenDocument, ShiftReport, Waiting
from fiscal.failures import Failure, FailureKind
from fiscal.orders import Order, Prepared
from fiscal.register import Ability, Capabilities, Recovery, RegisterUnavailable
from fiscal.shtrih import errors, states
from fiscal.shtrih.commands import Who
from fiscal.shtrih.errors import FAMILY
from fiscal.shtrih.evidence import Evidence
from fiscal.shtrih.models import Marks, Model, Opening
from fiscal.shtrih.papers import Papers
from fiscal.shtrih.reader import Identity, Reader
from fiscal.shtrih.request import Builder
from fiscal.shtrih.runner import Runner
from fiscal.shtrih.settings import BasisForm, Layer, Settings
from fiscal.shtrih.talk import Talk
from fiscal.shtrih.wire import Wire, silent

ABILITIES = frozenset(
    {
        Ability.RETURNS, Ability.CASH_MOVES, Ability.X_REPORT, Ability.LAST_DOCUMENT, Ability.PRINTS,
        Ability.REPRINT_LAST, Ability.DRAWER, Ability.TELLS_PAPER, Ability.TELLS_COVER, Ability.TELLS_CLOCK,
    }
)  # fmt: skip
MARK_ABILITIES = {
    Marks.FIELD: frozenset({Ability.MARKS, Ability.MARK_LIST}),
    Marks.TEXT: frozenset({Ability.MARKS_AS_TEXT, Ability.MARK_LIST}),
    Marks.NONE: frozenset[Ability](),
}
STORAGE_ABILITIES = frozenset({Ability.TELLS_SHIFT_AGE, Ability.TELLS_OFFLINE_AGE})
NO_RECEIPT_PAPER = 0x6B


class ShtrihFamily:
    """One register on one line."""

    def __init__(
        self,
        wire: Wire,
        settings: Settings,
        model: Model,
        passwords: Mapping[Who, int],
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._wire = wire
        self._settings = settings
        self._model = model
        self._builder = Builder(settings, model)
        talk = Talk(wire, passwords, storage=model.storage, pause_s=settings.pause_s, monotonic=monotonic, sleep=sleep)
        self._reader = Reader(talk, settings, model)
        self._runner = Runner(talk, self._reader, settings, storage=model.storage, monotonic=monotonic, sleep=sleep)
        self._evidence = Evidence(self._reader, wire, model, settings.unit)
        self._papers = Papers(self._reader, self._runner, settings, model)
        self._identity: Identity | None = None

    @property
    def capabilities(self) -> Capabilities:
        can = ABILITIES | MARK_ABILITIES[self._builder.marks]
        can |= STORAGE_ABILITIES if self._model.storage else frozenset()
        can |= {Ability.MARK_CHECK} if self._builder.check else frozenset()
        can |= {Ability.SHIFT_OPEN} if self._builder.opening is not Opening.NONE else frozenset()
        repeats = self._settings.layer is Layer.NUMBERED
        return Capabilities(
            FAMILY,
            can,
            (Recovery.REPEAT, Recovery.COUNTERS) if repeats else (Recovery.COUNTERS,),
            returns_need_basis=self._settings.basis is BasisForm.LINES,
        )

    def prepare(self, order: Order) -> Prepared:
        return self._builder.prepare(order)

    def connect(self) -> None:
        self._wire.connect()
        self._papers.forget()
        self._identity = self._reader.identity()

    def look(self) -> Look:
        return self._reader.look(self._known())

    def made(self, prepared: Prepared, baseline: Baseline, look: Look) -> Made:
        return self._evidence.made(prepared, baseline, look)

    def run(self, step: Step, prepared: Prepared, baseline: Baseline, done: Sequence[Answered]) -> Reply:
        two_decimals = bool(self._reader.last_flags & states.MONEY_TWO_DECIMALS)
        if not done and two_decimals != (self._settings.decimals == 2):
            text = f"the register counts in {'tiyn' if two_decimals else 'whole tenge'}: option decimals"
            return Rejected(Failure(FailureKind.CONFIGURATION, "decimals", text))
        return self._runner.run(step, prepared, baseline)

    def finish(self, prepared: Prepared, baseline: Baseline, look: Look) -> Reply:
        """Payment and close are one command here, so a document with money in it is never seen open."""
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
        self._ordered("40")
        return self._papers.x_report()

    def last_document(self) -> SeenDocument | None:
        look = self.look()
        if look.waiting is Waiting.PRINTING:
            raise RegisterUnavailable(Failure(FailureKind.UNAVAILABLE, "busy", "the register is printing"))
        return self._evidence.last(look)

    def reprint(self, document: FiscalDocument) -> Paper:
        """8C prints the last receipt, whichever it is: so it must be this one."""
        now = self._reader.totals()
        if any(now[kind] != document.raw.get(kind) for kind in ("sale", "sale_return")):
            text = "the register prints its last receipt again, and this is not it"
            raise RegisterUnavailable(Failure(FailureKind.REFUSED, "not_last", text))
        answer = self._runner.command("8C")
        if answer.error == NO_RECEIPT_PAPER:
            return Paper.OUT
        if answer.error != errors.OK:
            raise RegisterUnavailable(self._runner.failure(answer.error, "8C"))
        self._runner.wait_for_paper()
        look = self.look()
        return Paper.OUT if look.waiting is Waiting.PAPER else look.paper

    def open_drawer(self) -> None:
        self._ordered("28", bytes((self._settings.drawer,)))

    def close(self) -> None:
        self._wire.close()

    def _ordered(self, code: str, operands: bytes = b"") -> None:
        answer = self._runner.command(code, operands)
        if answer.error != errors.OK:
            raise RegisterUnavailable(self._runner.failure(answer.error, code))

    def _known(self) -> Identity:
        if self._identity is None:
            raise silent("line", "the line was never opened", sent=False)
        return self._identity
