"""A scanner behind calls instead of a wire, in virtual time: for tests and the headless demo."""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable, Iterable

from hw_sim.scanner.script import Chunk


class MemoryLine:
    """The host's end of a serial line whose other end is a script.

    Bytes fed at virtual time t with delays d1, d2, ... can be read from t + d1, t + d1 + d2, ... on; a second feed
    queues behind the first. `read` has the semantics of pyserial: it returns as soon as it has `size` bytes, or what
    there is when `timeout_s` has passed. With `timeout_s` 0 it never sleeps. `sleep` must move `monotonic`.

    Unplugging happens at its own virtual moment. From then on `read`, `write` and `in_waiting` raise OSError(ENODEV),
    and bytes the host had not fetched before are lost, as the kernel loses them. `replug` makes a new device of it.
    """

    def __init__(self, monotonic: Callable[[], float], sleep: Callable[[float], None], timeout_s: float = 0.0) -> None:
        self.timeout_s = timeout_s
        self.written = bytearray()
        self._monotonic = monotonic
        self._sleep = sleep
        self._coming: deque[tuple[float, bytes]] = deque()
        self._arrived = bytearray()
        self._last_at = monotonic()
        self._unplug_at: float | None = None

    def feed(self, pieces: Iterable[Chunk]) -> float:
        """Pull the trigger now, or as soon as earlier bytes are through. Returns when the last byte will arrive."""
        at = max(self._monotonic(), self._last_at)
        for piece in pieces:
            at += piece.delay_s
            if piece.data and self._unplug_at is None:
                self._coming.append((at, piece.data))
            if piece.unplug and self._unplug_at is None:
                self._unplug_at = at
        self._last_at = at
        return at

    @property
    def next_at(self) -> float | None:
        """Virtual time of the next byte or unplugging still to come; None: nothing is on its way."""
        moments = [self._coming[0][0]] if self._coming else []
        if self._unplug_at is not None and self._unplug_at > self._monotonic():
            moments.append(self._unplug_at)
        return min(moments, default=None)

    @property
    def plugged(self) -> bool:
        """Whether the device is there now."""
        return self._unplug_at is None or self._monotonic() < self._unplug_at

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read without waiting."""
        self._settle()
        return len(self._arrived)

    def read(self, size: int = 1) -> bytes:
        """Return up to `size` bytes; see the class for how long that takes.

        Raises:
            OSError: ENODEV, the device is unplugged.
        """
        end = self._monotonic() + self.timeout_s
        self._settle()
        while len(self._arrived) < size and (now := self._monotonic()) < end:
            upcoming = self.next_at
            self._sleep(max(0.0, min(end, end if upcoming is None else upcoming) - now))
            self._settle()
        data = bytes(self._arrived[:size])
        del self._arrived[:size]
        return data

    def write(self, data: bytes) -> int:
        """Send to the scanner, which keeps it in `written`.

        Raises:
            OSError: ENODEV, the device is unplugged.
        """
        self._settle()
        self.written += data
        return len(data)

    def unplug(self) -> None:
        """Pull the cable now."""
        self._unplug_at = self._monotonic()

    def replug(self) -> None:
        """Plug in again: what was on its way is gone, reading works."""
        self._coming.clear()
        self._arrived.clear()
        self._unplug_at = None
        self._last_at = self._monotonic()

    def _settle(self) -> None:
        if not self.plugged:
            self._coming.clear()
            self._arrived.clear()
            raise OSError(errno.ENODEV, "scanner unplugged")
        while self._coming and self._coming[0][0] <= self._monotonic():
            self._arrived += self._coming.popleft()[1]
