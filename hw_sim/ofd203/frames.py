"""Frames of the operator's protocol: an 18-byte little-endian header and a proto2 message. Bytes in, events out.

    APPCODE 2 (81A2h) | VERSION 2 | SIZE 4, header included | ID 4 | TOKEN 4 | REQNUM 2 | message

Source: protocol 2.0.2, section 2 (github texport/FiscalSerializationLib_v2). Vectors: tests/vectors/ofd203.toml.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

APPCODE = 0x81A2
VERSION = 203
HEADER = struct.Struct("<HHIIIH")
SIZE_MAX = 1 << 20
REQNUM_MOD = 1 << 16


@dataclass(frozen=True, slots=True)
class Header:
    """The header without APPCODE and SIZE, which follow from the rest."""

    version: int
    id: int
    token: int
    reqnum: int

    def text(self) -> str:
        return f"version {self.version}  id {self.id}  token {self.token:08X}  reqnum {self.reqnum}"


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole message; `payload` has not been read yet."""

    header: Header
    payload: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """A header no message can follow: nothing after it can be trusted."""

    header: Header
    why: str
    raw: bytes


def framed(header: Header, payload: bytes) -> bytes:
    """The bytes of one message."""
    size = HEADER.size + len(payload)
    return HEADER.pack(APPCODE, header.version, size, header.id, header.token, header.reqnum) + payload


class Framer:
    """Accepts any chunking. After `Broken` it is deaf until `reset`."""

    def __init__(self, size_max: int = SIZE_MAX) -> None:
        self._size_max = size_max
        self._buffer = b""
        self._deaf = False

    def receive(self, data: bytes) -> None:
        if not self._deaf:
            self._buffer += data

    def reset(self) -> None:
        """A new connection."""
        self._buffer, self._deaf = b"", False

    def next_event(self) -> Frame | Broken | None:
        """The next message, or None: need more bytes."""
        if len(self._buffer) < HEADER.size:
            return None
        appcode, version, size, device, token, reqnum = HEADER.unpack_from(self._buffer)
        header = Header(version, device, token, reqnum)
        wrong = self._wrong(appcode, size)
        if wrong:
            raw, self._buffer, self._deaf = self._buffer[: HEADER.size], b"", True
            return Broken(header, wrong, raw)
        if len(self._buffer) < size:
            return None
        raw, self._buffer = self._buffer[:size], self._buffer[size:]
        return Frame(header, raw[HEADER.size :], raw)

    def _wrong(self, appcode: int, size: int) -> str:
        if appcode != APPCODE:
            return f"APPCODE {appcode:04X}"
        if not HEADER.size <= size <= self._size_max:
            return f"SIZE {size}"
        return ""
