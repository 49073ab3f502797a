"""Which driver serves which scanner address: one table, read from top to bottom."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from scanners.address import Driver, Scanner, ScannerAddressInvalid, Surroundings, unknown
from scanners.camera.driver import CAMERA_OPTIONS, IMAGE_OPTIONS, camera_scanner, image_scanner
from scanners.evdev.driver import EVDEV_OPTIONS, evdev_scanner
from scanners.hidpos.driver import HIDPOS_OPTIONS, hidpos_scanner
from scanners.serial import SERIAL_OPTIONS, serial_scanner
from scanners.ssi.driver import SSI_OPTIONS, ssi_scanner
from scanners.tcp import TCP_OPTIONS, TCP_SERVER_OPTIONS, tcp_scanner, tcp_server_scanner
from scanners.text import TEXT_OPTIONS, text_scanner

__all__ = ["DRIVERS", "OPTIONS", "Scanner", "ScannerAddressInvalid", "Surroundings", "open_scanner"]


class _Scheme(NamedTuple):
    driver: Driver
    options: dict[str, str]  # Every option of the address and what it means.


_SCHEMES: Final[dict[str, _Scheme]] = {
    "serial": _Scheme(serial_scanner, SERIAL_OPTIONS),  # RS-232, USB-CDC, Bluetooth SPP: plain characters.
    "ssi+serial": _Scheme(ssi_scanner, SSI_OPTIONS),  # Zebra packets over the same lines.
    "hidpos": _Scheme(hidpos_scanner, HIDPOS_OPTIONS),  # USB HID POS reports, Linux.
    "evdev": _Scheme(evdev_scanner, EVDEV_OPTIONS),  # A scanner that types, read as keys, Linux.
    "tcp": _Scheme(tcp_scanner, TCP_OPTIONS),  # We call the scanner.
    "tcp-listen": _Scheme(tcp_server_scanner, TCP_SERVER_OPTIONS),  # The scanner calls us.
    "text": _Scheme(text_scanner, TEXT_OPTIONS),  # Lines that came through a keyboard layout.
    "camera": _Scheme(camera_scanner, CAMERA_OPTIONS),
    "image": _Scheme(image_scanner, IMAGE_OPTIONS),  # Picture files, for tests and support.
}
DRIVERS: Final[dict[str, Driver]] = {name: scheme.driver for name, scheme in _SCHEMES.items()}
OPTIONS: Final[dict[str, dict[str, str]]] = {name: scheme.options for name, scheme in _SCHEMES.items()}


def open_scanner(name: str, url: str, surroundings: Surroundings) -> Scanner:
    """Make the driver for `url`; nothing is opened yet. ScannerAddressInvalid names the place and the nearest word."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ScannerAddressInvalid("address", str(error)) from error
    if "\0" in unquote(parts.netloc + parts.path):  # No system call takes it.
        raise ScannerAddressInvalid("address", "a zero byte is in no name of a device, a file or a host")
    driver = DRIVERS.get(parts.scheme)
    if driver is None:
        raise ScannerAddressInvalid("scheme", unknown(parts.scheme, DRIVERS))
    return driver(name, parts, surroundings)
