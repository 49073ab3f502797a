"""A listening TCP socket that waits over all its connections at once, and the rule who may connect."""

from __future__ import annotations

import errno
import ipaddress
import os
import selectors
import socket
from collections.abc import Iterator
from typing import Final

from scanners.ports import PortUnavailable
from scanners.scan import Health
from scanners.tcp_connection import place_of

CLIENTS: Final = 8
_BACKLOG: Final = 16
_ACCEPTS_MAX: Final = 16  # In one poll, so that a flood of calls does not keep the scanners waiting.
_TOLD_MAX: Final = 64  # Callers whose refusal is remembered, so that each is told once.

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Admission:
    """Who may connect."""

    def __init__(self, networks: tuple[Network, ...], clients_max: int = CLIENTS) -> None:
        self._networks = networks
        self.clients_max = clients_max
        self._told: set[tuple[IpAddress, str]] = set()

    def refusal(self, address: IpAddress, client_count: int) -> str | None:
        if not any(address in network for network in self._networks):
            return "it is not in allow="
        if client_count >= self.clients_max:
            return f"busy: {client_count} connected already, the limit of clients="
        return None

    def is_news(self, address: IpAddress, text: str) -> bool:
        """Say whether this refusal is to be told: once each, for a caller that is refused tries again for ever."""
        if (address, text) in self._told:
            return False
        if len(self._told) >= _TOLD_MAX:
            self._told.clear()
        self._told.add((address, text))
        return True


class Listener:
    """A listening socket, and one wait over it and every connection it gave."""

    def __init__(self, host: str, port: int) -> None:
        """Listen. Raises PortUnavailable."""
        place = place_of(host, port)
        try:
            self._socket = _listening(host, port)
        except socket.gaierror as error:
            raise PortUnavailable(Health.OFFLINE, f"{place}: no such address: {error.strerror}") from error
        except OSError as error:
            raise _unavailable(place, error) from error
        try:
            self._selector = selectors.DefaultSelector()
        except OSError as error:  # The wait takes a descriptor too.
            self._socket.close()
            raise _unavailable(place, error) from error
        self.watch(self._socket)

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def watch(self, connection: socket.socket) -> None:
        self._selector.register(connection, selectors.EVENT_READ)

    def forget(self, fd: int) -> None:
        """`fd` of a connection that is closed already."""
        self._selector.unregister(fd)

    def wait(self, timeout_s: float) -> None:
        """Return as soon as anything came, or after `timeout_s`."""
        self._selector.select(timeout_s)

    def callers(self) -> Iterator[tuple[socket.socket, IpAddress]]:
        """Give the connections that wait to be taken. An OSError means the listening socket is of no use any more."""
        for _ in range(_ACCEPTS_MAX):
            try:
                connection, peer = self._socket.accept()
            except (BlockingIOError, ConnectionError):  # Nobody, or one who left while he waited.
                return
            address = ipaddress.ip_address(peer[0])
            yield connection, getattr(address, "ipv4_mapped", None) or address

    def close(self) -> None:
        self._selector.close()
        self._socket.close()


def _listening(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # A restart must not wait for connections of before to be forgotten.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        elif hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # On Windows others could listen on the same port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        if address[0] == "::" and hasattr(socket, "IPV6_V6ONLY"):
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # Every address, the old ones too.
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _unavailable(place: str, error: OSError) -> PortUnavailable:
    # Windows tells a port that is held exclusively as "access denied".
    if error.errno == errno.EADDRINUSE or (os.name == "nt" and error.errno == errno.EACCES):
        return PortUnavailable(Health.BUSY, f"{place} is in use by another program: end it, or take another port")
    if error.errno in (errno.EACCES, errno.EPERM):
        return PortUnavailable(Health.DENIED, f"no permission to listen on {place}: take a port above 1023")
    if error.errno == errno.EADDRNOTAVAIL:
        return PortUnavailable(Health.OFFLINE, f"{place}: this machine does not have that address now")
    return PortUnavailable(Health.OFFLINE, f"{place}: {error}")
