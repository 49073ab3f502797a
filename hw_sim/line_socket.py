"""A hostile line on real sockets: a relay between a client and a TCP server, such as a simulated printer."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
from types import TracebackType
from typing import Self

from hw_sim.line import CALM, HostileLine, Weather

_TICK_S = 0.02
_READ_BYTES = 4096


class SocketRelay:
    """Listens at once on `host`, `port`; every client is joined to `upstream` through the weather.

    Connections are served one after another. A context manager: leaving it closes everything. `down` and `up` are the
    directions of the present or latest connection, for their `damage` and `cut()`.
    """

    def __init__(
        self, upstream: tuple[str, int], rng: random.Random, up: Weather = CALM, down: Weather = CALM,
        host: str = "127.0.0.1",
    ) -> None:  # fmt: skip
        self._upstream = upstream
        self._rng = rng
        self._weathers = (up, down)
        self.up, self.down = HostileLine(rng, up), HostileLine(rng, down)
        self._stop = threading.Event()
        self._listener = socket.create_server((host, 0))
        self._listener.settimeout(_TICK_S)
        self.host, self.port = self._listener.getsockname()[:2]
        self._thread = threading.Thread(target=self._run, name="hw_sim.line", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop and hang up. May be called twice."""
        self._stop.set()
        self._thread.join()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError, ConnectionError):
                client, _ = self._listener.accept()
                with client, socket.create_connection(self._upstream, timeout=1.0) as server:
                    self._join(client, server)

    def _join(self, client: socket.socket, server: socket.socket) -> None:
        up, down = (HostileLine(self._rng, weather) for weather in self._weathers)
        self.up, self.down = up, down
        client.settimeout(_TICK_S / 2)
        server.settimeout(_TICK_S / 2)
        while not self._stop.is_set() and not up.broken and not down.broken:
            if not (self._pass(client, server, up) and self._pass(server, client, down)):
                return

    def _pass(self, source: socket.socket, target: socket.socket, line: HostileLine) -> bool:
        """Carry what has come; False when the source hung up."""
        try:
            data = source.recv(_READ_BYTES)
        except TimeoutError:
            return True
        for piece in line.carry(data):
            self._stop.wait(piece.delay_s)
            target.sendall(piece.data)
        return bool(data)
