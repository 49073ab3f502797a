"""Packets of level 3, device side.

    FE | LEN low 7 bits | LEN high 7 bits | ID | DATA, stuffed | CRC8, stuffed

LEN counts the data before stuffing; FE travels as FD EE, FD as FD ED; the CRC has the polynomial 31h, starts with FFh
and covers ID and data. Sources: github Zzzzipper/projects AtolPacketLayer.cpp (CRC over the stuffed data); github
kurbatov/atol4j TransportProtocolV3.java (over the data as they were).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto

START, ESCAPE = 0xFE, 0xFD
STUFFED = {0xEE: START, 0xED: ESCAPE}
EVENT_ID = 0xF0
LAST_ID = 0xDE


class CrcOver(StrEnum):
    """What the CRC covers besides the ID: public sources differ."""

    STUFFED = "stuffed"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Packet:
    """What came between one FE and its end. `flaw` says why it is none; its data are then worthless."""

    id: int
    data: bytes
    raw: bytes
    flaw: str = ""


class _State(Enum):
    IDLE = auto()
    HEAD = auto()
    DATA = auto()
    CRC = auto()


class PacketReader:
    """Puts packets together from any pieces."""

    def __init__(self, crc_over: CrcOver = CrcOver.STUFFED) -> None:
        self._crc_over = crc_over
        self.reset()

    def reset(self) -> None:
        """Forget half a packet."""
        self._state = _State.IDLE
        self._raw = bytearray()
        self._data = bytearray()
        self._escaped = False
        self._size = 0

    def feed(self, data: bytes) -> list[Packet]:
        """Packets finished by these bytes, whole and flawed, in order."""
        return [packet for byte in data if (packet := self._take(byte)) is not None]

    def _take(self, byte: int) -> Packet | None:
        if byte == START:
            broken = None if self._state is _State.IDLE else self._end("FE inside")
            self._raw.append(byte)
            self._state = _State.HEAD
            return broken
        if self._state is _State.IDLE:
            return None
        self._raw.append(byte)
        if self._state is _State.HEAD:
            return self._head(byte)
        if self._escaped:
            self._escaped = False
            if byte not in STUFFED:
                return self._end("FD before neither EE nor ED")
            return self._plain(STUFFED[byte])
        if byte == ESCAPE:
            self._escaped = True
            return None
        return self._plain(byte)

    def _head(self, byte: int) -> Packet | None:
        if byte == ESCAPE:
            return self._end("FD in the header")
        if len(self._raw) < 4 and byte > 0x7F:
            return self._end("a length of more than 7 bits")
        if len(self._raw) == 4:
            self._size = self._raw[1] | self._raw[2] << 7
            self._state = _State.DATA if self._size else _State.CRC
        return None

    def _plain(self, byte: int) -> Packet | None:
        if self._state is _State.CRC:
            return self._end("" if byte == self._expected() else "wrong CRC")
        self._data.append(byte)
        if len(self._data) == self._size:
            self._state = _State.CRC
        return None

    def _expected(self) -> int:
        body = bytes(self._data) if self._crc_over is CrcOver.RAW else stuffed(bytes(self._data))
        return crc8(bytes((self._raw[3],)) + body)

    def _end(self, flaw: str) -> Packet:
        packet = Packet(self._raw[3] if len(self._raw) > 3 else 0, bytes(self._data), bytes(self._raw), flaw)
        self.reset()
        return packet


def packet(packet_id: int, data: bytes, crc_over: CrcOver = CrcOver.STUFFED) -> bytes:
    """One packet, ready for the line."""
    body = stuffed(data)
    crc = crc8(bytes((packet_id,)) + (data if crc_over is CrcOver.RAW else body))
    return bytes((START, len(data) & 0x7F, len(data) >> 7 & 0x7F, packet_id)) + body + stuffed(bytes((crc,)))


def stuffed(data: bytes) -> bytes:
    """FD and FE taken out of the way."""
    return data.replace(b"\xfd", b"\xfd\xed").replace(b"\xfe", b"\xfd\xee")


def crc8(data: bytes) -> int:
    """Polynomial x8 + x5 + x4 + 1, initial FFh, most significant bit first."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc << 1 ^ 0x31 if crc & 0x80 else crc << 1
        crc &= 0xFF
    return crc
