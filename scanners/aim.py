"""AIM symbology identifiers: the three characters `]cm` a scanner may put in front of the data. Pure.

The letter names the symbology, the character after it a modifier. `]` is in no identification code, so a prefix of this
shape is always an identifier, known or not. Letter case counts.

Sources: ISO/IEC 15424; zxing-cpp `core/src/datamatrix/DMDecoder.cpp` (`]d3`, and +6 for rectangular DMRE);
GS1 syntax engine `src/c-lib/scandata.c`; the command answers `]X0` and `]Z6` are those of Honeywell's HID POS log.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PREFIX_LENGTH: Final = 3


class AimKind(StrEnum):
    GS1 = "gs1"  # Application identifiers follow; the leading FNC1 is not sent.
    PLAIN = "plain"  # As printed, no FNC1 in first position.
    LINEAR = "linear"  # Digits of a trade item number.
    COMMAND = "command"  # An answer of the scanner itself, never a scan.
    UNKNOWN = "unknown"  # Well formed, but not in our table.


@dataclass(frozen=True, slots=True)
class Aim:
    identifier: str  # "]d2".
    symbol: str  # Name for a person.
    kind: AimKind


KNOWN: Final[dict[str, Aim]] = {
    aim.identifier: aim
    for aim in (
        Aim("]d1", "Data Matrix", AimKind.PLAIN),
        Aim("]d2", "GS1 Data Matrix", AimKind.GS1),
        Aim("]d3", "Data Matrix, FNC1 in second position", AimKind.PLAIN),
        Aim("]d7", "Data Matrix, rectangular", AimKind.PLAIN),
        Aim("]d8", "GS1 Data Matrix, rectangular", AimKind.GS1),
        Aim("]d9", "Data Matrix, rectangular, FNC1 in second position", AimKind.PLAIN),
        Aim("]C0", "Code 128", AimKind.PLAIN),
        Aim("]C1", "GS1-128", AimKind.GS1),
        Aim("]Q1", "QR", AimKind.PLAIN),
        Aim("]Q3", "GS1 QR", AimKind.GS1),
        Aim("]E0", "EAN-13, UPC-A or UPC-E", AimKind.LINEAR),
        Aim("]E4", "EAN-8", AimKind.LINEAR),
        Aim("]e0", "GS1 DataBar or composite", AimKind.GS1),
        Aim("]J0", "DotCode", AimKind.PLAIN),
        Aim("]J1", "GS1 DotCode", AimKind.GS1),
        Aim("]X0", "command answer", AimKind.COMMAND),
        Aim("]Z6", "command answer", AimKind.COMMAND),
    )
}


def recognise(data: bytes) -> Aim | None:
    """Return the identifier in front of `data`, or None where there is none."""
    head = data[:PREFIX_LENGTH]
    if len(head) < PREFIX_LENGTH or head[:1] != b"]" or not head.isascii():
        return None
    letter, modifier = chr(head[1]), chr(head[2])
    if not letter.isalpha() or not modifier.isalnum():
        return None
    identifier = head.decode("ascii")
    return KNOWN.get(identifier, Aim(identifier, "unknown symbology", AimKind.UNKNOWN))
