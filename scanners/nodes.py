"""Linux device nodes (hidraw, evdev) as ports: found by name or by USB identity, made ours, read without a long wait.

    /dev/hidraw0, /dev/input/by-id/usb-...-event-kbd      a node, or a link to one
    usb/0c2e:0b81 with serial= or location=               wherever the device with this identity is now

Node numbers change when a device is plugged in again; the identity is looked up in /sys every time. A device often
shows several nodes, of which only one sends codes: `NodeKind.sends` knows it.

Source: Linux Documentation/hid/hidraw.rst (one read gives one report, one write sends one).
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import select
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult

from scanners.address import ScannerAddressInvalid
from scanners.ports import WRITE_TIMEOUT_S, LineClosed, Port, PortUnavailable
from scanners.replug import name_now
from scanners.scan import Health
from scanners.sysfs import Node

NODE_OPTIONS: Final[dict[str, str]] = {
    "serial": "USB serial number, for addresses with usb/",
    "location": "place where it is plugged in as the system tells it (usb-0000:00:14.0-2), for addresses with usb/",
}

_USB: Final = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})")
_PIECE_BYTES: Final = 1024  # More than a report or an event record; evdev refuses reads shorter than a record.


@dataclass(frozen=True, slots=True)
class NodeKind:
    """One class of device nodes, and how it is treated."""

    what: str  # "HID POS scanner", for texts.
    nodes: Callable[[Path], list[Node]]  # What the system tells of all of them.
    sends: Callable[[Node], bool]  # Whether this one of a device's nodes is the one that codes come from.
    claim: Callable[[int], None]  # Make the opened node ours. OSError EBUSY or EAGAIN: another program was first.
    remedy: str  # What to do about missing permission; {device} and {usb} stand for the names.
    report_bytes: int = 0  # One read is one report, filled up with zeros to this size; 0: a stream of records.


@dataclass(frozen=True, slots=True)
class NodeIdentity:
    """A device whatever its node is called today."""

    vid: int
    pid: int
    serial_number: str | None = None
    location: str | None = None  # For devices without a serial number.
    interface: str | None = None  # Which of the device's nodes: "input0".

    def __str__(self) -> str:
        parts = [f"USB {self.vid:04x}:{self.pid:04x}"]
        if self.serial_number is not None:
            parts.append(f"serial {self.serial_number}")
        if self.location is not None:
            parts.append(f"location {self.location}")
        return " ".join(parts)

    def matches(self, node: Node) -> bool:
        location, interface = _place(node)
        return (
            (node.vid, node.pid) == (self.vid, self.pid)
            and self.serial_number in (None, node.serial_number)
            and self.location in (None, location)
            and self.interface in (None, interface)
        )


def node_address(url: SplitResult, options: Mapping[str, str]) -> str | NodeIdentity:
    """Read the part of an address before the `?`. ScannerAddressInvalid: it names no node."""
    serial_number, location = options.get("serial"), options.get("location")
    path = url.path.strip("/")
    if url.netloc.lower() == "usb":
        ids = _USB.fullmatch(path)
        if ids is None:
            raise ScannerAddressInvalid("address", f"{path!r}: expected usb/VENDOR:PRODUCT, four hex digits each")
        return NodeIdentity(int(ids[1], 16), int(ids[2], 16), serial_number, location)
    if serial_number is not None or location is not None:
        raise ScannerAddressInvalid("address", f"serial= and location= belong to {url.scheme}://usb/VENDOR:PRODUCT")
    if url.netloc or not path:
        raise ScannerAddressInvalid(
            "address", f"{url.netloc + url.path!r}: {url.scheme}:///dev/... with three slashes, or usb/VENDOR:PRODUCT"
        )
    return url.path


class NodePort:
    """An opened node. Hands over everything it got before it reports a fault."""

    def __init__(
        self, fd: int, device: str, read_timeout_s: float, *, report_bytes: int = 0, may_write: bool = True
    ) -> None:
        """`report_bytes`: one read is one report; 0: a stream. With `may_write` False what is written goes nowhere."""
        self._fd = fd
        self._device = device
        self._read_timeout_s = read_timeout_s
        self._report_bytes = report_bytes
        self._may_write = may_write

    def read(self, max_bytes: int) -> bytes:
        """Raises LineClosed at the end of the file: that is how hidraw says that the device is gone."""
        data = b""
        wait_s = self._read_timeout_s
        while not data or len(data) + _PIECE_BYTES <= max_bytes:
            try:
                if not select.select([self._fd], [], [], wait_s)[0]:
                    break
                piece = os.read(self._fd, min(max_bytes, _PIECE_BYTES))
            except BlockingIOError:
                break
            except OSError:
                if data:
                    break  # The next read meets the fault again.
                raise
            if not piece:
                if data:
                    break
                raise LineClosed(f"{self._device}: unplugged")
            data += self._fitted(piece)
            wait_s = 0.0
        return data

    def write(self, data: bytes) -> None:
        """A lamp or a beep is not worth a scanner: a node that may only be read takes nothing and does not complain."""
        if not self._may_write:
            return
        step = self._report_bytes or len(data)
        for start in range(0, len(data), step or 1):
            self._send(data[start : start + step])

    def close(self) -> None:
        """Give the node back; the grab and the lock go with it."""
        with contextlib.suppress(OSError):  # Unplugged: closed all the same.
            os.close(self._fd)

    def _send(self, data: bytes) -> None:
        while data:
            if not select.select([], [self._fd], [], WRITE_TIMEOUT_S)[1]:
                raise OSError(errno.ETIMEDOUT, f"{self._device} takes nothing")
            with contextlib.suppress(BlockingIOError):
                data = data[os.write(self._fd, data) :]

    def _fitted(self, piece: bytes) -> bytes:
        """Devices have reports of several sizes; as many bytes each, no report is taken for part of another."""
        size = self._report_bytes
        return piece[:size].ljust(size, b"\0") if size else piece


class NodeOpener:
    """Opens one configured scanner; remembers which device it was, and finds it again under another node's name."""

    def __init__(self, kind: NodeKind, address: str | NodeIdentity, root: Path, read_timeout_s: float) -> None:
        """`root`: where /sys is looked for."""
        self._kind = kind
        self._address = address
        self._root = root
        self._read_timeout_s = read_timeout_s
        self._identity: NodeIdentity | None = None

    def __call__(self) -> Port:
        """Open the node. Raises PortUnavailable."""
        if sys.platform == "win32":
            text = f"a {self._kind.what} is read on Linux only: on Windows set it to USB serial (virtual COM port)"
            raise PortUnavailable(Health.OFFLINE, text)
        nodes = self._kind.nodes(self._root)
        device = self._locate(nodes)
        here = _at(device, nodes)
        try:
            port = self._opened(device)
        except OSError as error:
            raise unavailable(self._kind, device, error, here) from error
        if here is not None:
            self._identity = _lasting_identity(here) or self._identity
        return port

    def _opened(self, device: str) -> NodePort:
        fd, may_write = _open(device)
        try:
            self._kind.claim(fd)
            # Only a true node keeps reports apart; a pipe or a terminal that stands for one is a stream.
            keeps_reports = stat.S_ISCHR(os.fstat(fd).st_mode) and not os.isatty(fd)
        except OSError:
            os.close(fd)
            raise
        report_bytes = self._kind.report_bytes if keeps_reports else 0
        return NodePort(fd, device, self._read_timeout_s, report_bytes=report_bytes, may_write=may_write)

    def _locate(self, nodes: list[Node]) -> str:
        if isinstance(self._address, NodeIdentity):
            return self._only(self._address, nodes)
        here = _at(self._address, nodes)
        name = name_now(self._address, self._identity, here, nodes)
        if name is None:
            text = f"{self._address} is another device now; {self._identity} is not there"
            raise PortUnavailable(Health.OFFLINE, text)
        return name

    def _only(self, identity: NodeIdentity, nodes: list[Node]) -> str:
        fitting = [node for node in nodes if identity.matches(node)]
        found = [node for node in fitting if self._kind.sends(node)]
        if not fitting:
            raise PortUnavailable(Health.OFFLINE, f"{identity}: not plugged in")
        if not found:
            text = f"{identity} is plugged in, but not as a {self._kind.what}: scan the label that sets it to that mode"
            raise PortUnavailable(Health.OFFLINE, text)
        if len(found) > 1:
            names = ", ".join(f"{node.device} ({_told(node)})" for node in found)
            raise PortUnavailable(Health.OFFLINE, f"{identity} fits {names}: add serial= or location= to the address")
        return found[0].device


def unavailable(kind: NodeKind, device: str, error: OSError, node: Node | None = None) -> PortUnavailable:
    """Say what an error at opening means, and what a person can do."""
    number = error.errno
    if number in (errno.EBUSY, errno.EAGAIN):
        return PortUnavailable(
            Health.BUSY, f"{device} is held by another program: close it there, one reader a scanner"
        )
    if number in (errno.EACCES, errno.EPERM):
        usb = f"USB {node.vid:04x}:{node.pid:04x}" if node and node.vid is not None and node.pid is not None else device
        remedy = kind.remedy.format(device=device, usb=usb)
        return PortUnavailable(Health.DENIED, f"no permission for {device}: {remedy}")
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return PortUnavailable(Health.OFFLINE, f"{device}: not plugged in")
    if number in (errno.ENOTTY, errno.EINVAL):
        return PortUnavailable(Health.OFFLINE, f"{device} is no {kind.what}: is the address right?")
    return PortUnavailable(Health.OFFLINE, f"{device}: {error}")


def _open(device: str) -> tuple[int, bool]:
    """Return the descriptor, and whether it may be written to."""
    flags = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
    try:
        return os.open(device, os.O_RDWR | flags), True
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
    return os.open(device, os.O_RDONLY | flags), False


def _place(node: Node) -> tuple[str, str]:
    """Split "usb-0000:00:14.0-2/input0" into where the device is plugged in and which of its parts this is."""
    location, _, interface = node.place.partition("/")
    return location, interface


def _told(node: Node) -> str:
    return f"serial {node.serial_number}" if node.serial_number else f"location {_place(node)[0] or 'unknown'}"


def _at(device: str, nodes: list[Node]) -> Node | None:
    real = _real(device)
    return next((node for node in nodes if device == node.device or real == _real(node.device)), None)


def _real(device: str) -> str:
    try:
        return str(Path(device).resolve())
    except (OSError, RuntimeError):  # A loop of links is a RuntimeError up to Python 3.12.
        return device


def _lasting_identity(node: Node) -> NodeIdentity | None:
    """Return the identity that survives a new name: by serial number, or by the socket it is plugged into."""
    if node.vid is None or node.pid is None:
        return None
    location, interface = _place(node)
    if node.serial_number:
        return NodeIdentity(node.vid, node.pid, node.serial_number, interface=interface or None)
    if location:
        return NodeIdentity(node.vid, node.pid, location=location, interface=interface or None)
    return None
