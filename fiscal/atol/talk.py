"""Commands put to an ATOL register and their answers, as tasks of its queue. I/O through the wire alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from fiscal.atol import answers, commands, errors
from fiscal.atol.answers import Answer, AnswerMalformed
from fiscal.atol.commands import COMMANDS, Mode
from fiscal.atol.tasks import State
from fiscal.atol.wire import TaskWire, silent
from fiscal.device.family import Silence
from fiscal.failures import Failure, FailureKind

T = TypeVar("T")

_QUEUE = {
    State.OVERFLOW: (FailureKind.UNAVAILABLE, "overflow", "the register's queue of tasks is full"),
    State.ILLEGAL: (FailureKind.CONFIGURATION, "illegal", "the register does not take a task like this"),
    State.STOPPED: (FailureKind.REFUSED, "stopped", "not begun: a task before it failed"),
}


class Refused(Exception):
    """The queue did not take a task, or did not begin it: certainly nothing of it was done."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text)
        self.failure = failure


class Talk:
    """Puts the passwords in and takes answers apart."""

    def __init__(self, wire: TaskWire, password: int, modes: Mapping[Mode, int]) -> None:
        self.wire = wire
        self._password = password
        self._modes = modes

    def ask(self, code: str, operands: bytes = b"", *, task: int | None = None) -> Answer:
        """Any answer of the command layer, good or bad. Refused by the queue; Silence when no answer can be trusted."""
        command = COMMANDS[code]
        word = self.wire.exchange(
            commands.request(command, self._password, operands),
            timeout_s=command.timeout_s,
            reads=command.reads,
            task=task,
        )
        if not word.state.is_final:
            kind, name, text = _QUEUE.get(
                word.state, (FailureKind.DEVICE, f"{word.state:02X}", "it says what cannot be")
            )
            raise Refused(Failure(kind, f"{errors.FAMILY}:{name}", text, code))
        return parsed(lambda data: answers.answer(code, data), word.data)

    def enter(self, mode: Mode) -> Answer:
        return self.ask("56", commands.enter(mode, self._modes[mode]))

    def read(self, code: str, parse: Callable[[bytes], T], operands: bytes = b"") -> T:
        """A good answer as a value. An error is told as Silence: the register did not answer the question."""
        try:
            answer = self.ask(code, operands)
        except Refused as refused:
            raise Silence(refused.failure, sent=False) from None
        if answer.error != errors.OK:
            raise Silence(errors.failure(answer.error, code), sent=False)
        return parsed(parse, answer.body)

    def read_or_none(self, code: str, parse: Callable[[bytes], T], operands: bytes = b"", *, absent: int) -> T | None:
        """The same for what may not be there: None when the register says so with the error `absent`."""
        try:
            answer = self.ask(code, operands)
        except Refused as refused:
            raise Silence(refused.failure, sent=False) from None
        if answer.error == absent:
            return None
        if answer.error != errors.OK:
            raise Silence(errors.failure(answer.error, code), sent=False)
        return parsed(parse, answer.body)


def parsed(parse: Callable[[bytes], T], data: bytes) -> T:
    try:
        return parse(data)
    except AnswerMalformed as malformed:
        raise silent("answer", str(malformed), sent=True) from malformed
