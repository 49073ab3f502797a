"""Framing of the fiscal data operator's protocol 2.0.3, sans I/O: an 18-byte header, then a payload. No clock, no line.

    APPCODE 81A2h u16 | VERSION 203 u16 | SIZE u32, header included | ID u32 | TOKEN u32 | REQNUM u16     little-endian

There is no checksum: a message is told apart by SIZE alone, so a header that cannot be one ends the connection.
Source: KGD protocol 2.0.2 (text in github texport/FiscalSerializationLib_v2) with the changes of 2.0.3 (github
texport/ofd-kt-proto).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

APPCODE = 0x81A2
VERSION = 203
SIZE_MAX = 1 << 20  # Ours: a receipt of a thousand lines with marks stays below half of it.
REQNUM_WRAP = 1 << 16

_HEADER = struct.Struct("<HHIIIH")
HEADER_BYTES = _HEADER.size


@dataclass(frozen=True, slots=True)
class Frame:
    """One message. `token` is the changing key: of a request the last one received, of an answer perhaps a new one."""

    device: int
    token: int
    reqnum: int
    payload: bytes
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that are no message of this protocol: nothing after them can be trusted."""

    raw: bytes
    why: str


Event = Frame | Garbage


def encode(frame: Frame) -> bytes:
    """struct.error for a number that does not fit its field."""
    size = HEADER_BYTES + len(frame.payload)
    header = _HEADER.pack(APPCODE, frame.version, size, frame.device, frame.token, frame.reqnum)
    return header + frame.payload


class Decoder:
    """Accepts any chunking. After Garbage it gives nothing more: the connection is to be closed."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._dead = False

    def receive(self, data: bytes) -> None:
        if not self._dead:
            self._buffer += data

    def next_event(self) -> Event | None:
        """The next message, or None: more bytes are needed."""
        if self._dead or len(self._buffer) < HEADER_BYTES:
            return None
        appcode, version, size, device, token, reqnum = _HEADER.unpack_from(self._buffer)
        if appcode != APPCODE:
            return self._give_up(f"application code {appcode:04X}h")
        if not HEADER_BYTES <= size <= SIZE_MAX:
            return self._give_up(f"size {size}")
        if len(self._buffer) < size:
            return None
        payload = bytes(self._buffer[HEADER_BYTES:size])
        del self._buffer[:size]
        return Frame(device, token, reqnum, payload, version)

    def _give_up(self, why: str) -> Garbage:
        raw = bytes(self._buffer)
        self._buffer.clear()
        self._dead = True
        return Garbage(raw, why)
