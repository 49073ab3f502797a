"""A scan as it comes over a line: which bytes, in which pieces, after how long. Pure: no clock, no port, no chance.

One `Scan` says everything that may be right or wrong about one pull of the trigger; `chunks` turns it into timed
pieces. The wire is a serial line at a speed (10 bits a byte) or USB (packets of 64 bytes).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from hw_sim.scanner.keyboard import Layout, typed

GS = "\x1d"
BITS_PER_BYTE = 10  # Start, eight data, stop.
USB_PACKET_BYTES = 64
USB_FRAME_S = 0.001
REPEAT_GAP_S = 0.3


class Gs(StrEnum):
    """What the scanner makes of the separator inside a code."""

    KEEP = "keep"  # Byte 1D.
    DROP = "drop"
    TEXT = "text"  # Whatever `gs_text` says: "{GS}", "|", "\r".


@dataclass(frozen=True, slots=True)
class Wire:
    """How bytes travel. `baud` None is USB: `packet_bytes` at most in one piece, one piece a millisecond."""

    baud: int | None = None
    packet_bytes: int = USB_PACKET_BYTES

    def duration_s(self, size: int) -> float:
        """Seconds from the first bit of `size` bytes to their arrival at the host."""
        if self.baud is None:
            return USB_FRAME_S * -(-size // self.packet_bytes)
        return size * BITS_PER_BYTE / self.baud


USB = Wire()
RS232 = Wire(9600)


@dataclass(frozen=True, slots=True)
class Scan:
    """One read of one symbol, and everything that goes wrong on its way.

    Attributes:
        code: the content of the symbol, GS as U+001D. Bytes are sent as they are: no separator, layout or Caps Lock.
        aim: symbology identifier sent in front, such as "]d2".
        prefix, suffix: sent around every code; an empty suffix leaves only silence as the end.
        gs, gs_text: see `Gs`.
        layout, caps: the host's keyboard, for a scanner that types; the text is then sent in `encoding`.
        chunk: bytes in one piece at most; None is what the wire does by itself (serial: everything in one).
        gap_ms: silence between pieces.
        repeat: how many times the symbol is read, `repeat_gap_ms` apart.
        glue: further codes that follow at once, without a terminator between.
        cut_at: only so many bytes of the whole, suffix included, ever come.
        flip_bit: this bit of what is sent arrives inverted, counted from the top bit of the first byte.
        unplug_after: after so many bytes the cable comes out; later bytes are lost.
    """

    code: str | bytes
    aim: str = ""
    prefix: bytes = b""
    suffix: bytes = b"\r"
    gs: Gs = Gs.KEEP
    gs_text: str = "{GS}"
    layout: Layout = Layout.US
    caps: bool = False
    encoding: str = "utf-8"
    chunk: int | None = None
    gap_ms: float = 0.0
    repeat: int = 1
    repeat_gap_ms: float = REPEAT_GAP_S * 1000
    glue: tuple[str | bytes, ...] = ()
    cut_at: int | None = None
    flip_bit: int | None = None
    unplug_after: int | None = None

    def __post_init__(self) -> None:
        if self.chunk is not None and self.chunk < 1:
            raise ValueError(f"chunk must be at least 1, not {self.chunk}")
        for name in ("repeat", "gap_ms", "repeat_gap_ms"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative")
        for name in ("cut_at", "flip_bit", "unplug_after"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"{name} must not be negative, not {value}")


@dataclass(frozen=True, slots=True)
class Chunk:
    """`data` arrive together, `delay_s` after the chunk before. `unplug`: with that the cable comes out."""

    delay_s: float
    data: bytes
    unplug: bool = False


def payload(scan: Scan) -> bytes:
    """The bytes of one read as the host should see them, damage to the text included, damage on the wire not yet."""
    body = b"".join(_body(scan, code) for code in (scan.code, *scan.glue))
    return scan.prefix + body + scan.suffix


def _body(scan: Scan, code: str | bytes) -> bytes:
    aim = typed(scan.aim, scan.layout, caps=scan.caps).encode(scan.encoding, "replace")
    if isinstance(code, bytes):
        return aim + code
    separator = {Gs.KEEP: GS, Gs.DROP: "", Gs.TEXT: scan.gs_text}[scan.gs]
    text = typed(separator.join(code.split(GS)), scan.layout, caps=scan.caps)
    return aim + text.encode(scan.encoding, "replace")


def chunks(scan: Scan, wire: Wire = USB) -> Iterator[Chunk]:
    """The timed pieces of a scan. The first delay counts from the trigger.

    `unplug_after` counts over all repeats; nothing comes after the piece that carries `unplug`.
    """
    sent = 0
    for turn in range(scan.repeat):
        wait = scan.repeat_gap_ms / 1000 if turn else 0.0
        for data in _pieces(_on_wire(scan), scan, wire):
            if scan.unplug_after is not None and sent + len(data) >= scan.unplug_after:
                yield Chunk(wait + wire.duration_s(len(data)), data[: scan.unplug_after - sent], unplug=True)
                return
            yield Chunk(wait + wire.duration_s(len(data)), data)
            sent += len(data)
            wait = scan.gap_ms / 1000
    if scan.unplug_after is not None:
        yield Chunk(0.0, b"", unplug=True)


def _on_wire(scan: Scan) -> bytes:
    data = bytearray(payload(scan)[: scan.cut_at])
    if scan.flip_bit is not None and scan.flip_bit < len(data) * 8:
        data[scan.flip_bit // 8] ^= 0x80 >> scan.flip_bit % 8
    return bytes(data)


def _pieces(data: bytes, scan: Scan, wire: Wire) -> Iterator[bytes]:
    size = scan.chunk or (max(1, len(data)) if wire.baud is not None else wire.packet_bytes)
    if wire.baud is None:
        size = min(size, wire.packet_bytes)
    for start in range(0, len(data), size):
        yield data[start : start + size]


def total_s(pieces: Iterable[Chunk]) -> float:
    """Seconds from the trigger to the last byte."""
    return sum(piece.delay_s for piece in pieces)
