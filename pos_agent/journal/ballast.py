"""A file of known size that is given up when the disk is full, so that an open receipt can still be finished.

A full disk stops new sales before the register is touched; this is only for the outcome of one already sent.
"""

from __future__ import annotations

import os
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
            with self._path.open("wb") as file:
                # Real bytes, not a sparse hole, and on the disk: only blocks that are taken are freed by deleting.
                file.write(b"\xaa" * self._size_bytes)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self.release()  # Half a reserve would only hide that there is none.
            return False
        return True

    def release(self) -> bool:
        """Delete the file. False when that freed nothing: it was gone, or the system would not let go of it."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
