"""A server on loopback that answers raw bytes as a test scripts them."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from fiscal.https.exchange import Exchange

Play = Callable[[socket.socket], object]


class Server:
    """One connection after the other; each request is read whole, then the next script plays."""

    def __init__(self) -> None:
        self.scripts: list[Play] = []
        self.requests: list[bytes] = []  # Head and body.
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def plays(self, *scripts: Play | bytes) -> None:
        self.scripts += [script if callable(script) else _saying(script) for script in scripts]

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                self.connections += 1
                while (request := _read(connection)) is not None:
                    self.requests.append(request)
                    if self.scripts.pop(0)(connection) is not None:
                        break


def _saying(answer: bytes) -> Play:
    return lambda connection: connection.sendall(answer)


def _read(connection: socket.socket) -> bytes | None:
    """A request with its body, or None when the client has gone or speaks no HTTP."""
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            data += (piece := connection.recv(65536))
            if not piece or not data[:1].isalpha():
                return None
        head, _, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        while len(body) < int(length[1] if length else 0):
            body += connection.recv(65536)
    except OSError:
        return None
    return head + b"\r\n\r\n" + body


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    exchange = Exchange(transport=None, monotonic=time.monotonic, headers={"x-api-key": "k"})
    yield exchange
    exchange.close()
