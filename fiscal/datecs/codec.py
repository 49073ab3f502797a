"""Datecs framing of protocols P and X, sans I/O: bytes in, events out. No clock, no port, no retry.

    request  01 | LEN | SEQ | CMD | DATA | 05 | BCC | 03
    answer   01 | LEN | SEQ | CMD | DATA | 04 | STATUS | 05 | BCC | 03

    P   LEN and CMD one byte each, STATUS 6 bytes       X   LEN and CMD four digits each, STATUS 8 bytes

LEN is 20h more than the bytes from LEN to 05; BCC is the 16-bit sum of the same bytes; LEN of X, CMD of X and BCC are
four hexadecimal digits, each with 30h added. Control codes in DATA are escaped: 10h, then the code with 40h added; 09
and 0A stand bare. So 01 never occurs inside a frame, and where it does a new frame has begun.

Beside frames the printer sends NAK (15h, send again under the same SEQ) and SYN (16h, a command is running).
Sources: Datecs "Fiscal printer programming interface 1.00BG" (P) and "Programmer's manual 2.02" (X), both in github
erpnet/ErpNet.FP.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from zlib import adler32

PREAMBLE, SEPARATOR, POSTAMBLE, TERMINATOR = 0x01, 0x04, 0x05, 0x03
NAK, SYN = 0x15, 0x16
LEN_OFFSET = 0x20
TAIL = 6  # 05, four digits of BCC, 03.
REQUEST_DATA_MAX = 213  # Bytes; both papers.
FRAME_MAX = 0x1000  # No answer comes near it; a damaged LEN of X must not make the decoder wait for ever.

_ESCAPE = 0x10
_ESCAPED = re.compile(rb"\x10(.)", re.DOTALL)
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f]")
_DIGITS = b"0123456789:;<=>?"


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between the framings of P and X."""

    name: str  # "P" or "X".
    wide: bool  # LEN and CMD as four digits.
    status_bytes: int
    seq_max: int  # SEQ runs from 20h to this.

    @property
    def length_max(self) -> int:
        # One byte allows 212 bytes of data in an answer of P, not the 218 of its paper.
        return FRAME_MAX if self.wide else 0xFF

    @property
    def head(self) -> int:
        """Bytes from 01 to the last of CMD."""
        return 10 if self.wide else 4


P = Dialect("P", False, 6, 0x7F)
X = Dialect("X", True, 8, 0xFF)
SEQ_MIN = 0x20


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame whose length, check sum and shape are right."""

    seq: int
    command: int
    data: bytes  # Without escapes.
    status: bytes = b""  # Of an answer; bit 7 of each byte is set.


@dataclass(frozen=True, slots=True)
class Control:
    """NAK or SYN."""

    code: int


@dataclass(frozen=True, slots=True)
class Garbage:
    """One byte of noise, or a frame with any bit wrong."""

    raw: bytes


Event = Frame | Control | Garbage


def digits(value: int) -> bytes:
    """Four digits of a 16-bit number, 30h added to each: 1AE3h is 31 3A 3E 33."""
    return bytes((0x30 | value >> 12, 0x30 | value >> 8 & 15, 0x30 | value >> 4 & 15, 0x30 | value & 15))


def undigits(raw: bytes) -> int:
    """The number of four such digits; -1 when one is none."""
    if raw.translate(None, _DIGITS):
        return -1
    return (raw[0] & 15) << 12 | (raw[1] & 15) << 8 | (raw[2] & 15) << 4 | raw[3] & 15


def bcc(raw: bytes) -> int:
    """The 16-bit sum of bytes."""
    # The low half of Adler-32 is 1 + sum modulo 65521: the same sum, ten times as fast, while it stays below that.
    return (adler32(raw) & 0xFFFF) - 1 if len(raw) <= 256 else sum(raw) & 0xFFFF


def escaped(data: bytes) -> bytes:
    """Data as they stand in a frame."""
    return _CONTROL.sub(lambda found: bytes((_ESCAPE, found[0][0] + 0x40)), data)


def encode(dialect: Dialect, seq: int, command: int, data: bytes = b"", status: bytes = b"") -> bytes:
    """The bytes of a frame: a request, or an answer where `status` is given.

    ValueError for data longer than the protocol carries, or a SEQ or status out of range.
    """
    body = escaped(data)
    if not SEQ_MIN <= seq <= dialect.seq_max:
        raise ValueError(f"SEQ {seq:02X} is not one of protocol {dialect.name}")
    if status:
        if len(status) != dialect.status_bytes or min(status) < 0x80:
            raise ValueError(f"protocol {dialect.name} has {dialect.status_bytes} status bytes, bit 7 set")
        body += bytes((SEPARATOR,)) + status
    elif len(body) > REQUEST_DATA_MAX:
        raise ValueError(f"{len(body)} bytes of data, a request carries {REQUEST_DATA_MAX}")
    length = LEN_OFFSET + dialect.head + len(body)
    if length > dialect.length_max:
        raise ValueError(f"{len(body)} bytes, and LEN of protocol {dialect.name} ends at {dialect.length_max:X}h")
    if dialect.wide:
        middle = digits(length) + bytes((seq,)) + digits(command) + body
    else:
        middle = bytes((length, seq, command)) + body
    middle += bytes((POSTAMBLE,))
    return bytes((PREAMBLE,)) + middle + digits(bcc(middle)) + bytes((TERMINATOR,))


class Decoder:
    """Accepts any chunking; holds no timers: silence is the wire's business. `answers`: frames carry a status."""

    def __init__(self, dialect: Dialect, *, answers: bool = True) -> None:
        self._dialect = dialect
        self._tail = TAIL + (1 + dialect.status_bytes if answers else 0)  # From 04 or 05 to the end.
        self._status = answers
        self._buffer = b""
        self._at = 0  # What lies before it is used up.

    def receive(self, data: bytes) -> None:
        self._buffer = self._buffer[self._at :] + data
        self._at = 0

    @property
    def pending(self) -> bool:
        """Whether a frame has begun and is not whole."""
        return self._at < len(self._buffer)

    def next_event(self) -> Event | None:
        """The next event, or None: more bytes are needed."""
        buffer, at = self._buffer, self._at
        if at >= len(buffer):
            return None
        first = buffer[at]
        if first != PREAMBLE:
            if first in (NAK, SYN):
                self._at = at + 1
                return Control(first)
            return self._garbage(at + 1)  # Byte by byte: what noise is called must not depend on its pieces.
        end = self._end()
        if end is None:
            again = buffer.find(PREAMBLE, at + 1)
            return None if again < 0 else self._garbage(again)
        frame = self._frame(end)
        if frame is not None:
            self._at = end
            return frame
        # A bad frame goes whole, unless a new one has begun in it: its data must not be read as NAK.
        again = buffer.find(PREAMBLE, at + 1, end)
        return self._garbage(end if again < 0 else again)

    def _end(self) -> int | None:
        """Where the frame that begins here ends; None: that is not there yet."""
        buffer, at, dialect = self._buffer, self._at, self._dialect
        head = at + dialect.head
        if len(buffer) < head:
            return None
        length = undigits(buffer[at + 1 : at + 5]) if dialect.wide else buffer[at + 1]
        end = at + length - LEN_OFFSET + TAIL
        if end < head + self._tail or length > FRAME_MAX:
            return head  # No frame is that short or that long: what is here is garbage, and too short to be one.
        return end if end <= len(buffer) else None

    def _frame(self, end: int) -> Frame | None:
        buffer, at, dialect = self._buffer, self._at, self._dialect
        head, tail = at + dialect.head, end - self._tail
        post = end - TAIL
        if tail < head or buffer[end - 1] != TERMINATOR or buffer[post] != POSTAMBLE:
            return None
        if buffer.find(PREAMBLE, at + 1, end) >= 0:
            return None
        if bcc(buffer[at + 1 : post + 1]) != undigits(buffer[post + 1 : end - 1]):
            return None
        seq = buffer[at + 5] if dialect.wide else buffer[at + 2]
        command = undigits(buffer[at + 6 : head]) if dialect.wide else buffer[at + 3]
        data, status = buffer[head:tail], b""
        if self._status:
            status = buffer[tail + 1 : post]
            if buffer[tail] != SEPARATOR or min(status) < 0x80:
                return None
        if not SEQ_MIN <= seq <= dialect.seq_max or command < 0:
            return None
        if _ESCAPE in data:
            data = _ESCAPED.sub(lambda found: bytes((found[1][0] - 0x40 & 0xFF,)), data)
        return Frame(seq, command, data, status)

    def _garbage(self, end: int) -> Garbage:
        raw, self._at = self._buffer[self._at : end], end
        return Garbage(raw)
