"""The host's end of Zebra SSI: good reads are acknowledged, bad frames asked for again, commands go in between. Pure.

Answers go out at the next `outgoing`. A NAK waits for the silence after the junk, because only then is it known that
the frame is over; a command waits until nothing stands half-received and no part of a read is missing.

Sources: Motorola SE955 Integration Guide, chapter 10 (handshaking: all packets are answered except ACK, NAK and data
that itself is an answer); Zebra DS2208 Product Reference Guide, chapter SSI; beeper patterns as in the public header of
Zebra's scanner SDK for iOS (SBT_BEEPCODE_...), LED bits as in github enioka `LedOn.java`: unverified, so configuration.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from scanners.line_protocol import LineEvent, Notice
from scanners.scan import Signal
from scanners.ssi import commands
from scanners.ssi.codec import ACK, NAK_RESEND, Decoder, Junk, Opcode, Packet, Source
from scanners.ssi.commands import Command, Commands
from scanners.ssi.damage import reads_as_answer
from scanners.ssi.reads import Reads

BEEP_PATTERN_MAX: Final = 26
BEEPS: Final[Mapping[Signal, int | None]] = MappingProxyType(
    {
        Signal.ACCEPTED: None,  # The scanner beeps itself when it has read.
        Signal.REFUSED: 15,  # One long low tone.
        Signal.ASK: 1,  # Two short high tones.
    }
)

_UNASKED_ANSWERS: Final = frozenset({Opcode.REPLY_REVISION, Opcode.CAPABILITIES_REPLY})
_ANSWERS: Final = frozenset({Opcode.CMD_ACK, Opcode.CMD_NAK, *_UNASKED_ANSWERS})
_TEXT_BYTES_MIN: Final = 6
_TEXT: Final = frozenset(range(0x20, 0x7F)) | frozenset(b"\t\r\n\x1d")

PLAIN_TEXT: Final = (
    "the scanner sends plain characters, not SSI packets: set it to SSI with packeted decode data, "
    "or write serial:// in its address"
)
ECHO: Final = "the line sends back what is written to it: check the cable, and that no terminal echo is on"


@dataclass(frozen=True, slots=True)
class SsiSettings:
    suffixes: tuple[bytes, ...] = ()  # Taken off the end of the data; the scanner can be set to send one inside.
    response_ms: int = 2000  # The scanner's Serial Response Time-out.
    beeps: Mapping[Signal, int | None] = field(default_factory=lambda: BEEPS)  # Pattern 0 to 26, None: silent.
    led: int | None = None  # Bits of the lamps that are lit from a refusal or a question to the next accepted read.
    start: tuple[Command, ...] = ()  # Sent whenever the line is opened.


class SsiProtocol:
    """Implements `LineProtocol`."""

    def __init__(self, settings: SsiSettings | None = None) -> None:
        self._settings = settings or SsiSettings()
        self._decoder = Decoder()
        self._reads = Reads(self._settings.response_ms, self._settings.suffixes)
        self._commands = Commands()
        self._owed = bytearray()  # Acknowledgements not yet handed over.
        self._lit: bool | None = None  # None: nobody knows, the scanner may have been lit before.
        self._told: set[str] = set()
        self._events: deque[LineEvent] = deque()  # In the order they came about.
        self._discarded_bytes = 0
        self._now_ns = 0
        self._earliest_ns = 0

    @property
    def discarded_bytes(self) -> int:
        return self._discarded_bytes + self._reads.discarded_bytes

    def opened(self, at_ns: int) -> None:
        self._now_ns = at_ns
        if (rest := self._decoder.reset()) is not None:
            self._discarded_bytes += rest.size_bytes
        self._commands.restart(self._settings.start)
        self._owed.clear()
        self._lit = None
        self._told.clear()

    def receive(self, data: bytes, at_ns: int, earliest_ns: int | None = None) -> None:
        self._earliest_ns = at_ns if earliest_ns is None else min(earliest_ns, at_ns)
        self.tick(self._earliest_ns)
        self._now_ns = at_ns
        self._decoder.receive(data, at_ns)
        self._take_events()

    def tick(self, at_ns: int) -> None:
        self._now_ns = at_ns
        self._decoder.tick(at_ns)
        self._take_events()
        self._reads.tick(at_ns)
        self._commands.tick(at_ns)
        self._collect()

    def close(self, at_ns: int) -> None:
        self.tick(at_ns)
        self._reads.close(self._decoder.reset(), at_ns)
        self._collect()

    def next_event(self) -> LineEvent | None:
        return self._events.popleft() if self._events else None

    def outgoing(self) -> bytes:
        out = bytes(self._owed)
        self._owed.clear()
        if self._decoder.idle and not self._reads.joining:
            out += self._commands.outgoing(self._now_ns)
        return out

    def signal(self, signal: Signal) -> None:
        wanted = []
        pattern = self._settings.beeps.get(signal)
        if pattern is not None:
            wanted.append(commands.beep(pattern))
        lit = signal is not Signal.ACCEPTED
        if self._settings.led is not None and (lit or self._lit is not False):
            wanted.append(commands.led(self._settings.led, on=lit))
            self._lit = lit
        self._commands.put(wanted)

    def _take_events(self) -> None:
        while (event := self._decoder.next_event()) is not None:
            if isinstance(event, Junk):
                self._refuse(event)
            elif event.source == Source.HOST:
                self._discarded_bytes += event.size_bytes
                self._tell_once(ECHO, event.last_at_ns)
            else:
                self._take(event)
            self._collect()

    def _collect(self) -> None:
        while (event := self._commands.next_notice() or self._reads.next_event()) is not None:
            self._events.append(event)

    def _take(self, packet: Packet) -> None:
        if packet.opcode == Opcode.DECODE_DATA:
            self._owed += ACK
            # Out of step the bytes are looked at after a silence: they did not come later than that.
            self._reads.take(packet, min(self._earliest_ns, packet.last_at_ns), self._now_ns)
            return
        asked_for = self._commands.answered(packet)
        if not asked_for and packet.opcode not in _ANSWERS:
            self._owed += ACK  # An event, parameters: nothing to us, but the scanner waits.
        if not asked_for:
            self._discarded_bytes += packet.size_bytes

    def _refuse(self, junk: Junk) -> None:
        if junk.ended and self._commands.expecting and reads_as_answer(junk):
            self._discarded_bytes += junk.size_bytes  # The command is sent once more anyway.
            return
        self._reads.damaged(junk)
        if junk.ended:
            self._owed += NAK_RESEND
        if len(junk.data) >= _TEXT_BYTES_MIN and _TEXT.issuperset(junk.data):
            self._tell_once(PLAIN_TEXT, junk.last_at_ns)

    def _tell_once(self, text: str, at_ns: int) -> None:
        if text not in self._told:
            self._told.add(text)
            self._events.append(Notice(text, at_ns))
