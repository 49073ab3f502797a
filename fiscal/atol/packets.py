"""Packets of ATOL's protocol 3, sans I/O: bytes in, events out. No clock, no port, no retry.

    FEh | LEN low 7 bits | LEN high 7 bits | ID | DATA, stuffed | CRC8, stuffed

LEN counts DATA before stuffing: FEh travels as FD EE, FDh as FD ED, so a bare FEh is always the beginning of a packet.
The CRC (polynomial 31h, initial FFh, most significant bit first) covers ID and DATA: as stuffed by one public client,
as it was before by another; what they publish cannot tell them apart. LEN stands outside it.
Sources: github Zzzzipper/projects, firmware-usbhost/common/fiscal_register/atol/AtolPacketLayer.cpp; github
kurbatov/atol4j, TransportProtocolV3.java.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

START, ESCAPE = 0xFE, 0xFD
DATA_MAX = 0x3FFF  # LEN has 14 bits.
ID_LAST = 0xDE  # Of requests; 01 follows.
ID_EVENT = 0xF0  # What the register says by itself.

_HEAD = 4
_STUFFED = frozenset((0xEE, 0xED))
_CRC_START = 0xFF
_PERIOD = 127  # x^8 to the power of this is 1 modulo x^8 + x^5 + x^4 + 1.
_SHORT = 24  # Bytes from which a loop is faster than folding.


class CrcOver(StrEnum):
    """What the CRC covers besides the ID."""

    STUFFED = "stuffed"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Packet:
    id: int
    data: bytes  # Unstuffed; the CRC already checked.


@dataclass(frozen=True, slots=True)
class Damaged:
    raw: bytes  # It began like a packet and is none.


Event = Packet | Damaged


def _step(crc: int) -> int:
    for _ in range(8):
        crc = (crc << 1) ^ 0x31 if crc & 0x80 else crc << 1
    return crc & 0xFF


_ONE = bytes(map(_step, range(256)))  # A byte as the CRC of itself.


@cache
def _ahead(count: int) -> bytes:
    """What each byte is worth `count` bytes further ahead."""
    table = bytes(range(256))
    for _ in range(count):
        table = table.translate(_ONE)
    return table


def crc8(data: bytes) -> int:
    """The CRC of some bytes; zero when its own CRC stands at their end.

    The front half is brought to where the back half is and added to it, until little is left: whole blocks in C instead
    of bytes in a loop.
    """
    size = len(data)
    if size <= _SHORT:
        crc = _CRC_START
        for byte in data:
            crc = _ONE[crc ^ byte]
        return crc
    data = bytes((data[0] ^ _CRC_START,)) + data[1:]
    while size > _SHORT:
        back = (size + 1) // 2
        front = data[: size - back].translate(_ahead(back % _PERIOD))
        folded = int.from_bytes(front, "big") ^ int.from_bytes(data[size - back :], "big")
        data, size = folded.to_bytes(back, "big"), back
    crc = 0
    for byte in data:
        crc = _ONE[crc ^ byte]
    return crc


def stuffed(data: bytes) -> bytes:
    """FDh first: the FDh that stuffing puts in is none of the data."""
    return data.replace(b"\xfd", b"\xfd\xed").replace(b"\xfe", b"\xfd\xee")


def encode(packet_id: int, data: bytes, crc_over: CrcOver = CrcOver.STUFFED) -> bytes:
    """A packet. ValueError for data the length cannot tell, or a number that is none."""
    if len(data) > DATA_MAX:
        raise ValueError(f"a packet carries at most {DATA_MAX} bytes, not {len(data)}")
    if not 0 < packet_id < ESCAPE:
        raise ValueError(f"{packet_id} is no packet number")
    body = stuffed(data)
    head = bytes((packet_id,))
    crc = crc8(head + (body if crc_over is CrcOver.STUFFED else data))
    return bytes((START, len(data) & 0x7F, len(data) >> 7)) + head + body + stuffed(bytes((crc,)))


class Decoder:
    """Accepts any chunking; holds no timers: silence is the transport's business.

    What stands between packets is noise and left out. A packet that is broken off by the next one's FEh is `Damaged`.
    """

    def __init__(self, crc_over: CrcOver = CrcOver.STUFFED) -> None:
        self._over_stuffed = crc_over is CrcOver.STUFFED
        self._buffer = b""
        self._at = 0  # Of the buffer, taken already.

    def reset(self) -> None:
        """Forget half a packet."""
        self._buffer, self._at = b"", 0

    def receive(self, data: bytes) -> None:
        self._buffer = self._buffer[self._at :] + data if self._at < len(self._buffer) else data
        self._at = 0

    def next_event(self) -> Event | None:
        """The next event, or None: need more data."""
        buffer = self._buffer
        at = buffer.find(START, self._at)
        if at < 0:
            self._at = len(buffer)
            return None
        self._at = at
        stop = buffer.find(START, at + 1)
        whole = stop < 0
        if whole:
            stop = len(buffer)
        if stop - at < _HEAD:
            return None if whole else self._damaged(stop)
        low, high, packet_id = buffer[at + 1], buffer[at + 2], buffer[at + 3]
        if low > 0x7F or high > 0x7F or packet_id == ESCAPE:
            return self._damaged(at + _HEAD)
        start = at + _HEAD
        end = start + (low | high << 7) + 1
        escape = buffer.find(ESCAPE, start, min(end, stop))
        if escape >= 0:
            while 0 <= escape < stop - 1:
                if buffer[escape + 1] not in _STUFFED:
                    return self._damaged(escape + 2)
                end += 1
                escape = buffer.find(ESCAPE, escape + 2, min(end, stop))
            if end > stop or escape >= 0:
                return None if whole else self._damaged(stop)
            return self._unstuffed(packet_id, start, end)
        if end > stop:
            return None if whole else self._damaged(stop)
        if crc8(buffer[at + 3 : end]):
            return self._damaged(end)
        self._at = end
        return Packet(packet_id, buffer[start : end - 1])

    def _unstuffed(self, packet_id: int, start: int, end: int) -> Event:
        body = self._buffer[start:end]
        plain = body.replace(b"\xfd\xee", b"\xfe").replace(b"\xfd\xed", b"\xfd")
        data, crc = plain[:-1], plain[-1]
        covered = body[: -2 if crc >= ESCAPE and crc != 0xFF else -1] if self._over_stuffed else data
        if crc8(bytes((packet_id,)) + covered) != crc:
            return self._damaged(end)
        self._at = end
        return Packet(packet_id, data)

    def _damaged(self, end: int) -> Damaged:
        raw, self._at = self._buffer[self._at : end], end
        return Damaged(raw)
