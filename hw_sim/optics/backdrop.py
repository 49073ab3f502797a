"""What stands round and behind a symbol: plain packs, textures, text. Gray, one byte a pixel."""

from __future__ import annotations

import string
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Backdrop = Callable[[int, int, np.random.Generator], Gray]  # Width, height in pixels.

_LETTERS = string.ascii_letters + string.digits + "     .,-%/"
_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)


def plain(width: int, height: int, rng: np.random.Generator) -> Gray:
    """One tone that drifts a little across the frame."""
    return gradient(width, height, rng, swing=25)


def gradient(width: int, height: int, rng: np.random.Generator, swing: float = 110) -> Gray:
    tone = rng.uniform(40, 215)
    left, right = np.clip(tone + rng.uniform(-swing, swing, (2, 2)), 0, 255).astype(np.float32)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    across = np.linspace(0, 1, width, dtype=np.float32)[None, :]
    near, far = left[0] + (left[1] - left[0]) * down, right[0] + (right[1] - right[0]) * down
    return np.asarray(near + (far - near) * across, dtype=np.uint8)


def grain(width: int, height: int, rng: np.random.Generator) -> Gray:
    """Cardboard, concrete, cloth: smooth noise of several sizes."""
    field = np.zeros((height, width), np.float32)
    for cell, weight in ((3, 8.0), (9, 14.0), (60, 20.0)):
        coarse = rng.standard_normal((height // cell + 2, width // cell + 2), dtype=np.float32) * np.float32(weight)
        field += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(field + rng.uniform(60, 190), 0, 255), dtype=np.uint8)


def stripes(width: int, height: int, rng: np.random.Generator) -> Gray:
    """Corrugated card, hatching: parallel lines at any angle."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    angle, period = rng.uniform(0, np.pi), rng.uniform(4, 24)
    phase = (x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))) % np.float32(period)
    dark, light = _two_tones(rng)
    return np.where(phase < period * rng.uniform(0.2, 0.7), dark, light).astype(np.uint8)


def checkerboard(width: int, height: int, rng: np.random.Generator) -> Gray:
    cell = int(rng.integers(3, 20))
    dark, light = _two_tones(rng)
    rows, columns = np.arange(height) // cell, np.arange(width) // cell
    board = np.where((rows[:, None] + columns[None, :]) % 2 == 0, dark, light).astype(np.uint8)
    return turned(board, float(rng.uniform(-45, 45)))


def bricks(width: int, height: int, rng: np.random.Generator) -> Gray:
    """Bricks or tiles with joints: a regular grid of rectangles, every other course shifted."""
    course, length, joint = int(rng.integers(8, 40)), int(rng.integers(14, 90)), int(rng.integers(1, 5))
    dark, light = _two_tones(rng)
    rows, columns = np.arange(height), np.arange(width)
    half = length // 2 if rng.random() < 0.6 else 0
    shifted = (columns[None, :] + half * (rows[:, None] // course % 2)) % length
    wall = np.where((rows[:, None] % course < joint) | (shifted < joint), light, dark).astype(np.uint8)
    return turned(wall, float(rng.uniform(-20, 20)))


def packaging(width: int, height: int, rng: np.random.Generator) -> Gray:
    """Blocks of colour, rounded shapes and print: the front of a pack."""
    picture = gradient(width, height, rng)
    for _ in range(int(rng.integers(4, 12))):
        corner = (int(rng.integers(-40, width)), int(rng.integers(-40, height)))
        far = (corner[0] + int(rng.integers(20, width // 2)), corner[1] + int(rng.integers(10, height // 2)))
        tone = int(rng.integers(0, 256))
        if rng.random() < 0.65:
            cv2.rectangle(picture, corner, far, tone, -1 if rng.random() < 0.7 else int(rng.integers(1, 6)))
        else:
            radius = int(rng.integers(8, 120))
            cv2.circle(picture, corner, radius, tone, -1 if rng.random() < 0.6 else 3, cv2.LINE_AA)
    text(picture, rng, int(rng.integers(2, 9)))
    return picture


def text_page(width: int, height: int, rng: np.random.Generator) -> Gray:
    """Lines of small print from edge to edge."""
    page = plain(width, height, rng)
    page = np.maximum(page, np.uint8(170))
    size, top = float(rng.uniform(0.3, 0.8)), 10
    while top < height + 10:
        line = words(rng, int(width / (size * 14)))
        font = _FONTS[int(rng.integers(0, len(_FONTS)))]
        cv2.putText(page, line, (int(rng.integers(0, 20)), top), font, size, int(rng.integers(5, 70)), 1, cv2.LINE_AA)
        top += int(size * rng.uniform(34, 46))
    return turned(page, float(rng.uniform(-25, 25)))


def words(rng: np.random.Generator, length: int) -> str:
    return "".join(_LETTERS[place] for place in rng.integers(0, len(_LETTERS), max(1, length)))


def text(picture: Gray, rng: np.random.Generator, lines: int, scale: tuple[float, float] = (0.35, 1.6)) -> None:
    """Draw lines of text-like print anywhere on the picture."""
    height, width = picture.shape
    for _ in range(lines):
        font = _FONTS[int(rng.integers(0, len(_FONTS)))]
        size = float(rng.uniform(*scale))
        start = (int(rng.integers(-20, max(1, width - 20))), int(rng.integers(5, height)))
        weight = 1 if size < 0.8 else int(rng.integers(1, 4))
        line = words(rng, int(rng.integers(4, 34)))
        cv2.putText(picture, line, start, font, size, int(rng.integers(0, 110)), weight, cv2.LINE_AA)


def turned(picture: Gray, degrees: float) -> Gray:
    height, width = picture.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    seen = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(seen, dtype=np.uint8)


def _two_tones(rng: np.random.Generator) -> tuple[int, int]:
    dark = int(rng.integers(0, 120))
    return dark, int(rng.integers(dark + 40, 256))


PLAIN: tuple[Backdrop, ...] = (plain, gradient)
TEXTURES: tuple[Backdrop, ...] = (grain, stripes, checkerboard, bricks, packaging, text_page)
