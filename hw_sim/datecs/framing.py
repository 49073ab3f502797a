"""Frames of the protocols P and X as the printer meets them: requests in, answers out. No clock, no line.

    request  01 | LEN | SEQ | CMD | DATA | 05 | BCC | 03
    answer   01 | LEN | SEQ | CMD | DATA | 04 | STATUS | 05 | BCC | 03

LEN counts itself to the 05 and has 20h added; BCC is the 16-bit sum of the same bytes, a hexadecimal digit plus 30h in
each of four bytes. P writes LEN and CMD as a byte each, X as four such digits. Inside DATA only codes from 20h, tab, LF
and 10h occur (10h announces a lower code, which has 40h added), so 01 always begins a frame and 03 always ends one.

Sources: Datecs "Fiscal printer programming interface 1.00BG" (P); Datecs "Programmer's manual 2.02" of 2019 (X);
both in github erpnet/ErpNet.FP, ErpNet.FP.Core/Drivers/BgDatecs/Docs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hw_sim.datecs.profiles import Protocol

NAK = b"\x15"
SYN = b"\x16"
BEGIN, SEPARATOR, POSTAMBLE, END = 0x01, 0x04, 0x05, 0x03
OFFSET = 0x20
REQUEST_DATA_MAX = 213
ANSWER_DATA_MAX = 218
_FRAME_MAX = 300
_LOW_CODES = frozenset((0x09, 0x0A, 0x10))


@dataclass(frozen=True, slots=True)
class Layout:
    """What differs between the protocols. `wide` is how many bytes LEN and CMD take."""

    wide: int
    seq_max: int
    status_bytes: int


LAYOUTS: Mapping[Protocol, Layout] = {Protocol.P: Layout(1, 0x7F, 6), Protocol.X: Layout(4, 0xFF, 8)}


@dataclass(frozen=True, slots=True)
class Request:
    """A sound frame of the host."""

    seq: int
    command: int
    data: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """Bytes that began like a frame. `cut` when a new frame began before the end: there is nobody to say NAK to."""

    raw: bytes
    why: str
    cut: bool = False


class Decoder:
    """Host bytes in any pieces. Never raises; noise between frames is passed over in silence."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._buffer = bytearray()

    def receive(self, data: bytes) -> None:
        self._buffer += data

    def reset(self) -> None:
        """Forget half a frame."""
        self._buffer.clear()

    def next_event(self) -> Request | Broken | None:
        """The next frame, or None: more bytes are needed."""
        begin = self._buffer.find(BEGIN)
        del self._buffer[: len(self._buffer) if begin < 0 else begin]
        end, again = self._buffer.find(END), self._buffer.find(BEGIN, 1)
        if again > 0 and (end < 0 or again < end):
            return Broken(self._taken(again), "cut short by the next frame", cut=True)
        if end > 0:
            return self._read(self._taken(end + 1))
        if len(self._buffer) > _FRAME_MAX:
            return Broken(self._taken(len(self._buffer)), "longer than any frame")
        return None

    def _taken(self, size: int) -> bytes:
        raw = bytes(self._buffer[:size])
        del self._buffer[:size]
        return raw

    def _read(self, raw: bytes) -> Request | Broken:
        wide = self._layout.wide
        inside = raw[1:-5]
        if len(inside) < 2 * wide + 2 or inside[-1] != POSTAMBLE:
            return Broken(raw, "no postamble")
        length, command = _number(inside[:wide]), _number(inside[wide + 1 : 2 * wide + 1])
        seq, data = inside[wide], inside[2 * wide + 1 : -1]
        if length != OFFSET + len(inside):
            return Broken(raw, "wrong length")
        if raw[-5:-1] != digits(sum(inside)):
            return Broken(raw, "wrong sum")
        if not OFFSET <= seq <= self._layout.seq_max or command is None or not OFFSET <= command <= 0xFF:
            return Broken(raw, "sequence or command out of range")
        if len(data) > REQUEST_DATA_MAX or data.endswith(b"\x10"):
            return Broken(raw, "too much data")
        if any(byte < 0x20 and byte not in _LOW_CODES for byte in data):
            return Broken(raw, "a code no data may hold")
        return Request(seq, command, data, raw)


def encoded(layout: Layout, seq: int, command: int, data: bytes, status: bytes) -> bytes:
    """An answer frame. ValueError when the data or the status would not fit one."""
    if len(data) > ANSWER_DATA_MAX or len(status) != layout.status_bytes:
        raise ValueError(f"an answer of {len(data)} bytes with {len(status)} status bytes fits no frame")
    rest = (
        bytes((seq,)) + _numeral(command, layout.wide) + data + bytes((SEPARATOR,)) + status + bytes((POSTAMBLE,))
    )  # fmt: skip
    inside = _numeral(OFFSET + layout.wide + len(rest), layout.wide) + rest
    return bytes((BEGIN,)) + inside + digits(sum(inside)) + bytes((END,))


def digits(number: int) -> bytes:
    """Four bytes: the hexadecimal digits of the low 16 bits, 30h added to each."""
    return bytes(0x30 + (number >> shift & 0xF) for shift in (12, 8, 4, 0))


def _numeral(number: int, wide: int) -> bytes:
    return digits(number) if wide == 4 else bytes((number,))


def _number(field: bytes) -> int | None:
    if len(field) == 1:
        return field[0]
    if any(byte & 0xF0 != 0x30 for byte in field):
        return None
    return int("".join(f"{byte & 0xF:x}" for byte in field), 16)
