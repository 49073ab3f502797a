"""A file of known size that is given up when the disk is full, so that an open receipt can still be finished.

A full disk stops new sales before the register is touched; this is only for the outcome of one already sent.
"""

from __future__ import annotations

from pathlib import Path

SIZE_BYTES = 4 * 1024 * 1024


class Ballast:
    """`fill()` at start, when there is room; `release()` in need."""

    def __init__(self, path: Path, size_bytes: int = SIZE_BYTES) -> None:
        self._path = path
        self._size_bytes = size_bytes

    def fill(self) -> bool:
        """Put the file back. False when there is no room for it: the till should be told, it can still sell."""
        if self._path.exists() and self._path.stat().st_size == self._size_bytes:
            return True
        try:
            # Real bytes, not a sparse hole: only written blocks are freed by deleting.
            self._path.write_bytes(b"\xaa" * self._size_bytes)
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        return True

    def release(self) -> bool:
        """Delete the file. False when it was already gone."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True
