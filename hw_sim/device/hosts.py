"""A simulated register in real time: on a pseudo-terminal, or on a TCP port. One host at a time."""

from __future__ import annotations

import contextlib
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from hw_sim.device.machine import Machine

TICK_S = 0.005
READ_BYTES = 4096


class Host(ABC):
    """A thread that moves bytes between a line and a machine. A context manager: leaving it ends everything."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hw_sim.device", daemon=True)

    @contextmanager
    def machine(self) -> Iterator[Machine]:
        """The register itself, while the line stands still: for looking and for faults."""
        with self._lock:
            yield self._machine

    def close(self) -> None:
        """May be called twice."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def _run(self) -> None: ...

    def _heard(self, data: bytes) -> None:
        with self._lock:
            self._machine.receive(data)

    def _said(self) -> bytes:
        with self._lock:
            return self._machine.take()

    def _gone(self) -> bool:
        with self._lock:
            return self._machine.hung_up or not self._machine.powered


class TcpHost(Host):
    """Listens at once; `port` is the port it got. A second host waits until the first has gone."""

    def __init__(self, machine: Machine, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(machine)
        self._listener = socket.create_server((host, port), backlog=2)
        self._listener.settimeout(TICK_S * 4)
        self.host, self.port = self._listener.getsockname()[:2]
        self._thread.start()

    def close(self) -> None:
        super().close()
        self._listener.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError, ConnectionError):
                client, _ = self._listener.accept()
                with client:
                    self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            if not self._machine.host_opened():
                return
        client.settimeout(TICK_S)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while not self._stop.is_set() and not self._gone():
            while data := self._said():
                client.sendall(data)
            try:
                data = client.recv(READ_BYTES)
            except TimeoutError:
                continue
            if not data:
                return
            self._heard(data)


class PtyHost(Host):
    """A register on a pseudo-terminal; the host opens `path`. POSIX only."""

    def __init__(self, machine: Machine, link: Path | None = None) -> None:
        from hw_sim.line_pty import PtyPort  # Windows has no terminals of this kind; its TCP ports do without.

        super().__init__(machine)
        self._port = PtyPort(link)
        self._port.plug()
        machine.host_opened()
        self._thread.start()

    @property
    def path(self) -> Path:
        return self._port.path

    def close(self) -> None:
        super().close()
        self._port.unplug()

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                if self._machine.hung_up:
                    self._machine.host_opened()  # A cable has no connection to lose: the next byte is heard again.
            while data := self._said():
                self._port.write(data)
            data = self._port.read(READ_BYTES, TICK_S)
            if data:
                self._heard(data)
