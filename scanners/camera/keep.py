"""Frames that could not be read, kept on disk for those who improve the reader: opt-in, local, bounded.

A shop that hands them over hands over pictures of its goods and codes; nothing but the picture and its time is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import cv2

from scanners.camera.picture import Gray

KEPT_MAX: Final = 50
EVERY_S: Final = 1.0  # A pack lies before the camera for many frames; one a second tells enough.
_NAME: Final = re.compile(r"failed-\d{8}T\d{6}\.\d{3}Z\.png")


class KeptFrames:
    """A folder that never holds more than `count_max` of its own files; others are not touched."""

    def __init__(self, folder: Path, count_max: int = KEPT_MAX, *, monotonic: Callable[[], float]) -> None:
        self._folder = folder
        self._count_max = count_max
        self._monotonic = monotonic
        self._due_s = float("-inf")

    def keep(self, gray: Gray, at_ns: int) -> str | None:
        """Write the frame unless one was written a moment ago. Return what is wrong with the folder, or None."""
        if self._monotonic() < self._due_s:
            return None
        self._due_s = self._monotonic() + EVERY_S
        moment = datetime.fromtimestamp(at_ns / 1e9, UTC)
        name = f"failed-{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03}Z.png"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # Encoded in memory: OpenCV opens no path with letters outside the system's code page.
            (self._folder / name).write_bytes(cv2.imencode(".png", gray)[1].tobytes())
            kept = sorted(file for file in self._folder.iterdir() if _NAME.fullmatch(file.name))
            for file in kept[: max(len(kept) - self._count_max, 0)]:
                file.unlink(missing_ok=True)
        except OSError as error:
            return f"failed frames are not kept: {self._folder}: {error.strerror or error}"
        return None
