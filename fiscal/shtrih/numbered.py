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

    @property
    def partial(self) -> bool:
        """A packet has begun and is not complete."""
        return bool(self._buffer)

    def reset(self) -> None:
        self._buffer = b""

    def receive(self, data: bytes) -> None:
        self._buffer += data

    def next_event(self) -> Event | None:
        """The next event, or None: need more data."""
        start = self._buffer.find(START)
        if start < 0:
            self._buffer = b""
            return None
        if start:
            self._buffer = self._buffer[start:]
        buffer = self._buffer
        cut = buffer.find(START, 1)
        own = buffer if cut < 0 else buffer[:cut]  # What belongs to this packet at most.
        end = _end(own)
        if end is not None:
            return self._take(end, _unstuffed(own[1:end]))
        return None if cut < 0 else self._take(cut, None)

    def _take(self, size: int, body: bytes | None) -> Event:
        raw, self._buffer = self._buffer[:size], self._buffer[size:]
        if body is None or len(body) < _HEAD + _SUM or _sum_of(body) != int.from_bytes(body[-_SUM:], "little"):
            return Broken(raw)
        length = int.from_bytes(body[:_HEAD], "little")
        if length == 0:
            return Packet(None, b"")
        if length == 1:
            return Broken(raw)
        return Packet(int.from_bytes(body[2:4], "little"), body[4:-_SUM])


def _sum_of(body: bytes) -> int:
    return crc_hqx(body[:-_SUM], 0xFFFF)


def _end(raw: bytes) -> int | None:
    """Where the packet at the start of `raw` ends, its stuffing included; None: too little of it is here to tell."""
    head = _span(raw, _HEAD)
    if head is None:
        return None
    body = _unstuffed(raw[1:head])
    if body is None:
        return head  # Broken already; what follows is skipped as noise.
    return _span(raw, _HEAD + int.from_bytes(body, "little") + _SUM)


def _span(raw: bytes, logical: int) -> int | None:
    """End in `raw` of so many unstuffed bytes behind the first one; None when they are not all here."""
    end = 1 + logical
    while end <= len(raw):
        wanted = 1 + logical + raw.count(ESCAPE, 1, end)
        if wanted == end:
            return end
        end = wanted
    return None
