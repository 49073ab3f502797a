"""A line to a simulated register inside the process, in virtual time: what a driver takes for its port."""

from __future__ import annotations

import random
from collections.abc import Callable

from hw_sim.device.machine import Machine
from hw_sim.exchange import NS

Sleep = Callable[[float], None]


class InProcessLine:
    """Both a serial port and a socket, as the driver sees them: `open`, `write`, `read`, `close`; failures are OSError.

    Args:
        machine: the register at the other end.
        sleep: spends virtual seconds; the machine's clock must move with it.
        drops: True is a socket or a USB device, which breaks when the register hangs up or loses power. False is a
            plain serial cable, which only falls silent.
        chunk_max: longest piece one read gives, of random length up to it (`rng`); None: whole pieces.

    `before_write` is called with the number and the bytes of each write, from 0: a test may raise there.
    """

    def __init__(
        self,
        machine: Machine,
        sleep: Sleep,
        *,
        drops: bool = True,
        chunk_max: int | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.machine = machine
        self.before_write: Callable[[int, bytes], object] = lambda _number, _data: None
        self.writes = 0
        self.unplugged = False
        self._sleep = sleep
        self._drops = drops
        self._chunk_max = chunk_max
        self._rng = rng or random.Random(0)
        self._left = b""
        self._open = False

    def open(self) -> None:
        """Raises ConnectionRefusedError when nobody is there."""
        self._left = b""
        there = not self.unplugged and self.machine.host_opened()
        if not there and (self._drops or self.unplugged):
            raise ConnectionRefusedError("nobody answers on the simulated line")
        self._open = True

    def close(self) -> None:
        self._open = False

    def write(self, data: bytes) -> None:
        """Send. Raises ConnectionResetError on a broken line."""
        number, self.writes = self.writes, self.writes + 1
        self.before_write(number, data)
        self._check()
        self.machine.receive(data)

    def read(self, timeout_s: float) -> bytes:
        """What comes first within `timeout_s`; b"" after silence. Raises ConnectionResetError on a broken line."""
        if self._left:
            return self._piece()
        until = self.machine.now() + round(timeout_s * NS)
        while True:
            self._check()
            self._left = self.machine.take()
            if self._left:
                return self._piece()
            due = self.machine.next_due_ns()
            here = self.machine.now()
            if here >= until:
                return b""
            target = until if due is None else min(max(due, here), until)
            self._sleep(max(target - here, 1) / NS)

    def _piece(self) -> bytes:
        size = len(self._left) if self._chunk_max is None else self._rng.randint(1, self._chunk_max)
        piece, self._left = self._left[:size], self._left[size:]
        return piece

    def _check(self) -> None:
        broken = self.machine.hung_up or not self.machine.powered
        if not self._open or self.unplugged or (self._drops and broken):
            self._left = b""
            raise ConnectionResetError("the simulated line is broken")
