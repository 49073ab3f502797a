"""A printer behind calls instead of a wire: the transport of tests and of virtual time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from hw_sim.printer.interpreter import Interpreter


class InProcessPrinter:
    """One end of a line to a simulated printer, spending virtual seconds where the real one would take time.

    Args:
        interpreter: the printer.
        monotonic: virtual seconds.
        sleep: spends virtual seconds; `monotonic` must move with it.
    """

    def __init__(
        self, interpreter: Interpreter, monotonic: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self.interpreter = interpreter
        self._monotonic = monotonic
        self._sleep = sleep
        self._due: deque[tuple[float, bytes]] = deque()

    def write(self, data: bytes) -> int:
        """Send everything; takes len(data) / bytes_per_s seconds when the printer is slow.

        Raises:
            ConnectionError: the printer has no power.
        """
        if not self.interpreter.condition.powered:
            raise ConnectionResetError("printer without power")
        rate = self.interpreter.condition.bytes_per_s
        if rate > 0:
            self._sleep(len(data) / rate)
        self.interpreter.receive(data)
        self._collect()
        return len(data)

    def read(self, size: int, timeout_s: float) -> bytes:
        """Return up to `size` bytes that have arrived, waiting at most `timeout_s` for the first; b"" is silence."""
        self._collect()
        now = self._monotonic()
        if not self._due or self._due[0][0] > now + timeout_s:
            self._sleep(timeout_s)
            return b""
        if self._due[0][0] > now:
            self._sleep(self._due[0][0] - now)
        arrived = b""
        while self._due and self._due[0][0] <= self._monotonic() and len(arrived) < size:
            due, data = self._due.popleft()
            room = size - len(arrived)
            arrived += data[:room]
            if data[room:]:
                self._due.appendleft((due, data[room:]))
        return arrived

    def _collect(self) -> None:
        if reply := self.interpreter.take_reply():
            self._due.append((self._monotonic() + self.interpreter.condition.answer_delay_s, reply))
