"""How one kind of device speaks on its line, sans I/O: bytes with their times in, reads and notices out. Pure.

`scanners.line.LineScanner` owns the port and calls; a protocol owns framing, checksums and answers. Times are
nanoseconds of any one clock that never runs back. Any chunking of the same bytes with the same times gives the same
events, and any bytes give events, never another exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from scanners.scan import DropReason, Signal, Terminator


@dataclass(frozen=True, slots=True)
class Frame:
    """One read, or the remains of one."""

    data: bytes  # Without prefix and suffix. With OVERFLOW: the first bytes, as evidence.
    terminator: Terminator
    first_at_ns: int
    last_at_ns: int  # The suffix counts; with OVERFLOW the byte that was too many.
    symbology: str | None = None  # AIM identifier the device tells beside the data; None: look in front of the data.
    dropped: DropReason | None = None  # Not a scan, and why.
    text: str = ""  # For a person, where `dropped` is set.
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """Something store IT should know of a device that works: a wrong setting, a refused command."""

    text: str
    at_ns: int


LineEvent = Frame | Notice


class LineProtocol(Protocol):
    """One device's end of the conversation. Keeps its state over an unplugging only where the device does."""

    @property
    def discarded_bytes(self) -> int:
        """Bytes that became no event, since the start."""
        ...

    def opened(self, at_ns: int) -> None:
        """The line was opened (again): half-received things are gone, settings may have to be sent."""
        ...

    def receive(self, data: bytes, at_ns: int, earliest_ns: int | None = None) -> None:
        """Take bytes read at `at_ns`. The reader's previous look was at `earliest_ns`: silence is measured up to there,
        so that a stalled program never cuts a code in two."""
        ...

    def tick(self, at_ns: int) -> None:
        """Say that nothing more had come by `at_ns`."""
        ...

    def close(self, at_ns: int) -> None:
        """Say that the line died at `at_ns`: what stands unfinished becomes a frame with UNPLUG."""
        ...

    def next_event(self) -> LineEvent | None:
        """Return the next event, or None: need more data."""
        ...

    def outgoing(self) -> bytes:
        """Return what must be written to the device now, once; b"" for nothing."""
        ...

    def signal(self, signal: Signal) -> None:
        """Have the device beep or blink; a device that cannot does nothing."""
        ...
