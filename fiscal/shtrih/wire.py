"""One exchange with a Shtrih-M register on the standard layer, with all the layer offers against loss.

    ENQ -> NAK                 the register is idle: send
    ENQ -> ACK                 an answer is under way: read it, ENQ again
    frame -> ACK -> frame      the answer; ACK for it
    frame -> NAK               it did not arrive: ENQ, then again
    frame -> silence           ENQ: an answer under way is ours; NAK means it did not arrive, or the register was
                               switched off since, and then only what merely reads is sent again

An answer counts only when our frame was acknowledged, or when it comes out on ENQ after our frame had gone: what
arrives before belongs to an earlier command, whatever its code.
Source: vendor's "Протокол работы ККТ 2.0" rev. 11, appendices 2 and 3 (github shtrih-m/javapos_shtrih, Doc/SHTRIH).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from fiscal.device.family import Silence
from fiscal.device.links import Link
from fiscal.failures import Failure, FailureKind
from fiscal.shtrih import codec
from fiscal.shtrih.commands import DEFAULT_TIMEOUT_S, head_of

ENQUIRIES_MAX = 3  # Without any answer: no link.
ATTEMPTS_MAX = 5  # Of one exchange.
PENDING_MAX = 5  # Answers of earlier commands, read away in one go.
QUIET_MAX = 2  # Times that an answer is said to be under way and does not come.
DAMAGED_MAX = 5
DRAIN_MAX = 64  # Reads of noise before asking again.


@dataclass(frozen=True, slots=True)
class Tempo:
    ack_s: float
    byte_s: float
    byte_takes_s: float = 0.0  # On its way out: a long frame at 4800 baud takes half a second.


class Wire(Protocol):
    """A link layer. `found`: the answer of the last command the register had executed when the line came up, and its
    number on the layer that has them."""

    found: bytes | None
    found_num: int | None

    @property
    def num(self) -> int | None:
        """The last number in use, on the layer that has them."""

    def connect(self) -> None:
        """Open anew and read away what belongs to earlier commands. Silence(sent=False) when nobody answers."""

    def exchange(self, request: bytes, *, timeout_s: float, reads: bool) -> bytes:
        """The answer to a command. Silence says whether bytes of it may have left."""

    def close(self) -> None: ...


def silent(code: str, text: str, *, sent: bool) -> Silence:
    return Silence(Failure(FailureKind.NO_ANSWER, code, text), sent=sent)


class StandardWire:
    def __init__(self, link: Link, tempo: Tempo, monotonic: Callable[[], float]) -> None:
        self._link = link
        self._tempo = tempo
        self._monotonic = monotonic
        self._decoder = codec.Decoder()
        self.found: bytes | None = None
        self.found_num: int | None = None

    @property
    def num(self) -> int | None:
        return None

    def close(self) -> None:
        self._link.close()

    def connect(self) -> None:
        try:
            self._open()
            self.found = self._idle(DEFAULT_TIMEOUT_S)
        except OSError as error:
            raise silent("line", str(error), sent=False) from error
        except _NoAnswer as quiet:
            raise silent("timeout", str(quiet), sent=False) from quiet

    def exchange(self, request: bytes, *, timeout_s: float, reads: bool) -> bytes:
        exchange = _Exchange(codec.encode(request), head_of(request), timeout_s, reads)
        reopened = False
        while True:
            try:
                return self._attempts(exchange)
            except _NoAnswer as quiet:
                raise silent("timeout", str(quiet), sent=exchange.sent) from quiet
            except OSError as error:
                # One new connection: the answer may still wait there. A second failure is told.
                if reopened:
                    raise silent("line", str(error), sent=exchange.sent) from error
                reopened = True
                try:
                    self._open()
                except OSError as again:
                    raise silent("line", str(again), sent=exchange.sent) from again

    def _attempts(self, exchange: _Exchange) -> bytes:
        for _ in range(ATTEMPTS_MAX):
            pending = self._idle(exchange.timeout_s)
            if exchange.sent and pending is not None and head_of(pending) == exchange.head:
                return pending
            if exchange.sent and not exchange.again:
                raise _NoAnswer("the register does not have an answer to it")
            exchange.sent, exchange.again = True, exchange.reads
            self._link.write(exchange.frame)
            word = self._word(len(exchange.frame) * self._tempo.byte_takes_s)
            if word == codec.ACK:
                answer = self._answer(exchange.timeout_s, exchange.head)
                if answer is not None:
                    return answer
            elif word == codec.NAK:
                exchange.again = True
        raise _NoAnswer(f"no answer in {ATTEMPTS_MAX} attempts")

    def _open(self) -> None:
        self._link.open()
        self._decoder.reset()

    def _idle(self, timeout_s: float) -> bytes | None:
        """Enquire until the register is idle; the last answer that had to be read on the way."""
        pending, quiet = None, 0
        for _ in range(PENDING_MAX):
            if self._enquire() == codec.NAK:
                return pending
            answer = self._answer(timeout_s)
            pending, quiet = answer or pending, quiet + (answer is None)
            if quiet >= QUIET_MAX:
                break
        raise _NoAnswer("it is busy with an answer that does not come")

    def _enquire(self) -> int:
        for _ in range(ENQUIRIES_MAX):
            self._link.write(bytes((codec.ENQ,)))
            word = self._word()
            if word is not None:
                return word
        raise _NoAnswer("nobody answers")

    def _word(self, on_its_way_s: float = 0.0) -> int | None:
        """ACK or NAK; None for silence. Frames in between belong to nobody."""
        until = self._monotonic() + self._tempo.ack_s + on_its_way_s
        while (left := until - self._monotonic()) > 0:
            event = self._event(left)
            if event is None:
                return None
            if isinstance(event, codec.Control) and event.byte != codec.ENQ:
                return event.byte
            if isinstance(event, codec.Garbage):
                self._drain()
        return None

    def _answer(self, timeout_s: float, head: bytes | None = None) -> bytes | None:
        """The next whole answer, acknowledged; with `head` only one that begins so. None: none came."""
        until, damaged = self._monotonic() + timeout_s, 0
        while (left := until - self._monotonic()) > 0:
            event = self._event(left)
            if event is None:
                return None
            if isinstance(event, codec.Frame):
                self._link.write(bytes((codec.ACK,)))
                if head is None or head_of(event.payload) == head:
                    return event.payload
            elif isinstance(event, codec.Garbage):
                damaged += 1
                self._drain()
                self._link.write(bytes((codec.NAK,)))
                if damaged > DAMAGED_MAX or self._enquire() == codec.NAK:
                    return None
        return None

    def _event(self, wait_s: float) -> codec.Event | None:
        """The next event; None after silence. A frame that stops in the middle is garbage."""
        until = self._monotonic() + wait_s
        while (event := self._decoder.next_event()) is None:
            partial, left = self._decoder.partial, until - self._monotonic()
            # A line on which somebody babbles always has something more.
            data = self._link.read(self._tempo.byte_s if partial else left) if partial or left > 0 else b""
            if not data and not partial:
                return None
            if not data:
                self._decoder.reset()
                return codec.Garbage(b"")
            self._decoder.receive(data)
        return event

    def _drain(self) -> None:
        """Let what is left of a broken frame go by."""
        for _ in range(DRAIN_MAX):
            if not self._link.read(self._tempo.byte_s):
                break
        self._decoder.reset()


class _NoAnswer(Exception):
    """The layer has done what it can."""


@dataclass(slots=True)
class _Exchange:
    frame: bytes
    head: bytes
    timeout_s: float
    reads: bool
    sent: bool = False  # Bytes of the frame may have left.
    again: bool = False  # It may be sent once more.
