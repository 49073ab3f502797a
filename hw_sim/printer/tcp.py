"""A network printer: raw ESC/POS over TCP, as on port 9100. One client at a time, the next one waits in the queue."""

from __future__ import annotations

import socket
from pathlib import Path

from hw_sim.printer.model import PrinterModel
from hw_sim.printer.shell import TICK_S, Shell

_BACKLOG = 4


class PrinterServer(Shell):
    """Listens at once; `port` is the port it got. A job ends when its connection ends.

    Args:
        model: the firmware.
        host: address to listen on.
        port: 0 takes a free one.
        folder: where job-NNNN.png, .bin and .log are written; None keeps everything in memory.

    Set `refuse` to hang up on every new client at once (another host holds the printer). Without power the printer
    drops its client and listens to nobody.
    """

    def __init__(self, model: PrinterModel, host: str = "127.0.0.1", port: int = 0, folder: Path | None = None) -> None:
        super().__init__(model, folder, flow_control=True)
        self.refuse = False
        self._listener = socket.create_server((host, port), backlog=_BACKLOG)
        self._listener.settimeout(TICK_S)
        self.host, self.port = self._listener.getsockname()[:2]
        self._thread.start()

    def close(self) -> None:
        super().close()
        self._listener.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            with client:
                if not self.refuse and self._powered():
                    client.settimeout(TICK_S)
                    self._serve(client)
                    self.finish_job()

    def _serve(self, client: socket.socket) -> None:
        try:
            while not self._stop.is_set() and self._powered():
                data = self._read(client)
                if data == b"":
                    return
                reply = self._unasked() if data is None else self._take(data)
                if reply:
                    client.sendall(reply)
        except OSError:
            return  # The client is gone; what it sent is printed all the same.

    def _read(self, client: socket.socket) -> bytes | None:
        """Bytes, b"" at the end of the connection, None when nothing came or the printer takes nothing."""
        if self._full():
            self._stop.wait(TICK_S)
            return None
        try:
            return client.recv(self._appetite())
        except TimeoutError:
            return None
