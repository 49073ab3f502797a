"""Commands put to a register and their answers, over either link layer. I/O through the wire alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from fiscal.device.family import Silence
from fiscal.shtrih import answers, errors
from fiscal.shtrih.answers import Answer, AnswerShort
from fiscal.shtrih.commands import COMMANDS, Who, request
from fiscal.shtrih.wire import Wire, silent

T = TypeVar("T")

CLOSE_V2 = "FF45"
ABSENT = frozenset({0x08, 0x33, 0x34, 0x35, 0x36, 0x37, 0x5D})  # "I do not have that": command, table, data.


class Talk:
    """Puts the password in, keeps the pause after FF45, and takes answers apart."""

    def __init__(
        self,
        wire: Wire,
        passwords: Mapping[Who, int],
        *,
        storage: bool,
        pause_s: float,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self.wire = wire
        self._passwords = {**passwords, Who.NOBODY: 0}
        self._storage = storage
        self._pause_s = pause_s
        self._monotonic = monotonic
        self._sleep = sleep
        self._not_before = 0.0
        self._closed = False

    def ask(self, code: str, operands: bytes = b"", *, who: Who | None = None) -> Answer:
        """Any answer, good or bad. Silence when none can be trusted."""
        command = COMMANDS[code]
        self._rest()
        payload = request(command, self._passwords[who or command.who], operands)
        reply = self.wire.exchange(payload, timeout_s=command.timeout_s, reads=command.reads)
        try:
            answer = answers.answer(reply, command.head)
        except AnswerShort as short:
            raise silent("answer", str(short), sent=True) from short
        if code == CLOSE_V2 and answer.error == errors.OK and self._pause_s:
            self._closed, self._not_before = True, self._monotonic() + self._pause_s
        return answer

    def read(self, code: str, parse: Callable[[bytes], T], operands: bytes = b"") -> T:
        """A good answer as a value. An error is told as Silence: the register did not answer the question."""
        answer = self.ask(code, operands)
        if answer.error != errors.OK:
            raise Silence(errors.failure(answer.error, self._storage, code), sent=False)
        return parsed(parse, answer.body)

    def read_or_none(self, code: str, parse: Callable[[bytes], T], operands: bytes = b"") -> T | None:
        """The same for what a register may not have: None when it says so. Busy is not absent."""
        answer = self.ask(code, operands)
        if answer.error in ABSENT:
            return None
        if answer.error != errors.OK:
            raise Silence(errors.failure(answer.error, self._storage, code), sent=False)
        return parsed(parse, answer.body)

    def told(self, code: str, parse: Callable[[bytes], T], operands: bytes = b"") -> T | None:
        """The same for what is good to know and nothing depends on: None for any error."""
        answer = self.ask(code, operands)
        return parsed(parse, answer.body) if answer.error == errors.OK else None

    def _rest(self) -> None:
        """The vendor's own driver lets a register alone for three seconds after FF45."""
        if self._closed:
            self._closed = False
            left = self._not_before - self._monotonic()
            if left > 0:
                self._sleep(left)


def parsed(parse: Callable[[bytes], T], body: bytes) -> T:
    try:
        return parse(body)
    except AnswerShort as short:
        raise silent("answer", str(short), sent=True) from short
