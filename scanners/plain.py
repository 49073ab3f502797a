"""A scanner that sends a code as plain characters and a suffix: framing, and notices of wrong settings. Pure.

Sources: Zebra and Honeywell scanner manuals (serial host); parity seen as the top bit is arithmetic, see `parity_of`.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from scanners.framing import Framer, Framing
from scanners.line_protocol import Frame, LineEvent, Notice
from scanners.scan import Signal, Terminator

PARITY_BYTES_MIN: Final = 8  # Fewer bytes have the right parity by chance too often to say anything.
_SEVEN_BITS: Final = bytes(byte & 0x7F for byte in range(256))
PARITY_HINT: Final = (
    "the scanner sends 7 data bits with {parity} parity but the port reads 8: "
    "set the scanner to 8N1, or add bits=7&parity={letter} (or mask_parity=1) to its address"
)
OVERFLOW_HINT: Final = (
    "no end of a code came within {count} bytes, and all up to the next end is thrown away: "
    "is suffix= what the scanner sends, and is the device a scanner?"
)


class PlainText:
    """Implements `LineProtocol` over a `Framer`."""

    def __init__(self, framing: Framing | None = None, *, mask_parity: bool = False) -> None:
        self._framer = Framer(framing)
        self._mask_parity = mask_parity
        self._parity_told = False
        self._overflow_told = False
        self._events: deque[LineEvent] = deque()

    @property
    def discarded_bytes(self) -> int:
        return self._framer.discarded_bytes

    def opened(self, at_ns: int) -> None:
        self._parity_told = False
        self._overflow_told = False

    def receive(self, data: bytes, at_ns: int, earliest_ns: int | None = None) -> None:
        # Before the framer looks: the suffix has its parity bit like every other byte, CR comes as 8Dh.
        self._framer.receive(data.translate(_SEVEN_BITS) if self._mask_parity else data, at_ns, earliest_ns)

    def tick(self, at_ns: int) -> None:
        self._framer.tick(at_ns)

    def close(self, at_ns: int) -> None:
        self._framer.close(at_ns)

    def next_event(self) -> LineEvent | None:
        if not self._events and (frame := self._framer.next_event()) is not None:
            self._events.extend(self._examined(frame))
        return self._events.popleft() if self._events else None

    def outgoing(self) -> bytes:
        return b""

    def signal(self, signal: Signal) -> None:
        """A plain line has no way back."""

    def _examined(self, frame: Frame) -> list[LineEvent]:
        if frame.terminator is Terminator.OVERFLOW:
            return self._overflowed(frame)
        parity = parity_of(frame.data)
        if parity is None or self._parity_told:
            return [frame]
        self._parity_told = True
        return [Notice(PARITY_HINT.format(parity=parity, letter=parity[0]), frame.last_at_ns), frame]

    def _overflowed(self, frame: Frame) -> list[LineEvent]:
        if self._overflow_told:
            return [frame]
        self._overflow_told = True
        return [frame, Notice(OVERFLOW_HINT.format(count=len(frame.data)), frame.last_at_ns)]


def parity_of(data: bytes) -> str | None:
    """Return "even" or "odd" when the top bits are the parity of the rest, None when they are not.

    A device on 7E1 read as 8N1 shows `1` as B1h; on 7O1 GS becomes 9Dh. Text with a few high bytes fits neither.
    """
    if len(data) < PARITY_BYTES_MIN or data.isascii():
        return None
    ones = {byte.bit_count() % 2 for byte in data}
    if len(ones) > 1:
        return None
    return "odd" if ones == {1} else "even"
