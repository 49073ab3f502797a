"""A USB-serial printer on a pseudo-terminal. POSIX only; nothing else in this package imports it."""

from __future__ import annotations

from pathlib import Path

from hw_sim.line_pty import PtyPort
from hw_sim.printer.model import PrinterModel
from hw_sim.printer.shell import TICK_S, Shell


class PtyPrinter(Shell):
    """A printer behind `path`. A job ends with a cut, or with `finish_job()` or `close()`.

    Args:
        model: the firmware.
        folder: where job-NNNN.png, .bin and .log are written.
        link: a stable name that points to the terminal while the printer is plugged in.
        flow_control: False loses what the receive buffer does not hold.
    """

    def __init__(
        self, model: PrinterModel, folder: Path | None = None, link: Path | None = None, *, flow_control: bool = True
    ) -> None:
        super().__init__(model, folder, flow_control=flow_control)
        self._port = PtyPort(link)
        self._port.plug()
        self._thread.start()

    @property
    def path(self) -> Path:
        """What the host opens."""
        return self._port.path

    def close(self) -> None:
        super().close()
        self._port.unplug()

    def _run(self) -> None:
        cuts = 0
        while not self._stop.is_set():
            if self._full():
                self._stop.wait(TICK_S)
                data = b""
            else:
                data = self._port.read(self._appetite(), TICK_S)
            reply = self._take(data) if data else self._unasked()
            if reply:
                self._port.write(reply)
            with self._lock:
                fallen = len(self._interpreter.paper.cuts)
            if fallen != cuts:
                cuts = fallen
                self.finish_job()
