"""Tags of the fiscal storage: number 2 bytes, length 2 bytes, value; all numbers least significant byte first. Pure.

Source: format of fiscal data (order of the Federal Tax Service of Russia); github Zzzzipper/projects,
firmware-usbhost/common/fiscal_register/atol/AtolCommandLayer.cpp reads documents so.
"""

from __future__ import annotations

from collections.abc import Iterator

_HEAD = 4


def encode(tag: int, value: bytes) -> bytes:
    return tag.to_bytes(2, "little") + len(value).to_bytes(2, "little") + value


def decode(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Every whole tag from the beginning; what is cut short at the end is left out."""
    at = 0
    while at + _HEAD <= len(data):
        tag = int.from_bytes(data[at : at + 2], "little")
        end = at + _HEAD + int.from_bytes(data[at + 2 : at + _HEAD], "little")
        if end > len(data):
            return
        yield tag, data[at + _HEAD : end]
        at = end
