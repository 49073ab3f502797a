"""Datecs printers for the shared driver: the steps of an order, the looks, the documents. It decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fiscal.datecs import looks, papers
from fiscal.datecs.evidence import Evidence
from fiscal.datecs.journal import Journal
from fiscal.datecs.protocol import MEMORY, PASSWORD, Call, Kind, Language, SaidNo
from fiscal.datecs.request import prepare
from fiscal.datecs.settings import Settings
from fiscal.datecs.talk import Refusal, Talk, unreadable
from fiscal.datecs.values import AnswerBroken
from fiscal.datecs.wire import Wire
from fiscal.device.family import Accepted, Answered, Rejected, Reply, Silence
from fiscal.device.looks import Look, Made
from fiscal.device.steps import Step, steps_of
from fiscal.documents import Baseline, Document, FiscalDocument, Paper, SeenDocument, ShiftReport
from fiscal.failures import Failure, FailureKind
from fiscal.orders import Order, Prepared
from fiscal.register import Ability, Capabilities, Recovery

ALWAYS = frozenset(
    {
        Ability.RETURNS, Ability.CASH_MOVES, Ability.X_REPORT, Ability.LAST_DOCUMENT, Ability.PRINTS,
        Ability.REPRINT_LAST, Ability.DRAWER, Ability.TELLS_PAPER, Ability.TELLS_COVER, Ability.TELLS_CLOCK,
    }
)  # fmt: skip
_KINDS = {"z": Kind.REPORT}  # Steps that print for long.


class DatecsFamily:
    """One printer on one line."""

    def __init__(self, wire: Wire, language: Language, settings: Settings, password: str) -> None:
        self._wire = wire
        self._language = language
        self._settings = settings
        self._password = password
        self._password_refused: Failure | None = None
        self._expired_z: int | None = None  # Last Z-report when the printer said that the next one is due.
        self._rates: Sequence[int | None] | None = None  # Of the tax groups; None: not read yet.
        self._talk = Talk(wire, language, settings)
        self._journal = Journal(self._talk)
        self._evidence = Evidence(self._talk, self._journal, language, settings)
        self.capabilities = Capabilities(
            f"datecs-{language.name.lower()}",
            ALWAYS | ({Ability.MARKS_AS_TEXT} if settings.marks else frozenset()),
            (Recovery.REPEAT, Recovery.COUNTERS),
            payments=frozenset(settings.payments),
        )

    def prepare(self, order: Order) -> Prepared:
        return prepare(order, self._language, self._settings)

    def connect(self) -> None:
        self._wire.connect()
        self._rates = None

    def close(self) -> None:
        self._wire.close()

    def look(self) -> Look:
        shown, status = self._talk.look()
        wanted = self._settings.device.identity
        if wanted is not None and shown.serial != wanted:
            text = f"register {wanted} is set up, {shown.serial} answers"
            raise Silence(Failure(FailureKind.CONFIGURATION, "identity", text), sent=False)
        self._evidence.shown = shown
        found = looks.look(shown, status)
        if self._expired_z == shown.z:
            # After a reset of its memory the counters show no shift: the Z-report it asks for must be let through.
            return replace(found, shift_open=True)
        return found

    def made(self, prepared: Prepared, baseline: Baseline, look: Look) -> Made:
        return self._evidence.made(prepared, baseline, look)

    def run(self, step: Step, prepared: Prepared, baseline: Baseline, done: Sequence[Answered]) -> Reply:
        refusal = self._before(step, prepared, baseline)
        if refusal is not None:
            return Rejected(refusal)
        return self._carry_out(step.name, int(step.command, 16), self._filled(step.data, prepared, baseline))

    def _carry_out(self, name: str, command: int, data: str) -> Reply:
        call = Call(command, data, _KINDS.get(name, Kind.ACT))
        try:
            answer = self._talk.ask(call)
            try:
                said = self._language.said(name, answer.data, self._settings)
            except SaidNo as no:
                raise self._talk.refusal(call, answer, no) from None
        except Refusal as refusal:
            return Rejected(self._judged(name, refusal))
        except AnswerBroken as broken:
            raise unreadable(call, broken) from None
        return Accepted(said.facts, said.total_tiyn)

    def _judged(self, name: str, refusal: Refusal) -> Failure:
        """What a refusal means at this step."""
        failure = refusal.failure
        if failure.kind is FailureKind.SHIFT_EXPIRED:
            self._expired_z = self._evidence.shown.z
        if refusal.password:
            # A printer locks itself after three wrong passwords, until it is switched off and on.
            self._password_refused = failure
        if failure.kind is FailureKind.OPEN_DOCUMENT and (name != "open" or refusal.writes > 1):
            # The receipt that is open may be ours: the copy that went before may have opened it.
            return replace(failure, kind=FailureKind.REFUSED)
        return failure

    def _before(self, step: Step, prepared: Prepared, baseline: Baseline) -> Failure | None:
        """Why a step is not even sent."""
        if step.name == "open":
            return self._password_refused or self._rates_differ(prepared)
        if step.name == "z" and baseline.shift != prepared.payload["shift"]:
            text = f"shift {baseline.shift} is open, the order closes shift {prepared.payload['shift']}"
            return Failure(FailureKind.REFUSED, "other_shift", text)
        return None

    def _rates_differ(self, prepared: Prepared) -> Failure | None:
        """A tax group of the order with another rate in the printer; a printer that does not tell is believed."""
        if not self._settings.compare_rates:
            return None
        if self._rates is None:
            facts, _ = self._talk.read(self._language.rates)
            self._rates = facts.get("rates", ())
        for wanted, group in prepared.payload["rates"]:
            at = self._settings.group_index(group)
            if at >= len(self._rates):
                continue
            shown = self._rates[at]
            if shown != wanted and not (wanted is None and not shown):
                told = "disabled" if shown is None else f"{shown / 100:g} %"
                text = f"tax group {group} of the printer is {told}, the options say {_rate(wanted)}"
                return Failure(FailureKind.CONFIGURATION, "rates", text)
        return None

    def _filled(self, data: str, prepared: Prepared, baseline: Baseline) -> str:
        """Data of a step with what the journal does not hold."""
        data = data.replace(PASSWORD, self._password)
        if MEMORY in data:
            made_at = prepared.payload["made_at"]
            own = baseline.identity.rpartition("/")[2]
            data = data.replace(MEMORY, own if made_at == self._settings.registration else made_at)
        return data

    def finish(self, prepared: Prepared, baseline: Baseline, look: Look) -> Reply:
        """Pay what is left, by the payments that are still to come, and close."""
        assert look.document is not None  # noqa: S101 - for the type checker; the driver has looked
        paid, total = look.document.paid_tiyn, look.document.total_tiyn or prepared.total_tiyn
        steps = steps_of(prepared)
        due = list(zip((step for step in steps if step.name == "pay"), prepared.payload["payments"], strict=True))
        taken = 0
        while due and taken < paid:
            taken += due.pop(0)[1]
        if taken != paid and paid < total:
            text = f"{paid} tiyn are paid, which is none of the order's payments"
            return Rejected(Failure(FailureKind.HUMAN, "payments", text))
        due = due if paid < total else []
        for step in [*(step for step, _sum in due), *(step for step in steps if step.decisive)]:
            reply = self.run(step, prepared, baseline, ())
            if isinstance(reply, Rejected):
                return reply
        return Accepted()

    def cancel(self) -> Reply:
        return self._carry_out("cancel", *self._language.cancel())

    def go_on(self) -> Reply:
        return Accepted()  # It goes on by itself when the paper is back.

    def document(
        self, prepared: Prepared, baseline: Baseline, seen: SeenDocument | None, done: Sequence[Answered]
    ) -> Document:
        return self._evidence.document(prepared, baseline, seen, done)

    def x_report(self) -> ShiftReport:
        shown, _status = self._talk.look()
        before = looks.counters(shown)
        tally = self._evidence.tally(shown.identity, before)
        command, data = self._language.report(closing=False)
        answer = self._looking(Call(command, data, Kind.REPORT))
        raw = {"answer": answer}
        return papers.report(before, tally, shown.clock or "", shift=shown.z + 1, closed=False, raw=raw)

    def last_document(self) -> SeenDocument | None:
        return self._evidence.last_document()

    def reprint(self, document: FiscalDocument) -> Paper:
        shown, _status = self._talk.look()
        if (document.number, document.shift, document.identity) != (shown.receipts, shown.z + 1, shown.serial):
            text = f"the printer copies its last receipt only: number {shown.receipts} of shift {shown.z + 1}"
            raise Silence(Failure(FailureKind.REFUSED, "not_last", text), sent=False)
        command, data = self._language.duplicate()
        self._looking(Call(command, data, Kind.ACT))
        _shown, status = self._talk.shown([self._language.clock])
        return looks.paper_of(status) if status.raw else Paper.UNKNOWN

    def open_drawer(self) -> None:
        command, data = self._language.drawer()
        self._looking(Call(command, data, Kind.ACT))

    def _looking(self, call: Call) -> str:
        """A command outside any order. Silence with the reason when it is refused."""
        try:
            return self._talk.ask(call).data
        except Refusal as refusal:
            raise refusal.as_silence() from None


def _rate(bp: int | None) -> str:
    return "without VAT" if bp is None else f"{bp / 100:g} %"
