"""Standard link layer of Shtrih-M registers, sans I/O: bytes in, events out. No clock, no port, no retry.

    STX 02h | LEN 1 byte | PAYLOAD of LEN bytes | LRC = XOR of LEN and PAYLOAD

    ENQ 05h   the host asks; an idle register answers NAK, one with an answer under way ACK
    ACK 06h   a frame arrived whole; NAK 15h: it did not

FFh between frames is a control byte of nobody and left out. Anything else that is neither a frame nor a control byte
is `Garbage`, and after it the decoder swallows everything until `reset`: the inside of a broken frame may look like a
frame or an ACK, and the protocol has a better way to ask again (ENQ).
Source: vendor's "Протокол работы ККТ 2.0" rev. 11 (github shtrih-m/javapos_shtrih, Doc/SHTRIH).
"""

from __future__ import annotations

from dataclasses import dataclass

STX, ENQ, ACK, NAK = 0x02, 0x05, 0x06, 0x15
FILL = 0xFF
PAYLOAD_MAX = 255

_CONTROLS = frozenset((ENQ, ACK, NAK))


@dataclass(frozen=True, slots=True)
class Frame:
    payload: bytes  # Command code, then operands or a result code and fields; LRC already checked.


@dataclass(frozen=True, slots=True)
class Control:
    byte: int  # ENQ, ACK or NAK.


@dataclass(frozen=True, slots=True)
class Garbage:
    raw: bytes  # One byte of noise, or a whole frame with a wrong sum or no payload.


Event = Frame | Control | Garbage


def lrc(data: bytes) -> int:
    """XOR of all bytes."""
    # Folding one big number by halves is many times faster than a loop over its bytes.
    value, size = int.from_bytes(data, "little"), len(data)
    while size > 1:
        half = (size + 1) // 2
        value = (value >> 8 * half) ^ (value & ((1 << 8 * half) - 1))
        size = half
    return value


def encode(payload: bytes) -> bytes:
    """A frame. ValueError for a payload the length byte cannot tell."""
    if not 0 < len(payload) <= PAYLOAD_MAX:
        raise ValueError(f"a frame carries 1 to {PAYLOAD_MAX} bytes, not {len(payload)}")
    body = bytes((len(payload),)) + payload
    return b"\x02" + body + bytes((lrc(body),))


class Decoder:
    """Accepts any chunking; holds no timers: silence is the transport's business."""

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0  # Of the buffer, taken already.
        self._lost = False

    @property
    def partial(self) -> bool:
        """A frame has begun and is not complete: the next byte is due within the byte timeout."""
        return not self._lost and self._at < len(self._buffer)

    def reset(self) -> None:
        """Forget everything, also that the stream was lost."""
        self._buffer, self._at, self._lost = b"", 0, False

    def receive(self, data: bytes) -> None:
        if not self._lost:
            self._buffer = self._buffer[self._at :] + data if self._at < len(self._buffer) else data
            self._at = 0

    def next_event(self) -> Event | None:
        """The next event, or None: need more data, or everything is lost until `reset`."""
        buffer, at = self._buffer, self._at
        while at < len(buffer) and buffer[at] == FILL:
            at += 1
        self._at = at
        left = len(buffer) - at
        if self._lost or not left:
            return None
        first = buffer[at]
        if first != STX:
            self._at = at + 1
            return Control(first) if first in _CONTROLS else self._garbage(buffer[at : at + 1])
        if left < 2:
            return None
        size = buffer[at + 1] + 3
        if left < size:
            return None
        self._at = end = at + size
        # With its own sum the XOR of everything behind STX is zero.
        if size > 3 and lrc(buffer[at + 1 : end]) == 0:
            return Frame(buffer[at + 2 : end - 1])
        return self._garbage(buffer[at:end])

    def _garbage(self, raw: bytes) -> Garbage:
        self._lost, self._buffer, self._at = True, b"", 0
        return Garbage(raw)
