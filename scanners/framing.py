"""Frames on a plain serial or CDC line, sans I/O: bytes with their times in, frames out. No clock, no port.

A frame ends at a configured suffix, or after silence. Where a suffix is configured silence still ends a frame, so
that characters left over from an aborted read never stick to the next code; the terminator kind tells which it was.

    empty -> collecting (first byte) -> suffix or silence: Frame -> empty
                                     -> too long: Frame(OVERFLOW) -> discarding -> suffix or silence -> empty

USB delivers 64 bytes a transfer and Bluetooth any number, so one `receive` means nothing: any chunking of the same
bytes with the same times gives the same frames.

Sources: suffix names of the Zebra and Honeywell scanner manuals ("CR, LF, CR LF, TAB, ETX").
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import Final

from scanners.line_protocol import Frame
from scanners.scan import Terminator

SUFFIXES: Final[dict[str, tuple[bytes, ...]]] = {
    "cr": (b"\r",),
    "lf": (b"\n",),
    "crlf": (b"\r\n",),
    "tab": (b"\t",),
    "etx": (b"\x03",),
    "none": (),
}
LINE_ENDS: Final = b"\r\n\t\x03"  # No code holds these; a device that sends two of them sends one suffix.

FRAME_BYTES_MAX: Final = 512  # The longest code in use is 129 bytes; beyond this the stream is glued or noise.
PREFIX_BYTES_MAX: Final = 200  # What the scanners themselves can be set to.
LEFTOVER_MS: Final = 300  # Silence after which unfinished characters belong to nobody.
GAP_MS: Final = 50  # Silence that ends a frame where the scanner sends no suffix.
_OS_LATENCY_MS: Final = 20  # USB-serial bridges hold bytes back up to 16 ms.
_BITS_PER_BYTE: Final = 10  # Start, eight data or seven and parity, stop.
_SLICE_BYTES: Final = 4096  # Long input is walked in slices, so that it is never held twice.


def gap_floor_ms(baud: int) -> int:
    """Return the shortest silence, in ms, that can mean an end at this line speed: ten byte times and OS latency."""
    return 10 * _BITS_PER_BYTE * 1000 // baud + 1 + _OS_LATENCY_MS


@dataclass(frozen=True, slots=True)
class Framing:
    """How the frames of one device are told apart."""

    suffixes: tuple[bytes, ...] = SUFFIXES["cr"]  # Any of them ends a frame; empty: only silence does.
    prefix: bytes = b""  # Text the scanner was set to put in front; taken off where it is there.
    gap_ms: int | None = None  # Silence that ends a frame; None: LEFTOVER_MS with a suffix, GAP_MS without.
    frame_bytes_max: int = FRAME_BYTES_MAX  # Bytes before the suffix.

    def __post_init__(self) -> None:
        for suffix in self.suffixes:
            if not suffix or suffix.strip(LINE_ENDS):
                raise ValueError(f"suffix {suffix!r}: only CR, LF, TAB and ETX can end a frame")
        if len(self.prefix) > PREFIX_BYTES_MAX:
            raise ValueError(f"prefix: {len(self.prefix)} bytes, at most {PREFIX_BYTES_MAX}")
        if self.gap_ms is not None and self.gap_ms < 1:
            raise ValueError(f"gap_ms: {self.gap_ms}, at least 1")
        if self.frame_bytes_max < 1:
            raise ValueError(f"frame_bytes_max: {self.frame_bytes_max}, at least 1")

    @property
    def silence_ms(self) -> int:
        if self.gap_ms is not None:
            return self.gap_ms
        return LEFTOVER_MS if self.suffixes else GAP_MS


class Framer:
    """Cuts one device's byte stream into frames. Times are nanoseconds of any one clock that never runs back."""

    def __init__(self, framing: Framing | None = None) -> None:
        self._framing = framing or Framing()
        suffixes = _minimal(self._framing.suffixes)
        self._pattern = re.compile(b"|".join(map(re.escape, suffixes))) if suffixes else None
        self._overlap = max(map(len, suffixes), default=1) - 1  # Bytes at the end that may begin a suffix.
        self._silence_ns = self._framing.silence_ms * 1_000_000
        self._buffer = bytearray()
        self._events: deque[Frame] = deque()
        self._discarding = False
        self._first_at_ns = 0
        self._last_at_ns = 0
        self._discarded_bytes = 0

    @property
    def discarded_bytes(self) -> int:
        """Bytes thrown away after overflows, since the start."""
        return self._discarded_bytes

    def receive(self, data: bytes, at_ns: int, earliest_ns: int | None = None) -> None:
        """Take bytes that were read at `at_ns`.

        A reader that was held up finds bytes that came long before it looked. `earliest_ns` is its previous look: the
        silence before the bytes is measured up to there, so that a stalled program never cuts a code in two.
        """
        if not data:
            return
        self.tick(at_ns if earliest_ns is None else min(earliest_ns, at_ns))
        self._last_at_ns = at_ns
        for start in range(0, len(data), _SLICE_BYTES):
            rest = bytes(data[start : start + _SLICE_BYTES])
            while rest:
                rest = self._discard(rest) if self._discarding else self._collect(rest)

    def tick(self, at_ns: int) -> None:
        """Say that nothing more had come by `at_ns`."""
        if (self._buffer or self._discarding) and at_ns - self._last_at_ns > self._silence_ns:
            self._finish(Terminator.GAP)

    def close(self, at_ns: int) -> None:
        """Say that the line died at `at_ns`: what stands unfinished becomes a frame of its own."""
        self.tick(at_ns)
        self._finish(Terminator.UNPLUG)

    def next_event(self) -> Frame | None:
        """Return the next frame, or None: need more data."""
        return self._events.popleft() if self._events else None

    def _finish(self, terminator: Terminator) -> None:
        if self._discarding:
            self._discarded_bytes += len(self._buffer)
        else:
            self._emit(bytes(self._buffer), terminator)
        self._buffer.clear()
        self._discarding = False

    def _collect(self, piece: bytes) -> bytes:
        """Add to the frame; return what is left after its end."""
        if not self._buffer:
            piece = piece.lstrip(LINE_ENDS)  # The LF after a CR that already ended the last frame.
            self._first_at_ns = self._last_at_ns
        searched = max(0, len(self._buffer) - self._overlap)
        self._buffer += piece
        ended = self._pattern.search(self._buffer, searched) if self._pattern else None
        size_max = self._framing.frame_bytes_max
        if (ended.start() if ended else len(self._buffer) - self._overlap) > size_max:
            self._emit(bytes(self._buffer[:size_max]), Terminator.OVERFLOW)
            del self._buffer[:size_max]
            self._discarding = True
            return self._discard(b"")
        if ended is None:
            return b""
        rest = bytes(self._buffer[ended.end() :])
        self._emit(bytes(self._buffer[: ended.start()]), Terminator.SUFFIX)
        self._buffer.clear()
        return rest

    def _discard(self, piece: bytes) -> bytes:
        """Throw away up to the next suffix; return what is left after it."""
        self._buffer += piece
        ended = self._pattern.search(self._buffer) if self._pattern else None
        kept_from = ended.end() if ended is not None else len(self._buffer) - self._overlap
        rest = bytes(self._buffer[kept_from:])
        self._discarded_bytes += kept_from
        if ended is None:
            self._buffer[:] = rest
            return b""
        self._buffer.clear()
        self._discarding = False
        return rest

    def _emit(self, raw: bytes, terminator: Terminator) -> None:
        # What overflowed is evidence of a fault and stays untouched.
        overflow = terminator is Terminator.OVERFLOW
        data = raw if overflow else raw.rstrip(LINE_ENDS).removeprefix(self._framing.prefix)
        if data:
            self._events.append(Frame(data, terminator, self._first_at_ns, self._last_at_ns))


def _minimal(suffixes: tuple[bytes, ...]) -> list[bytes]:
    """Drop a suffix that holds another: CR already ends the frame before CR LF is complete."""
    unique = sorted(set(suffixes))
    return [suffix for suffix in unique if not any(other != suffix and other in suffix for other in unique)]
