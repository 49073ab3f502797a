"""Numbered ("alternative") link layer of Shtrih-M registers, sans I/O: bytes in, events out.

    8F | LEN16 | NUM16 | DATA | CRC16     numbers little-endian; LEN counts NUM and DATA

    LEN 0   no number: the host asks for the last answer
    LEN 2   number alone: the register has executed nothing yet
    LEN 3…  a command or its answer, under one number

CRC-16-CCITT from FFFFh over LEN, NUM and DATA. Behind the first byte 8F is sent as 9F 81 and 9F as 9F 83, so that 8F
begins a packet wherever it stands: a decoder that lost its place finds the next one.
Source: vendor's "Протокол работы ККТ 2.0" rev. 11 (github shtrih-m/javapos_shtrih, Doc/SHTRIH).
"""

from __future__ import annotations

from binascii import crc_hqx
from dataclasses import dataclass

START, ESCAPE = b"\x8f", b"\x9f"
NUM_MODULO = 0x10000
DATA_MAX = 0xFFFF - 2

_STUFFED_START, _STUFFED_ESCAPE = b"\x9f\x81", b"\x9f\x83"
_HEAD = 2  # LEN itself.
_SUM = 2


@dataclass(frozen=True, slots=True)
class Packet:
    num: int | None  # None: a packet without a number.
    data: bytes  # Command code, then operands or a result code and fields; empty when nothing was executed.


@dataclass(frozen=True, slots=True)
class Broken:
    raw: bytes  # A packet with a wrong sum, length or stuffing, or one that another packet cut short.


Event = Packet | Broken


def encode(num: int, data: bytes) -> bytes:
    """A packet with a number. ValueError for a number or a length its fields cannot hold."""
    if not 0 <= num < NUM_MODULO or len(data) > DATA_MAX:
        raise ValueError(f"no packet has number {num} and {len(data)} bytes")
    return _packet((len(data) + 2).to_bytes(2, "little") + num.to_bytes(2, "little") + data)


def ping() -> bytes:
    """The packet that asks for the last answer and executes nothing."""
    return _packet(b"\0\0")


def _packet(body: bytes) -> bytes:
    body += crc_hqx(body, 0xFFFF).to_bytes(_SUM, "little")
    return START + body.replace(ESCAPE, _STUFFED_ESCAPE).replace(START, _STUFFED_START)


def _unstuffed(raw: bytes) -> bytes | None:
    """The bytes that were meant; None where a 9F is followed by neither 81 nor 83."""
    marks = raw.count(ESCAPE)
    if not marks:
        return raw
    if raw.count(_STUFFED_START) + raw.count(_STUFFED_ESCAPE) != marks:
        return None
    return raw.replace(_STUFFED_START, START).replace(_STUFFED_ESCAPE, ESCAPE)


class Decoder:
    """Accepts any chunking; holds no timers. Bytes outside packets are noise and left out."""

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0  # Of the buffer, taken already.

    @property
    def partial(self) -> bool:
        """A packet has begun and is not complete."""
        return self._at < len(self._buffer)

    def reset(self) -> None:
        self._buffer, self._at = b"", 0

    def receive(self, data: bytes) -> None:
        self._buffer = self._buffer[self._at :] + data
        self._at = 0

    def next_event(self) -> Event | None:
        """The next event, or None: need more data."""
        buffer = self._buffer
        start = buffer.find(START, self._at)
        if start < 0:
            self.reset()
            return None
        self._at = start
        cut = buffer.find(START, start + 1)  # Where another packet begins, this one ends at the latest.
        limit = len(buffer) if cut < 0 else cut
        end = _end(buffer, start + 1, limit)
        if end is None:
            return None if cut < 0 else self._broken(cut)
        body = _unstuffed(buffer[start + 1 : end])
        if body is None or crc_hqx(body[:-_SUM], 0xFFFF) != body[-2] | body[-1] << 8:
            return self._broken(end)
        length = body[0] | body[1] << 8
        if length == 1:
            return self._broken(end)
        self._at = end
        return Packet(body[2] | body[3] << 8, body[4:-_SUM]) if length else Packet(None, b"")

    def _broken(self, end: int) -> Broken:
        start, self._at = self._at, end
        return Broken(self._buffer[start:end])


def _end(buffer: bytes, first: int, limit: int) -> int | None:
    """Where the packet ends whose LEN stands at `first`, stuffing included; None: too little of it is here to tell."""
    head = _span(buffer, first, _HEAD, limit)
    if head is None:
        return None
    length = _unstuffed(buffer[first:head])
    if length is None:
        return head  # Broken already; what follows is skipped as noise.
    return _span(buffer, first, _HEAD + (length[0] | length[1] << 8) + _SUM, limit)


def _span(buffer: bytes, first: int, logical: int, limit: int) -> int | None:
    """End of so many unstuffed bytes from `first` on; None when they are not all here."""
    end = first + logical
    while end <= limit:
        wanted = first + logical + buffer.count(ESCAPE, first, end)
        if wanted == end:
            return end
        end = wanted
    return None
