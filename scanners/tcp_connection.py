"""TCP connections as ports of a scanner: calling one, reading it, and noticing that the other side is gone.

A device that is switched off or walks out of the radio's reach says no goodbye; keep-alive probes find it gone.
Sources: RFC 9293, section 3.8.4 (keep-alives); man tcp(7).
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from dataclasses import dataclass
from typing import Final

from scanners.ports import WRITE_TIMEOUT_S, LineClosed, Port, PortUnavailable
from scanners.scan import Health

CONNECT_MS: Final = 1000
KEEPALIVE_S: Final = 20
_PROBES: Final = 3

# What an error number of a connection means, and what a person can do. Windows has numbers of its own for some.
_MEANING: Final = {
    getattr(errno, prefix + name, None): (health, text)
    for name, health, text in (
        ("ECONNREFUSED", Health.OFFLINE, "refuses the connection: is the port right, and is the scanner a TCP server?"),
        ("EHOSTUNREACH", Health.OFFLINE, "is not reachable: is it on, and in this network?"),
        ("ENETUNREACH", Health.OFFLINE, "is not reachable: has this machine a network?"),
        ("EACCES", Health.DENIED, "may not be called: look at the firewall of this machine"),
        ("EPERM", Health.DENIED, "may not be called: look at the firewall of this machine"),
    )
    for prefix in ("", "WSA")
}


class TcpPort:
    """An open connection. `peer` names the other side in every text."""

    def __init__(self, connection: socket.socket, peer: str, read_timeout_s: float) -> None:
        self._connection = connection
        self._peer = peer
        self._read_timeout_s = read_timeout_s
        connection.settimeout(read_timeout_s)

    def read(self, max_bytes: int) -> bytes:
        """Raises LineClosed, after everything that came before the end was given."""
        try:
            data = self._connection.recv(max_bytes)
        except BlockingIOError:
            return b""
        except TimeoutError as error:
            if error.errno is None:  # Only our wait ran out.
                return b""
            raise LineClosed(f"{self._peer} is gone: it does not answer to keep-alive") from error
        except OSError as error:
            raise LineClosed(f"{self._peer}: the connection broke: {_words(error)}") from error
        if not data:
            raise LineClosed(f"{self._peer} closed the connection")
        return data

    def write(self, data: bytes) -> None:
        self._connection.settimeout(WRITE_TIMEOUT_S)
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise LineClosed(f"{self._peer}: the connection broke: {_words(error)}") from error
        finally:
            self._connection.settimeout(self._read_timeout_s)

    def close(self) -> None:
        self._connection.close()


@dataclass(frozen=True, slots=True)
class TcpOpener:
    """Calls a scanner. One attempt takes `connect_s` at most for each address the host name has."""

    host: str
    port: int
    connect_s: float = CONNECT_MS / 1000
    keepalive_s: int = KEEPALIVE_S
    read_timeout_s: float = 0.05

    def __call__(self) -> Port:
        """Connect. Raises PortUnavailable."""
        place = place_of(self.host, self.port)
        try:
            connection = socket.create_connection((self.host, self.port), self.connect_s)
        except socket.gaierror as error:
            raise PortUnavailable(
                Health.OFFLINE, f"{place}: no such host, or no name server: {error.strerror}"
            ) from error
        except TimeoutError as error:
            raise PortUnavailable(Health.OFFLINE, f"{place} does not answer: is it on, and in this network?") from error
        except OSError as error:
            health, text = _MEANING.get(error.errno, (Health.OFFLINE, f"cannot be called: {_words(error)}"))
            raise PortUnavailable(health, f"{place} {text}") from error
        keep_alive(connection, self.keepalive_s)
        return TcpPort(connection, place, self.read_timeout_s)


def keep_alive(connection: socket.socket, silence_s: int) -> None:
    """Have the system probe a silent connection, and break it when nobody answers for as long again. 0: off."""
    if not silence_s:
        return
    # macOS calls the idle time TCP_KEEPALIVE; what a system does not have stays at its default of two hours.
    wanted = (
        (("TCP_KEEPIDLE", "TCP_KEEPALIVE"), silence_s),
        (("TCP_KEEPINTVL",), max(1, silence_s // _PROBES)),
        (("TCP_KEEPCNT",), _PROBES),
    )
    with contextlib.suppress(OSError):  # A connection that has broken meanwhile is found by its first read.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for names, value in wanted:
            option = next((getattr(socket, name) for name in names if hasattr(socket, name)), None)
            if option is not None:
                connection.setsockopt(socket.IPPROTO_TCP, option, value)


def place_of(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _words(error: OSError) -> str:
    return error.strerror or (os.strerror(error.errno) if error.errno else str(error))
