"""Commands and their answers in words: what was said, or a failure with its kind. No decisions.

A refusal is explained by the printer's own error number where it gives one: by command 20h on P, in the answer on X.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fiscal.datecs.errors import WRONG_PASSWORD
from fiscal.datecs.protocol import Answer, Call, Entry, Facts, Language, Need, Reading, SaidNo, Shown, Talking
from fiscal.datecs.settings import Settings
from fiscal.datecs.status import FISCAL_OPEN, SERVICE_OPEN, Status
from fiscal.datecs.values import AnswerBroken
from fiscal.datecs.wire import Wire
from fiscal.device.family import Silence
from fiscal.failures import Failure, FailureKind

RECEIPT_OPEN = (FISCAL_OPEN, SERVICE_OPEN)
LOOKS_MAX = 3  # Until the first and the last number of one look agree.


class Refusal(Exception):
    """The printer said no. `password`: to the operator's password."""

    def __init__(self, failure: Failure, *, password: bool = False, writes: int = 1) -> None:
        super().__init__(failure.text)
        self.failure = failure
        self.password = password
        self.writes = writes

    def as_silence(self) -> Silence:
        """For something that only looks: the caller of a driver hears of it as of a register that cannot be read."""
        return Silence(self.failure, sent=False)


class Talk:
    """Speaks one protocol over one wire."""

    def __init__(self, wire: Wire, language: Language, settings: Settings) -> None:
        self._wire = wire
        self._language = language
        self._settings = settings

    def ask(self, call: Call) -> Answer:
        """Carry out a command. Raises Refusal or Silence."""
        answer = self._wire.exchange(call)
        try:
            no = self._language.refusal(call, answer)
        except AnswerBroken as broken:
            raise unreadable(call, broken) from None
        if no is not None:
            raise self.refusal(call, answer, no)
        return answer

    def refusal(self, call: Call, answer: Answer, no: SaidNo) -> Refusal:
        """A refusal in our words, after asking the printer for its own."""
        number, text = no.number, no.text
        if number or not text:
            number, text = self._explained(call, number)
        family = f"datecs-{self._language.name.lower()}"
        if number:
            meaning = self._language.errors.meaning(number)
            words = f"{meaning.text} ({text})" if text else meaning.text
            failure = Failure(meaning.kind, f"{family}:{number}", words)
            return Refusal(failure, password=number in WRONG_PASSWORD, writes=answer.writes)
        code, kind, words = "refused", FailureKind.REFUSED, text or "refused without a reason"
        if (reason := answer.status.reason()) is not None:
            code, kind = reason[0], reason[1].kind or kind
            words = f"{reason[1].text} ({text})" if text else reason[1].text
        return Refusal(Failure(kind, f"{family}:{code}", words), writes=answer.writes)

    def _explained(self, call: Call, number: int) -> tuple[int, str]:
        question = self._language.explain(call, number)
        if question is None:
            return number, ""
        answer = self._wire.exchange(question)
        try:
            return self._language.explained(call, number, answer.data)
        except (SaidNo, AnswerBroken):
            return number, ""  # It refuses to explain; what the first answer said stands.

    def read(self, reading: Reading) -> tuple[Facts, Status]:
        """What an answer tells. Silence when it is refused or unreadable and cannot be done without."""
        answer = self._wire.exchange(reading.call)
        no = None
        try:
            no = self._language.refusal(reading.call, answer)
            if no is None:
                return reading.read(answer.data, self._settings), answer.status
        except SaidNo as said:
            no = said
        except AnswerBroken as broken:
            if reading.need is not Need.NEVER:
                raise unreadable(reading.call, broken) from None
        spared = reading.need is Need.NEVER or (reading.need is Need.IDLE and answer.status.any(*RECEIPT_OPEN))
        if no is not None and not spared:
            raise self.refusal(reading.call, answer, no).as_silence()
        return {}, answer.status

    def shown(self, readings: Iterable[Reading]) -> tuple[Shown, Status]:
        """What several readings tell together, and the newest status."""
        facts: dict[str, object] = {}
        status = Status(b"", self._language.bits)
        for reading in readings:
            found, status = self.read(reading)
            facts |= found
        return replace(Shown(), **facts), status  # type: ignore[arg-type]  # Names of its fields, by the readings.

    def look(self) -> tuple[Shown, Status]:
        """Everything, of one moment: the document number is read first and last."""
        first, *rest = self._language.look
        for _ in range(LOOKS_MAX):
            before, _status = self.shown([first])
            shown, status = self.shown(rest)
            if shown.document == before.document:
                return shown, status
        text = "the document number moves while it is read: another program uses the printer"
        raise Silence(Failure(FailureKind.UNAVAILABLE, "moving", text), sent=False)

    def entry(self, number: int, *, dated: bool) -> Entry | None:
        """One document of the journal; None: it is not there, or the printer does not show it."""
        return self._talk(self._language.entry(number, self._settings, dated=dated))

    def _talk(self, talking: Talking) -> Entry | None:
        call = next(talking)
        try:
            while True:
                answer = self._wire.exchange(call)
                no = self._language.refusal(call, answer)
                call = talking.send(None if no is not None else answer.data)
        except StopIteration as end:
            found: Entry | None = end.value
            return found
        except (AnswerBroken, SaidNo):
            return None


def unreadable(call: Call, broken: AnswerBroken) -> Silence:
    """An answer nobody understands is none."""
    text = f"answer to {call.command:02X}h: {broken}"
    return Silence(Failure(FailureKind.NO_ANSWER, "answer", text, hex(call.command)), sent=True)
