"""Lines of a journal as a person reads them on 80 columns."""

from __future__ import annotations

from typing import Protocol

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
