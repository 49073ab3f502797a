"""The addresses of a camera, and of pictures that are read like one.

    camera:0?width=1280&height=720        the first camera
    camera:///dev/video0?roi=320,120,640,480&formats=dm,ean
    image:///srv/pictures                 a folder or a file
    image:-                               standard input

This module is imported by every agent; OpenCV and the rest of the extra only by the one with such an address.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, unquote

from scanners.address import (
    SWITCH,
    Scanner,
    ScannerAddressInvalid,
    Surroundings,
    choice,
    duplicates_of,
    integer,
    options_of,
    unknown,
)
from scanners.camera.extra import ExtraMissing, require

if TYPE_CHECKING:
    from collections.abc import Callable

    from scanners.camera.device import CameraSettings
    from scanners.camera.reading import Reader, Sorts

BUDGET_MS: Final = 400  # A code that needs longer is better read from the next frame.
IMAGE_BUDGET_MS: Final = 2000
_DUPLICATE_MS: Final = 1500
_KEPT_MAX: Final = 50
_DUTY: Final = 50  # A till has two cores and other work.
_DUTY_MIN: Final = 5
_SIDE_MAX: Final = 16_384
_BACKENDS: Final = ("any", "dshow", "msmf", "v4l2")
_FORMATS: Final = ("dm", "qr", "ean", "gs1-128")

READER_OPTIONS: Final[dict[str, str]] = {
    "formats": "what to read, with commas: dm (default), qr, ean, gs1-128",
    "budget_ms": f"longest work on one picture, default {BUDGET_MS}; for image: {IMAGE_BUDGET_MS}",
    "dmtx": "1 (default): libdmtx is the last reader, in a process of its own; 0: not",
}
CAMERA_OPTIONS: Final[dict[str, str]] = {
    **READER_OPTIONS,
    "width": "of the frame in pixels; default: as the camera is set",
    "height": "of the frame in pixels",
    "fps": "frames a second",
    "fourcc": "pixel format, mjpg or yuyv; many cameras give large frames fast as mjpg only",
    "exposure": "in the driver's unit (Linux: 100 us; Windows: power of two of a second, -6 is 1/64); turns auto off",
    "focus": "in the driver's unit; turns autofocus off",
    "autofocus": "0 or 1",
    "backend": "any, dshow (default on Windows), msmf, v4l2 (default on Linux)",
    "roi": "x,y,width,height in pixels: the only part that is read",
    "blur_min": "slope in grey values a pixel under which a frame is not read, default 4, 0: read every frame",
    "duty": f"percent of one core that reading may take, {_DUTY_MIN} to 100, default {_DUTY}; 100: never rest, read "
    "every frame, changed or not",
    "keep_failed": "folder for frames that looked like a code and were not read; default: none are kept",
    "keep_failed_max": f"most files kept, the oldest go first; default {_KEPT_MAX}",
    "duplicate_ms": "a code back within this time after it was last seen is the same scan, 200 to 1500, 0: off; "
    f"default {_DUPLICATE_MS}",
}
IMAGE_OPTIONS: Final[dict[str, str]] = {
    **READER_OPTIONS,
    "duplicate_ms": "same code within this time is one scan, 200 to 1500; default 0: every picture counts",
}


def camera_scanner(name: str, url: SplitResult, surroundings: Surroundings) -> Scanner:
    options = options_of(url.query, CAMERA_OPTIONS)
    camera = _camera_of(url)
    _require()
    from scanners.camera.capture import Capture
    from scanners.camera.device import DEFAULT_BACKEND, CameraOpener
    from scanners.camera.keep import KeptFrames
    from scanners.camera.pace import Pace
    from scanners.camera.scanner import CameraScanner
    from scanners.camera.sharpness import SHARP_MIN

    backend = choice(options, "backend", DEFAULT_BACKEND, {each: each for each in _BACKENDS})
    settings, region, duplicates = _settings_of(options), _region_of(options), duplicates_of(options, _DUPLICATE_MS)
    sharp_min = _number(options, "blur_min", 0, 255)
    pace = Pace(integer(options, "duty", _DUTY, _DUTY_MIN, 100) / 100)
    kept_max = integer(options, "keep_failed_max", _KEPT_MAX, 1, 10_000)
    kept = None
    if "keep_failed" in options:
        if not options["keep_failed"]:
            raise ScannerAddressInvalid("keep_failed", "no folder")
        kept = KeptFrames(Path(options["keep_failed"]), kept_max, monotonic=surroundings.monotonic)
    elif "keep_failed_max" in options:
        raise ScannerAddressInvalid("keep_failed_max", "belongs to keep_failed=FOLDER")
    reader, resources = _reader_of(options, surroundings, BUDGET_MS)
    opener = CameraOpener(camera, settings, backend, root=surroundings.root)
    return CameraScanner(
        name,
        Capture(name, opener, now=surroundings.now, monotonic=surroundings.monotonic),
        reader,
        now=surroundings.now,
        monotonic=surroundings.monotonic,
        region=region,
        sharp_min=SHARP_MIN if sharp_min is None else sharp_min,
        pace=pace,
        duplicates=duplicates,
        kept=kept,
        read_timeout_s=surroundings.read_timeout_s,
        resources=resources,
    )


def image_scanner(name: str, url: SplitResult, surroundings: Surroundings) -> Scanner:
    options = options_of(url.query, IMAGE_OPTIONS)
    source = _image_of(url)
    _require()
    from scanners.camera.files import ImageScanner

    duplicates = duplicates_of(options, 0)
    reader, resources = _reader_of(options, surroundings, IMAGE_BUDGET_MS, thorough=True)
    return ImageScanner(
        name,
        sys.stdin.buffer if source is None else source,
        reader,
        now=surroundings.now,
        monotonic=surroundings.monotonic,
        duplicates=duplicates,
        resources=resources,
    )


def sorts_of(words: str) -> frozenset[Sorts]:
    """Read `formats`. ScannerAddressInvalid names the nearest word."""
    from scanners.camera.reading import Sorts

    sorts = set()
    for word in words.lower().split(","):
        if word.strip() not in _FORMATS:
            raise ScannerAddressInvalid("formats", unknown(word.strip(), _FORMATS))
        sorts.add(Sorts(word.strip()))
    return frozenset(sorts)


def _require() -> None:
    try:
        require()
    except ExtraMissing as missing:
        raise ScannerAddressInvalid("scheme", str(missing)) from missing


def _reader_of(
    options: Mapping[str, str], surroundings: Surroundings, budget_ms: int, *, thorough: bool = False
) -> tuple[Reader, list[Callable[[], None]]]:
    """The cascade, and what must be closed with it."""
    from scanners.camera.cascade import Cascade
    from scanners.camera.dmtx.process import DmtxProcess
    from scanners.camera.reading import Sorts

    sorts = sorts_of(options.get("formats", Sorts.DATA_MATRIX))
    budget_ms = integer(options, "budget_ms", budget_ms, 5, 60_000)
    if not choice(options, "dmtx", "1", SWITCH) or Sorts.DATA_MATRIX not in sorts:
        return Cascade(sorts, budget_ms, thorough=thorough), []
    dmtx = DmtxProcess(monotonic=surroundings.monotonic)
    return Cascade(sorts, budget_ms, dmtx, thorough=thorough), [dmtx.close]


def _camera_of(url: SplitResult) -> int | str:
    """An index, or a device path."""
    place = unquote(url.netloc + url.path)
    if re.fullmatch("[0-9]{1,3}", place):
        return int(place)
    if url.netloc or not place.startswith("/") or place == "/":
        raise ScannerAddressInvalid("address", f"{place!r}: camera:0 or camera:///dev/video0")
    return place


def _image_of(url: SplitResult) -> Path | None:
    """A file or folder; None for standard input."""
    place = unquote(url.path)
    if place == "-" and not url.netloc:
        return None
    if url.netloc or not place.strip("/"):
        raise ScannerAddressInvalid("address", f"{url.netloc + place!r}: image:///folder, image:///file.png or image:-")
    # Windows: image:///C:/pictures.
    return Path(place[1:] if re.match("/[A-Za-z]:", place) else place)


def _settings_of(options: Mapping[str, str]) -> CameraSettings:
    from scanners.camera.device import CameraSettings

    def size(key: str, most: int) -> int | None:
        return integer(options, key, 1, 1, most) if key in options else None

    width, height = size("width", _SIDE_MAX), size("height", _SIDE_MAX)
    if (width is None) != (height is None):
        raise ScannerAddressInvalid("width" if width is None else "height", "width and height belong together")
    fourcc = options.get("fourcc")
    if fourcc is not None and not re.fullmatch("[A-Za-z0-9]{4}", fourcc):
        raise ScannerAddressInvalid("fourcc", f"{fourcc!r}: four letters, mjpg or yuyv")
    autofocus = choice(options, "autofocus", "0", SWITCH) if "autofocus" in options else None
    focus = _number(options, "focus", 0, 100_000)
    if autofocus and focus is not None:
        raise ScannerAddressInvalid("autofocus", "focus= turns it off; one of them")
    return CameraSettings(
        width=width,
        height=height,
        fps=size("fps", 1000),
        fourcc=fourcc.upper() if fourcc else None,
        exposure=_number(options, "exposure", -100, 1_000_000),
        focus=focus,
        autofocus=autofocus,
    )


def _region_of(options: Mapping[str, str]) -> tuple[int, int, int, int] | None:
    if "roi" not in options:
        return None
    match = re.fullmatch("([0-9]{1,5}),([0-9]{1,5}),([0-9]{1,5}),([0-9]{1,5})", options["roi"].replace(" ", ""))
    if match is None or int(match[3]) < 1 or int(match[4]) < 1:
        raise ScannerAddressInvalid("roi", f"{options['roi']!r}: x,y,width,height in pixels")
    return int(match[1]), int(match[2]), int(match[3]), int(match[4])


def _number(options: Mapping[str, str], key: str, least: float, most: float) -> float | None:
    if key not in options:
        return None
    text = options[key]
    if not re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,6})?", text) or not least <= float(text) <= most:
        raise ScannerAddressInvalid(key, f"{text!r}: a number from {least:g} to {most:g}")
    return float(text)
