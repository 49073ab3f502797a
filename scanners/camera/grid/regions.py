"""Where in a picture a symbol may lie: patches full of edges in two directions, and quadrilaterals around them.

Print runs mostly in lines and bars in one direction; a matrix has edges both ways everywhere. The smaller eigenvalue
of the structure tensor tells them apart at any angle.
Source: J. Bigun, G. Granlund, "Optimal orientation detection of linear symmetry", ICCV 1987.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from scanners.camera.grid.geometry import Floats, Image

_LOOK_PX: Final = 400  # Longest side of the picture in which regions are looked for.
_WINDOWS: Final = (9,)  # Sides, in those pixels, over which edges are averaged.
_SIDE_MIN: Final = 14.0
_OBLONG_MAX: Final = 4.5
_SHRINK: Final = 0.6  # Of the window.
_SHARE: Final = 0.22  # Of the strongest patch's edges.
_NOISE: Final = 3.0  # Times the median: a patch among its surroundings.


@dataclass(frozen=True, slots=True)
class Region:
    quad: Floats  # Four corners in pixels of the whole picture, clockwise, not oriented.
    strength: float


def regions(image: Image, most: int = 4) -> list[Region]:
    """The likeliest places, strongest first."""
    scale = min(1.0, _LOOK_PX / max(image.shape))
    if min(image.shape) * scale < _SIDE_MIN:
        return []
    small = image if scale == 1 else cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    gx = cv2.Scharr(small, cv2.CV_32F, 1, 0) / 16
    gy = cv2.Scharr(small, cv2.CV_32F, 0, 1) / 16
    found: list[Region] = []
    for window in _WINDOWS:
        energy = _both_ways(gx, gy, window)
        floor = max(float(np.median(energy[::3, ::3])) * _NOISE, 4.0)
        level = max(float(energy.max()) * _SHARE, floor)
        mask = (energy > level).astype(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
        big = np.flatnonzero((stats[1:, 2] >= _SIDE_MIN) & (stats[1:, 3] >= _SIDE_MIN)) + 1
        for label in big[np.argsort(-stats[big, cv2.CC_STAT_AREA])][: 2 * most]:
            one = _patch(energy, labels, int(label), stats[label], window, scale)
            if one is not None:
                found.append(one)
    return _distinct(sorted(found, key=lambda one: -one.strength), most)


def _patch(energy: Floats, labels: Floats, label: int, stats: Floats, window: int, scale: float) -> Region | None:
    left, top, wide, high = (int(n) for n in stats[:4])
    area = (slice(top, top + high), slice(left, left + wide))
    mine = (labels[area] == label).astype(np.uint8)
    outlines, _ = cv2.findContours(mine, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    centre, (a, b), angle = cv2.minAreaRect(outlines[0])
    if min(a, b) < _SIDE_MIN or max(a, b) > _OBLONG_MAX * min(a, b):
        return None
    # The window made the patch larger than what is in it.
    shrunk = (max(a - window * _SHRINK, 8.0), max(b - window * _SHRINK, 8.0))
    box = cv2.boxPoints(((centre[0] + left, centre[1] + top), shrunk, angle))
    fill = float(stats[cv2.CC_STAT_AREA]) / max(a * b, 1)
    strength = (
        float(np.sqrt(cv2.mean(energy[area], mine)[0])) * fill * float(np.sqrt(min(a, b) * min(a, b) / max(a, b)))
    )
    return Region((box / scale).astype(np.float32), strength)


def _both_ways(gx: Floats, gy: Floats, window: int) -> Floats:
    size = (window, window)
    xx, yy, xy = (cv2.blur(product, size) for product in (gx * gx, gy * gy, gx * gy))
    return np.asarray((xx + yy - cv2.sqrt((xx - yy) ** 2 + 4 * xy * xy)) / 2, np.float32)


def _distinct(found: list[Region], most: int) -> list[Region]:
    kept: list[Region] = []
    for one in found:
        if all(_overlap(one.quad, other.quad) < 0.7 for other in kept):
            kept.append(one)
        if len(kept) == most:
            break
    return kept


def _overlap(a: Floats, b: Floats) -> float:
    common, _ = cv2.intersectConvexConvex(a, b)
    return common / max(cv2.contourArea(a) + cv2.contourArea(b) - common, 1.0)
