"""Lines of a journal as a person reads them on 80 columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hw_sim.exchange import clock_text

ONE_LINE_BYTES = 8  # So many stand beside their meaning, more below it.
ROW_BYTES = 24
SCREEN_BYTES = 4 * ROW_BYTES  # Of one frame on a screen; a file gets all of them.


class Told(Protocol):
    """Something that went over a line, or happened to it."""

    @property
    def at_ns(self) -> int:
        """UTC nanoseconds."""
        ...

    def page(self, most_bytes: int | None = None) -> str:
        """The text, of raw bytes at most so many; None: all of them."""
        ...


def hex_rows(data: bytes, most_bytes: int | None) -> str:
    """Bytes in rows, each after a line break and indented."""
    seen = data if most_bytes is None else data[:most_bytes]
    rows = [seen[at : at + ROW_BYTES].hex(" ").upper() for at in range(0, len(seen), ROW_BYTES)]
    if len(seen) < len(data):
        rows.append(f"... {len(data)} bytes")
    return "".join(f"\n    {row}" for row in rows)


@dataclass(frozen=True, slots=True)
class FrameNote:
    """One line of the journal of frames: which way, when, the bytes, and what they mean."""

    at_ns: int
    way: str  # ">" from the host, "<" to the host, "!" something that happened to the register.
    name: str  # Command, or what happened.
    data: bytes
    about: str = ""

    def text(self) -> str:
        """`12:30:00.125 > 85   02 47 85 ...   close the receipt`; times in UTC. More lines of meaning follow."""
        line, below, rest = self.about.partition("\n")
        told = f"{clock_text(self.at_ns)} {self.way} {self.name:<8} {self.data.hex(' ').upper()}  {line}"
        return told.rstrip() + below + rest

    def page(self, most_bytes: int | None = None) -> str:
        """The same on 80 columns: what it means, and the bytes of a long frame below that."""
        if len(self.data) <= ONE_LINE_BYTES:
            return self.text()
        line, below, rest = self.about.partition("\n")
        head = f"{clock_text(self.at_ns)} {self.way} {self.name:<8} {line}".rstrip()
        return head + hex_rows(self.data, most_bytes) + below + rest
