"""What the camera tests share: symbols of zxing-cpp's encoder, a camera that does as it is told, a plain reader."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest
import zxingcpp

from hw_sim.optics.camera import CameraFaults, VirtualCamera
from scanners.camera.capture import Capture
from scanners.camera.device import Opened
from scanners.camera.reading import Found, Symbol
from scanners.camera.scanner import CameraScanner

PAPER = 200  # Grey of the ground: white paper in a shop's light.


class FakeCamera:
    """The methods of `cv2.VideoCapture`. Plays `frames`, then repeats the last one; an item None is a failed grab."""

    def __init__(self, frames: Iterable[Any] = ()) -> None:
        self.frames = list(frames)
        self.at = -1
        self.opened = True
        self.released = 0
        self.properties: dict[int, float] = {}
        self.refuses: set[int] = set()
        self.set_order: list[int] = []
        self.error: Exception | None = None
        self.hanging: threading.Event | None = None
        self.retrieved = 0

    def isOpened(self) -> bool:  # noqa: N802 (OpenCV's name)
        return self.opened

    def grab(self) -> bool:
        if self.error is not None:
            raise self.error
        if self.hanging is not None:
            self.hanging.wait()
        self.at = min(self.at + 1, len(self.frames) - 1)
        return self.at >= 0 and self.frames[self.at] is not None

    def retrieve(self) -> tuple[bool, Any]:
        self.retrieved += 1
        return True, self.frames[self.at]

    def get(self, prop: int) -> float:
        return self.properties.get(prop, 0.0)

    def set(self, prop: int, value: float) -> bool:
        self.set_order.append(prop)
        if prop in self.refuses:
            return False
        self.properties[prop] = value
        return True

    def release(self) -> None:
        self.released += 1


class ZxingReader:
    """Reads with zxing-cpp alone."""

    def __init__(self) -> None:
        self.pictures = 0

    def read(self, gray: Any) -> Found:
        self.pictures += 1
        found, seen = [], []
        for one in zxingcpp.read_barcodes(gray, return_errors=True):
            at = one.position
            points = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
            corners = tuple((float(point.x), float(point.y)) for point in points)
            if one.valid:
                found.append(Symbol(bytes(one.bytes), one.symbology_identifier, corners, "zxing", 1.0))
            else:
                seen.append(corners)
        return Found(tuple(found), tuple(seen), 1.0, ("zxing",))


@pytest.fixture
def camera() -> type[FakeCamera]:
    return FakeCamera


@pytest.fixture
def reader() -> ZxingReader:
    return ZxingReader()


@pytest.fixture(scope="session")
def symbol() -> Callable[..., Any]:
    """Draw a symbol without quiet zone: GS1 element string in brackets with `gs1`, else text or bytes."""

    def draw(content: str | bytes, *, gs1: bool = False, scale: int = 4, kind: str = "DataMatrix") -> Any:
        options = {"gs1": True} if gs1 else {}
        if kind == "DataMatrix":
            options["force_square"] = True
        made = zxingcpp.create_barcode(content, getattr(zxingcpp.BarcodeFormat, kind), **options)
        return np.array(made.to_image(scale=scale, add_quiet_zones=False))

    return draw


@pytest.fixture(scope="session")
def frame_of() -> Callable[..., Any]:
    """A colour frame with symbols at their places (x, y) on white paper, a little noise of the sensor on it."""

    def compose(*placed: tuple[Any, int, int], width: int = 640, height: int = 480, seed: int = 1) -> Any:
        gray = np.full((height, width), PAPER, np.int16)
        for drawn, x, y in placed:
            high, wide = drawn.shape
            gray[y : y + high, x : x + wide] = np.where(drawn < 128, 40, PAPER)
        gray += np.random.default_rng(seed).integers(-2, 3, gray.shape, dtype=np.int16)
        return cv2.cvtColor(gray.astype(np.uint8), cv2.COLOR_GRAY2BGR)

    return compose


@pytest.fixture
def capture_of(clock: Any) -> Iterator[Callable[..., Capture]]:
    """A capture of one camera; closed at the end."""
    made: list[Capture] = []

    def make(device: Any, notices: tuple[str, ...] = ()) -> Capture:
        capture = Capture("cam", lambda: Opened(device, notices), now=clock.now, monotonic=clock.monotonic)
        made.append(capture)
        return capture

    yield make
    for capture in made:
        capture.close()


@pytest.fixture
def scanner_of(clock: Any, reader: Any) -> Iterator[Callable[..., CameraScanner]]:
    """A scanner over a virtual camera; each poll is a frame period of virtual time."""
    made: list[CameraScanner] = []

    def make(source: Any, faults: CameraFaults | None = None, **options: Any) -> CameraScanner:
        def opener() -> Opened:
            return Opened(
                VirtualCamera(
                    source, clock.monotonic, lambda s: clock.pass_ms(s * 1000), faults=faults or CameraFaults()
                )
            )

        clocks = {"now": clock.now, "monotonic": clock.monotonic}
        capture = Capture("counter", opener, **clocks)
        scanner = CameraScanner("counter", capture, options.pop("reader", reader), **clocks, **options)
        scanner.poll()  # Opens.
        made.append(scanner)
        return scanner

    yield make
    for scanner in made:
        scanner.close()
