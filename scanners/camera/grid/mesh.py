"""Bends a fitted grid to a label that is not flat: round a bottle, creased, on foil.

Control points across the symbol move a little each, all at once, to where the modules around them stand out most:
the fixed patterns with their known colour, data with whichever colour they have. Few points first, which can go far
without losing each other; then more, for creases.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from scanners.camera.grid.ecc200 import Size, pattern
from scanners.camera.grid.geometry import Floats, Image, mapped, sampled

_WAYS: Final = np.array([(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)], np.float32)
_STILL: Final = 4  # Its place in _WAYS.

Indices = NDArray[np.intp]


class _Level(NamedTuple):
    points: int  # Control points along each side.
    steps: tuple[float, ...]  # Of a module.
    known_weight: float  # A known module tells more than one that only has to be clear.
    stiffness: float  # What a module's length of difference from the neighbours costs, in a module's contrast.


_LEVELS: Final = (
    _Level(3, (0.8, 0.6, 0.4, 0.3), 3.0, 0.15),
    _Level(5, (0.5, 0.4, 0.3, 0.2), 2.0, 0.2),
    _Level(9, (0.4, 0.3, 0.2, 0.15), 2.0, 0.25),
)


class _Support(NamedTuple):
    """Modules of a size (centres u, v, known brightness, -1 dark) and which of them hang on which control point."""

    u: Floats
    v: Floats
    bright: Floats
    points: Indices  # One row of these three for each module on each of its points, sorted by point.
    modules: Indices
    weights: Floats
    starts: Indices  # Of each point's rows.
    amounts: Floats  # Of each point's weights.


@cache
def _support(size: Size, count: int) -> _Support:
    rows, cols = np.indices((size.rows, size.cols))
    u, v = ((cols + 0.5) / size.cols).ravel(), ((rows + 0.5) / size.rows).ravel()
    points, modules, weights = [], [], []
    for point in range(count * count):
        down, right = divmod(point, count)
        weight = np.clip(1 - np.abs(v * (count - 1) - down), 0, 1) * np.clip(1 - np.abs(u * (count - 1) - right), 0, 1)
        near = np.flatnonzero(weight > 0)
        points.append(np.full(len(near), point))
        modules.append(near)
        weights.append(weight[near].astype(np.float32))
    starts = np.cumsum([0, *(len(near) for near in modules[:-1])])  # Every point has modules.
    amounts = np.array([weight.sum() for weight in weights])
    bright = -pattern(size).ravel().astype(np.float32)
    return _Support(
        u.astype(np.float32), v.astype(np.float32), bright,
        np.concatenate(points), np.concatenate(modules), np.concatenate(weights), starts, amounts,
    )  # fmt: skip


def bent(image: Image, quad: Floats, size: Size) -> Floats:
    """Displacements of control points in pixels, shape (n, n, 2). `image` is evened, dark on light."""
    module_px = float(np.mean(np.hypot(*(np.roll(quad, -1, axis=0) - quad).T))) / ((size.rows + size.cols) / 2)
    moved = np.zeros((2, 2, 2), np.float32)
    for level in _LEVELS:
        at = np.linspace(0, 1, level.points, dtype=np.float32)
        u, v = np.meshgrid(at, at)
        finer = np.stack(shifted(moved, u, v), axis=1)
        moved = _moved(image, quad, size, level, finer, module_px).reshape(level.points, level.points, 2)
    return moved


def _moved(image: Image, quad: Floats, size: Size, level: _Level, moved: Floats, module_px: float) -> Floats:
    on = _support(size, level.points)
    x, y = (one[0] for one in mapped(quad[None], on.u, on.v))
    known = on.bright[on.modules]
    for step in level.steps:
        spread = moved[on.points] * on.weights[:, None]
        shift = [np.bincount(on.modules, spread[:, axis], len(x)) for axis in (0, 1)]
        ways = _WAYS * (step * module_px)
        xs = (x + shift[0])[on.modules] + ways[:, :1] * on.weights
        ys = (y + shift[1])[on.modules] + ways[:, 1:] * on.weights
        grey = sampled(image, xs.astype(np.float32), ys.astype(np.float32)) - 128.0
        gain = np.where(known == 0, np.abs(grey), level.known_weight * known * grey) / 50.0 * on.weights
        scores = np.add.reduceat(gain, on.starts, axis=1) / on.amounts
        scores -= level.stiffness * _unevenness(moved, ways, level.points) / module_px
        scores[_STILL] += 1e-3
        moved = (moved + ways[scores.argmax(axis=0)]).astype(np.float32)
    return moved


def shifted(bend: Floats, u: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Displacement at places `(u, v)`; outside the symbol that of its edge."""
    last = len(bend) - 1
    at_u = np.clip(u * last, 0, last).astype(np.float32).reshape(1, -1)
    at_v = np.clip(v * last, 0, last).astype(np.float32).reshape(1, -1)
    moved = np.asarray(cv2.remap(bend, at_u, at_v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
    return moved[0, :, 0], moved[0, :, 1]


def _unevenness(moved: Floats, ways: Floats, count: int) -> NDArray[Any]:
    """How far each point, after each way, lies from the mean of its neighbours."""
    grid = np.pad(moved.reshape(count, count, 2), ((1, 1), (1, 1), (0, 0)), mode="edge")
    mean = (grid[:-2, 1:-1] + grid[2:, 1:-1] + grid[1:-1, :-2] + grid[1:-1, 2:]).reshape(-1, 2) / 4
    return np.asarray(np.linalg.norm(moved[None] + ways[:, None] - mean[None], axis=2))
