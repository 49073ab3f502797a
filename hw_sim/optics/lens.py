"""From light to bytes: focus, movement, sensor noise, compression. Lengths in image pixels."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
LensFault = Callable[[Image, np.random.Generator], Image]


def soft(sigma: float) -> LensFault:
    """What any lens does to an edge."""
    return lambda image, rng: np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), dtype=np.float32)


@cache
def _disc(tenths: int) -> Image:
    radius = tenths / 10
    reach = int(np.ceil(radius))
    axis = np.arange(-reach, reach + 1, dtype=np.float32)
    kernel = np.clip(radius + 0.5 - np.hypot(axis[None, :], axis[:, None]), 0, 1)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def defocus(radius: float) -> LensFault:
    """A point becomes a disc."""
    return lambda image, rng: np.asarray(cv2.filter2D(image, -1, _disc(round(radius * 10))), dtype=np.float32)


def motion(length: float, angle: float) -> LensFault:
    """A point becomes a streak: the hand moved while the shutter was open."""

    def fault(image: Image, rng: np.random.Generator) -> Image:
        reach = int(np.ceil(length / 2)) + 1
        kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
        for step in np.linspace(-length / 2, length / 2, 8 * reach):
            x, y = reach + step * np.cos(angle), reach + step * np.sin(angle)
            column, row = int(x), int(y)
            kernel[row, column] += (column + 1 - x) * (row + 1 - y)
            kernel[row, column + 1] += (x - column) * (row + 1 - y)
            kernel[row + 1, column] += (column + 1 - x) * (y - row)
            kernel[row + 1, column + 1] += (x - column) * (y - row)
        return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), dtype=np.float32)

    return fault


def noise(sigma: float, salt: float = 0.0) -> LensFault:
    """Gaussian noise of `sigma` gray levels, and a share `salt` of pixels stuck at black or white."""

    def fault(image: Image, rng: np.random.Generator) -> Image:
        noisy = image + rng.standard_normal(image.shape, dtype=np.float32) * np.float32(sigma)
        if salt:
            count = round(salt * image.size)
            noisy.flat[rng.integers(0, image.size, count)] = rng.choice(np.array([0, 255], np.float32), count)
        return noisy

    return fault


def to_bytes(image: Image) -> NDArray[np.uint8]:
    return np.asarray(np.clip(image + 0.5, 0, 255), dtype=np.uint8)


def jpeg(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Once through a JPEG codec at this quality."""
    _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
