"""Links to a printer over the transports of python-escpos (Network, Serial, File): bounded waits, named failures.

python-escpos leaves three things open that a till needs closed: a serial write without limit, an answer read that
always waits for 16 bytes, and a TCP socket left behind by a failed connect.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import serial

from .library import DeviceNotFoundError, File, Network, Serial
from .usb import UsbId, UsbNotOne, serial_port

ANSWER_BYTES_MAX = 64

_CAUSES = {
    errno.EACCES: "denied",
    errno.EPERM: "denied",
    errno.EBUSY: "busy",
    errno.EAGAIN: "busy",  # The lock on a serial port is taken.
    errno.ECONNREFUSED: "busy",  # A network printer serves one client and refuses the second.
}


class LinkFailed(Exception):
    """`cause` is one of outcome.CAUSES: not_found, denied, busy, stalled or closed."""

    def __init__(self, cause: str, text: str) -> None:
        super().__init__(text)
        self.cause = cause
        self.text = text


class Link(Protocol):
    """An open connection for one job. Every method may raise LinkFailed, except `close`."""

    one_way: bool  # True: nothing can come back.
    paperless: bool  # True: a plain file; what is written is done, there is no paper to lose.

    def write(self, data: bytes) -> None: ...

    def settle(self) -> None:
        """Wait until the last byte left this machine (a query behind a full buffer would time out)."""

    def read(self, timeout_s: float) -> bytes:
        """What came within `timeout_s`; b"" after silence."""

    def close(self) -> None: ...


class _Network(Network):  # type: ignore[misc]  # The library has no types.
    def open(self, raise_not_found: bool = True) -> None:
        """As the parent, but closes the socket of a failed connect and speaks IPv6. Always raises on failure."""
        self.device = socket.create_connection((self.host, self.port), self.timeout)


@dataclass(frozen=True, slots=True)
class TcpAddress:
    host: str
    port: int = 9100
    timeout_s: float = 5.0

    def open(self) -> Link:
        return TcpLink(self)


class TcpLink:
    one_way = False
    paperless = False

    def __init__(self, address: TcpAddress) -> None:
        self._timeout_s = address.timeout_s
        self._heard = False
        self._driver: Any = _Network(address.host, address.port, timeout=address.timeout_s)
        try:
            self._driver.open()
        except OSError as error:
            raise failure(error, f"{address.host}:{address.port}") from error

    def write(self, data: bytes) -> None:
        try:
            self._driver.device.settimeout(self._timeout_s)
            self._driver._raw(data)
        except TimeoutError as error:
            raise LinkFailed("stalled", "the printer took no more data") from error
        except OSError as error:
            raise self._broken(str(error)) from error

    def settle(self) -> None:
        """TCP hands its bytes over by itself."""

    def read(self, timeout_s: float) -> bytes:
        try:
            self._driver.device.settimeout(max(timeout_s, 0.001))
            data: bytes = self._driver._read()
        except TimeoutError:
            return b""
        except OSError as error:
            raise self._broken(str(error)) from error
        if not data:
            raise self._broken("the printer closed the connection")
        self._heard = True
        return data

    def _broken(self, text: str) -> LinkFailed:
        """A network printer that serves somebody else often takes the call and hangs up without a word."""
        return LinkFailed("closed" if self._heard else "busy", text)

    def close(self) -> None:
        # Closing with unread answers resets the connection, and a reset can take the cut with it.
        try:
            self._driver.device.settimeout(0.0)
            while self._driver._read():
                pass
        except OSError:  # Nothing more to read, or the connection is gone: both are what closing wants.
            pass
        self._driver.close()


@dataclass(frozen=True, slots=True)
class SerialAddress:
    device: str | UsbId
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    baud: int = 9600
    parity: str = "N"
    flow: str = "dtr"  # none, dtr (DTR/DSR), rts (RTS/CTS) or xonxoff: as set in the printer.
    timeout_s: float = 5.0

    def open(self) -> Link:
        return SerialLink(self)


class SerialLink:
    one_way = False
    paperless = False

    def __init__(self, address: SerialAddress) -> None:
        self._address = address
        device = _port_of(address.device)
        self._driver: Any = Serial(
            devfile=device,
            baudrate=address.baud,
            parity=address.parity,
            timeout=address.timeout_s,
            xonxoff=address.flow == "xonxoff",
            dsrdtr=address.flow == "dtr",
        )
        try:
            self._driver.open()
            self._port: serial.Serial = self._driver.device
            self._port.write_timeout = address.timeout_s
            self._port.rtscts = address.flow == "rts"
            self._port.exclusive = True
        except (OSError, DeviceNotFoundError) as error:  # SerialException is an OSError.
            self._driver.close()
            raise failure(error.__context__ or error, device) from error

    def write(self, data: bytes) -> None:
        try:
            self._driver._raw(data)
        except serial.SerialTimeoutException as error:
            raise LinkFailed("stalled", "the printer took no more data") from error
        except OSError as error:
            raise LinkFailed("closed", str(error)) from error

    def settle(self) -> None:
        """Wait for the output buffer, and give up when it stops moving (the printer holds the flow)."""
        try:
            left = self._port.out_waiting
            deadline = self._address.monotonic() + self._address.timeout_s
            while left:
                if self._address.monotonic() >= deadline:
                    raise LinkFailed("stalled", f"{left} bytes were not taken by the printer")
                self._address.sleep(0.01)
                if self._port.out_waiting < left:
                    left = self._port.out_waiting
                    deadline = self._address.monotonic() + self._address.timeout_s
        except OSError as error:
            raise LinkFailed("closed", str(error)) from error

    def read(self, timeout_s: float) -> bytes:
        # Not the driver's own read: it waits for 16 bytes, and a status answer is one.
        try:
            self._port.timeout = timeout_s
            first = self._port.read(1)
            return first + self._port.read(min(self._port.in_waiting, ANSWER_BYTES_MAX)) if first else b""
        except OSError as error:
            raise LinkFailed("closed", str(error)) from error

    def close(self) -> None:
        gone = _port_gone()
        try:
            # The driver's close waits for the buffer without limit: a printer out of paper would hang the till.
            if self._port.out_waiting:
                self._port.reset_output_buffer()
            self._driver.close()
        except gone:  # The device was pulled out; only the handle is left to release.
            self._port.close()
            self._driver.device = False


def _port_of(device: str | UsbId) -> str:
    try:
        return serial_port(device) if isinstance(device, UsbId) else device
    except UsbNotOne as error:
        raise LinkFailed("not_found", str(error)) from error


def _port_gone() -> tuple[type[BaseException], ...]:
    """What a serial port raises once it is pulled out. POSIX: pyserial lets termios.error through, no OSError."""
    termios = sys.modules.get("termios")
    return (OSError, termios.error) if termios else (OSError,)


class _File(File):  # type: ignore[misc]  # The library has no types.
    def open(self, raise_not_found: bool = True) -> None:
        """As the parent, but a plain file keeps what earlier jobs wrote. Always raises on failure."""
        path = Path(self.devfile)
        if path.is_relative_to("/dev") and not path.exists():
            # Opening for writing would leave a plain file where the printer's device belongs.
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        self.device = path.open("ab" if path.is_file() else "wb")


@dataclass(frozen=True, slots=True)
class FileAddress:
    """A plain file, or a device without a way back."""

    path: Path

    def open(self) -> Link:
        return FileLink(self)


class FileLink:
    one_way = True

    def __init__(self, address: FileAddress) -> None:
        self._driver: Any = _File(str(address.path))
        try:
            self._driver.open()
        except OSError as error:
            raise failure(error, str(address.path)) from error
        self.paperless = stat.S_ISREG(os.fstat(self._driver.device.fileno()).st_mode)

    def write(self, data: bytes) -> None:
        try:
            self._driver._raw(data)
        except OSError as error:
            raise LinkFailed("closed", str(error)) from error

    def settle(self) -> None:
        """Every write is flushed."""

    def read(self, timeout_s: float) -> bytes:
        return b""

    def close(self) -> None:
        try:
            self._driver.close()
        except OSError:  # Reported by the write already; a device that is gone cannot be closed better.
            self._driver._device = False


def failure(error: BaseException, place: str) -> LinkFailed:
    """What a failed open means."""
    number = getattr(error, "errno", None)
    if number is None and "PermissionError" in str(error):  # How pyserial on Windows says that a port is taken.
        number = errno.EBUSY
    return LinkFailed(_CAUSES.get(number or 0, "not_found"), f"{place}: {error}")
