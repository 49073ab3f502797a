"""Frames of an SSI scanner that came damaged: evidence until they come again, and read as far as they can be. Pure.

A NAK or the time-out makes the scanner send a damaged frame again, with the retransmission bit. What it sends then may
be a repeat of that frame, or of an older one whose acknowledgement it missed; what is left of the damaged one tells.

Sources: Motorola SE955 Integration Guide, chapter 10 (STATUS, CMD_NAK).
"""

from __future__ import annotations

from collections import deque
from difflib import SequenceMatcher
from typing import Final

from scanners.line_protocol import Frame
from scanners.scan import DropReason, Terminator
from scanners.ssi.codec import CHECKSUM_BYTES, HEADER_BYTES, Junk, Opcode, Packet, Source, Status, encode

NEVER_REPEATED: Final = "a damaged read, and the scanner did not send it again"
ENDLESS: Final = "a stream without end, which is no read"
_JUNKS_MAX: Final = 6  # Of one read and its repeats.
_DAMAGED_BYTES_MAX: Final = 3  # More of them, and more than a fifth of the packet, are no damage.


class Damage:
    """One read that came damaged, and its repeats that did so too."""

    def __init__(self, junk: Junk) -> None:
        self._first = junk
        self._junks = deque([junk], maxlen=_JUNKS_MAX)
        self.size_bytes = junk.size_bytes
        self.last_at_ns = junk.last_at_ns

    def add(self, junk: Junk) -> None:
        self._junks.append(junk)
        self.size_bytes += junk.size_bytes
        self.last_at_ns = junk.last_at_ns

    def first_transmission_of(self, repeat: Packet) -> Junk | None:
        """Return what was rather the first transmission of `repeat` than a repeat itself; None: nothing was."""
        return next((junk for junk in reversed(self._junks) if _reads_as_first(junk, repeat)), None)

    def is_of_another_read(self, repeat: Packet) -> bool:
        """Whether a whole first transmission is among it that was never `repeat`: the scanner has gone on since."""
        return any(
            reads_as_first_transmission(junk)
            and junk.size_bytes == junk.data[0] + CHECKSUM_BYTES
            and _is_unlike(junk.data[HEADER_BYTES:-CHECKSUM_BYTES], repeat.data)
            for junk in self._junks
        )

    def told(self) -> Frame:
        """Return the evidence. Bytes beyond it: `size_bytes` less its length."""
        junk = self._first
        return Frame(
            junk.data,
            Terminator.GAP,
            junk.first_at_ns,
            self.last_at_ns,
            dropped=DropReason.DAMAGED,
            text=NEVER_REPEATED,
        )


def endless(junk: Junk) -> Frame:
    """Return the beginning of a stream that does not end."""
    return Frame(
        junk.data,
        Terminator.OVERFLOW,
        junk.first_at_ns,
        junk.last_at_ns,
        dropped=DropReason.DAMAGED,
        text=ENDLESS,
    )


def reads_as_decode_data(junk: Junk) -> bool:
    """Whether the header is that of a read."""
    return (
        junk.data[1 : HEADER_BYTES - 1] == bytes((Opcode.DECODE_DATA, Source.DECODER))
        and len(junk.data) > HEADER_BYTES + CHECKSUM_BYTES
    )


def reads_as_first_transmission(junk: Junk) -> bool:
    return reads_as_decode_data(junk) and not junk.data[HEADER_BYTES - 1] & Status.RETRANSMISSION


def reads_as_answer(junk: Junk) -> bool:
    """Whether this is an ACK or a NAK with one bit of its opcode wrong at most."""
    longest = HEADER_BYTES + 1 + CHECKSUM_BYTES
    return (
        1 < len(junk.data) <= longest
        and min((junk.data[1] ^ answer).bit_count() for answer in (Opcode.CMD_ACK, Opcode.CMD_NAK)) <= 1
    )


def _is_unlike(data: bytes, other: bytes) -> bool:
    alike = sum(block.size for block in SequenceMatcher(None, data, other, autojunk=False).get_matching_blocks())
    size = max(len(data), len(other))
    return size - alike > max(_DAMAGED_BYTES_MAX, size // 5)


def _reads_as_first(junk: Junk, repeat: Packet) -> bool:
    """Compare with `repeat` as it is and as it was without the bit: the two differ in STATUS and in the checksum."""
    head = junk.data[: HEADER_BYTES + 2]  # Two bytes may have been doubled.
    tail = junk.data[-1:] if 2 * junk.size_bytes >= repeat.size_bytes else b""
    votes = 0
    for bit, vote in ((0, 1), (Status.RETRANSMISSION, -1)):
        status = repeat.status & ~Status.RETRANSMISSION | bit
        frame = encode(repeat.opcode, repeat.data, status, repeat.source)
        votes += vote * ((frame[1:HEADER_BYTES] in head) + (frame[-1:] == tail))
    return votes > 0
