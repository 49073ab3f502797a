"""Frames and words that the tests of SSI share."""

from __future__ import annotations

from scanners.ssi.codec import Opcode, Source, encode

MS = 1_000_000
PACK = b"04870249811936t1Xrb-xQWhpeGhG"
PACK_FRAME = "pack code, Data Matrix"
PATIENCE_MS = 2 * 2000 + 500
RETRANSMITTED, DAMAGED, INCOMPLETE = "retransmitted", "damaged", "incomplete"


def decode(data: bytes, status: int = 0, kind: int | None = 0x1B) -> bytes:
    head = b"" if kind is None else bytes([kind])
    return encode(Opcode.DECODE_DATA, head + data, status, Source.DECODER)


def flipped(frame: bytes, bit: int = 60) -> bytes:
    damaged = bytearray(frame)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)
