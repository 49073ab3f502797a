"""Keys without a silence between them, and whether a scanner or a person pressed them. Pure.

Source of the limits: a typing scanner needs two HID reports a character, 1 to 8 ms each (recomputed); a person needs
longer than 30 ms from key to key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from scanners.framing import FRAME_BYTES_MAX

SCAN_KEYS_MIN: Final = 8
SCAN_GAP_MS: Final = 30
_MS: Final = 1_000_000


@dataclass(slots=True)
class Run:
    at_ns: int  # Reader's clock, first key.
    last_at_ns: int
    last_stamp_ns: int | None = None  # Kernel's clock, last key; None: no key yet.
    span_ns: int = 0  # Sum of the gaps between keys.
    count: int = 0  # Keys that stand for something: no modifiers, no suffix.
    data: bytearray = field(default_factory=bytearray)
    damage: str = ""  # Why this can be no read.
    overflowed: bool = False

    @property
    def gap_ms(self) -> float:
        return self.span_ns / max(1, self.count - 1) / _MS

    @property
    def is_slow(self) -> bool:
        return self.gap_ms >= SCAN_GAP_MS

    @property
    def is_read(self) -> bool:
        return self.count >= SCAN_KEYS_MIN and not self.is_slow

    def follow(self, stamp_ns: int, at_ns: int) -> None:
        """Take the times of a key. The kernel's clock may be set back."""
        if self.last_stamp_ns is not None:
            self.span_ns += max(0, stamp_ns - self.last_stamp_ns)
        self.last_stamp_ns = stamp_ns
        self.last_at_ns = at_ns

    def spoil(self, text: str) -> None:
        """The first damage counts: the others follow from it."""
        self.damage = self.damage or text

    def add(self, byte: int) -> bool:
        """False: there is no room."""
        if len(self.data) == FRAME_BYTES_MAX:
            return False
        self.data.append(byte)
        return True

    def append(self, later: Run) -> int:
        """Take over what came after a silence; return how many bytes found no room."""
        self.count += later.count
        self.span_ns += later.span_ns + max(0, later.at_ns - self.last_at_ns)
        self.last_at_ns = later.last_at_ns
        self.damage = self.damage or later.damage
        room = FRAME_BYTES_MAX - len(self.data)
        self.data += later.data[:room]
        lost = len(later.data[room:])
        self.overflowed = self.overflowed or later.overflowed or lost > 0
        return lost
