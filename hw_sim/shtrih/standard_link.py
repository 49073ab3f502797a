"""The standard link layer on the side of the register.

    STX 02 | LEN | command and parameters | LRC, the XOR of all from LEN on        ENQ 05, ACK 06, NAK 15

At rest it answers ENQ with NAK. A good frame gets ACK, a bad one NAK. While it works ENQ gets ACK. Its answer waits for
ACK; without one, or after NAK, it is not sent again by itself: ENQ gets ACK and the answer once more. Whatever else the
host sends while an answer waits is not heard. Source: vendor's "Протокол работы ККТ 2.0" rev. 11.
"""

from __future__ import annotations

from enum import Enum, auto
from functools import reduce
from operator import xor

from hw_sim.exchange import NS
from hw_sim.shtrih.catalogue import code_of
from hw_sim.shtrih.dispatch import Outcome
from hw_sim.shtrih.link import Link, Station

STX, ENQ, ACK, NAK = 0x02, 0x05, 0x06, 0x15
CONTROL_NAMES = {ENQ: "ENQ", ACK: "ACK", NAK: "NAK"}


class State(Enum):
    AT_REST = auto()
    RECEIVES = auto()
    WORKS = auto()
    ANSWERS = auto()


def framed(payload: bytes) -> bytes:
    """A frame around an answer."""
    body = bytes((len(payload),)) + payload
    return bytes((STX,)) + body + bytes((reduce(xor, body),))


class StandardLink(Link):
    """The last answer is kept until the next one, read or not."""

    def __init__(self, station: Station, *, idle_ff: bool = False) -> None:
        super().__init__(station)
        self._before_control = b"\xff" if idle_ff else b""
        self._state = State.AT_REST
        self._frame = bytearray()
        self._heard_ns = 0
        self._done_ns = 0
        self._code = ""
        self._pending = b""
        self._about = ""

    @property
    def at_rest(self) -> bool:
        return self._state is not State.RECEIVES

    def received(self, byte: int) -> None:
        if self._state is State.WORKS and self._station.now() >= self._done_ns:
            self._state = State.ANSWERS
        if self._state is State.RECEIVES:
            self._collect(byte)
        elif byte in CONTROL_NAMES:
            self._control(byte)
        elif byte == STX and self._state is State.AT_REST:
            self._state, self._frame, self._heard_ns = State.RECEIVES, bytearray((STX,)), self._station.now()

    def _control(self, byte: int) -> None:
        self._station.note(">", CONTROL_NAMES[byte], bytes((byte,)))
        if byte == ENQ:
            self._asked()
        elif byte == ACK and self._state is State.ANSWERS:
            if self._station.fault("host_ack_lost", self._code) is None:
                self._state = State.AT_REST
            else:
                self._station.note("!", "host_ack_lost")

    def _asked(self) -> None:
        if self._station.fault("ignore_enq", "ENQ") is not None:
            self._station.note("!", "ignore_enq")
        elif self._state is State.WORKS:
            self._reply(ACK, "the answer is being prepared")
        elif self._state is State.ANSWERS:
            self._repeat()
        elif (fault := self._station.fault("stale_answer", "ENQ")) is not None:
            self._pending, self._about = self.stale(fault, self._pending), "left from before"
            self._code = code_of(self._pending)
            self._state = State.ANSWERS
            self._repeat()
        else:
            self._reply(NAK, "waits for a command")

    def _repeat(self) -> None:
        self._reply(ACK, "an answer waits")
        self._station.say(self._code, framed(self._pending), about=self._about)

    def _reply(self, byte: int, about: str = "") -> None:
        self._station.note("<", CONTROL_NAMES[byte], bytes((byte,)), about)
        self._station.say_plainly(self._before_control + bytes((byte,)))

    def _collect(self, byte: int) -> None:
        self._frame.append(byte)
        self._heard_ns = self._station.now()
        if len(self._frame) < 3 or len(self._frame) < self._frame[1] + 3:
            return
        frame, self._frame, self._state = bytes(self._frame), bytearray(), State.AT_REST
        if frame[1] == 0 or reduce(xor, frame[1:]):
            self._station.note("!", "bad LRC", frame)
            self._reply(NAK)
        else:
            self.obey(frame, frame[2:-1])

    def takes(self, code: str) -> bool:
        if self._station.fault("nak_frame", code) is not None:
            self._station.note("!", "nak_frame")
            self._reply(NAK)
            return False
        if self._station.fault("ack_lost", code) is not None:
            self._station.note("!", "ack_lost")
        else:
            self._reply(ACK)
        return True

    def keep(self, code: str, outcome: Outcome) -> bytes:
        self._code, self._pending, self._about = code, outcome.payload, outcome.about
        self._done_ns = self._station.now() + int(outcome.seconds * NS)
        self._state = State.WORKS
        return framed(outcome.payload)

    def forget_half(self) -> None:
        if self._state is State.RECEIVES:
            self._state, self._frame = State.AT_REST, bytearray()

    def lose_power(self) -> None:
        self._state, self._frame, self._pending = State.AT_REST, bytearray(), b""

    def line_opened(self) -> None:
        """An answer that waits goes on waiting: it knows nothing of connections."""

    def time_passed(self) -> None:
        due = self.wakes_ns()
        if due is not None and self._station.now() >= due:
            self._station.note("!", "byte late", bytes(self._frame))
            self._state, self._frame = State.AT_REST, bytearray()
            self._reply(NAK)

    def wakes_ns(self) -> int | None:
        return self._heard_ns + self._station.byte_timeout_ns if self._state is State.RECEIVES else None
