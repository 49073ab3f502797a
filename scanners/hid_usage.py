"""What a HID device says it is: the usages of its application collections, read from its report descriptor. Pure.

Sources: USB HID 1.11, section 6.2.2 (items); USB HID Point of Sale Usage Tables 1.02, page 8Ch (bar code scanner).
"""

from __future__ import annotations

from typing import Final

Usage = tuple[int, int]  # Page, id.

KEYBOARD: Final[Usage] = (0x01, 0x06)
KEYPAD: Final[Usage] = (0x01, 0x07)
HID_POS: Final[Usage] = (0x8C, 0x02)

_SIZES: Final = (0, 1, 2, 4)
_LONG: Final = 0xFE
_USAGE_PAGE: Final = 0x04  # Item type and tag: the first byte without its two size bits.
_PUSH: Final = 0xA4
_POP: Final = 0xB4
_USAGE: Final = 0x08
_COLLECTION: Final = 0xA0
_MAIN: Final = 0x00  # Two type bits of a main item, which ends the local state.
_APPLICATION: Final = 1


def applications(descriptor: bytes) -> tuple[Usage, ...]:
    """Return the usage of every application collection, in order; of a broken descriptor what could be read.

    >>> applications(bytes.fromhex("05 01 09 06 A1 01 C0"))
    ((1, 6),)
    """
    found: list[Usage] = []
    page, pushed = 0, list[int]()
    usage: Usage | None = None
    at = 0
    while at < len(descriptor):
        head = descriptor[at]
        if head == _LONG:
            at += 3 + (descriptor[at + 1] if at + 1 < len(descriptor) else 0)
            continue
        size = _SIZES[head & 3]
        value = int.from_bytes(descriptor[at + 1 : at + 1 + size], "little")
        at += 1 + size
        if at > len(descriptor):
            break
        item = head & 0xFC
        if item == _USAGE_PAGE:
            page = value
        elif item == _PUSH:
            pushed.append(page)
        elif item == _POP and pushed:
            page = pushed.pop()
        elif item == _USAGE and usage is None:
            usage = (value >> 16, value & 0xFFFF) if size == 4 else (page, value)
        elif item == _COLLECTION and value == _APPLICATION and usage is not None:
            found.append(usage)
        if head & 0x0C == _MAIN:
            usage = None
    return tuple(found)
