"""One request to the operator and its answer, on a connection of its own; repeated as it is while that may help.

An answer counts when it names our device, our request number and our command. Anything else is no answer, and its
token is never taken: the next request would carry a key the operator did not give for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fiscal.device.links import Link
from fiscal.ofd.frames import Decoder, Frame, Garbage, encode
from fiscal.ofd.proto import ProtoError, decode
from fiscal.ofd.results import Reaction, row_for
from fiscal.ofd.words import Command

PAUSE_S = 1.0  # Between two attempts at one request.


@dataclass(frozen=True, slots=True)
class Answer:
    code: int
    text: str
    token: int  # To be used from now on.
    fields: Mapping[str, Any]  # The Response.
    payload: bytes
    repeated: bool = False  # The same request may have arrived before.


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Silence, rubbish, or "come again" until the time was over. `sent`: a byte of it may have arrived."""

    why: str
    sent: bool


class Exchange:
    """Talks to one operator. Not safe for threads: the register above it takes turns."""

    def __init__(
        self,
        link: Link,
        *,
        answer_s: float,
        total_s: float,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._link = link
        self._answer_s = answer_s
        self._total_s = total_s
        self._monotonic = monotonic
        self._sleep = sleep

    def close(self) -> None:
        self._link.close()

    def ask(self, frame: Frame, command: int, *, once: bool = False) -> Answer | NoAnswer:
        """The same bytes again and again within the total time, which the operator takes for one request."""
        until = self._monotonic() + self._total_s
        data = encode(frame)
        sent = False
        while True:
            outcome = self._attempt(frame, data, command)
            if isinstance(outcome, Answer):
                return replace(outcome, repeated=sent)
            sent = sent or outcome.sent
            if once or self._monotonic() + PAUSE_S >= until:
                return NoAnswer(outcome.why, sent)
            self._sleep(PAUSE_S)

    def _attempt(self, frame: Frame, data: bytes, command: int) -> Answer | NoAnswer:
        try:
            self._link.open()
        except OSError as error:
            return NoAnswer(f"connect: {error}", sent=False)
        try:
            self._link.write(data)
            return self._read(frame, command)
        except OSError as error:
            return NoAnswer(f"connection: {error}", sent=True)
        finally:
            self._link.close()

    def _read(self, frame: Frame, command: int) -> Answer | NoAnswer:
        decoder, until = Decoder(), self._monotonic() + self._answer_s
        while (left := until - self._monotonic()) > 0:
            piece = self._link.read(left)
            if not piece:
                break
            decoder.receive(piece)
            event = decoder.next_event()
            if isinstance(event, Garbage):
                return NoAnswer(f"the answer is no message: {event.why}", sent=True)
            if event is not None:
                return _understood(event, frame, command)
        return NoAnswer("timeout", sent=True)


def _understood(answer: Frame, asked: Frame, command: int) -> Answer | NoAnswer:
    if (answer.device, answer.reqnum) != (asked.device, asked.reqnum):
        return NoAnswer(f"the answer is for device {answer.device}, request {answer.reqnum}", sent=True)
    try:
        fields = decode("Response", answer.payload)
    except ProtoError as error:
        return NoAnswer(f"the answer cannot be read: {error}", sent=True)
    if fields["command"] != command:
        return NoAnswer(f"the answer is for command {fields['command']}", sent=True)
    if command == Command.TICKET and fields["result"]["result_code"] == 0 and "ticket" not in fields:
        return NoAnswer("the answer takes the ticket and names no fiscal sign", sent=True)
    code, text = fields["result"]["result_code"], fields["result"].get("result_text", "")
    if row_for(code).reaction is Reaction.AGAIN:
        return NoAnswer(f"ofd:{code}: {text or row_for(code).meaning}", sent=True)
    return Answer(code, text, answer.token, fields, answer.payload)
