"""Which serial port a scanner is at: the address in its URL, discovery, and the opened line.

    serial:///dev/ttyACM0?baud=9600       a device path
    serial://COM5                         a Windows port
    serial://usb/05e0:1701?serial=S123    wherever the USB device with this identity is now

ttyACM and COM numbers change when a device is plugged in again; vendor id, product id and serial number do not.

On POSIX an opened port is ours alone: locked for programs that ask (flock), closed to those that do not (TIOCEXCL; not
to root). HUPCL is cleared, for dropping DTR restarts some scanners. ModemManager writes AT commands into every new
ttyACM: `ENV{ID_MM_DEVICE_IGNORE}="1"` for the vendor in a udev rule keeps it away.

A Bluetooth scanner (SPP) is /dev/rfcommN: opening it calls the scanner, so an error at opening is about the radio.

Sources: pyserial 3.5, `serial.tools.list_ports`; man termios(3), ioctl_tty(2); Linux net/bluetooth/rfcomm (errors).
"""

from __future__ import annotations

import contextlib
import errno
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final, Protocol

import serial
from serial.tools import list_ports

from scanners.replug import name_now
from scanners.scan import Health

READ_BYTES_MAX: Final = 4096
WRITE_TIMEOUT_S: Final = 1.0
_USB: Final = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})")

# These modules exist on POSIX only, where pyserial has imported them already.
_TERMIOS: Final[Any] = sys.modules.get("termios")
_FCNTL: Final[Any] = sys.modules.get("fcntl")
_CFLAG: Final = 2  # Place of the control modes in what tcgetattr gives.

# Errors of the terminal layer are no OSError.
LINE_ERRORS: Final[tuple[type[BaseException], ...]] = (OSError, getattr(_TERMIOS, "error", OSError))

# What the kernel answers where the radio does not reach the scanner; Windows lacks some of the names.
_NO_LINK: Final = frozenset(
    getattr(errno, name, -1)
    for name in ("EHOSTDOWN", "EHOSTUNREACH", "ETIMEDOUT", "ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "ENOTCONN")
)
_LINK_LOST: Final = "the Bluetooth link is lost: the scanner is switched off, out of range or out of battery"
_NO_ANSWER: Final = "the Bluetooth scanner does not answer: is it switched on, near, and still paired?"


class Port(Protocol):
    """An open line to a device."""

    def read(self, max_bytes: int) -> bytes:
        """Return what is there, b"" after a short wait for nothing; an OSError means the line died."""
        ...

    def write(self, data: bytes) -> None:
        """Send all of `data`; an OSError means the line died."""
        ...

    def close(self) -> None: ...


class PortUnavailable(Exception):
    """The port cannot be opened now: why, and what a person can do about it."""

    def __init__(self, health: Health, text: str) -> None:
        super().__init__(text)
        self.health = health
        self.text = text


class LineClosed(OSError):
    """The line ended in a way that needs no error number: the text alone says how."""


class PortInfo(Protocol):
    """What discovery tells of a port (`serial.tools.list_ports_common.ListPortInfo`)."""

    device: str
    vid: int | None
    pid: int | None
    serial_number: str | None
    location: str | None


Discovery = Callable[[], Iterable[PortInfo]]


def discover() -> list[PortInfo]:
    return list(list_ports.comports())


@dataclass(frozen=True, slots=True)
class UsbIdentity:
    """A USB device whatever its port is called today."""

    vid: int
    pid: int
    serial_number: str | None = None
    location: str | None = None  # Place in the USB tree ("1-1.2"), for devices without a serial number.

    def __str__(self) -> str:
        parts = [f"USB {self.vid:04x}:{self.pid:04x}"]
        if self.serial_number is not None:
            parts.append(f"serial {self.serial_number}")
        if self.location is not None:
            parts.append(f"location {self.location}")
        return " ".join(parts)

    def matches(self, port: PortInfo) -> bool:
        return (
            (port.vid, port.pid) == (self.vid, self.pid)
            and self.serial_number in (None, port.serial_number)
            and self.location in (None, port.location)
        )


def parse_address(netloc: str, path: str, serial_number: str | None, location: str | None) -> str | UsbIdentity:
    """Read the part of a `serial:` URL before the `?`: a device name or a USB identity. ValueError: it is neither."""
    if netloc.lower() == "usb":
        ids = _USB.fullmatch(path.strip("/"))
        if ids is None:
            raise ValueError(f"USB address {path.strip('/')!r}: expected VENDOR:PRODUCT, four hex digits each")
        return UsbIdentity(int(ids[1], 16), int(ids[2], 16), serial_number, location)
    if serial_number is not None or location is not None:
        raise ValueError("serial= and location= belong to serial://usb/VENDOR:PRODUCT only")
    if netloc and path.strip("/"):
        raise ValueError(f"address {netloc + path!r}: a device path has three slashes, serial:///dev/ttyACM0")
    device = netloc or path
    if not device.strip("/"):
        raise ValueError("no device: serial:///dev/ttyACM0, serial://COM5 or serial://usb/VENDOR:PRODUCT")
    return device


@dataclass(frozen=True, slots=True)
class LineSettings:
    baud: int = 9600  # Power-on default of scanners on RS-232; a CDC device takes any.
    data_bits: int = 8
    parity: str = "N"
    stop_bits: int = 1
    read_timeout_s: float = 0.05


class SerialPort:
    """A pyserial line that hands over every byte it got before it reports a fault."""

    def __init__(self, device: str, settings: LineSettings) -> None:
        self._line = serial.Serial(
            port=None,
            baudrate=settings.baud,
            bytesize=settings.data_bits,
            parity=settings.parity,
            stopbits=settings.stop_bits,
            timeout=settings.read_timeout_s,
            write_timeout=WRITE_TIMEOUT_S,
            exclusive=True,
        )
        self._line.port = device
        self._line.dtr = True  # Some CDC scanners send only while DTR is high.
        self._line.rts = True
        self._line.open()
        try:
            self._claim()
        except LINE_ERRORS:
            self.close()
            raise

    def read(self, max_bytes: int) -> bytes:
        """Raises LineClosed where more can be said of a fault than the system does."""
        try:
            return self._read(max_bytes)
        except LINE_ERRORS as error:
            if is_bluetooth(str(self._line.port)):
                raise LineClosed(f"{self._line.port}: {_LINK_LOST}") from error
            raise

    def _read(self, max_bytes: int) -> bytes:
        # A pyserial read that fails half-way throws away what it already had, so each read asks only for bytes that
        # are there, and waits for the first one alone.
        waiting = self._line.in_waiting
        if waiting:
            return bytes(self._line.read(min(waiting, max_bytes)))
        first = bytes(self._line.read(1))
        if not first:
            return b""
        try:
            waiting = self._line.in_waiting
        except LINE_ERRORS:
            return first  # The next read meets the fault again.
        return first + bytes(self._line.read(min(waiting, max_bytes - 1))) if waiting else first

    def write(self, data: bytes) -> None:
        # A device that takes nothing for so long is as good as unplugged (SerialTimeoutException is an OSError).
        self._line.write(data)

    def close(self) -> None:
        if _TERMIOS is not None and self._line.is_open:
            # The flag is the device's, not our handle's: it would outlive us where another handle is open.
            with contextlib.suppress(*LINE_ERRORS):
                _FCNTL.ioctl(self._line.fileno(), _TERMIOS.TIOCNXCL)
        self._line.close()

    def _claim(self) -> None:
        """Shut others out, and leave DTR up for the time after us. Windows does the first by itself."""
        if _TERMIOS is None:
            return
        fd = self._line.fileno()
        _FCNTL.ioctl(fd, _TERMIOS.TIOCEXCL)
        attributes = _TERMIOS.tcgetattr(fd)
        attributes[_CFLAG] &= ~_TERMIOS.HUPCL
        _TERMIOS.tcsetattr(fd, _TERMIOS.TCSANOW, attributes)


def is_bluetooth(device: str) -> bool:
    return PurePath(device).name.startswith("rfcomm")


@dataclass(slots=True)
class SerialOpener:
    """Opens one configured scanner; remembers what USB device it was, and finds it again under another port name."""

    address: str | UsbIdentity
    settings: LineSettings = field(default_factory=LineSettings)
    discovery: Discovery = discover
    _identity: UsbIdentity | None = None

    def __call__(self) -> Port:
        """Open the port. Raises PortUnavailable."""
        try:
            ports = list(self.discovery())
        except (OSError, TypeError, ValueError) as error:
            # pyserial 3.5 makes numbers of what it reads of a device that is just being unplugged, any device.
            raise PortUnavailable(Health.OFFLINE, f"the list of serial ports cannot be read now: {error}") from error
        device = self._locate(ports)
        try:
            port = SerialPort(device, self.settings)
        except ValueError as error:  # A rate or a format this port does not know.
            raise PortUnavailable(Health.OFFLINE, f"{device}: {error}") from error
        except LINE_ERRORS as error:
            raise unavailable(device, error) from error
        self._identity = _lasting_identity(device, ports) or self._identity
        return port

    def _locate(self, ports: list[PortInfo]) -> str:
        if isinstance(self.address, UsbIdentity):
            return _only(self.address, ports)
        here = next((port for port in ports if port.device == self.address), None)
        name = name_now(self.address, self._identity, here, ports)
        if name is None:
            text = f"{self.address} is another device now; {self._identity} is not there"
            raise PortUnavailable(Health.OFFLINE, text)
        return name


def _only(identity: UsbIdentity, ports: list[PortInfo]) -> str:
    found = sorted(port.device for port in ports if identity.matches(port))
    if not found:
        raise PortUnavailable(Health.OFFLINE, f"{identity}: not plugged in")
    if len(found) > 1:
        text = f"{identity} fits {', '.join(found)}: add serial= or location= to the address"
        raise PortUnavailable(Health.OFFLINE, text)
    return found[0]


def _lasting_identity(device: str, ports: list[PortInfo]) -> UsbIdentity | None:
    """Return the identity that survives a new port name: by serial number, or by the socket it is plugged into."""
    for port in ports:
        if port.device != device or port.vid is None or port.pid is None:
            continue
        if port.serial_number:
            return UsbIdentity(port.vid, port.pid, port.serial_number)
        if port.location:
            return UsbIdentity(port.vid, port.pid, location=port.location)
    return None


def unavailable(device: str, error: BaseException) -> PortUnavailable:
    """Say what an error at opening means. On Windows pyserial gives the system's error as text only."""
    number = getattr(error, "errno", None)
    denied_by_windows = "PermissionError(13" in str(error) and number is None
    if denied_by_windows or number in (errno.EBUSY, errno.EAGAIN):
        return PortUnavailable(
            Health.BUSY, f"{device} is held by another program: close it there, one reader a scanner"
        )
    if number in (errno.EACCES, errno.EPERM):
        remedy = f"add the agent's user to the group that owns {device} (dialout on Debian) and log in again"
        return PortUnavailable(Health.DENIED, f"no permission for {device}: {remedy}")
    if is_bluetooth(device) and number in _NO_LINK:
        return PortUnavailable(Health.OFFLINE, f"{device}: {_NO_ANSWER}")
    if number == errno.ENOENT or "FileNotFoundError" in str(error):
        return PortUnavailable(Health.OFFLINE, f"{device}: not plugged in")
    return PortUnavailable(Health.OFFLINE, f"{device}: {error}")
