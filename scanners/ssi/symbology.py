"""The type byte in front of SSI decode data: which symbol was read, as an AIM identifier. Pure.

An AIM identifier promises what follows: `]E0` 13 digits, `]E4` 8, `]I0` 14. It is given only where that is kept. UPC-A
and UPC-E are always told as `]E0`, so their digits are brought to the 13 they stand for, and the read says so.

Sources: bar code type table of Zebra's SSI chapters (DS2208 Product Reference Guide; SE955 Integration Guide);
ISO/IEC 15424 (identifiers; UPC as 13 digits); GS1 General Specifications 5.2 (zero suppression of UPC-E).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scanners import aim

SETUP_LABEL: Final = 0x33  # FNC3: a label that sets the scanner up.

_UPC_A: Final = 0x08
_UPC_E: Final = 0x09
_IDENTIFIERS: Final[dict[int, str]] = {
    0x03: "]C0",  # Code 128
    0x06: "]I0",  # Interleaved 2 of 5
    _UPC_A: "]E0",
    _UPC_E: "]E0",
    0x0A: "]E4",  # EAN-8
    0x0B: "]E0",  # EAN-13
    0x0F: "]C1",  # GS1-128
    0x1B: "]d1",  # Data Matrix
    0x1C: "]Q1",  # QR
    0x30: "]e0",  # GS1 DataBar, then limited, expanded
    0x31: "]e0",
    0x32: "]e0",
    0xC1: "]d2",  # GS1 Data Matrix
    0xC2: "]Q3",  # GS1 QR
}
_DIGITS: Final = {"]E0": 13, "]E4": 8, "]I0": 14}


@dataclass(frozen=True, slots=True)
class Told:
    """What a type byte and its data say."""

    data: bytes
    symbology: str | None  # None: look in front of the data, or nothing is known.
    repairs: tuple[str, ...] = ()


def known(type_byte: int) -> bool:
    return type_byte in _IDENTIFIERS or type_byte == SETUP_LABEL


def told(type_byte: int, data: bytes) -> Told:
    """Return the identifier for what was read. An AIM prefix the scanner put in front of the data stays and counts."""
    identifier = _IDENTIFIERS.get(type_byte)
    if identifier is None or aim.recognise(data) is not None:
        return Told(data, None)
    repairs: tuple[str, ...] = ()
    if type_byte == _UPC_A and len(data) == 12 and data.isdigit():
        data, repairs = b"0" + data, ("UPC-A",)
    elif type_byte == _UPC_E and (whole := _unsuppressed(data)) is not None:
        data, repairs = whole, ("UPC-E",)
    digits = _DIGITS.get(identifier)
    if digits is not None and not (len(data) == digits and data.isdigit()):
        return Told(data, None)
    return Told(data, identifier, repairs)


def _unsuppressed(data: bytes) -> bytes | None:
    """Return the 13 digits of a UPC-E of 8 (number system 0, six digits, check digit), or None where it is none."""
    if len(data) != 8 or not data.isdigit() or data[:1] != b"0":
        return None
    a, b, c, d, e, last, check = (data[place : place + 1] for place in range(1, 8))
    if last in b"012":
        middle = a + b + last + b"0000" + c + d + e
    elif last == b"3":
        middle = a + b + c + b"00000" + d + e
    elif last == b"4":
        middle = a + b + c + d + b"00000" + e
    else:
        middle = a + b + c + d + e + b"0000" + last
    whole = b"00" + middle + check
    weighed = sum(int(chr(digit)) * (3 if place % 2 else 1) for place, digit in enumerate(whole))
    return whole if weighed % 10 == 0 else None
