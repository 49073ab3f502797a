"""What Linux says of its device nodes: serial, hidraw, input, video, with USB ids. Reads /sys and /dev, opens none.

On a system without /sys every list is empty. Source: Linux Documentation/ABI (sysfs-class-hidraw, sysfs-class-input,
sysfs-tty, sysfs-bus-usb), `HID_ID=BUS:VENDOR:PRODUCT` of the hid core's uevent; net/bluetooth/rfcomm/tty.c (`address`).
Which ports count, and what a location is: pyserial 3.5 `list_ports_linux.py`, so that an address made from these nodes
is the one that `scanners.ports` finds.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HID_ID: Final = re.compile(r"([0-9A-Fa-f]+):([0-9A-Fa-f]{8}):([0-9A-Fa-f]{8})")
_SERIAL: Final = re.compile(r"(ttyS|ttyUSB|ttyXRUSB|ttyACM|ttyAMA|rfcomm|ttyAP)([0-9]+)")
_FILE_BYTES_MAX: Final = 64 * 1024
_WORD_BITS: Final = 8 * struct.calcsize("P")  # The kernel prints its bitmaps in words of the process that reads them.
_NO_UART: Final = "0"  # `type` of a serial port that has an address but no chip.
USB: Final = 3  # Bus numbers: linux/input.h BUS_USB, BUS_BLUETOOTH.
BLUETOOTH: Final = 5


@dataclass(frozen=True, slots=True)
class Node:
    """One device node. Text fields are empty and ids None where the system does not tell."""

    device: str  # "/dev/hidraw0".
    vid: int | None = None
    pid: int | None = None
    serial_number: str = ""
    name: str = ""  # Product as the device calls itself.
    place: str = ""  # Physical path, "usb-0000:00:14.0-2/input0": where it is plugged in.
    keys: frozenset[int] = frozenset()  # Of an input device: the key codes it can send.
    report: bytes = b""  # Of a hidraw device: its HID report descriptor.
    bus: int = 0  # Of hidraw and input devices: linux/input.h BUS_*.
    index: int = 0  # Of a video device: 0 gives pictures, others data about them.
    maker: str = ""
    release: str = ""  # Of a USB device: "3.05".


@dataclass(frozen=True, slots=True)
class SerialNode:
    """One serial port; the fields are those of `scanners.ports.PortInfo` and what else the system tells."""

    device: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None
    location: str | None = None  # Place in the USB tree: "1-1.2", or "1-1.2:1.0" where the device has several ports.
    product: str = ""
    manufacturer: str = ""
    driver: str = ""  # "cdc_acm", "ftdi_sio".
    bluetooth: str = ""  # Address of the device at the other end.
    release: str = ""  # Of the USB device: "3.05".


def hidraw_nodes(root: Path) -> list[Node]:
    return [_hidraw(root, entry) for entry in _entries(root / "sys/class/hidraw", "hidraw")]


def input_nodes(root: Path) -> list[Node]:
    return [_input(root, entry) for entry in _entries(root / "sys/class/input", "event")]


def video_nodes(root: Path) -> list[Node]:
    """Video devices; a camera often shows two nodes, of which the first gives pictures."""
    return [_video(root, entry) for entry in _entries(root / "sys/class/video4linux", "video")]


def serial_nodes(root: Path) -> list[SerialNode]:
    """Serial ports that have a device behind them: USB, Bluetooth (rfcomm) and those of the board."""
    folder = root / "sys/class/tty"
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return []
    found = sorted((match[1], int(match[2])) for name in names if (match := _SERIAL.fullmatch(name)))
    nodes = (_tty(root, folder / f"{kind}{number}") for kind, number in found)
    return [node for node in nodes if node is not None]


def _entries(folder: Path, prefix: str) -> Iterator[Path]:
    numbered = re.compile(re.escape(prefix) + "([0-9]+)")
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:  # No such class here, or not Linux.
        return
    found = [(int(match[1]), name) for name in names if (match := numbered.fullmatch(name))]
    yield from (folder / name for _, name in sorted(found))


def _hidraw(root: Path, entry: Path) -> Node:
    facts = dict(line.split("=", 1) for line in _text(entry / "device/uevent").splitlines() if "=" in line)
    ids = _HID_ID.fullmatch(facts.get("HID_ID", ""))
    usb = _usb_device(root, entry / "device")
    return Node(
        str(root / "dev" / entry.name),
        int(ids[2], 16) if ids else None,
        int(ids[3], 16) if ids else None,
        facts.get("HID_UNIQ", ""),
        facts.get("HID_NAME", ""),
        facts.get("HID_PHYS", ""),
        report=_bytes(entry / "device/report_descriptor"),
        bus=int(ids[1], 16) if ids else 0,
        maker=_text(usb / "manufacturer") if usb else "",
        release=_release(usb),
    )


def _input(root: Path, entry: Path) -> Node:
    usb = _usb_device(root, entry / "device")
    return Node(
        str(root / "dev/input" / entry.name),
        _number(entry / "device/id/vendor"),
        _number(entry / "device/id/product"),
        _text(entry / "device/uniq"),
        _text(entry / "device/name"),
        _text(entry / "device/phys"),
        keys=_keys(_text(entry / "device/capabilities/key")),
        bus=_number(entry / "device/id/bustype") or 0,
        maker=_text(usb / "manufacturer") if usb else "",
        release=_release(usb),
    )


def _video(root: Path, entry: Path) -> Node:
    usb = _usb_device(root, entry / "device")
    index = _text(entry / "index")
    return Node(
        str(root / "dev" / entry.name),
        _number(usb / "idVendor") if usb else None,
        _number(usb / "idProduct") if usb else None,
        _text(usb / "serial") if usb else "",
        _text(entry / "name"),
        usb.name if usb else "",
        index=int(index) if index.isdigit() else 0,
        maker=_text(usb / "manufacturer") if usb else "",
        release=_release(usb),
    )


def _tty(root: Path, entry: Path) -> SerialNode | None:
    """None: there is no port behind the name."""
    device = str(root / "dev" / entry.name)
    if not Path(device).exists() or (entry.name.startswith("ttyS") and _text(entry / "type") in ("", _NO_UART)):
        return None
    driver = _resolved(entry / "device/driver")
    usb = _usb_device(root, entry / "device")
    if usb is None:
        return SerialNode(device, driver=driver.name if driver else "", bluetooth=_text(entry / "address"))
    interface = _resolved(entry / "device")
    while interface is not None and interface.parent not in (usb, interface):
        interface = interface.parent
    several = interface is not None and (_decimal(usb / "bNumInterfaces") or 1) > 1
    return SerialNode(
        device,
        _number(usb / "idVendor"),
        _number(usb / "idProduct"),
        _text(usb / "serial") or None,
        interface.name if several and interface else usb.name,
        _text(usb / "product"),
        _text(usb / "manufacturer"),
        driver.name if driver else "",
        release=_release(usb),
    )


def _release(usb: Path | None) -> str:
    """The version a USB device gives of itself, `bcdDevice`: "0305" is 3.05. Makers of scanners put the firmware's."""
    text = _text(usb / "bcdDevice") if usb else ""
    return f"{int(text[:2])}.{text[2:]}" if re.fullmatch("[0-9]{4}", text) else ""


def _usb_device(root: Path, link: Path) -> Path | None:
    """Return the folder of the USB device a class device belongs to."""
    folder = _resolved(link)
    top = _resolved(root / "sys")
    while folder is not None and folder != top and folder.parent != folder:
        if (folder / "idVendor").exists():
            return folder
        folder = folder.parent
    return None


def _resolved(link: Path) -> Path | None:
    try:
        return link.resolve(strict=True)
    except (OSError, RuntimeError):  # Unplugged meanwhile; a loop of links is a RuntimeError up to Python 3.12.
        return None


def _keys(words: str) -> frozenset[int]:
    """Read the kernel's bitmap: hexadecimal words of a long, most significant first.

    >>> sorted(_keys("10000002"))
    [1, 28]
    """
    bits = 0
    for word in words.split():
        if not re.fullmatch("[0-9a-fA-F]{1,16}", word):
            return frozenset()
        bits = bits << _WORD_BITS | int(word, 16)
    return frozenset(place for place in range(bits.bit_length()) if bits >> place & 1)


def _number(file: Path) -> int | None:
    text = _text(file)
    return int(text, 16) if re.fullmatch("[0-9a-fA-F]{1,8}", text) else None


def _decimal(file: Path) -> int | None:
    text = _text(file)
    return int(text) if text.isascii() and text.isdigit() else None


def _text(file: Path) -> str:
    return _bytes(file).decode("utf-8", "replace").strip()


def _bytes(file: Path) -> bytes:
    """A device that is unplugged while we look has no files any more."""
    try:
        with file.open("rb") as opened:
            return opened.read(_FILE_BYTES_MAX)
    except OSError:
        return b""
