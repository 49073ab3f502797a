"""Lines to a register: serial ports and TCP, with bounded waits. A failure is an OSError; its meaning is the family's.

    shtrih+serial:///dev/ttyACM0?baud=115200      a port by its name (Linux), kept over re-plugging by udev or by-id
    shtrih+serial://usb/1fc9:0089                 a USB port by vendor and product, whatever name it has today
    shtrih+serial:///COM3                         Windows
    shtrih+tcp://192.168.1.60:7778

Source: pyserial 3.5.
"""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import SplitResult, unquote

import serial
from serial.tools import list_ports

from fiscal.options import Options, RegisterUrlError

READ_BYTES = 4096
WRITE_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 5.0
BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
LINE_OPTIONS = ("baud", "connect_s")

# The module exists on POSIX only, where pyserial has imported it already.
_TERMINAL_ERRORS: tuple[type[Exception], ...] = tuple(
    error for error in (getattr(sys.modules.get("termios"), "error", None),) if error is not None
)
_USB = re.compile(r"([0-9A-Fa-f]{4}):([0-9A-Fa-f]{4})(?:/(.+))?")


class Link(Protocol):
    """A line. Every method but `close` may raise OSError; after that the line is opened anew."""

    def open(self) -> None:
        """Open, or open again: what was on the way is gone."""

    def write(self, data: bytes) -> None:
        """Hand over all of it. After an OSError any part of it may have left."""

    def read(self, timeout_s: float) -> bytes:
        """What comes first within `timeout_s`; b"" after that much silence."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class LineAddress:
    """Where a register is. `name` is what locks and logs call it."""

    name: str
    port: str = ""  # Serial: "/dev/ttyACM0", "COM3", "usb/1fc9:0089" or "usb/1fc9:0089/SERIAL".
    host: str = ""  # TCP.
    tcp_port: int = 0
    baud: int = 115200
    connect_s: float = CONNECT_TIMEOUT_S


Opener = Callable[[LineAddress], Link]


def line_address(parts: SplitResult, options: Options, *, tcp_port: int, baud: int = 115200) -> LineAddress:
    """The line a register URL names. RegisterUrlError says which part is wrong."""
    scheme = parts.scheme.rpartition("+")[2]
    connect_s = options.seconds("connect_s", CONNECT_TIMEOUT_S, 60)
    if scheme == "tcp":
        if not parts.hostname:
            raise RegisterUrlError("host", "is missing")
        if parts.path not in ("", "/"):
            raise RegisterUrlError("host", "must not be followed by a path")
        if options.optional("baud") is not None:
            raise RegisterUrlError("option baud", "is for serial lines")
        port = parts.port or tcp_port
        return LineAddress(f"{parts.hostname}:{port}", host=parts.hostname, tcp_port=port, connect_s=connect_s)
    name = _port_name(parts)
    speed = int(options.choice("baud", map(str, BAUDS), str(baud)))
    return LineAddress(name, port=name, baud=speed, connect_s=connect_s)


def _port_name(parts: SplitResult) -> str:
    """`/dev/ttyACM0`, `COM3` from `///COM3` and `//COM3`, `usb/1fc9:0089`."""
    text = unquote(parts.netloc + parts.path)
    if re.match(r"/COM\d+$", text):
        text = text[1:]
    if not text.strip("/"):
        raise RegisterUrlError("path", "names no port")
    if text.startswith("usb/") and not _USB.fullmatch(text.removeprefix("usb/")):
        raise RegisterUrlError("path", "usb/VVVV:PPPP wants vendor and product in hexadecimal digits")
    return text


def open_link(address: LineAddress) -> Link:
    """A line of this machine, not opened yet."""
    return TcpLink(address) if address.host else SerialLink(address)


class SerialLink:
    """A serial port, 8N1, opened for this program alone where the system can."""

    def __init__(self, address: LineAddress) -> None:
        self._address = address
        self._port: serial.Serial | None = None

    def open(self) -> None:
        self.close()
        device = _device_of(self._address.port)
        with _os_errors():
            # Exclusive: a second program on the port would take half of the answers.
            self._port = serial.Serial(
                device, self._address.baud, timeout=0, write_timeout=WRITE_TIMEOUT_S, exclusive=True
            )

    def write(self, data: bytes) -> None:
        with _os_errors():
            self._opened().write(data)

    def read(self, timeout_s: float) -> bytes:
        port = self._opened()
        with _os_errors():
            port.timeout = timeout_s
            first: bytes = port.read(1)
            return first + port.read(min(port.in_waiting, READ_BYTES)) if first else b""

    def close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            with _os_errors():
                port.close()

    def _opened(self) -> serial.Serial:
        if self._port is None:
            raise ConnectionError(f"{self._address.name} is not open")
        return self._port


@contextmanager
def _os_errors() -> Iterator[None]:
    """Errors of the terminal layer are no OSError by themselves; a port that dies raises either."""
    try:
        yield
    except _TERMINAL_ERRORS as error:
        raise ConnectionError(str(error)) from error


def _device_of(port: str, ports: Iterable[object] | None = None) -> str:
    """The name a port has today. FileNotFoundError when a USB port is not there."""
    found = _USB.fullmatch(port.removeprefix("usb/")) if port.startswith("usb/") else None
    if found is None:
        return port
    vendor, product, number = int(found[1], 16), int(found[2], 16), found[3]
    for one in list_ports.comports() if ports is None else ports:
        same = (getattr(one, "vid", None), getattr(one, "pid", None)) == (vendor, product)
        if same and number in (None, getattr(one, "serial_number", None)):
            return str(getattr(one, "device", ""))
    raise FileNotFoundError(f"no USB device {port} is plugged in")


class TcpLink:
    """A TCP connection; opened anew it is a new connection."""

    def __init__(self, address: LineAddress) -> None:
        self._address = address
        self._socket: socket.socket | None = None

    def open(self) -> None:
        self.close()
        address = (self._address.host, self._address.tcp_port)
        self._socket = socket.create_connection(address, timeout=self._address.connect_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def write(self, data: bytes) -> None:
        connection = self._opened()
        connection.settimeout(WRITE_TIMEOUT_S)
        connection.sendall(data)

    def read(self, timeout_s: float) -> bytes:
        connection = self._opened()
        connection.settimeout(max(timeout_s, 0.001))  # Zero would mean "do not wait" and raise.
        try:
            data = connection.recv(READ_BYTES)
        except TimeoutError:
            return b""
        if not data:
            raise ConnectionResetError(f"{self._address.name} hung up")
        return data

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _opened(self) -> socket.socket:
        if self._socket is None:
            raise ConnectionError(f"{self._address.name} is not open")
        return self._socket
