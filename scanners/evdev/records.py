"""Event records of Linux input devices, sans I/O: bytes in any pieces in, records out. Pure.

    seconds | microseconds | type 2 bytes | code 2 bytes | value 4 bytes, signed        in the machine's own byte order

Seconds and microseconds are a machine word each: 24 bytes on 64-bit systems, 16 on 32-bit ones.
Source: Linux include/uapi/linux/input.h, struct input_event.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

EV_SYN: Final = 0x00
EV_KEY: Final = 0x01
EV_LED: Final = 0x11
SYN_REPORT: Final = 0
SYN_DROPPED: Final = 3
LED_CAPS: Final = 1
RELEASED: Final = 0
PRESSED: Final = 1
REPEATED: Final = 2

_FORMATS: Final = {24: struct.Struct("=qqHHi"), 16: struct.Struct("=llHHi")}
RECORD_BYTES: Final = 8 + 2 * struct.calcsize("P")  # A word of the kernel is as long as a pointer.


@dataclass(frozen=True, slots=True)
class Record:
    at_ns: int  # Of the kernel's clock.
    kind: int
    code: int
    value: int


class Cutter:
    """Cuts the stream of one device into records."""

    def __init__(self, record_bytes: int = RECORD_BYTES) -> None:
        """ValueError: records have 24 or 16 bytes."""
        if record_bytes not in _FORMATS:
            raise ValueError(f"records of {record_bytes} bytes: 24 or 16")
        self._format = _FORMATS[record_bytes]
        self._rest = b""

    @property
    def rest_bytes(self) -> int:
        """Bytes of a record that is not complete."""
        return len(self._rest)

    def receive(self, data: bytes) -> list[Record]:
        """Return the records that are complete now."""
        data = self._rest + data
        whole = len(data) - len(data) % self._format.size
        self._rest = data[whole:]
        return [
            Record((seconds * 1_000_000 + micros) * 1000, kind, code, value)
            for seconds, micros, kind, code, value in self._format.iter_unpack(data[:whole])
        ]

    def reset(self) -> int:
        """Forget what is not complete; return how many bytes."""
        count, self._rest = len(self._rest), b""
        return count

    def encode(self, kind: int, code: int, value: int) -> bytes:
        """One record for the device; the kernel puts in the time."""
        return self._format.pack(0, 0, kind, code, value)
