"""Which node a USB printer has right now: replugged, it may come back as another /dev/usb/lpN or ttyUSBN.

Sources: Linux, Documentation/ABI/testing/sysfs-bus-usb (idVendor, idProduct, serial); driver usblp (class usbmisc).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from serial.tools import list_ports

SYSTEM_CLASS = Path("/sys/class/usbmisc")
NODES = Path("/dev/usb")
_ID = re.compile(r"([0-9a-f]{4}):([0-9a-f]{4})")


@dataclass(frozen=True, slots=True)
class UsbId:
    """What stays when a printer is plugged in again. Without a serial number two of a kind cannot be told apart."""

    vendor: int
    product: int
    serial: str = ""

    def __str__(self) -> str:
        return f"{self.vendor:04x}:{self.product:04x}" + (f", serial number {self.serial}" if self.serial else "")


class UsbNotOne(Exception):
    """No such printer is plugged in, or more than one; the text says which."""


class Port(Protocol):
    """A serial port as pyserial lists it."""

    device: str
    vid: int | None
    pid: int | None
    serial_number: str | None


def parse_id(text: str, serial: str = "") -> UsbId | None:
    """`04b8:0e15`; None when it is none."""
    found = _ID.fullmatch(text.lower())
    return UsbId(int(found[1], 16), int(found[2], 16), serial) if found else None


def printer_node(wanted: UsbId, system_class: Path = SYSTEM_CLASS, nodes: Path = NODES) -> Path:
    """The node of a printer-class device. Raises UsbNotOne."""
    found = [entry.name for entry in sorted(system_class.glob("lp*")) if _matches(entry / "device", wanted)]
    return nodes / _only(found, wanted)


def serial_port(wanted: UsbId, ports: Callable[[], Iterable[Port]] = list_ports.comports) -> str:
    """The port of a USB-serial printer. Raises UsbNotOne."""
    found = [
        port.device
        for port in ports()
        if (port.vid, port.pid) == (wanted.vendor, wanted.product) and wanted.serial in ("", port.serial_number)
    ]
    return _only(found, wanted)


def _matches(interface: Path, wanted: UsbId) -> bool:
    """`interface` is the device's interface; the numbers stand one folder up."""
    device = interface.resolve().parent
    try:
        ids = [int((device / name).read_text(encoding="ascii"), 16) for name in ("idVendor", "idProduct")]
        if ids != [wanted.vendor, wanted.product]:
            return False
        return not wanted.serial or (device / "serial").read_text(encoding="utf-8").strip() == wanted.serial
    except (OSError, ValueError):  # Unplugged between listing and reading, or a device without a serial number.
        return False


def _only(found: list[str], wanted: UsbId) -> str:
    if len(found) == 1:
        return found[0]
    if found:
        raise UsbNotOne(f"{' and '.join(found)} are all {wanted}: name one by its serial number")
    raise UsbNotOne(f"no printer {wanted} is plugged in")
