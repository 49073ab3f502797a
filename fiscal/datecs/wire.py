"""One exchange with a Datecs printer, with everything its protocol offers against loss: SEQ, NAK, SYN.

A printer that hears the SEQ of the last frame again does nothing and repeats its last answer. So a command whose answer
is lost goes out again unchanged, as the very next frame. A command that does something goes out again only within
`REPEAT_WITHIN_S` of the last sign of life: whether the stored answer survives a restart nobody has published, and no
printer restarts that fast. After that it is a Silence, and the counters decide.
Sources: Datecs papers of protocols P and X (github erpnet/ErpNet.FP); its issue 135 for answers in pieces after SYN.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from fiscal.datecs.codec import NAK, SEQ_MIN, Control, Decoder, Frame, Garbage, encode
from fiscal.datecs.protocol import Answer, Call, Kind, Language
from fiscal.datecs.status import Status
from fiscal.datecs.text import decode
from fiscal.datecs.text import encode as in_codepage
from fiscal.device.family import Silence
from fiscal.device.links import Link
from fiscal.failures import Failure, FailureKind

STATUS = Call(0x4A)
REPEAT_WITHIN_S = 1.5
STRAYS_MAX = 64  # Reads of what belongs to nobody; a line that babbles always has something more.


@dataclass(slots=True)
class _Listening:
    """One command under way. Seconds of the monotonic clock."""

    seq: int
    call: Call
    began_s: float
    alive_s: float  # The last byte of the printer, or the first write.
    writes: int = 0
    refused: bool = False  # NAK: the last copy was not understood.


class Wire:
    """The line to one printer. Not thread-safe."""

    def __init__(
        self,
        link: Link,
        language: Language,
        *,
        answer_s: float,
        codepage: str,
        monotonic: Callable[[], float],
        rng: random.Random,
    ) -> None:
        self._link = link
        self._language = language
        self._answer_s = answer_s
        self._codepage = codepage
        self._monotonic = monotonic
        self._seq = rng.randint(SEQ_MIN, language.dialect.seq_max)
        self._strays = False  # Something may still come that belongs to an earlier command.

    def connect(self) -> None:
        """Open the line and make sure that the next command is not taken for a repeat of an earlier one.

        If the first SEQ is by chance that of the last frame of the session before, the printer swallows it and repeats
        an old answer; the second one differs from both.
        """
        try:
            self._link.open()
        except OSError as error:
            raise Silence(Failure(FailureKind.NO_ANSWER, "no_line", str(error)), sent=False) from None
        self._strays = True
        try:
            self._exchange(STATUS, first=True)
            self._exchange(STATUS)
        except Silence as silence:
            raise Silence(silence.failure, sent=False) from None

    def close(self) -> None:
        self._link.close()

    def exchange(self, call: Call) -> Answer:
        """Send a command and return its answer. Raises Silence; ValueError for data no frame can carry."""
        return self._exchange(call)

    def _exchange(self, call: Call, *, first: bool = False) -> Answer:
        dialect = self._language.dialect
        self._seq = self._seq + 1 if self._seq < dialect.seq_max else SEQ_MIN
        frame = encode(dialect, self._seq, call.command, in_codepage(call.data, self._codepage))
        if self._strays:
            self._read_away(call)
        now = self._monotonic()
        work = _Listening(self._seq, call, now, now)
        while self._may_write(work):
            try:
                self._link.write(frame)
                work.writes += 1
                found = self._listen(work)
            except OSError as error:
                raise Silence(
                    Failure(FailureKind.NO_ANSWER, "line", str(error), hex(call.command)), sent=True
                ) from None
            if found is not None:
                if found.command != call.command and not first:
                    text = f"an answer to {found.command:02X}h under the number of {call.command:02X}h"
                    raise Silence(Failure(FailureKind.NO_ANSWER, "answer", text, hex(call.command)), sent=True)
                self._strays = self._strays or work.writes > 1
                status = Status(found.status, self._language.bits)
                return Answer(decode(found.data, self._codepage), status, work.writes)
            self._strays = True
        text = f"no answer to {call.command:02X}h, sent {work.writes} times"
        raise Silence(Failure(FailureKind.NO_ANSWER, "timeout", text, hex(call.command)), sent=True)

    def _may_write(self, work: _Listening) -> bool:
        if work.writes == 0:
            return True
        kind, now = work.call.kind, self._monotonic()
        if work.writes >= kind.writes_max or now - work.began_s >= kind.total_s:
            return False
        return kind is Kind.READ or work.refused or now - work.alive_s < REPEAT_WITHIN_S

    def _listen(self, work: _Listening) -> Frame | None:
        """The answer, or None: it did not come, came damaged, or the printer wants the frame again."""
        decoder, work.refused = Decoder(self._language.dialect), False
        # As often as the printer says that it is at work, up to the limit of the command.
        while self._monotonic() - work.began_s < work.call.kind.total_s:
            data = self._link.read(self._answer_s)
            if not data:
                return None
            work.alive_s = self._monotonic()
            decoder.receive(data)
            while (event := decoder.next_event()) is not None:
                if isinstance(event, Frame):
                    if event.seq == work.seq:
                        return event
                    self._strays = True  # Late, or twice: of an earlier command.
                elif event == Control(NAK):
                    work.refused = True
                    return None
                elif isinstance(event, Garbage):
                    self._strays = True
        return None

    def _read_away(self, call: Call) -> None:
        """What has come since the last answer belongs to nobody."""
        self._strays = False
        try:
            for _ in range(STRAYS_MAX):
                if not self._link.read(0):
                    break
                self._strays = True
        except OSError as error:
            raise Silence(Failure(FailureKind.NO_ANSWER, "line", str(error), hex(call.command)), sent=False) from None
