"""A camera as OpenCV opens it: backend, settings that are read back, and what it means when it does not open.

Values of CAP_PROP_AUTO_EXPOSURE differ by backend: V4L2 passes the driver's menu entry through (1 manual), DirectShow
takes a fraction, Media Foundation 0. Exposure is in the driver's unit: 100 microseconds (V4L2, UVC) or the power of two
of a second (Windows, -6 is 1/64 s).

Sources: OpenCV `cap_v4l.cpp`, `cap_dshow.cpp`, `cap_msmf.cpp`; Linux `v4l2-controls.h` (V4L2_CID_EXPOSURE_AUTO);
USB Video Class 1.5, 4.2.2.1 (exposure time, focus).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, cast

import cv2

from scanners.scan import Health
from scanners.sysfs import video_nodes

BACKENDS: Final = {
    "any": cv2.CAP_ANY,
    "dshow": cv2.CAP_DSHOW,
    "msmf": cv2.CAP_MSMF,
    "v4l2": cv2.CAP_V4L2,
}
# Media Foundation takes half a minute to open some cameras; DirectShow does not.
DEFAULT_BACKEND: Final = {"win32": "dshow", "linux": "v4l2"}.get(sys.platform, "any")
_MANUAL_EXPOSURE: Final = {"any": 0.25, "dshow": 0.25, "msmf": 0.0, "v4l2": 1.0}
_READ_BACK_SHARE: Final = 0.02  # A camera rounds what it is told.


class Device(Protocol):
    """The methods of `cv2.VideoCapture` that are used."""

    def isOpened(self) -> bool: ...  # noqa: N802 (OpenCV's name)

    def grab(self) -> bool: ...

    def retrieve(self) -> tuple[bool, Any]: ...

    def get(self, prop: int, /) -> float: ...

    def set(self, prop: int, value: float, /) -> bool: ...

    def release(self) -> None: ...


class CameraUnavailable(Exception):
    """The camera cannot be opened now: why, and what a person can do about it."""

    def __init__(self, health: Health, text: str) -> None:
        super().__init__(text)
        self.health = health
        self.text = text


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """None leaves a setting as the camera has it."""

    width: int | None = None  # Pixels.
    height: int | None = None
    fps: int | None = None
    fourcc: str | None = None  # Pixel format, "MJPG"; many cameras give large pictures fast in this one only.
    exposure: float | None = None  # In the driver's unit; turns automatic exposure off.
    focus: float | None = None  # In the driver's unit; turns autofocus off.
    autofocus: bool | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    device: Device
    notices: tuple[str, ...] = ()  # Settings the camera did not take.


Opener = Callable[[], Opened]


def opencv(camera: int | str, backend: int) -> Device:
    return cast(Device, cv2.VideoCapture(camera, backend))


@dataclass(frozen=True, slots=True)
class CameraOpener:
    """Opens one configured camera. Raises CameraUnavailable."""

    camera: int | str  # Index, or a device path.
    settings: CameraSettings = CameraSettings()
    backend: str = DEFAULT_BACKEND
    factory: Callable[[int | str, int], Device] = opencv
    root: Path = Path("/")  # Where /dev and /sys are looked for.

    def __call__(self) -> Opened:
        device: Device | None = None
        try:
            device = self.factory(self.camera, BACKENDS[self.backend])
            if device.isOpened():
                return Opened(device, tuple(_apply(device, self.settings, self.backend)))
        except (cv2.error, OSError) as error:
            if device is not None:
                device.release()
            what = getattr(error, "err", "") or error  # OpenCV puts its source line around the message.
            raise CameraUnavailable(Health.OFFLINE, f"camera {self.camera}: {what}") from error
        device.release()
        raise self._unavailable()

    def _unavailable(self) -> CameraUnavailable:
        node = self._node()
        if node is None:
            text = f"camera {self.camera} does not open: not plugged in, held by another program, or forbidden in the "
            return CameraUnavailable(Health.OFFLINE, text + "system's privacy settings for the camera")
        if not node.exists():
            known = ", ".join(f"{each.device} ({each.name})" for each in video_nodes(self.root)) or "none"
            return CameraUnavailable(Health.OFFLINE, f"{node}: not plugged in; cameras here: {known}")
        if not os.access(node, os.R_OK | os.W_OK):
            remedy = f"add the agent's user to the group that owns {node} (video on Debian) and log in again"
            return CameraUnavailable(Health.DENIED, f"no permission for {node}: {remedy}")
        return CameraUnavailable(
            Health.BUSY,
            f"{node} is held by another program, or is not the camera's picture node: close the program, "
            "or try the camera's other number",
        )

    def _node(self) -> Path | None:
        if isinstance(self.camera, str):
            return Path(self.camera)
        return self.root / f"dev/video{self.camera}" if sys.platform == "linux" else None


def _apply(device: Device, settings: CameraSettings, backend: str) -> list[str]:
    """Set what is configured, in an order cameras take, and tell what did not stay."""
    device.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # Old frames are of no use. Not every backend can; nothing is lost then.
    notices = []
    if settings.fourcc is not None:
        wanted = cv2.VideoWriter.fourcc(*settings.fourcc)
        device.set(cv2.CAP_PROP_FOURCC, wanted)
        if int(device.get(cv2.CAP_PROP_FOURCC)) != wanted:
            notices.append(f"fourcc {settings.fourcc} was refused")
    if settings.exposure is not None:
        device.set(cv2.CAP_PROP_AUTO_EXPOSURE, _MANUAL_EXPOSURE[backend])
    autofocus = False if settings.focus is not None else settings.autofocus
    numbers = (
        ("width", cv2.CAP_PROP_FRAME_WIDTH, settings.width),
        ("height", cv2.CAP_PROP_FRAME_HEIGHT, settings.height),
        ("fps", cv2.CAP_PROP_FPS, settings.fps),
        ("exposure", cv2.CAP_PROP_EXPOSURE, settings.exposure),
        ("autofocus", cv2.CAP_PROP_AUTOFOCUS, None if autofocus is None else float(autofocus)),
        ("focus", cv2.CAP_PROP_FOCUS, settings.focus),
    )
    for _, prop, wish in numbers:
        if wish is not None:
            device.set(prop, wish)
    # Read back when all are set: V4L2 takes width and height only together.
    for name, prop, wish in numbers:
        if wish is None:
            continue
        got = device.get(prop)
        if abs(got - wish) > max(_READ_BACK_SHARE * abs(wish), 1e-6):
            notices.append(f"{name} {wish:g} was refused: the camera says {got:g}")
    return notices
