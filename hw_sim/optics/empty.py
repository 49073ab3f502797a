"""Frames without a code: what a reader must pass over, and quickly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from hw_sim.optics import backdrop, lens
from hw_sim.optics.backdrop import Gray
from hw_sim.optics.linear import code128, ean13
from hw_sim.optics.marks import gtin14

Rng = np.random.Generator
_SIZE = (640, 480)
_NOISE_SIZE = (320, 240)


def _seen(picture: Gray, rng: Rng, sigma: float | None = None) -> Gray:
    """Through the same lens and sensor as a frame with codes."""
    image = lens.soft(float(rng.uniform(0.4, 0.8)))(picture.astype(np.float32), rng)
    return lens.to_bytes(lens.noise(float(rng.uniform(0.8, 3.0)) if sigma is None else sigma)(image, rng))


def _from(*makers: backdrop.Backdrop) -> Callable[[Rng], Gray]:
    return lambda rng: _seen(makers[int(rng.integers(0, len(makers)))](*_SIZE, rng), rng)


def _noise_only(rng: Rng) -> Gray:
    return _seen(np.full(_SIZE[::-1], int(rng.integers(40, 210)), np.uint8), rng, float(rng.uniform(10, 80)))


def _linear_only(rng: Rng) -> Gray:
    """Linear codes on a label, and the digits under them."""
    picture = np.maximum(backdrop.plain(*_SIZE, rng), np.uint8(150))
    for _ in range(int(rng.integers(1, 4))):
        number = gtin14(rng)
        row = code128(f"01{number}", gs1=True) if rng.random() < 0.4 else ean13(number[1:])
        bars = np.repeat(row, int(rng.integers(1, 5)))
        left, top = int(rng.integers(0, 200)), int(rng.integers(0, 330))
        tall = int(rng.integers(50, 150))
        area = picture[top : top + tall, left : left + len(bars)]
        area[:, bars[: area.shape[1]]] = int(rng.integers(5, 60))
        cv2.putText(picture, number, (left, top + tall + 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 30, 1, cv2.LINE_AA)
    return _seen(backdrop.turned(picture, float(rng.uniform(-30, 30))), rng)


def _dark(rng: Rng) -> Gray:
    picture = backdrop.packaging(*_SIZE, rng) * np.float32(rng.uniform(0.01, 0.08))
    return _seen(picture.astype(np.uint8), rng, float(rng.uniform(1, 4)))


def _overexposed(rng: Rng) -> Gray:
    picture = backdrop.packaging(*_SIZE, rng) * np.float32(rng.uniform(0.5, 2)) + np.float32(rng.uniform(150, 240))
    return _seen(np.clip(picture, 0, 255).astype(np.uint8), rng)


EMPTY_KINDS: Mapping[str, Callable[[Rng], Gray]] = MappingProxyType(
    {
        "empty_gradient": _from(backdrop.gradient),
        "noise_only": _noise_only,
        "text_page": _from(backdrop.text_page),
        "ean_only": _linear_only,
        "hatch": _from(backdrop.stripes, backdrop.checkerboard),
        "brickwork": _from(backdrop.bricks),
        "packaging": _from(backdrop.packaging),
        "dark": _dark,
        "overexposed": _overexposed,
    }
)


def noise_frame(rng: Rng) -> NDArray[np.uint8]:
    """A cheap 320x240 frame without a code, of one of many types."""
    return _CHEAP[int(rng.integers(0, len(_CHEAP)))](rng)


def _white(rng: Rng) -> Gray:
    width, height = _NOISE_SIZE
    return rng.integers(0, 256, (height, width), dtype=np.uint8)


def _black_and_white(rng: Rng) -> Gray:
    """Cells of pure black and white: the nearest that chance comes to a symbol."""
    width, height = _NOISE_SIZE
    cell = int(rng.integers(1, 9))
    share = float(rng.uniform(0.2, 0.8))
    cells = (rng.random((height // cell + 1, width // cell + 1), dtype=np.float32) < share).astype(np.uint8) * 255
    return np.asarray(
        cv2.resize(cells, None, fx=cell, fy=cell, interpolation=cv2.INTER_NEAREST)[:height, :width], dtype=np.uint8
    )


def _smooth(rng: Rng) -> Gray:
    width, height = _NOISE_SIZE
    cell = int(rng.integers(2, 30))
    coarse = rng.integers(0, 256, (height // cell + 2, width // cell + 2), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _salted(rng: Rng) -> Gray:
    width, height = _NOISE_SIZE
    picture = np.full((height, width), int(rng.integers(0, 256)), np.uint8)
    count = int(rng.integers(10, 20000))
    picture.flat[rng.integers(0, picture.size, count)] = rng.integers(0, 256, count, dtype=np.uint8)
    return picture


def _textured(maker: backdrop.Backdrop) -> Callable[[Rng], Gray]:
    def cheap(rng: Rng) -> Gray:
        picture = maker(*_NOISE_SIZE, rng)
        grain = rng.integers(0, int(rng.integers(2, 40)), picture.shape, dtype=np.uint8)
        return np.asarray(cv2.add(picture, grain), dtype=np.uint8)

    return cheap


_CHEAP: tuple[Callable[[Rng], Gray], ...] = (
    _white,
    _black_and_white,
    _smooth,
    _salted,
    *(_textured(maker) for maker in (*backdrop.PLAIN, *backdrop.TEXTURES)),
)
