"""Scanners that call the agent over TCP: hand-helds and terminals in the shop's wireless network.

Several at a time, each with a framer of its own, so that the bytes of two devices never meet in one code. A scan names
its device: `name@192.168.1.31`, and `name@192.168.1.31#2` for a second connection from there that is open at the same
time. One at a time was the alternative; a hand-held that lost its radio and calls again would then find its own dead
connection in its place until keep-alive gives that up.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from scanners.line import LineScanner
from scanners.polling import Reopening, run_polls
from scanners.ports import Port, PortUnavailable
from scanners.scan import Health, HealthChange, ScannerEvent, Signal
from scanners.tcp_connection import KEEPALIVE_S, TcpPort, keep_alive
from scanners.tcp_listener import Admission, IpAddress, Listener

_LAST_READS: Final = 64  # A peer that never stops sending holds up nobody for longer.


@dataclass(frozen=True, slots=True)
class _Client:
    scanner: LineScanner
    address: IpAddress
    fd: int


class TcpServerScanner:
    """All scanners of one listening port. `poll`, `close` and `run` belong to one thread."""

    def __init__(
        self,
        name: str,
        listen: Callable[[], Listener],
        line: Callable[[str, Port], LineScanner],
        *,
        admission: Admission,
        keepalive_s: int = KEEPALIVE_S,
        wait_s: float = 0.05,
        now: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        """`listen` raises PortUnavailable; `line` makes the scanner of one connection; `wait_s` is the longest wait of
        one poll. `now` is UTC nanoseconds, `monotonic` seconds."""
        self._name = name
        self._listen = listen
        self._line = line
        self._admission = admission
        self._keepalive_s = keepalive_s
        self._wait_s = wait_s
        self._now = now
        self._listener: Listener | None = None
        self._clients: list[_Client] = []
        self._reopening = Reopening(monotonic)
        self._told: tuple[Health, str] | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def health(self) -> Health | None:
        """ONLINE while at least one scanner is connected; None before the first attempt to listen."""
        return self._told[0] if self._told else None

    @property
    def port(self) -> int | None:
        """Where it listens now: the system's choice where the address says 0."""
        return self._listener.port if self._listener else None

    def poll(self) -> list[ScannerEvent]:
        """Wait a moment for anything to come, read every connection once, let callers in."""
        events: list[ScannerEvent] = []
        if self._listener is None and self._reopening.is_due:
            self._open(events)
        if self._listener is None:
            return events
        self._listener.wait(self._wait_s)
        for client in tuple(self._clients):
            self._read(self._listener, client, events)
        try:
            for connection, address in self._listener.callers():
                self._admit(self._listener, connection, address, events)
        except OSError as error:  # No more descriptors, or the network was taken away.
            events.extend(self.close())
            self._reopening.failed()
            self._tell(Health.OFFLINE, f"cannot listen any more: {error}", events)
        return events

    def signal(self, signal: Signal) -> None:
        """A plain line has no way back."""

    def run(self, stop: threading.Event, sink: Callable[[ScannerEvent], None]) -> None:
        """Poll until `stop` is set, then close. What `sink` raises ends the loop with every connection closed."""
        run_polls(self, stop, sink, lambda: self._reopening.wait_s if self._listener is None else 0.0)

    def close(self) -> list[ScannerEvent]:
        """Hang up everywhere; return what stood unfinished."""
        events = [event for client in self._clients for event in self._relayed(client, client.scanner.close())]
        self._clients.clear()
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        return events

    def _open(self, events: list[ScannerEvent]) -> None:
        try:
            self._listener = self._listen()
        except PortUnavailable as unavailable:
            self._reopening.failed()
            self._tell(unavailable.health, unavailable.text, events)
            return
        self._reopening.succeeded()
        self._tell_connected("", events)

    def _read(self, listener: Listener, client: _Client, events: list[ScannerEvent]) -> None:
        came = client.scanner.poll()
        events.extend(self._relayed(client, came))
        if not client.scanner.is_open:
            self._clients.remove(client)
            listener.forget(client.fd)
            last = came[-1]
            self._tell_connected(last.text if isinstance(last, HealthChange) else "", events)

    def _relayed(self, client: _Client, events: list[ScannerEvent]) -> list[ScannerEvent]:
        """Scans as they are, notices under our name; coming and going is told for all connections together."""
        return [
            replace(event, source=self._name, text=f"{client.address}: {event.text}")
            if isinstance(event, HealthChange)
            else event
            for event in events
            if not isinstance(event, HealthChange) or (event.health is Health.ONLINE and event.text)
        ]

    def _admit(
        self, listener: Listener, connection: socket.socket, address: IpAddress, events: list[ScannerEvent]
    ) -> None:
        known = [client for client in self._clients if client.address == address]
        if len(self._clients) >= self._admission.clients_max and known:
            # It calls again because its old connection is dead, which our side has not found out yet.
            self._clients.remove(known[0])
            listener.forget(known[0].fd)
            events.extend(self._read_out(known[0]))
        refusal = self._admission.refusal(address, len(self._clients))
        if refusal is not None:
            connection.close()
            if self._admission.is_news(address, refusal):
                text = f"refused {address}: {refusal}"
                events.append(HealthChange(self._name, self.health or Health.OFFLINE, self._now(), text))
            return
        keep_alive(connection, self._keepalive_s)
        listener.watch(connection)
        scanner = self._line(self._source(address), TcpPort(connection, str(address), 0.0))
        client = _Client(scanner, address, connection.fileno())
        self._clients.append(client)
        self._tell_connected("", events)
        self._read(listener, client, events)

    def _read_out(self, client: _Client) -> list[ScannerEvent]:
        """Hang up after what has come already: a device that calls for every code may have sent one just now."""
        came: list[ScannerEvent] = []
        for _ in range(_LAST_READS):
            if not client.scanner.is_open:
                break
            came += client.scanner.poll()
        return self._relayed(client, came + client.scanner.close())

    def _source(self, address: IpAddress) -> str:
        """The name of a connection that no open one has; the same again when a scanner comes back."""
        taken = {client.scanner.name for client in self._clients}
        names = (f"{self._name}@{address}{suffix}" for suffix in ("", *(f"#{n}" for n in range(2, len(taken) + 3))))
        return next(name for name in names if name not in taken)

    def _tell_connected(self, before: str, events: list[ScannerEvent]) -> None:
        who = ", ".join(dict.fromkeys(str(client.address) for client in self._clients))
        now = f"connected: {who}" if who else "waiting for a scanner to connect"
        self._tell(Health.ONLINE if who else Health.OFFLINE, "; ".join(filter(None, (before, now))), events)

    def _tell(self, health: Health, text: str, events: list[ScannerEvent]) -> None:
        """Report a change once."""
        if (health, text) != self._told:
            self._told = (health, text)
            events.append(HealthChange(self._name, health, self._now(), text))
