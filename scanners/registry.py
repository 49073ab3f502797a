"""Which driver serves which scanner address: one table, read from top to bottom."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from scanners.address import Driver, Scanner, ScannerAddressInvalid, Surroundings, unknown
from scanners.serial import SERIAL_OPTIONS, serial_scanner

__all__ = ["DRIVERS", "OPTIONS", "Scanner", "ScannerAddressInvalid", "Surroundings", "open_scanner"]

DRIVERS: Final[dict[str, Driver]] = {
    "serial": serial_scanner,
}

OPTIONS: Final[dict[str, dict[str, str]]] = {  # By scheme: every option and what it means.
    "serial": SERIAL_OPTIONS,
}


def open_scanner(name: str, url: str, surroundings: Surroundings) -> Scanner:
    """Make the driver for `url`; nothing is opened yet. ScannerAddressInvalid names the place and the nearest word."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ScannerAddressInvalid("address", str(error)) from error
    driver = DRIVERS.get(parts.scheme)
    if driver is None:
        raise ScannerAddressInvalid("scheme", unknown(parts.scheme, DRIVERS))
    return driver(name, parts, surroundings)
