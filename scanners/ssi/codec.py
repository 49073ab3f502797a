"""Frames of Zebra's Simple Serial Interface (SSI), sans I/O: bytes with their times in, packets and junk out. Pure.

    LEN | OPCODE | SOURCE | STATUS | data ... | CK_hi CK_lo        LEN counts itself to the last data byte

The checksum is the two's complement of the 16-bit sum of all bytes before it: sum and checksum add up to 65536.

    in step -> good frame: Packet -> in step
            -> LEN below 4, bad sum, silence inside a frame -> out of step
    out of step -> silence: Junk, then the good frames that end exactly there -> in step

A scanner waits for its answer after every frame, so silence follows soon. Only silence gives the step back: the data of
a damaged frame may hold anything, a whole frame too. No frame can END with another one, though: the bytes before it
would have to sum to a multiple of 65536, and they are fewer than 256 and not all zero.

Sources: Zebra DS2208 Product Reference Guide, chapter SSI; Motorola SE955 Integration Guide, chapter 10 (opcodes,
STATUS bits); checksums recomputed.
"""

from __future__ import annotations

from array import array
from collections import deque
from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag
from typing import Final

HEADER_BYTES: Final = 4
CHECKSUM_BYTES: Final = 2
FRAME_BYTES_MAX: Final = 255 + CHECKSUM_BYTES
SILENCE_MS: Final = 200  # Inside a frame; scanners send without pauses, USB and Bluetooth bridges pause for less.
EVIDENCE_BYTES_MAX: Final = 512
JUNK_BYTES_MAX: Final = 8192  # A burst of stored reads out of step is kept whole; beyond this it is no SSI device.
_SLICE_BYTES: Final = 4096


class Source(IntEnum):
    DECODER = 0
    HOST = 4


class Status(IntFlag):
    """Bits of STATUS. Real scanners set others too (20h on reads, 80h on answers): never compare the whole byte."""

    RETRANSMISSION = 1
    CONTINUES = 2  # More packets of the same message follow.


class Opcode(IntEnum):
    SSI_MGMT_COMMAND = 0x80
    REQUEST_REVISION = 0xA3
    REPLY_REVISION = 0xA4
    PARAM_SEND = 0xC6
    CMD_ACK = 0xD0
    CMD_NAK = 0xD1
    CAPABILITIES_REPLY = 0xD4
    BEEP = 0xE6
    LED_ON = 0xE7
    LED_OFF = 0xE8
    SCAN_ENABLE = 0xE9
    SCAN_DISABLE = 0xEA
    DECODE_DATA = 0xF3
    EVENT = 0xF6


class NakCause(IntEnum):
    RESEND = 1  # The sum was wrong.
    BAD_CONTEXT = 2
    DENIED = 6
    CANCEL = 10


# What a decoder sends. Out of step a frame must be one of these to be believed.
_FROM_DECODER: Final = frozenset(
    {
        Opcode.SSI_MGMT_COMMAND, Opcode.REPLY_REVISION, Opcode.PARAM_SEND, Opcode.CMD_ACK, Opcode.CMD_NAK,
        Opcode.CAPABILITIES_REPLY, Opcode.DECODE_DATA, Opcode.EVENT,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Packet:
    """A frame with a good checksum."""

    opcode: int
    source: int
    status: int
    data: bytes
    first_at_ns: int
    last_at_ns: int

    @property
    def retransmitted(self) -> bool:
        return bool(self.status & Status.RETRANSMISSION)

    @property
    def continues(self) -> bool:
        return bool(self.status & Status.CONTINUES)

    @property
    def size_bytes(self) -> int:
        """Bytes on the wire."""
        return HEADER_BYTES + len(self.data) + CHECKSUM_BYTES


@dataclass(frozen=True, slots=True)
class Junk:
    """Bytes that make no frame."""

    data: bytes  # The first bytes, as evidence; none where they were told before.
    size_bytes: int  # How many there were.
    first_at_ns: int
    last_at_ns: int
    ended: bool = True  # False: told before its end, because it does not end; more follows.


def checksum(data: bytes | bytearray) -> bytes:
    """Return the two bytes that follow `data`.

    >>> checksum(bytes.fromhex("04D00400")).hex()
    'ff28'
    """
    return (-sum(data) & 0xFFFF).to_bytes(CHECKSUM_BYTES, "big")


def encode(opcode: int, data: bytes = b"", status: int = 0, source: int = Source.HOST) -> bytes:
    """Return one frame. ValueError: more data than a frame holds (251 bytes)."""
    length = HEADER_BYTES + len(data)
    if length > FRAME_BYTES_MAX - CHECKSUM_BYTES:
        raise ValueError(f"{len(data)} bytes of data: a frame holds {FRAME_BYTES_MAX - CHECKSUM_BYTES - HEADER_BYTES}")
    head = bytes((length, opcode, source, status)) + data
    return head + checksum(head)


ACK: Final = encode(Opcode.CMD_ACK)
NAK_RESEND: Final = encode(Opcode.CMD_NAK, bytes((NakCause.RESEND,)))


class Decoder:
    """Cuts one scanner's bytes into frames. Times are nanoseconds of any one clock that never runs back."""

    def __init__(self, silence_ms: int = SILENCE_MS) -> None:
        self._silence_ns = silence_ms * 1_000_000
        self._buffer = bytearray()
        self._times = array("q")  # Of every byte in the buffer.
        self._in_step = True
        self._endless = False  # The beginning of this junk was told already.
        self._events: deque[Packet | Junk] = deque()

    @property
    def idle(self) -> bool:
        """Nothing stands half-received."""
        return not self._buffer

    def receive(self, data: bytes, at_ns: int) -> None:
        """Take bytes that came at `at_ns`; call `tick` before for the silence until then."""
        for start in range(0, len(data), _SLICE_BYTES):
            piece = data[start : start + _SLICE_BYTES]
            self._buffer += piece
            self._times.extend([at_ns] * len(piece))
            self._walk()
            while len(self._buffer) > JUNK_BYTES_MAX:
                self._junk(EVIDENCE_BYTES_MAX, ended=False)  # Always as many, however the bytes are cut.

    def tick(self, at_ns: int) -> None:
        """Say that nothing more had come by `at_ns`."""
        if not self._buffer or at_ns - self._times[-1] <= self._silence_ns:
            return
        self._junk(_chain_start(self._buffer), ended=True)
        self._in_step = True
        self._walk()

    def reset(self) -> Junk | None:
        """Forget and return what stands half-received: the line died."""
        rest = self._evidence(len(self._buffer), ended=True) if self._buffer else None
        self._drop(len(self._buffer))
        self._in_step = True
        self._endless = False
        return rest

    def next_event(self) -> Packet | Junk | None:
        """Return the next event, or None: need more data, or silence."""
        return self._events.popleft() if self._events else None

    def _walk(self) -> None:
        """Take good frames off the front for as long as there are any."""
        taken = 0
        while self._in_step and taken < len(self._buffer):
            length = self._buffer[taken]
            end = taken + length + CHECKSUM_BYTES
            if length >= HEADER_BYTES and end > len(self._buffer):
                break
            if length < HEADER_BYTES or not _sum_holds(self._buffer[taken:end]):
                self._in_step = False
                break
            self._events.append(self._packet(taken, end))
            taken = end
        self._drop(taken)

    def _packet(self, start: int, end: int) -> Packet:
        _, opcode, source, status = self._buffer[start : start + HEADER_BYTES]
        data = bytes(self._buffer[start + HEADER_BYTES : end - CHECKSUM_BYTES])
        return Packet(opcode, source, status, data, self._times[start], self._times[end - 1])

    def _junk(self, size: int, *, ended: bool) -> None:
        if size or self._endless:  # What was told before its end has one, though nothing more belonged to it.
            junk = self._evidence(size, ended)
            begun = self._events[-1] if self._events else None
            if isinstance(begun, Junk) and not begun.ended and not ended:
                self._events[-1] = replace(begun, size_bytes=begun.size_bytes + size, last_at_ns=junk.last_at_ns)
            else:
                self._events.append(junk)
            self._drop(size)
        self._endless = not ended

    def _evidence(self, size: int, ended: bool) -> Junk:
        shown = 0 if self._endless else min(size, EVIDENCE_BYTES_MAX)
        return Junk(bytes(self._buffer[:shown]), size, self._times[0], self._times[max(size, 1) - 1], ended)

    def _drop(self, size: int) -> None:
        del self._buffer[:size]
        del self._times[:size]


def _sum_holds(frame: bytes | bytearray) -> bool:
    return checksum(frame[:-CHECKSUM_BYTES]) == frame[-CHECKSUM_BYTES:]


def _chain_start(buffer: bytearray) -> int:
    """Return where the good frames begin that end exactly at the end of `buffer`; its length if there are none."""
    size = len(buffer)
    ends_well = bytearray(size + 1)
    ends_well[size] = 1
    first = size
    for start in range(size - HEADER_BYTES - CHECKSUM_BYTES, -1, -1):
        length, opcode, source = buffer[start : start + 3]
        end = start + length + CHECKSUM_BYTES
        if length < HEADER_BYTES or end > size or not ends_well[end]:
            continue
        if source == Source.DECODER and opcode in _FROM_DECODER and _sum_holds(buffer[start:end]):
            ends_well[start] = 1
            first = start
    return first
