"""Takes frames from a camera and hands over the newest: the reader is often slower than the camera, and an old frame is
worth nothing. `step` is one frame; `run` is the same step in a thread, with one slot between it and the reader.

    closed -> (opener) -> open -> frames; grab fails some times -> closed, OFFLINE -> back-off 0.5, 1, 2, 5 s
    A frame is unpacked only when the reader waits for one; the others are skipped as the camera sent them, and counted.
"""

from __future__ import annotations

import threading
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scanners.camera.device import CameraUnavailable, Device, Opener
from scanners.polling import Reopening
from scanners.scan import Health, HealthChange

FAILURES_MAX: Final = 10  # Grabs in a row; Windows cameras give nothing for the first moments.
SILENT_S: Final = 3.0  # A grab may hang in the driver; so long without a frame is as good as unplugged.
STILL_S: Final = 5.0  # A live sensor has noise: the same pixels for so long are a frozen picture.
BLACK_S: Final = 3.0
_BLACK: Final = 12  # Grey value that nothing exceeds in a covered camera's picture.
_THIN: Final = 8  # Every eighth row and column is enough to tell frozen and black.
_PAUSE_S: Final = 0.02  # Between failed grabs.
_JOIN_S: Final = 2.0
_EVENTS_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class Frame:
    image: NDArray[Any]  # As the camera gives it, BGR.
    number: int  # Grabbed frames since the start; the gaps are the skipped ones.
    at_ns: int  # UTC, when it was grabbed.


class Capture:
    """One camera. `step` and `close` belong to one thread, or to `start` and `close`; `take` to the reader."""

    def __init__(self, name: str, opener: Opener, *, now: Callable[[], int], monotonic: Callable[[], float]) -> None:
        self._name = name
        self._opener = opener
        self._now = now
        self._monotonic = monotonic
        self._device: Device | None = None
        self._reopening = Reopening(monotonic)
        self._grabs_failed = 0
        self._health: Health | None = None
        self._refused: tuple[str, ...] = ()  # Settings, told with the first picture.
        self._watch = _Watch()
        self._condition = threading.Condition()
        self._events: deque[HealthChange] = deque(maxlen=_EVENTS_MAX)
        self._newest: Frame | None = None
        self._wanted = False
        self._alive_s = monotonic()
        self._grabbed = 0
        self._taken = 0
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    @property
    def health(self) -> Health | None:
        """None before the first attempt to open."""
        return self._health

    @property
    def grabbed(self) -> int:
        """Frames the camera gave, since the start."""
        return self._grabbed

    @property
    def dropped(self) -> int:
        """Frames that no reader took, since the start."""
        return self._grabbed - self._taken

    @property
    def is_running(self) -> bool:
        return self._thread is not None

    def step(self) -> bool:
        """Open if closed and due; else take one frame. Say whether something was done. Never raises for the camera."""
        if self._device is None:
            if not self._reopening.is_due:
                return False
            self._open()
            return True
        device = self._device
        at_ns = self._now()
        try:
            if not device.grab():
                self._failed("gives no picture any more")
                return False
            with self._condition:
                self._grabbed += 1
                self._alive_s = self._monotonic()
                wanted = self._wanted
            if not wanted:
                return True
            good, image = device.retrieve()
        except (cv2.error, OSError) as error:
            self._failed(str(error))
            return False
        if not good or image is None or not np.size(image):
            self._failed("gives empty pictures")
            return False
        self._grabs_failed = 0
        self._reopening.succeeded()
        frame = Frame(image, self._grabbed, at_ns)
        notice = self._watch.look(image, self._alive_s)
        with self._condition:
            self._newest = frame
            self._tell(Health.ONLINE, "")
            for text in (*self._refused, *([notice] if notice else [])):
                self._tell(Health.ONLINE, text, again=True)
            self._refused = ()
            self._condition.notify_all()
        return True

    def take(self, timeout_s: float) -> Frame | None:
        """Wait so long for a frame newer than the last one taken. Without a thread: grab one now."""
        with self._condition:
            self._wanted = True
        if self._thread is None:
            self.step()
        with self._condition:
            if self._thread is not None and self._newest is None:
                self._condition.wait(timeout_s)
            frame, self._newest = self._newest, None
            if frame is not None:
                self._taken += 1
                self._wanted = False
            elif self._health is Health.ONLINE and self._monotonic() - self._alive_s > SILENT_S:
                self._tell(Health.OFFLINE, f"no picture for {SILENT_S:g} s")
            return frame

    def skip(self, wait_s: float) -> None:
        """Let frames go by as they came, for so long. Without a thread: one frame."""
        if self._thread is None:
            self.step()
        else:
            self._stop.wait(wait_s)

    def events(self) -> list[HealthChange]:
        """Health changes and notices since the last call."""
        with self._condition:
            events = list(self._events)
            self._events.clear()
        return events

    def start(self) -> None:
        """Take frames in a thread of its own until `close`."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name=f"camera {self._name}", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop the thread and let go of the camera."""
        if self._thread is not None:
            self._stop.set()
            self._thread.join(_JOIN_S)
            if self._thread.is_alive():  # It hangs in the driver; letting go under its feet could crash the process.
                return
            self._thread = None
        self._release()

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self.step():
                self._stop.wait(self._reopening.wait_s if self._device is None else _PAUSE_S)
        self._release()

    def _open(self) -> None:
        try:
            opened = self._opener()
        except CameraUnavailable as unavailable:
            self._reopening.failed()
            with self._condition:
                self._tell(unavailable.health, unavailable.text)
            return
        self._device = opened.device
        self._refused = opened.notices
        self._grabs_failed = 0
        self._watch = _Watch()
        with self._condition:
            self._alive_s = self._monotonic()

    def _failed(self, text: str) -> None:
        self._grabs_failed += 1
        if self._grabs_failed < FAILURES_MAX:
            return
        self._release()
        self._reopening.failed()
        with self._condition:
            self._newest = None
            self._tell(Health.OFFLINE, f"unplugged: {text}")

    def _release(self) -> None:
        if self._device is not None:
            self._device.release()
            self._device = None

    def _tell(self, health: Health, text: str, *, again: bool = False) -> None:
        """Report a change once, and a notice every time. The caller holds the condition."""
        if again or health is not self._health:
            self._health = health
            self._events.append(HealthChange(self._name, health, self._now(), text))


class _Watch:
    """Notices a picture that is frozen or black; each once, until it is well again."""

    def __init__(self) -> None:
        self._print = -1
        self._changed_s: float | None = None
        self._light_s: float | None = None
        self._told = ""

    def look(self, image: NDArray[Any], at_s: float) -> str | None:
        """Return a text when something is wrong now that was not before, or is well again."""
        if image.dtype != np.uint8:  # No camera's picture; the reader says what is wrong with it.
            return None
        thin = np.ascontiguousarray(image[::_THIN, ::_THIN])
        fingerprint = zlib.crc32(thin.tobytes())
        if fingerprint != self._print or self._changed_s is None:
            self._print, self._changed_s = fingerprint, at_s
        if int(thin.max()) > _BLACK or self._light_s is None:
            self._light_s = at_s
        if at_s - self._light_s > BLACK_S:
            told = "the picture is black: uncover the camera, give light, or check exposure"
        elif at_s - self._changed_s > STILL_S:
            told = "the picture is frozen: the same pixels again and again; plug the camera in again"
        else:
            told = ""
        if told == self._told:
            return None
        self._told = told
        return told or "the picture is well again"
