"""What is plugged into this machine: scanners, registers, printers, each with the address for the configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from fiscal.device.links import Opener, open_link
from pos_agent.clock import Clock
from pos_agent.setup.probing import ask
from scanners import devices
from scanners.devices import Device, Inventory, Kind
from scanners.guess import Confidence, Role
from scanners.occupancy import State

TAKEN: Final = frozenset({Confidence.SURE, Confidence.LIKELY})
_RS232_PRINTER: Final = "baud=115200"


@dataclass(frozen=True, slots=True)
class FoundScanner:
    url: str
    what: str
    certain: bool  # False: it may as well be the cashier's keyboard or a cable to something else.


@dataclass(frozen=True, slots=True)
class FoundRegister:
    url: str
    what: str
    answered: bool  # False: only its USB number looks like one, and its family is not known.


@dataclass(frozen=True, slots=True)
class FoundPrinter:
    url: str
    what: str


@dataclass(frozen=True, slots=True)
class Found:
    scanners: tuple[FoundScanner, ...] = ()
    registers: tuple[FoundRegister, ...] = ()
    printers: tuple[FoundPrinter, ...] = ()
    modem_manager: bool = False


def find(
    root: Path,
    clock: Clock,
    *,
    probe: bool = True,
    asking: Callable[[str], object] = lambda _port: None,  # Told each port before it is asked.
    link: Opener = open_link,
) -> Found:
    """Look at every device of the machine below `root`; with `probe` ask serial ports that may be a register."""
    seen = devices.inventory(root)
    registers = [] if not probe else _asked(seen, clock, asking, link)
    known = {one.port for one, _ in registers}
    named = [
        (device, _by_number(device)) for device in seen.devices if _is_register(device) and device.port not in known
    ]
    scanners = tuple(_scanner(device) for device in seen.devices if _reads_codes(device) and device.port not in known)
    return Found(
        scanners,
        tuple(found for _, found in (*registers, *named)),
        (
            *_usb_printers(root),
            *(_serial_printer(device) for device in seen.devices if device.guess.role is Role.PRINTER),
        ),
        seen.modem_manager,
    )


def _asked(
    seen: Inventory, clock: Clock, asking: Callable[[str], object], link: Opener
) -> list[tuple[Device, FoundRegister]]:
    found = []
    for device in seen.devices:
        if not _may_be_register(device):
            continue
        asking(device.port)
        answer = ask(device.port, clock, link)
        if answer is not None:
            query = f"?{answer.query}" if answer.query else ""
            url = f"{answer.family}+serial://{_place(device)}{query}"
            found.append((device, FoundRegister(url, f"{answer.family}, {device.product or device.port}", True)))
    return found


def _may_be_register(device: Device) -> bool:
    """Free, wired, and not known for something else: a scanner or a modem is never written to."""
    return (
        device.kind is Kind.SERIAL
        and device.state is not State.HELD
        and device.state is not State.DENIED
        and device.guess.role in (Role.REGISTER, Role.ADAPTER, Role.UNKNOWN)
        and "rfcomm" not in device.port
    )


def _is_register(device: Device) -> bool:
    return device.kind is Kind.SERIAL and device.guess.role is Role.REGISTER


def _by_number(device: Device) -> FoundRegister:
    return FoundRegister(f"FAMILY+serial://{_place(device)}", f"{device.guess.what}, {device.port}", False)


def _reads_codes(device: Device) -> bool:
    return bool(device.url) and device.guess.role in (Role.SCANNER, Role.ADAPTER, Role.CAMERA, Role.UNKNOWN)


def _scanner(device: Device) -> FoundScanner:
    certain = device.guess.role is Role.SCANNER and device.guess.confidence in TAKEN
    return FoundScanner(device.url, f"{device.guess.what}, {device.port}", certain)


def _place(device: Device) -> str:
    """As fiscal/device/links.py reads it: by USB numbers where it has some, so that another socket does not matter."""
    if not device.usb_id:
        return device.port
    return f"usb/{device.usb_id}" + (f"/{quote(device.serial_number, safe='')}" if device.serial_number else "")


def _serial_printer(device: Device) -> FoundPrinter:
    number = f"serial={quote(device.serial_number, safe='')}&" if device.serial_number else ""
    place = f"usb/{device.usb_id}" if device.usb_id else device.port
    query = f"{number if device.usb_id else ''}{_RS232_PRINTER}"
    return FoundPrinter(f"escpos+serial://{place}?{query}", f"{device.guess.what}, {device.port}")


def _usb_printers(root: Path) -> list[FoundPrinter]:
    """Devices of the printer class (driver usblp): /dev/usb/lpN. Source: Documentation/ABI/testing/sysfs-bus-usb."""
    found = []
    for entry in sorted((root / "sys/class/usbmisc").glob("lp*")):
        device = (entry / "device").resolve().parent
        vid, pid, number, product = (_text(device / name) for name in ("idVendor", "idProduct", "serial", "product"))
        node = root / "dev/usb" / entry.name
        query = f"?serial={quote(number, safe='')}" if number else ""
        url = f"escpos+usb://{vid}:{pid}{query}" if vid and pid else f"escpos+file://{node}"
        found.append(FoundPrinter(url, f"{product or 'USB printer'}, {node}"))
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
