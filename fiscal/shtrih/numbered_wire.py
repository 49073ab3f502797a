"""One exchange with a Shtrih-M register on the numbered layer: a command is executed once under its number.

    silence            the last answer is asked for, then the same number again: however often it arrives, it is
                       executed once
    the number before  a late repeat of an earlier answer: left out
    any other number   out of step: the register was switched off, or somebody else spoke to it

Out of step, what merely reads goes on under the register's next number. Anything else is left in doubt: it may have
been executed before the register forgot.
Source: vendor's "Протокол работы ККТ 2.0" rev. 11 (github shtrih-m/javapos_shtrih, Doc/SHTRIH).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fiscal.device.links import Link
from fiscal.shtrih import numbered
from fiscal.shtrih.commands import head_of
from fiscal.shtrih.numbered import NUM_MODULO, Packet
from fiscal.shtrih.wire import ENQUIRIES_MAX, Tempo, silent

REPEATS_MAX = 10
REPEATS_READING_MAX = 3
REPEATS_S = 60.0  # Beside the command's own time.
RESYNCS_MAX = 3
PACKETS_MAX = 32  # Late ones, read away in one go.
PACKET_MAX_S = 10.0  # Of one that has begun, beyond the time its beginning was waited for.


class _OutOfStep(Exception):
    def __init__(self, num: int) -> None:
        super().__init__(f"the register's last command had number {num}")


class _NoAnswer(Exception):
    """The layer has done what it can."""


@dataclass(slots=True)
class _Exchange:
    request: bytes
    head: bytes
    timeout_s: float
    reads: bool
    sent: bool = False  # Bytes of the packet may have left.


class NumberedWire:
    def __init__(self, link: Link, tempo: Tempo, monotonic: Callable[[], float]) -> None:
        self._link = link
        self._tempo = tempo
        self._monotonic = monotonic
        self._decoder = numbered.Decoder()
        self._last = 0  # Number of the last command the register has executed.
        self.found: bytes | None = None
        self.found_num: int | None = None

    @property
    def num(self) -> int | None:
        return self._last

    def close(self) -> None:
        self._link.close()

    def connect(self) -> None:
        try:
            self._open()
            self.found = self._ping().data or None
            self.found_num = self._last
        except OSError as error:
            raise silent("line", str(error), sent=False) from error
        except _NoAnswer as quiet:
            raise silent("timeout", str(quiet), sent=False) from quiet

    def exchange(self, request: bytes, *, timeout_s: float, reads: bool) -> bytes:
        exchange = _Exchange(request, head_of(request), timeout_s, reads)
        reopened, resyncs = False, 0
        while True:
            num = (self._last + 1) % NUM_MODULO
            try:
                return self._repeated(exchange, num)
            except _OutOfStep as step:
                resyncs += 1
                if not reads or resyncs > RESYNCS_MAX:
                    raise silent("out-of-step", str(step), sent=exchange.sent) from step
                self._again(exchange, num, reopen=False)
            except _NoAnswer as quiet:
                raise silent("timeout", str(quiet), sent=exchange.sent) from quiet
            except OSError as error:
                # One new connection: the register still knows what it did last. A second failure is told.
                if reopened:
                    raise silent("line", str(error), sent=exchange.sent) from error
                reopened = True
                answered = self._again(exchange, num, reopen=True)
                if answered is not None:
                    return answered

    def _again(self, exchange: _Exchange, num: int, *, reopen: bool) -> bytes | None:
        """Learn where the register stands; the answer to ours, when that is what it did last."""
        try:
            if reopen:
                self._open()
            last = self._ping()
        except OSError as error:
            raise silent("line", str(error), sent=exchange.sent) from error
        except _NoAnswer as quiet:
            raise silent("timeout", str(quiet), sent=exchange.sent) from quiet
        if not reopen or exchange.reads or not exchange.sent:
            return None
        try:
            return self._told(last, exchange, num) or None
        except _OutOfStep as step:
            raise silent("out-of-step", str(step), sent=True) from step

    def _told(self, last: Packet, exchange: _Exchange, num: int) -> bytes:
        """What the register did last is ours: its answer; is the one before: nothing, and ours may go again."""
        if last.num == num and head_of(last.data) == exchange.head:
            return last.data
        # Without an answer it was switched off since, and the number it begins with anew may be the very one before
        # ours: then it would execute ours a second time.
        if last.num != (num - 1) % NUM_MODULO or not last.data:
            raise _OutOfStep(self._last)
        return b""

    def _open(self) -> None:
        self._link.open()
        self._decoder.reset()

    def _repeated(self, exchange: _Exchange, num: int) -> bytes:
        """Send under one number until its answer comes."""
        packet = numbered.encode(num, exchange.request)
        until = self._monotonic() + exchange.timeout_s + REPEATS_S
        for attempt in range(REPEATS_READING_MAX if exchange.reads else REPEATS_MAX):
            kept = b"" if exchange.reads or not attempt else self._kept(exchange, num)
            if kept:
                return kept
            if kept is not None:
                exchange.sent = True
                self._link.write(packet)
            answer = self._answer(exchange, num)
            if answer is not None:
                self._last = num
                return answer
            if self._monotonic() >= until:
                break
        raise _NoAnswer(f"no answer to number {num}")

    def _kept(self, exchange: _Exchange, num: int) -> bytes | None:
        """The answer, asked for without the command; b"" when the command may go again, None when nobody answers."""
        try:
            return self._told(self._ping(), exchange, num)
        except _NoAnswer:
            return None

    def _answer(self, exchange: _Exchange, num: int) -> bytes | None:
        """The answer under our number; None after silence or a broken packet. Raises _OutOfStep."""
        until = self._monotonic() + exchange.timeout_s
        for _ in range(PACKETS_MAX):
            event = self._packet(until - self._monotonic())
            if not isinstance(event, Packet):
                return None
            if event.num == num and head_of(event.data) == exchange.head:
                return event.data
            if event.num != (num - 1) % NUM_MODULO:
                raise _OutOfStep(event.num or 0)
        return None

    def _ping(self) -> Packet:
        """The register's last answer, and from now on its number is ours."""
        for _ in range(ENQUIRIES_MAX):
            self._link.write(numbered.ping())
            event = self._packet(self._tempo.ack_s)
            newest = None
            for _ in range(PACKETS_MAX):  # Earlier answers may still have been on the way.
                newest = event if isinstance(event, Packet) and event.num is not None else newest
                if event is None:
                    break
                event = self._packet(self._tempo.byte_s)
            if newest is not None:
                self._last = newest.num or 0
                return newest
        raise _NoAnswer("nobody answers")

    def _packet(self, wait_s: float) -> numbered.Event | None:
        """The next packet, whole or broken; None after silence."""
        until = self._monotonic() + wait_s
        while (event := self._decoder.next_event()) is None:
            partial, left = self._decoder.partial, until - self._monotonic()
            # On a line that babbles there is always something more, and a packet may say that it is 64 KB long.
            more = left > -PACKET_MAX_S if partial else left > 0
            data = self._link.read(self._tempo.byte_s if partial else left) if more else b""
            if not data:
                self._decoder.reset()
                return numbered.Broken(b"") if partial else None
            self._decoder.receive(data)
        return event
