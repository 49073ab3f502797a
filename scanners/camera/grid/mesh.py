"""Bends a fitted grid to a label that is not flat: round a bottle, creased, on foil.

Control points across the symbol move a little each, all at once, to where the modules around them stand out most:
the fixed patterns with their known colour, data with whichever colour they have.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scanners.camera.grid.ecc200 import Size, pattern
from scanners.camera.grid.geometry import Floats, Image, mapped, sampled

_POINTS: Final = 5  # Control points along each side.
_STEPS: Final = (0.5, 0.4, 0.35, 0.25, 0.2, 0.15)  # Of a module.
_WAYS: Final = np.array([(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)], np.float32)
_STILL: Final = 4  # Its place in _WAYS.
_KNOWN_WEIGHT: Final = 2.0  # A known module tells more than one that only has to be clear.
_SMOOTH: Final = 0.25  # What a module's length of difference from the neighbours costs, in a module's contrast.

Indices = NDArray[np.intp]


@cache
def _support(size: Size) -> tuple[Floats, Floats, Floats, Indices, Indices, Floats]:
    """Module centres u, v, known colour (-1 dark), and which modules hang on which point: points, modules, weights."""
    rows, cols = np.indices((size.rows, size.cols))
    u, v = ((cols + 0.5) / size.cols).ravel(), ((rows + 0.5) / size.rows).ravel()
    at_u, at_v = u * (_POINTS - 1), v * (_POINTS - 1)
    points, modules, weights = [], [], []
    for point in range(_POINTS * _POINTS):
        weight = np.clip(1 - np.abs(at_v - point // _POINTS), 0, 1) * np.clip(1 - np.abs(at_u - point % _POINTS), 0, 1)
        near = np.flatnonzero(weight > 0)
        points.append(np.full(len(near), point))
        modules.append(near)
        weights.append(weight[near])
    bright = -pattern(size).ravel().astype(np.float32)
    return (
        u.astype(np.float32), v.astype(np.float32), bright,
        np.concatenate(points), np.concatenate(modules), np.concatenate(weights).astype(np.float32),
    )  # fmt: skip


def bent(image: Image, quad: Floats, size: Size) -> Floats:
    """Displacements of the control points in pixels, shape (points, points, 2). `image` is evened, dark on light."""
    u, v, bright, points, modules, weights = _support(size)
    module_px = float(np.mean(np.hypot(*(np.roll(quad, -1, axis=0) - quad).T))) / ((size.rows + size.cols) / 2)
    x, y = (one[0] for one in mapped(quad[None], u, v))
    moved = np.zeros((_POINTS * _POINTS, 2), np.float32)
    starts = np.searchsorted(points, np.arange(_POINTS * _POINTS))  # Every point has modules, in one run.
    amounts = np.add.reduceat(weights, starts)
    for step in _STEPS:
        shift = _spread(moved, points, modules, weights, len(u))
        ways = _WAYS * (step * module_px)
        xs = (x + shift[:, 0])[modules] + ways[:, :1] * weights
        ys = (y + shift[:, 1])[modules] + ways[:, 1:] * weights
        grey = sampled(image, xs.astype(np.float32), ys.astype(np.float32)) - 128.0
        known = bright[modules]
        gain = np.where(known == 0, np.abs(grey), _KNOWN_WEIGHT * known * grey) / 50.0 * weights
        scores = np.add.reduceat(gain, starts, axis=1) / amounts
        scores -= _SMOOTH * _unevenness(moved, ways) / module_px
        scores[_STILL] += 1e-3
        moved = moved + ways[scores.argmax(axis=0)]
    return moved.reshape(_POINTS, _POINTS, 2)


def shifted(bend: Floats, u: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Displacement at places `(u, v)`; outside the symbol that of its edge."""
    last = _POINTS - 1
    at_u = np.clip(u * last, 0, last).astype(np.float32).reshape(1, -1)
    at_v = np.clip(v * last, 0, last).astype(np.float32).reshape(1, -1)
    moved = np.asarray(cv2.remap(bend, at_u, at_v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
    return moved[0, :, 0], moved[0, :, 1]


def _spread(moved: Floats, points: Indices, modules: Indices, weights: Floats, count: int) -> Floats:
    return np.stack([np.bincount(modules, moved[points, axis] * weights, count) for axis in (0, 1)], axis=1)


def _unevenness(moved: Floats, ways: Floats) -> NDArray[Any]:
    """How far each point, after each way, lies from the mean of its neighbours."""
    grid = np.pad(moved.reshape(_POINTS, _POINTS, 2), ((1, 1), (1, 1), (0, 0)), mode="edge")
    mean = (grid[:-2, 1:-1] + grid[2:, 1:-1] + grid[1:-1, :-2] + grid[1:-1, 2:]).reshape(-1, 2) / 4
    return np.asarray(np.linalg.norm(moved[None] + ways[:, None] - mean[None], axis=2))
