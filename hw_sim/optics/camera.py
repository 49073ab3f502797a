"""A video device as a capture loop meets it: the methods of cv2.VideoCapture, frames from a list, faults by a script.

Time is the caller's: the camera delivers one frame a period by `monotonic`, and a read that comes too early sleeps
until the frame is there, as a blocking read does. Source: OpenCV documentation, class VideoCapture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # Gray, height x width, or BGR, height x width x 3.


@dataclass(frozen=True, slots=True)
class Dwell:
    """A picture, gray or BGR, that stays before the lens for so many seconds."""

    picture: Picture
    seconds: float


# One picture for ever; pictures in turn, the last one for ever; or a picture by frame number, counted from 0.
Source = Picture | Sequence[Dwell] | Callable[[int], Picture]


class CameraFault(OSError):
    """The driver raised instead of answering, as some backends do.

    An OSError, as the failed system call under it is: a capture loop that survives a device pulled out survives this,
    and need not know a simulator's exceptions, nor catch all there are.
    """


@dataclass(slots=True)
class CameraFaults:
    """What goes wrong. Frame numbers count from 0 as the device makes them, read or not; all may change as it runs."""

    open_fails: bool = False  # isOpened() is False from the start, read() answers (False, None).
    open_raises: bool = False
    black_frames: int = 0  # So many first frames are black: the sensor warms up.
    exposure_frames: int = 0  # So many first frames grow from dark to right: automatic exposure settles.
    unplugged_at: int | None = None  # From this frame number on read() answers (False, None), without waiting.
    raises_at: int | None = None  # From this frame number on read() raises CameraFault.
    frozen_at: int | None = None  # From this frame number on the same picture comes again, byte for byte.
    dropped: frozenset[int] = frozenset()  # The read of these frames fails, the next one succeeds.
    wrong_size: tuple[int, int] | None = None  # Width and height delivered whatever was asked for and promised.
    fixed: frozenset[int] = frozenset()  # Properties set() refuses.


@dataclass(slots=True)
class VirtualCamera:
    """Plays `source` at `fps`, counted from its making. `properties` holds what was asked for, newest value last.

    `gray` delivers single-channel frames, as cameras set to raw gray do; otherwise BGR.
    Raises CameraFault when made with `open_raises`.
    """

    source: Source
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    fps: float = 30.0
    gray: bool = False
    faults: CameraFaults = field(default_factory=CameraFaults)
    properties: list[tuple[int, float]] = field(default_factory=list)
    released: bool = False
    reads: int = 0
    _start: float = 0.0
    _grabbed: int = -1  # The number of the newest frame taken.
    _held: Picture | None = None
    _frozen: Picture | None = None

    def __post_init__(self) -> None:
        if self.faults.open_raises:
            raise CameraFault("the driver raised at open")
        self._start = self.monotonic()

    def isOpened(self) -> bool:  # noqa: N802
        """Whether the device answers; stays True after an unplug, as most backends leave it."""
        return not (self.released or self.faults.open_fails)

    def grab(self) -> bool:
        """Wait for the next frame and hold it. Frames nobody took in time are lost; False when there is none."""
        self._held = None
        if not self.isOpened():
            return False
        number = max(self._grabbed + 1, int((self.monotonic() - self._start) * self.fps + 1e-6))
        if self.faults.unplugged_at is not None and number >= self.faults.unplugged_at:
            return False  # At once: nothing is there to wait for.
        wait = self._start + number / self.fps - self.monotonic()
        if wait > 0:
            self.sleep(wait)
        self._grabbed = number
        if self.faults.raises_at is not None and number >= self.faults.raises_at:
            raise CameraFault(f"the driver raised at frame {number}")
        if number in self.faults.dropped:
            return False
        self._held = self._delivered(number)
        return True

    def retrieve(self) -> tuple[bool, Picture | None]:
        """The frame held by the last grab(), a copy the caller may change."""
        return (False, None) if self._held is None else (True, self._held.copy())

    def read(self) -> tuple[bool, Picture | None]:
        """grab() and retrieve() at once."""
        self.reads += 1
        self.grab()
        return self.retrieve()

    def set(self, prop: int, value: float) -> bool:
        """Record what was asked for; False, and unchanged, for a property the device has fixed."""
        if not self.isOpened() or prop in self.faults.fixed:
            return False
        self.properties.append((prop, value))
        return True

    def get(self, prop: int) -> float:
        """The value last set, the size and rate of the source where nothing was, else 0 as unknown properties give."""
        for known, value in reversed(self.properties):
            if known == prop:
                return value
        height, width = self._picture(0).shape[:2]
        defaults = {
            cv2.CAP_PROP_FRAME_WIDTH: float(width),
            cv2.CAP_PROP_FRAME_HEIGHT: float(height),
            cv2.CAP_PROP_FPS: self.fps,
        }
        return defaults.get(prop, 0.0)

    def release(self) -> None:
        self.released = True
        self._held = None

    def _picture(self, number: int) -> Picture:
        if callable(self.source):
            return self.source(number)
        if isinstance(self.source, np.ndarray):
            return self.source
        left = number / self.fps
        for dwell in self.source:
            if left < dwell.seconds:
                return dwell.picture
            left -= dwell.seconds
        return self.source[-1].picture

    def _delivered(self, number: int) -> Picture:
        if self._frozen is not None and self.faults.frozen_at is not None:
            return self._frozen
        picture = self._lit(self._shaped(self._picture(number)), number)
        self._frozen = picture if self.faults.frozen_at is not None and number >= self.faults.frozen_at else None
        return picture

    def _shaped(self, picture: Picture) -> Picture:
        if self.faults.wrong_size is not None:
            picture = np.asarray(cv2.resize(picture, self.faults.wrong_size), dtype=np.uint8)
        if self.gray and picture.ndim == 3:
            return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
        if not self.gray and picture.ndim == 2:
            return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), dtype=np.uint8)
        return picture

    def _lit(self, picture: Picture, number: int) -> Picture:
        if number < self.faults.black_frames:
            return np.zeros_like(picture)
        settling = number - self.faults.black_frames
        if settling < self.faults.exposure_frames:
            share = (settling + 1) / (self.faults.exposure_frames + 1)
            return np.asarray(picture * np.float32(share), dtype=np.uint8)
        return picture
