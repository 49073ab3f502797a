"""A pseudo-terminal as a plug-in serial device: plug, unplug, plug again under another name. POSIX only."""

from __future__ import annotations

import os
import select
import tty
from pathlib import Path


class PtyPort:
    """The device end of a serial line. The host opens `path`, or `link`, which is there only while plugged in.

    The terminal is raw: no echo, no translation of CR, no signals.
    """

    def __init__(self, link: Path | None = None) -> None:
        self.link = link
        self.overrun_bytes = 0
        self._master = -1
        self._slave = -1
        self._path = Path()

    @property
    def plugged(self) -> bool:
        return self._master >= 0

    @property
    def path(self) -> Path:
        """The link if there is one, else the terminal itself, which may change its name with every `plug`."""
        return self.link if self.link is not None else self._path

    def plug(self) -> None:
        """Appear. Does nothing when already plugged in."""
        if self.plugged:
            return
        # The device keeps the host's end open too, so that the settings survive until the host opens it.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._path = Path(os.ttyname(self._slave))
        if self.link is not None:
            self.link.unlink(missing_ok=True)
            self.link.symlink_to(self._path)

    def unplug(self) -> None:
        """Disappear: the host's reads and writes fail from now on. Does nothing when not plugged in."""
        if not self.plugged:
            return
        if self.link is not None:
            self.link.unlink(missing_ok=True)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1

    def write(self, data: bytes) -> None:
        """Send to the host. What does not fit into the kernel's buffer is lost and counted in `overrun_bytes`."""
        if not self.plugged:
            self.overrun_bytes += len(data)
            return
        try:
            sent = os.write(self._master, data)
        except BlockingIOError:
            sent = 0
        self.overrun_bytes += len(data) - sent

    def read(self, size: int, timeout_s: float) -> bytes:
        """Return what the host sent, or b"" after `timeout_s` seconds of nothing."""
        if not self.plugged or not select.select([self._master], [], [], timeout_s)[0]:
            return b""
        return os.read(self._master, size)
