"""Light on the scene: glare, shadows, poor contrast.

Images are float32, 0 to 255, and may run beyond both until the sensor clips them.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
# Where the symbols are seen: left, top, right, bottom in pixels.
Extent = tuple[float, float, float, float]
LightFault = Callable[[Image, Extent, np.random.Generator], Image]
_COARSE = 8


def _coarse_grid(image: Image) -> tuple[Image, Image]:
    height, width = image.shape
    rows, columns = -(-height // _COARSE), -(-width // _COARSE)
    middle = np.float32((_COARSE - 1) / 2)
    across = np.arange(columns, dtype=np.float32) * _COARSE + middle
    down = np.arange(rows, dtype=np.float32) * _COARSE + middle
    x, y = np.meshgrid(across, down)
    return x, y


def _spread(field: NDArray[np.floating], image: Image) -> Image:
    height, width = image.shape
    rows, columns = field.shape
    big = cv2.resize(field.astype(np.float32), (columns * _COARSE, rows * _COARSE), interpolation=cv2.INTER_LINEAR)
    return np.asarray(big[:height, :width], dtype=np.float32)


def glare(spots: int, size: float, strength: float) -> LightFault:
    """Reflections of lamps over the symbol: ellipses of `size` of its side that add up to `strength` gray levels."""

    def fault(image: Image, extent: Extent, rng: np.random.Generator) -> Image:
        left, top, right, bottom = extent
        side = max(20.0, min(right - left, bottom - top))
        x, y = _coarse_grid(image)
        field = np.zeros_like(x)
        for _ in range(spots):
            place = rng.uniform((left, top), (right, bottom))
            angle, long = rng.uniform(0, np.pi), size * side * rng.uniform(0.7, 1.3)
            short = long * rng.uniform(0.25, 0.9)
            along = (x - place[0]) * np.cos(angle) + (y - place[1]) * np.sin(angle)
            aside = (y - place[1]) * np.cos(angle) - (x - place[0]) * np.sin(angle)
            away = (along / long) ** 2 + (aside / short) ** 2
            field += strength * np.exp(-(away**1.5) * 1.5)
        return image + _spread(field, image)

    return fault


def faded(contrast: float, level: float) -> LightFault:
    """Everything squeezed to a share `contrast` of its range about `level`: pale ink, fog, a dirty window."""

    def fault(image: Image, extent: Extent, rng: np.random.Generator) -> Image:
        return level + (image - 128) * np.float32(contrast)

    return fault


def uneven(depth: float, sharp: float) -> LightFault:
    """A slope of light across the frame and the edge of a shadow: down to 1 - depth of the light, `sharp` 0 to 1."""

    def fault(image: Image, extent: Extent, rng: np.random.Generator) -> Image:
        left, top, right, bottom = extent
        x, y = _coarse_grid(image)
        through = rng.uniform((left, top), (right, bottom))
        angle = rng.uniform(0, 2 * np.pi)
        aside = (x - through[0]) * np.cos(angle) + (y - through[1]) * np.sin(angle)
        width = max(6.0, (1 - sharp) * 220)
        shadow = 1 - depth * 0.75 / (1 + np.exp(-np.clip(aside / width * 4, -30, 30)))
        turn = rng.uniform(0, 2 * np.pi)
        slope = (x * np.cos(turn) + y * np.sin(turn)) / max(image.shape)
        factor = shadow * (1 - depth * 0.4 * (slope - slope.min()))
        return image * _spread(factor, image)

    return fault


def exposed(factor: float) -> LightFault:
    """Too short or too long an exposure."""
    return lambda image, extent, rng: image * np.float32(factor)
