"""What stands where in a HID POS report: one row a vendor. Pure.

    honeywell   02 | LEN | AIM 3 bytes | data, up to 56 bytes, then zeros | symbology | 00 | bit 0: more reports follow
    newland     02 | LEN | data, up to 56 bytes, then zeros | reserved 4 bytes | symbology or 00 | -

LEN counts the data of this report alone. Newland documents no mark for "more follows".

Sources: USB HID Point of Sale Usage Tables 1.02, page 8Ch; Honeywell: github HenkVanAsselt/python_hon_usbhid, README
(log of a Voyager 1602g) and NielsLeenheer/WebHidBarcodeScanner; Newland: report table of a public node driver for the
FM430.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

REPORT_BYTES: Final = 64
REPORT_ID: Final = 2
LENGTH_AT: Final = 1
DATA_BYTES_MAX: Final = 56  # Of one report.
AIM_BYTES: Final = 3
ANSWERS: Final = frozenset({"]X0", "]Z6"})  # AIM identifiers of command answers.
_MORE: Final = 0x01
_AIM: Final = re.compile(rb"\][A-Za-z][0-9A-Za-z]")


@dataclass(frozen=True, slots=True)
class Layout:
    name: str
    data_at: int
    aim_at: int | None = None  # None: the report has no field for it, at most the data begin with it.
    more_at: int | None = None  # None: a full report is followed by its rest, or by silence.


HONEYWELL: Final = Layout("honeywell", data_at=5, aim_at=2, more_at=63)
NEWLAND: Final = Layout("newland", data_at=2)

LAYOUTS: Final[Mapping[str, Layout]] = MappingProxyType({layout.name: layout for layout in (HONEYWELL, NEWLAND)})
VENDORS: Final[Mapping[int, Layout]] = MappingProxyType(  # By USB vendor; any other report is looked at.
    {0x0C2E: HONEYWELL, 0x0536: HONEYWELL, 0x1EAB: NEWLAND}
)


@dataclass(frozen=True, slots=True)
class Part:
    """A good report."""

    aim: str | None
    data: bytes
    continues: bool  # The report says that more follow; always False where the layout has no mark for it.
    full: bool

    @property
    def is_answer(self) -> bool:
        return self.aim in ANSWERS


def probe(report: bytes) -> Layout:
    """Tell the layout of the first report of a read.

    An AIM identifier in bytes 2 to 4 may also be the beginning of Newland's data. LEN tells: it counts the identifier
    only there, so that its data end three bytes earlier and zeros follow.
    """
    if aim_in(report[2:]) is None:
        return NEWLAND
    size = report[LENGTH_AT]
    last = report[NEWLAND.data_at + size : HONEYWELL.data_at + size]
    return HONEYWELL if any(last) else NEWLAND


def part_of(report: bytes, layout: Layout) -> Part | None:
    """Read one report; None: it cannot be one of this layout."""
    size = report[LENGTH_AT]
    if size > DATA_BYTES_MAX:
        return None
    data = report[layout.data_at : layout.data_at + size]
    aim = None
    if layout.aim_at is not None:
        field = report[layout.aim_at : layout.aim_at + AIM_BYTES]
        aim = aim_in(field)
        if aim is None and any(field):
            return None
    else:
        begins_with = aim_in(data)
        aim = begins_with if begins_with in ANSWERS else None
    return Part(aim, data, more_follows(report, layout), size == DATA_BYTES_MAX)


def more_follows(report: bytes, layout: Layout) -> bool:
    return layout.more_at is not None and bool(report[layout.more_at] & _MORE)


def aim_in(data: bytes) -> str | None:
    """Return the AIM identifier `data` begin with."""
    found = _AIM.match(data)
    return found[0].decode("ascii") if found else None
