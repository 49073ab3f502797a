"""A scanner on a pseudo-terminal, in real time. POSIX only; nothing else in this package imports it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from hw_sim.line_pty import PtyPort
from hw_sim.scanner.script import USB, Chunk, Scan, Wire, chunks


class PtyScanner:
    """A plugged-in scanner behind `path`. A context manager: leaving it unplugs.

    Args:
        wire: speed and packet size.
        link: a stable name for the terminal, as /dev/serial/by-id is; gone while unplugged.
        sleep: spends the delays of a scan.
    """

    def __init__(self, wire: Wire = USB, link: Path | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
        self.wire = wire
        self._sleep = sleep
        self._port = PtyPort(link)
        self._port.plug()

    @property
    def path(self) -> Path:
        """What the host opens: the link, or the terminal, whose name may change when plugged in again."""
        return self._port.path

    @property
    def plugged(self) -> bool:
        return self._port.plugged

    @property
    def overrun_bytes(self) -> int:
        """Bytes nobody read before the kernel's buffer was full, or sent while unplugged."""
        return self._port.overrun_bytes

    def scan(self, scan: Scan) -> None:
        """Pull the trigger: returns after the last byte has left."""
        self.play(chunks(scan, self.wire))

    def play(self, pieces: Iterable[Chunk]) -> None:
        """Send timed pieces; stops where the cable comes out."""
        for piece in pieces:
            self._sleep(piece.delay_s)
            if piece.data:
                self._port.write(piece.data)
            if piece.unplug:
                self._port.unplug()
                return

    def received(self, size: int = 4096, timeout_s: float = 0.0) -> bytes:
        """What the host wrote to the scanner."""
        return self._port.read(size, timeout_s)

    def unplug(self) -> None:
        """Pull the cable."""
        self._port.unplug()

    def replug(self) -> None:
        """Plug in again, under the same link if there is one."""
        self._port.plug()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()
