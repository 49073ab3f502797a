"""Any picture as a grey one: two dimensions, 8 bit. Size is looked at before a picture is unpacked.

Transparent places are white. Of several pages or frames only the first is read. A rotation told in EXIF is not applied:
symbols are read at any angle, and corners are those of the stored picture.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

PIXELS_MAX: Final = 50_000_000
FILE_BYTES_MAX: Final = 256 * 1024 * 1024
_DEPTHS: Final = (8, 10, 12, 14, 16)  # Bits a camera gives; all but the first come in 16.
_CHANNELS: Final = frozenset({1, 2, 3, 4})  # Grey, grey and alpha, BGR, BGR and alpha.

Gray = NDArray[np.uint8]


class PictureFault(StrEnum):
    UNREADABLE = "unreadable"  # The file cannot be opened.
    EMPTY = "empty"  # No bytes, or no pixels.
    TOO_LARGE = "too_large"
    NO_PICTURE = "no_picture"  # The bytes are of no known format.
    CORRUPT = "corrupt"  # Of a known format, but damaged or cut short.
    KIND = "kind"  # Pixels that mean no brightness.


class PictureInvalid(ValueError):
    """No grey picture can be made. `text` names the file and the place."""

    def __init__(self, kind: PictureFault, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text


@dataclass(frozen=True, slots=True)
class Picture:
    gray: Gray
    name: str
    notices: tuple[str, ...] = ()  # What was left out or changed.


def load(path: Path, pixels_max: int = PIXELS_MAX) -> Picture:
    """Read a picture file. PictureInvalid names it."""
    try:
        with path.open("rb") as file:
            return read(file, str(path), pixels_max)
    except OSError as error:
        raise PictureInvalid(PictureFault.UNREADABLE, f"{path}: {error.strerror or error}") from error


def read(file: IO[bytes], name: str, pixels_max: int = PIXELS_MAX) -> Picture:
    """Read a picture from an open file or standard input, to its end."""
    data = file.read(FILE_BYTES_MAX + 1)
    if len(data) > FILE_BYTES_MAX:
        raise PictureInvalid(PictureFault.TOO_LARGE, f"{name}: more than {FILE_BYTES_MAX >> 20} MiB")
    return decode(data, name, pixels_max)


def decode(data: bytes, name: str, pixels_max: int = PIXELS_MAX) -> Picture:
    """Make a grey picture of an encoded one."""
    if not data:
        raise PictureInvalid(PictureFault.EMPTY, f"{name}: no bytes")
    notices = _look_at_header(data, name, pixels_max)
    try:
        array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise PictureInvalid(PictureFault.CORRUPT, f"{name}: {error.err or error}") from error
    if array is None:
        raise PictureInvalid(PictureFault.CORRUPT, f"{name}: damaged or cut short after {len(data)} bytes")
    return Picture(gray_of(array, name, pixels_max), name, notices)


def _look_at_header(data: bytes, name: str, pixels_max: int) -> tuple[str, ...]:
    """Check the size that the header tells; return notices."""
    try:
        # Pillow warns of damage on standard error; damage is told below, once and by name.
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data)) as header:
            width, height = header.size
            several = bool(getattr(header, "is_animated", False))
            transparent = header.has_transparency_data
    except Image.DecompressionBombError as error:
        raise PictureInvalid(PictureFault.TOO_LARGE, f"{name}: {error}") from error
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, OverflowError) as error:
        raise PictureInvalid(PictureFault.NO_PICTURE, f"{name}: not a picture, or its header is damaged") from error
    if width < 1 or height < 1:
        raise PictureInvalid(PictureFault.EMPTY, f"{name}: {width}x{height} pixels")
    _check_size(width, height, name, pixels_max)
    notices = ["several pages or frames: only the first is read"] if several else []
    if transparent:
        notices.append("transparent places are taken as white")
    return tuple(notices)


def _check_size(width: int, height: int, name: str, pixels_max: int) -> None:
    if width * height > pixels_max:
        raise PictureInvalid(
            PictureFault.TOO_LARGE, f"{name}: {width}x{height} pixels, at most {pixels_max / 1e6:g} million"
        )


def gray_of(array: NDArray[Any], name: str = "array", pixels_max: int = PIXELS_MAX) -> Gray:
    """Make a grey picture of an array as OpenCV holds it: rows, columns and up to four channels (BGR, alpha last).

    Whole numbers of more than 8 bits are scaled by the smallest camera depth that holds them, fractions from 0..1 or
    0..255. PictureInvalid for anything else.
    """
    if array.size == 0:
        raise PictureInvalid(PictureFault.EMPTY, f"{name}: an array of shape {array.shape}")
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in _CHANNELS):
        raise PictureInvalid(PictureFault.KIND, f"{name}: an array of shape {array.shape} is no picture")
    _check_size(array.shape[1], array.shape[0], name, pixels_max)
    light = np.ascontiguousarray(_as_8_bit(array, name))
    if light.ndim == 2:
        return light
    channels = light.shape[2]
    if channels in (1, 2):
        gray = light[..., 0]
    else:
        gray = np.asarray(cv2.cvtColor(light[..., :3], cv2.COLOR_BGR2GRAY), np.uint8)
    if channels in (2, 4):
        gray = _over_white(gray, light[..., -1])
    return np.ascontiguousarray(gray)


def _as_8_bit(array: NDArray[Any], name: str) -> Gray:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind == "f":
        return _fractions(array, name)
    if array.dtype.kind not in "iu":
        raise PictureInvalid(PictureFault.KIND, f"{name}: pixels of type {array.dtype}")
    least, most = int(array.min()), int(array.max())
    depth = next((bits for bits in _DEPTHS if most < 1 << bits), None)
    if least < 0 or depth is None:
        raise PictureInvalid(PictureFault.KIND, f"{name}: pixel values from {least} to {most}; wanted: 0 to 65535")
    # A 16-bit format that holds small values only is a dark picture, unless it is the deeper range of a camera.
    scale = 1.0 if depth == _DEPTHS[0] else 255 / ((1 << depth) - 1)
    return np.asarray(cv2.convertScaleAbs(array.astype(np.float32), alpha=scale), np.uint8).reshape(array.shape)


def _fractions(array: NDArray[Any], name: str) -> Gray:
    finite = np.isfinite(array)
    if not finite.all():
        count = array.size - int(finite.sum())
        raise PictureInvalid(PictureFault.KIND, f"{name}: {count} of {array.size} values are not finite")
    least, most = float(array.min()), float(array.max())
    if least < 0 or most > 255:
        raise PictureInvalid(
            PictureFault.KIND, f"{name}: pixel values from {least:g} to {most:g}; wanted: 0 to 1 or 0 to 255"
        )
    return np.asarray(np.rint(array * (255.0 if most <= 1 else 1.0)), np.uint8)


def _over_white(gray: Gray, alpha: Gray) -> Gray:
    seen = gray.astype(np.uint16) * alpha + np.uint16(255) * (255 - alpha.astype(np.uint16))
    return np.asarray((seen + 127) // 255, np.uint8)
