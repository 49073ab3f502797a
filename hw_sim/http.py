"""A simulated server on real sockets: delays are waited for, cuts are real resets, closes and half bodies."""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
from contextlib import AbstractContextManager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from hw_sim.exchange import Answers, Cut, SimReply, SimRequest

BODY_BYTES_MAX = 16 * 1024 * 1024
_IDLE_S = 30.0
_LINGER_ZERO = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class Serving(AbstractContextManager["Serving"]):
    """A running server: `url` is its address, `close()` ends it and every connection it still holds."""

    def __init__(self, server: Answers, host: str, port: int, lock: threading.Lock | None) -> None:
        self._http = _Listener((host, port), _Handler)
        self._http.answers = server
        self._http.lock = lock or threading.Lock()
        self.host, self.port = host, int(self._http.server_address[1])
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), name="hw_sim.http", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def close(self) -> None:
        """Stop listening, wake every waiting handler, close every connection. May be called twice."""
        self._http.closing.set()
        self._http.shutdown()
        self._http.hang_up()
        self._http.server_close()
        self._thread.join()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve(server: Answers, host: str = "127.0.0.1", port: int = 0, lock: threading.Lock | None = None) -> Serving:
    """Start answering on a socket; port 0 takes a free one. Servers that share state must share one `lock`."""
    return Serving(server, host, port, lock)


class _Listener(ThreadingHTTPServer):
    daemon_threads = False  # Joined by server_close(), so that no socket outlives close().
    block_on_close = True
    allow_reuse_address = os.name != "nt"  # A port just left is free again; on Windows two servers would share one.
    answers: Answers
    lock: threading.Lock

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        with self._open_lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # The other side was faster.

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away in the middle is part of the game; a mistake of the simulator is not."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "nginx"
    sys_version = ""
    timeout = _IDLE_S
    disable_nagle_algorithm = True
    server: _Listener

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name of the base class)
        """The server keeps its own journal."""

    def _exchange(self) -> None:
        announced = self.headers.get("Content-Length") or "0"
        length = int(announced) if announced.isdecimal() else -1
        if not 0 <= length <= BODY_BYTES_MAX:
            self.close_connection = True
            self.send_error(400 if length < 0 else 413)
            return
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = SimRequest(self.command, self.path, headers, body)
        with self.server.lock:
            reply = self.server.answers.handle(request)
        while reply.delay_s > 0:
            if self.server.closing.wait(reply.delay_s):
                self.close_connection = True
                return
            reply = replace(reply, delay_s=0.0)
            if reply.finish is not None:
                with self.server.lock:
                    reply = reply.finish()
        self._send(reply)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _exchange  # noqa: N815 (names of http.server)

    def _send(self, reply: SimReply) -> None:
        if reply.cut is Cut.BEFORE:
            # Zero linger turns the close into a reset: the client sees "connection reset by peer".
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        if reply.cut in (Cut.BEFORE, Cut.AFTER):
            self.close_connection = True
            if reply.cut is Cut.BEFORE:
                self.connection.close()
            return
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        half = reply.cut is Cut.MID_BODY
        self.wfile.write(reply.body[: len(reply.body) // 2] if half else reply.body)
        self.wfile.flush()
        self.close_connection = half or self.close_connection
